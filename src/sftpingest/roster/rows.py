"""Stage 2, before the cells: which rows of a file a reading takes, and what is to go.

In: a sheet and the other readings of its file.
Out: the sheet with its own rows only; the rows that no reading takes, with a finding each; ids that are to go.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.finding import Code, Severity, found, shorten, together
from sftpingest.roster.frames import Mask, arrow, blank, filled, sift
from sftpingest.roster.sheet import Sheet

#: Beside the words that let a record go: the one of a record that stays.
_STAYS = ("active",)
#: What a row that lets a record go must name.
_KEYS = ("id", "section_id", "person_id")


@dataclass(frozen=True)
class Chosen:
    """The rows of one reading."""

    sheet: Sheet
    leaving: pd.DataFrame  #: rows of records that are to go
    passed: pd.Series  #: ids of rows that are known and not rostered
    findings: pd.DataFrame  #: about rows that no reading takes
    lost: pd.DataFrame  #: those rows


def choose(sheet: Sheet, readings: Sequence[Sheet] = ()) -> Chosen:
    """Its own rows; `readings` are all sheets of its file where it is the first: it says what none of them takes."""
    leaves = _among(sheet, "leaves", sheet.form.leaving)
    odd, about_odd = _odd(sheet, leaves)
    leaves &= ~odd
    takes = ~leaves & ~odd
    for heading, words in sheet.form.only.items():
        if not sheet.form.roles:
            takes &= _among(sheet, f"only.{heading}", words)
    lost, findings = sheet.rows[:0], together([])
    if sheet.form.only and not sheet.form.roles and readings:
        lost, findings = _lost(sheet, readings, leaves | odd)
    if readings and odd.any():
        lost, findings = pd.concat([lost, sheet.rows[odd]]), together([findings, about_odd])
    passed = np.zeros(len(sheet.rows), bool)
    for heading, words in sheet.form.passed.items():
        passed |= _among(sheet, f"only.{heading}", words)
    ids = sheet.rows["id"] if "id" in sheet.rows else blank(len(sheet.rows), sheet.rows.index)
    kept = [name for name in sheet.rows if not str(name).startswith("only.") and name != "leaves"]
    rows = sheet.rows[kept]
    own = sheet if takes.all() and len(kept) == len(sheet.rows.columns) else replace(sheet, rows=sift(rows, takes))
    return Chosen(own, sift(rows, leaves), ids[passed & ~leaves & ~odd], findings, lost)


def _odd(sheet: Sheet, leaves: Mask) -> tuple[Mask, pd.DataFrame]:
    """Rows of a delta of which nobody knows whether they are to go, or which record is."""
    odd = np.zeros(len(sheet.rows), bool)
    parts: list[pd.DataFrame] = []
    if not sheet.delta or "leaves" not in sheet.rows:
        return odd, together(parts)
    words = {*sheet.form.leaving, *_STAYS}
    asked = [(Code.VALUE_UNKNOWN, "leaves", ~_among(sheet, "leaves", frozenset(words)) & filled(sheet.rows["leaves"]))]
    asked += [(Code.VALUE_MISSING, name, leaves & ~filled(sheet.rows[name])) for name in _KEYS if name in sheet.rows]
    for code, name, those in asked:
        rows = sheet.rows[those & ~odd]
        detail = ", ".join(sorted(words)) if code is Code.VALUE_UNKNOWN else ""
        parts.append(_about(code, sheet, rows, name, detail))
        odd |= those
    return odd, together(parts)


def _about(code: Code, sheet: Sheet, rows: pd.DataFrame, column: str, detail: str) -> pd.DataFrame:
    return found(
        code,
        Severity.ROW,
        sheet.name,
        rows.index,
        column=sheet.heading(column),
        record=shorten(rows["id"]) if "id" in rows else "",
        value=shorten(rows[column]),
        detail=detail,
    )


def _among(sheet: Sheet, column: str, words: frozenset[str]) -> Mask:
    """Which rows have one of those words in a column, whatever its case; none where there is no such column."""
    if column not in sheet.rows or not words:
        return np.zeros(len(sheet.rows), bool)
    return one_of(sheet.rows[column], words)


def one_of(cells: pd.Series, words: frozenset[str]) -> Mask:
    """Which cells are one of those words, which are folded; each different cell is folded once."""
    array = arrow(cells)
    if not pc.sum(pc.binary_length(array)).as_py():  # nothing but empty cells, as `status` is in a whole set
        return np.zeros(len(cells), bool)
    encoded = pc.dictionary_encode(array)
    meant = pa.array([cell.casefold() in words for cell in encoded.dictionary.to_pylist()], pa.bool_())
    return np.asarray(pc.take(meant, encoded.indices).to_numpy(zero_copy_only=False), bool)


def _lost(sheet: Sheet, readings: Sequence[Sheet], leaves: Mask) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows that no reading takes and that are not passed over either."""
    (heading,) = sheet.form.only
    column = f"only.{heading}"
    words = frozenset().union(*(each.form.only.get(heading, ()) for each in readings))
    words |= frozenset().union(*(each.form.passed.get(heading, ()) for each in readings))
    rows = sheet.rows[~(leaves | _among(sheet, column, words))]
    empty = ~filled(rows[column])
    parts = [
        _about(Code.VALUE_MISSING, sheet, rows[empty], column, ""),
        _about(Code.VALUE_UNKNOWN, sheet, rows[~empty], column, ", ".join(sorted(words))),
    ]
    return rows, together(parts)
