"""Stage 2a, before the checks: cells that a spreadsheet has damaged, and is known to have.

In: a sheet of a file in which something looks like it.
Out: the sheet with those cells emptied, and a finding for each.

A number in scientific notation (1.23457E+11) has lost its last digits: whatever it was, it cannot be told from others.
Only with a plus sign and an exponent of two or three digits, as Excel writes it: 12E5 is a class, and 1E+5 may be one.
An error (#N/A) or a row of #### stands where a value should be.
"""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from sftpingest.roster.finding import Code, Severity, found, shorten, together
from sftpingest.roster.frames import Mask, arrow, names, pack, text
from sftpingest.roster.sheet import Sheet

_ROUNDED = r"[+-]?\d([.,]\d+)?[Ee]\+\d{2,3}"
#: What Excel and LibreOffice show where a formula has failed; the last four are German.
_FAILED = "REF!|N/A|VALUE!|NAME\\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!|FIELD!|BEZUG!|NV|WERT!|ZAHL!"
_BROKEN = f"#(?:{_FAILED}|##+)"
_ERROR, _TOO_NARROW = (
    "what a spreadsheet shows where a formula has failed",
    "what a spreadsheet shows where a column is too narrow",
)

#: The same in the bytes of a file. Most have none of the signs: that is told in milliseconds.
_IN_BYTES = {b"+": rb"\+(?<=\d[Ee]\+)\d\d", b"#": f"#(?:{_FAILED}|##)".encode()}
#: So many characters a cell of Excel can have.
_LONGEST = 32_767


def looks_damaged(raw: bytes) -> bool:
    """Whether there may be such a cell in a file."""
    return any(sign in raw and re.search(pattern, raw) for sign, pattern in _IN_BYTES.items())


def take_out_damaged(sheet: Sheet) -> tuple[Sheet, pd.DataFrame]:
    """The sheet without the damaged cells, and findings. They cost what a cell costs that cannot be read.

    Cells that are just as long as a cell can be stay, with a note.
    """
    about = _cut_off(sheet)
    if not sheet.damaged:
        return sheet, together(about)
    parts = [(name, *_damaged(sheet.rows[name])) for name in names(sheet.rows)]
    parts = [(name, rounded, broken) for name, rounded, broken in parts if rounded.any() or broken.any()]
    emptied = {name: _without(sheet.rows[name], rounded | broken) for name, rounded, broken in parts}
    sheet, came = replace(sheet, rows=sheet.rows.assign(**emptied)), sheet.rows
    for name, rounded, broken in parts:
        about.append(_finding(Code.VALUE_ROUNDED, sheet, name, came[name][rounded]))
        about.append(_finding(Code.VALUE_DAMAGED, sheet, name, came[name][broken]))
    return sheet, together(about)


def _cut_off(sheet: Sheet) -> list[pd.DataFrame]:
    """Notes on cells that may go on in the system they come from."""
    about = []
    for name in names(sheet.rows):
        cells = arrow(sheet.rows[name])
        if len(cells) and pc.max(pc.binary_length(cells)).as_py() >= _LONGEST:
            full = pc.equal(pc.utf8_length(cells), _LONGEST).to_numpy(zero_copy_only=False)
            about.append(_finding(Code.VALUE_CUT, sheet, name, sheet.rows[name][full]))
    return about


def _damaged(cells: pd.Series) -> tuple[Mask, Mask]:
    """Which cells are rounded, and which hold an error in the place of a value."""
    return _match(cells, "+", _ROUNDED), _match(cells, "#", _BROKEN)


def _match(cells: pd.Series, sign: str, pattern: str) -> Mask:
    """Which cells match as a whole; only those with the sign in them are looked at closely."""
    mask = np.zeros(len(cells), bool)
    places = np.flatnonzero(pc.match_substring(arrow(cells), sign).to_numpy(zero_copy_only=False))
    if len(places):
        close = pc.match_substring_regex(arrow(cells).take(places), f"^(?:{pattern})$")
        mask[places[close.to_numpy(zero_copy_only=False)]] = True
    return mask


def _without(cells: pd.Series, those: Mask) -> pd.Series:
    return text(pc.if_else(those, "", arrow(cells)), cells.index)


def _finding(code: Code, sheet: Sheet, name: str, cells: pd.Series) -> pd.DataFrame:
    column = sheet.form.columns.get(name)
    severity = Severity.ROW if column and column.required else Severity.VALUE
    narrow = pc.starts_with(arrow(cells), "###")
    return found(
        code,
        Severity.NOTE if code is Code.VALUE_CUT else severity,
        sheet.name,
        cells.index,
        column=sheet.heading(name) if column else sheet.headings[name],
        record=shorten(sheet.rows["id"].loc[cells.index]) if "id" in sheet.rows else "",
        value=shorten(cells),
        detail=text(pc.if_else(narrow, _TOO_NARROW, _ERROR)) if code is Code.VALUE_DAMAGED else "",
    )


def without_those(findings: pd.DataFrame, damaged: pd.DataFrame) -> pd.DataFrame:
    """Findings but for the cells that are only empty since they were damaged."""
    if not len(damaged) or not len(findings):
        return findings
    both = pd.concat([findings, damaged], ignore_index=True)
    cells = pack(pd.factorize(both["column"])[0], both["row"].fillna(0).to_numpy(np.int64))
    return findings[~np.isin(cells[: len(findings)], cells[len(findings) :])]
