"""Stage 2: what a roster that we wrote (roster/write) says beside the words of its format.

In: sheets with the columns `clever.id` and `clever.really`.
Out: the same sheets, saying what the store said when they were written.

A format has rules that a store knows nothing of: ids without spaces, cells that must not be empty. Where the writer
had to bend a cell, `clever.id` has the record's own id, and `clever.really` what really stands in our columns, as
`username=&last_name=two%0Alines`. `id=` alone is a record that only stands in for one that the format asks for.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.format import FileFormat
from sftpingest.roster.frames import Mask, arrow, blank, filled, look_up, or_else, text
from sftpingest.roster.kinds import VALUES, Kind
from sftpingest.roster.sheet import Sheet

ID, REALLY = "clever.id", "clever.really"
_BESIDE = "ext."


def _said(cell: str) -> Mapping[str, str]:
    """`a=1&b=` -> our column and what it really says. Never raises; a NUL is nothing that a store can hold."""
    pairs = (piece.partition("=") for piece in cell.split("&") if piece)
    return {unquote(name): unquote(word).replace("\0", "").strip() for name, _, word in pairs}


def _columns(cells: pd.Series) -> dict[str, pa.Array]:
    """Every column that the cells mention, null where one does not mention it."""
    encoded = pc.dictionary_encode(arrow(cells))
    said = [_said(cell) for cell in encoded.dictionary.to_pylist()]
    names = dict.fromkeys(name for each in said for name in each)
    return {name: pc.take(pa.array([each.get(name) for each in said], pa.string()), encoded.indices) for name in names}


def begin(sheet: Sheet) -> Sheet:
    """Without records that only stand in for others; with ids that `clever.really` says."""
    if REALLY not in sheet.rows:
        return sheet
    rows = sheet.rows
    own = _columns(rows[REALLY]).get("id")
    if own is None:
        return sheet
    there = rows[ID] if ID in rows else blank(len(rows), rows.index)
    rows = rows.assign(**{ID: text(pc.coalesce(own, arrow(there)), rows.index)})
    return replace(sheet, rows=rows[~_true(pc.equal(own, ""))])


def _true(mask: pa.Array) -> Mask:
    out: Mask = pc.fill_null(mask, fill_value=False).to_numpy(zero_copy_only=False)
    return out


def say(sheet: Sheet) -> Sheet:
    """What `clever.really` says, put into its columns before they are checked like any others."""
    rows, form = sheet.rows, sheet.form
    changed: dict[str, pd.Series] = {}
    if form.kind is Kind.CONTACT and not form.part("contact"):  # a contact in a row of its own has its id there
        changed["clever.sis_id"] = or_else(rows["clever.sis_id"], rows["id"]) if "clever.sis_id" in rows else rows["id"]
    for name, cells in (_columns(rows[REALLY]) if REALLY in rows else {}).items():
        there = pc.and_kleene(pc.is_valid(cells), pc.not_equal(cells, ""))
        for own in _own(name, form):
            before = arrow(changed.get(own, rows[own] if own in rows else blank(len(rows), rows.index)))
            changed[own] = text(pc.if_else(_known(there), cells, before), rows.index)
    if not changed:
        return sheet
    said_by = sheet.headings.get(REALLY, "")
    return replace(sheet, rows=rows.assign(**changed), headings=dict.fromkeys(changed, said_by) | dict(sheet.headings))


def _known(mask: pa.Array) -> pa.Array:
    return pc.fill_null(mask, fill_value=False)


def _own(name: str, form: FileFormat) -> tuple[str, ...]:
    """The columns that a name in `clever.really` means; none where it means nothing here."""
    if name.startswith(_BESIDE) and name != _BESIDE:
        return (name,)
    known = tuple(own for own in (name, f"clever.{name}") if own in form.columns)
    return known if name in VALUES.get(form.kind, ()) else ()


def unsay(form: FileFormat, rows: pd.DataFrame) -> pd.DataFrame:
    """Cells that are really empty, once they are checked: a format may ask for them all the same."""
    if REALLY not in rows:
        return rows
    changed: dict[str, pd.Series] = {}
    for name, cells in _columns(rows[REALLY]).items():
        empty = _known(pc.equal(cells, ""))
        for own in _own(name, form):
            if own in rows:
                changed[own] = text(pc.if_else(empty, "", arrow(rows[own])), rows.index)
    return rows.assign(**changed).drop(columns=REALLY)


# ---------------------------------------------------------------------------------------------------------------- ids


@dataclass(frozen=True)
class WrittenIds:
    """The ids of an upload that a writer had to change, and what they really are."""

    files: dict[str, pd.DataFrame] = field(default_factory=dict)  #: by file: `written`, `own`
    of: dict[Kind, str] = field(default_factory=dict)  #: the file of each kind

    def own(self, kind: Kind, cells: pd.Series) -> pd.Series:
        """Ids of that kind as the store has them."""
        return self._changed(kind, cells, "written", "own")

    def written(self, kind: Kind, cells: pd.Series) -> pd.Series:
        """Ids of the store as the upload has them."""
        return self._changed(kind, cells, "own", "written")

    def _changed(self, kind: Kind, cells: pd.Series, before: str, after: str) -> pd.Series:
        ids = self.files.get(self.of.get(kind, ""))
        if ids is None:
            return cells
        at = look_up(cells, ids[before])
        changed = pc.take(arrow(ids[after]), pa.array(at, mask=at < 0))
        return text(pc.coalesce(changed, arrow(cells)), cells.index)

    def put_back(self, form: FileFormat, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows with their own ids and those of the records that they name."""
        if not self.files:
            return rows
        named = {name: column.refers for name, column in form.columns.items() if column.refers and name in rows}
        if "id" in rows and form.kind is not Kind.CONTACT:  # students still name contacts by what is written
            named["id"] = form.kind
        changed = {name: self.own(kind, rows[name]) for name, kind in named.items()}
        if "more_school_ids" in rows:
            changed["more_school_ids"] = self._schools(rows["more_school_ids"])
        return rows.assign(**changed)

    def _schools(self, lists: pd.Series) -> pd.Series:
        """JSON lists of schools."""
        encoded = pc.dictionary_encode(arrow(lists))
        apart = [json.loads(cell or "[]") for cell in encoded.dictionary.to_pylist()]
        own = [self.own(Kind.SCHOOL, text(ids)).tolist() for ids in apart]
        cells = [json.dumps(ids, ensure_ascii=False) if ids else "" for ids in own]
        return text(pc.take(pa.array(cells, pa.string()), encoded.indices), lists.index)


def written_ids(sheets: Iterable[Sheet]) -> WrittenIds:
    """The changed ids of an upload."""
    files: dict[str, pd.DataFrame] = {}
    of: dict[Kind, str] = {}
    for sheet in sheets:
        of.setdefault(sheet.form.kind, sheet.name)
        if ID in sheet.rows and not sheet.form.adds and sheet.name not in files:
            rows = sheet.rows[filled(sheet.rows[ID])]
            files[sheet.name] = pd.DataFrame({"written": rows["id"], "own": rows[ID]}).drop_duplicates("written")
    return WrittenIds({name: ids for name, ids in files.items() if len(ids)}, of)
