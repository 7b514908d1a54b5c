"""One file of the set, read and judged by itself: its CSV, its headings, its cells.

In:  the bytes of a file, its table, and how the manifest means it.
Out: Page: the cells that later checks need, and what is wrong.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.conform.header import judge_header
from sftpingest.roster.conform.rules import BULK, DELTA, KEY, LIFECYCLE, Column, File
from sftpingest.roster.conform.syntax import Faults, faults, returns_alone
from sftpingest.roster.conform.values import mask, wrong
from sftpingest.roster.encoding import Unreadable, to_utf8
from sftpingest.roster.finding import Code, Severity, found, nothing, shorten, together
from sftpingest.roster.frames import Mask, Numbers, text
from sftpingest.roster.headings import other_separator
from sftpingest.roster.lines import Record
from sftpingest.roster.secret import is_secret
from sftpingest.roster.table import Table, header, read


@dataclass(frozen=True)
class Page:
    """One file, read. Cells that are no good for more checks are empty."""

    file: File
    name: str  #: as uploaded
    mode: str = ""  #: bulk or delta; '' where nobody says
    numbers: Numbers = field(default_factory=lambda: np.empty(0, np.int64))  #: the place of each row
    cells: dict[str, pa.Array] = field(default_factory=dict)  #: by heading, of the columns that are there
    keys: pa.Array | None = None  #: all sourcedIds, those of broken rows too; None where they cannot be read
    records: int = 0
    about_shape: pd.DataFrame = field(default_factory=nothing)  #: findings about CSV and headings
    about_cells: pd.DataFrame = field(default_factory=nothing)  #: findings about cells

    def about(
        self, code: Code, rows: Mask, column: str, *, value: pa.Array | None = None, detail: str | pd.Series = ""
    ) -> pd.DataFrame:
        """One finding for each of those rows; `value` is what stands there, where it is not the cell itself."""
        if not rows.any():
            return nothing()
        those = pa.array(rows)
        cells = self.cells[column] if value is None else value
        ids = self.cells.get(KEY)
        return found(
            code,
            Severity.ROW,
            self.name,
            pd.Index(self.numbers[rows]),
            column=column,
            record="" if ids is None else shorten(text(ids.filter(those))),
            value="" if is_secret(column, None) else shorten(text(cells.filter(those))),
            detail=detail,
        )

    def about_all(self, code: Code, detail: str = "") -> pd.DataFrame:
        """One finding about the file."""
        return found(code, Severity.FILE, self.name, detail=detail)


def read_page(raw: bytes, name: str, file: File, mode: str) -> Page:
    """Read a file and judge it by itself. Never raises on any bytes."""
    page = Page(file, name, mode)
    try:
        utf8, encoding = to_utf8(raw)
    except Unreadable as error:
        return replace(page, about_shape=page.about_all(Code.FILE_UNREADABLE, str(error)))
    said = [page.about_all(Code.FILE_ENCODING, encoding)] if encoding else []
    if returns_alone(utf8):
        said.append(page.about_all(Code.FILE_UNREADABLE, "its lines end with a carriage return alone"))
    top = header(utf8)
    if not top.cells:
        return replace(page, about_shape=together([*said, page.about_all(Code.FILE_EMPTY)]))
    if parted := other_separator(tuple(top.cells)):
        said.append(page.about_all(Code.FILE_UNREADABLE, f"its cells are separated by {parted}"))
        return replace(page, about_shape=together(said))
    return _read(page, utf8, top, said)


def _read(page: Page, utf8: bytes, top: Record, said: list[pd.DataFrame]) -> Page:
    """Read a file that has a header."""
    broken = faults(utf8, len(top.cells))
    places, about_header = judge_header(top.cells, page.file.columns, page.name, Severity.FILE)
    table = read(utf8, as_it_came=True)
    records = len(table.numbers) + len(table.ragged)
    cells, keys = _cells(table, places), _keys(table, places)
    page = replace(page, numbers=table.numbers.astype(np.int64), cells=cells, keys=keys, records=records)
    if broken.why:
        of_records = np.isin(broken.rows, np.append(page.numbers, [record.at for record in table.ragged]))
        said += [_about_rows(page, broken, of_records), _about_rest(page, broken, ~of_records, top.at)]
    said.append(about_header)
    if not records:
        said.append(page.about_all(Code.FILE_EMPTY))
    return _judged(page, np.isin(page.numbers, broken.rows), together(said))


def _cells(table: Table, places: dict[str, int]) -> dict[str, pa.Array]:
    return {heading: table.take_column(at) for heading, at in places.items() if at < len(table.cells)}


def _keys(table: Table, places: dict[str, int]) -> pa.Array | None:
    """Every key that stands in the file: nobody is to be told that a broken row is not there."""
    if KEY not in places:
        return None
    at = places[KEY]
    return pa.array([record.cells[at] for record in table.ragged if at < len(record.cells)], pa.string())


def _about_rows(page: Page, broken: Faults, those: Mask) -> pd.DataFrame:
    """Records that are no CSV."""
    rows = broken.rows[those]
    ids = dict.fromkeys(rows.tolist(), "")
    if KEY in page.cells and not any(is_secret(column.name, None) for column in page.file.columns):
        at = np.flatnonzero(np.isin(page.numbers, rows))
        ids |= dict(zip(page.numbers[at].tolist(), page.cells[KEY].take(pa.array(at)).to_pylist(), strict=True))
    said = [why for why, is_record in zip(broken.why, those, strict=True) if is_record]
    record = shorten(text(list(ids.values())))
    return found(Code.ROW_MALFORMED, Severity.ROW, page.name, pd.Index(rows), record=record, detail=text(said))


def _about_rest(page: Page, broken: Faults, those: Mask, top: int) -> pd.DataFrame:
    """What is no CSV in the header, or where no record stands, is a fault of the whole file."""
    said = []
    for at in np.flatnonzero(those):
        place = "its header" if broken.rows[at] <= top else f"its line {broken.rows[at]}"
        said.append(page.about_all(Code.FILE_UNREADABLE, f"{place} has {broken.why[at]}"))
    return together(said)


# --------------------------------------------------------------------------------------------------------------- cells


def _judged(page: Page, broken: Mask, form: pd.DataFrame) -> Page:
    """Judge the cells of every row that is CSV; what is wrong is emptied, so that nothing is said of it twice."""
    findings, cells = [], {}
    ids = page.cells.get(KEY)
    for column in page.file.columns:
        if column.name not in page.cells:
            continue
        about, bad = _column(page, column, ~broken)
        findings.append(about)
        if _needed(column):
            there = page.cells[column.name]
            cells[column.name] = pc.if_else(pa.array(bad | broken), "", there) if (bad | broken).any() else there
    page = replace(page, cells=cells, about_shape=form)
    if ids is None:
        return replace(page, about_cells=together(findings))
    findings.append(_about_repeats(page, ids, ~broken))
    keys = pa.concat_arrays([ids, page.keys]) if page.keys is not None else ids
    return replace(page, cells=cells | {KEY: ids}, keys=keys, about_cells=together(findings))


#: Columns that later checks look at, beside those that refer.
_LATER = {
    "type",
    "role",
    "roleType",
    "roles",
    "primary",
    "score",
    "resultValueMin",
    "resultValueMax",
    "source",
    "learningObjectiveId",
    "subjects",
    "subjectCodes",
}


def _needed(column: Column) -> bool:
    return bool(column.refers) or column.name in _LATER


def _column(page: Page, column: Column, sound: Mask) -> tuple[pd.DataFrame, Mask]:
    """What is wrong with the cells of one column, and which they are."""
    cells = page.cells[column.name]
    lifecycle = column.name in LIFECYCLE
    if lifecycle and page.mode == BULK:
        filled = sound & mask(pc.not_equal(cells, ""))
        detail = "manifest.csv calls the file bulk, and only a delta fills this column"
        return page.about(Code.VALUE_UNEXPECTED, filled, column.name, detail=detail), filled
    needed = column.required or (lifecycle and page.mode == DELTA)
    empty = sound & mask(pc.equal(pc.utf8_trim_whitespace(cells), "")) if needed else np.zeros(len(sound), bool)
    misfit, code, detail = wrong(cells, column)
    misfit &= sound & ~empty
    parts = [
        page.about(Code.VALUE_MISSING, empty, column.name),
        page.about(code, misfit, column.name, detail=detail),
    ]
    return together(parts), empty | misfit


def _about_repeats(page: Page, ids: pa.Array, sound: Mask) -> pd.DataFrame:
    page = replace(page, cells={KEY: ids})
    again = text(ids).duplicated().to_numpy(bool) & sound & mask(pc.not_equal(ids, ""))
    return page.about(Code.ID_REPEATED, again, KEY)
