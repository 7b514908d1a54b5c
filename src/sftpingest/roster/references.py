"""Stage 2b: cells that name a record of another kind.

In: rows, the keys accepted and turned away so far.
Out: where each named record stands, and a finding for each that is not there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sftpingest.roster.finding import Code, Severity, found, shorten, together
from sftpingest.roster.format import Column
from sftpingest.roster.frames import TEXT, Positions, filled, look_up, no_text, take
from sftpingest.roster.kinds import Kind
from sftpingest.roster.sheet import Sheet
from sftpingest.roster.zeros import meant


def no_keys() -> pd.DataFrame:
    """No keys turned away."""
    return pd.DataFrame({"id": no_text(), "root": no_text(), "shifted": np.empty(0, bool)})


@dataclass(frozen=True)
class Known:
    """What may be named: the records of one kind."""

    file: str  #: the file they stand in, for messages
    keys: pd.Series  #: accepted
    turned_away: pd.DataFrame  #: `id`, `root` (the row to mend first, in words), `shifted`


@dataclass(frozen=True)
class Referred:
    """One referring column, looked up."""

    kind: Kind
    positions: Positions  #: of each row in the frame of `kind`; -1 where it names nothing that is accepted
    findings: pd.DataFrame
    unknown: pd.Series  #: keys named that are not in this upload
    roots: pd.Series  #: by row: what to mend first, for rows that name a rejected record


def refer(rows: pd.DataFrame, column: Column, known: Known, sheet: Sheet) -> Referred:
    """Look up one column. An empty cell names nothing and is no fault here."""
    kind = column.refers or sheet.form.kind
    positions = look_up(rows[column.name], known.keys)
    lost = np.flatnonzero(positions < 0)
    cells = rows[column.name].iloc[lost]
    cells = cells[filled(cells)]
    if not len(cells):
        return Referred(kind, positions, together([]), cells, cells)
    roots = _roots(cells, known.turned_away)
    rejected, unknown = cells[roots.notna().to_numpy()], cells[roots.isna().to_numpy()]
    roots = roots[roots.notna().to_numpy()]
    severity = Severity.ROW if column.required else Severity.VALUE
    findings = [
        found(
            code,
            severity,
            sheet.name,
            cells.index,
            column=sheet.heading(column.name),
            record=shorten(rows["id"].loc[cells.index]) if "id" in rows else "",
            value=shorten(cells),
            detail=detail,
        )
        for code, cells, detail in (
            (Code.REFERENCE_REJECTED, rejected, roots.astype(TEXT)),
            (Code.REFERENCE_UNKNOWN, unknown, _where(unknown, known)),
        )
    ]
    return Referred(kind, positions, together(findings), unknown.drop_duplicates(), roots)


def emptied(rows: pd.DataFrame, columns: Iterable[Column], referred: Mapping[str, Referred]) -> pd.DataFrame:
    """Rows whose optional references all hold: one that names nothing is as an empty cell (contract 3)."""
    for column in columns:
        if column.required or column.name not in referred:
            continue
        lost = (referred[column.name].positions < 0) & filled(rows[column.name])
        if lost.any():
            cells = rows[column.name].copy()
            cells[lost] = ""
            rows = rows.assign(**{column.name: cells})
    return rows


def _where(cells: pd.Series, known: Known) -> pd.Series:
    """The file in which each cell is not, and what in it may be meant."""
    return known.file + meant(cells, pd.concat([known.keys, known.turned_away["id"]], ignore_index=True))


def _roots(cells: pd.Series, turned_away: pd.DataFrame) -> pd.Series:
    """For each cell the row to mend first; null where the key was not turned away."""
    first = turned_away.drop_duplicates("id")
    return take(first["root"], look_up(cells, first["id"]), cells.index)
