"""Stage 2e: the keys of rows that were rejected, and which row to mend first.

In: rejected rows and why.
Out: frames of keys, for rows that name them and for reconcile, which leaves what is held under them alone.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sftpingest.roster.finding import Code, Severity
from sftpingest.roster.frames import blank, no_text, text
from sftpingest.roster.kinds import Kind
from sftpingest.roster.records import cell
from sftpingest.roster.references import Referred
from sftpingest.roster.sheet import Sheet

_DAMAGED = {Code.VALUE_ROUNDED.value, Code.VALUE_DAMAGED.value}
_PAIR = ("section_id", "person_id")
_NOBODY = pd.DataFrame({"section_id": no_text(), "person_id": no_text(), "position": np.empty(0, np.int64)})


def keys_of(sheet: Sheet, rejected: pd.DataFrame, roots: pd.Series) -> pd.DataFrame:
    """The keys of rejected rows and of those of the wrong length, in which the cells may have shifted."""
    names = _PAIR if sheet.form.kind is Kind.ENROLLMENT else ("id",)
    shifted = _own_roots(sheet, sheet.malformed.index)
    parts = [_keys(names, rejected, roots, shifted=False), _keys(names, sheet.malformed, shifted, shifted=True)]
    return pd.concat(parts, ignore_index=True)


def _keys(names: tuple[str, ...], rows: pd.DataFrame, roots: pd.Series, *, shifted: bool) -> pd.DataFrame:
    frame = pd.DataFrame({name: cell(rows, name) for name in names}, index=rows.index)
    return frame.assign(root=roots.array, shifted=shifted)


def _own_roots(sheet: Sheet, rows: pd.Index) -> pd.Series:
    return text([f"{sheet.name} row {row}" for row in rows], rows)


def roots_of(
    sheet: Sheet,
    rejected: pd.DataFrame,
    repeated: pd.DataFrame,
    findings: pd.DataFrame,
    referred: Mapping[str, Referred],
) -> pd.Series:
    """What to mend first: the row itself, or where it only names a rejected record, that record's row."""
    if not len(rejected):
        return _own_roots(sheet, repeated.index)
    roots = _own_roots(sheet, rejected.index)
    of_row = (findings["severity"] == Severity.ROW.value).to_numpy(bool)
    by_rejection = (findings["code"] == Code.REFERENCE_REJECTED.value).to_numpy(bool)
    own = pd.Index(findings["row"][of_row & ~by_rejection].astype("int32"))
    for looked_up in referred.values():
        theirs = looked_up.roots.index.difference(own).intersection(rejected.index)
        roots.loc[theirs] = looked_up.roots.loc[theirs].array
    both: pd.Series = pd.concat([roots, _own_roots(sheet, repeated.index)])
    return both


def turned_away_co_teachers(rows: pd.DataFrame, referred: Mapping[str, Referred]) -> pd.DataFrame:
    """Places in sections at which a teacher is named whose row was rejected: who is held there stays (contract 3)."""
    frames = []
    for name, looked_up in referred.items():
        if name.startswith("teaches.") and len(looked_up.roots):
            named = rows.loc[looked_up.roots.index]
            place = int(name.removeprefix("teaches."))
            frame = pd.DataFrame({"section_id": named["id"], "person_id": named[name]})
            frames.append(frame.assign(position=place))
    return pd.concat([_NOBODY, *frames], ignore_index=True) if frames else _NOBODY


def unread_co_teachers(sheet: Sheet, rows: pd.DataFrame, findings: pd.DataFrame) -> pd.DataFrame:
    """Places in sections at which a spreadsheet has damaged the id of a co-teacher: who is held there stays."""
    damaged = findings[findings["code"].isin(_DAMAGED).to_numpy(bool)] if len(findings) else findings
    if not len(damaged):
        return _NOBODY
    frames = [_NOBODY]
    for column in sheet.form.part("teaches"):
        places = damaged["row"][(damaged["column"] == sheet.heading(column.name)).to_numpy(bool)]
        sections = rows["id"].loc[pd.Index(places.astype("int32"))].reset_index(drop=True)
        frame = pd.DataFrame({"section_id": sections, "person_id": blank(len(sections))})
        frames.append(frame.assign(position=int(column.name.removeprefix("teaches."))))
    return pd.concat(frames, ignore_index=True)


def turned_away_teachers(rejected: pd.DataFrame, malformed: pd.DataFrame) -> pd.DataFrame:
    """The same where who teaches stands in rows of enrollments: in which place is not known, so 0."""
    both = [pd.DataFrame({name: cell(rows, name) for name in _PAIR}) for rows in (rejected, malformed)]
    return pd.concat(both, ignore_index=True).assign(position=0)
