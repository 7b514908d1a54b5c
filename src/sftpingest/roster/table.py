"""CSV bytes -> a table of text, every record with its place in the file.

In: UTF-8 bytes.
Out: Table: the headings, the rows that have as many cells as there are headings, and those that have not.

Two readers. pyarrow's is fast and is believed where nothing is doubtful. Where a quotation mark might have swallowed
lines, the careful one reads line by line and gives back what an unclosed quotation mark took.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from sftpingest.roster.lines import Record, lines, one_line, records

_BLOCK = 1 << 22
_CHUNK = 50_000
#: What may stand around a cell; in quotation marks line ends too.
_SPACES = tuple(bytes([sign]) for sign in b' "\t\v\f\x1c\x1d\x1e\x1f')

_Numbers = np.ndarray[tuple[int], np.dtype[np.int32]]


@dataclass(frozen=True)
class Table:
    """One CSV file as it came. Blank lines are counted and left out."""

    headings: tuple[str, ...]  #: as they stand, trimmed; empty ones at the end are cut
    cells: list[pa.ChunkedArray]  #: one text column a heading
    numbers: _Numbers  #: the place of each row: header 1, first record 2
    ragged: tuple[Record, ...]  #: records with too many or too few cells, as they stand

    def take_column(self, at: int) -> pa.Array:
        """The cells of one column, which are then gone from here: a large file is not held twice."""
        cells, self.cells[at] = self.cells[at], pa.chunked_array([], pa.string())
        return cells.combine_chunks()


def read(raw: bytes, *, parted_by: str = ",", as_it_came: bool = False) -> Table:
    """Read CSV in UTF-8. Never raises on what stands in the file; no header at all gives no headings.

    Cells are without outer spaces, unless they are asked for as they came.
    """
    top = header(raw, parted_by)
    headings = tuple(cell.strip() for cell in top.cells)
    while headings and not headings[-1]:
        headings = headings[:-1]
    if not headings:
        return Table((), [], np.empty(0, np.int32), ())
    read_so = _fast(raw, len(top.cells), parted_by) or _careful(raw, len(top.cells), parted_by)
    spaces = _Spaces.KEPT if as_it_came else _Spaces.TRIMMED if _spaced(raw) else _Spaces.NONE
    return _square(headings, top.at, *read_so, spaces=spaces)


class _Spaces(Enum):
    """What becomes of the spaces around cells."""

    TRIMMED = auto()
    KEPT = auto()
    NONE = auto()  #: there are none


def _spaced(raw: bytes) -> bool:
    """Whether a cell may have outer spaces. The longest files, of ids alone, have no space at all."""
    return not raw.isascii() or any(sign in raw for sign in _SPACES)


def header(raw: bytes, parted_by: str = ",") -> Record:
    """The header: the first record with anything in it. No cells where there is none."""
    top = records(lines(raw[:_BLOCK]), parted_by=parted_by)
    return next((record for record in top if any(map(str.strip, record.cells))), Record(0, []))


# --------------------------------------------------------------------------------------------------- the fast reader


def _fast(raw: bytes, width: int, parted_by: str = ",") -> tuple[pa.Table, _Numbers, list[Record]] | None:
    """Read by pyarrow; None where its reading is doubtful."""
    ragged: list[Record] = []
    quoted = b'"' in raw

    def aside(row: arrow_csv.InvalidRow) -> str:
        cells = one_line(row.text, parted_by)
        ragged.append(Record(row.number, cells or [], closed=cells is not None and '"' not in "".join(cells)))
        return "skip"

    names = [str(at) for at in range(width)]
    parse = arrow_csv.ParseOptions(
        delimiter=parted_by, invalid_row_handler=aside, ignore_empty_lines=False, newlines_in_values=quoted
    )
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(raw),
            arrow_csv.ReadOptions(use_threads=False, column_names=names, block_size=_BLOCK),
            parse,
            arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid:
        return None
    odd = raw.count(b'"') % 2 or not all(record.closed for record in ragged)
    if quoted and (odd or _doubtful(table)):
        return None
    numbers = np.arange(1, table.num_rows + len(ragged) + 1, dtype=np.int32)
    return table, np.delete(numbers, [record.at - 1 for record in ragged]) if ragged else numbers, ragged


def _doubtful(table: pa.Table) -> bool:
    """Whether a cell holds a line end or a quotation mark: a stray mark may have swallowed what follows."""
    return any(pc.any(pc.match_substring_regex(column, '["\r\n]')).as_py() for column in table.columns)


# ------------------------------------------------------------------------------------------------ the careful reader


def _careful(raw: bytes, width: int, parted_by: str = ",") -> tuple[pa.Table, _Numbers, list[Record]]:
    """Read line by line, in chunks so that memory stays small."""
    ragged: list[Record] = []
    chunks: list[pa.Table] = []
    rows: list[list[str]] = []
    numbers: list[int] = []
    for at, cells, closed in records(lines(raw), width, parted_by):
        if not closed or (len(cells) != width and any(map(str.strip, cells))):
            ragged.append(Record(at, cells, closed))
            continue
        rows.append(cells if len(cells) == width else [""] * width)
        numbers.append(at)
        if len(rows) == _CHUNK:
            chunks.append(_chunk(rows, width))
            rows = []
    chunks.append(_chunk(rows, width))
    return pa.concat_tables(chunks), np.array(numbers, np.int32), ragged


def _chunk(rows: list[list[str]], width: int) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * width
    return pa.table({str(at): pa.array(column, pa.string()) for at, column in enumerate(columns)})


# -------------------------------------------------------------------------------------------------- making it square


def _square(
    headings: tuple[str, ...],
    header_at: int,
    table: pa.Table,
    numbers: _Numbers,
    ragged: list[Record],
    *,
    spaces: _Spaces = _Spaces.TRIMMED,
) -> Table:
    """Below the header, without blank lines, as wide as the headings; the rest is ragged."""
    width = len(headings)
    first = int(np.searchsorted(numbers, header_at, side="right"))
    came, numbers = table.slice(first), numbers[first:]
    trimmed = came if spaces is _Spaces.NONE else _trimmed(came)
    wide = _filled(trimmed.select(range(width, trimmed.num_columns)))
    keep = ~wide & _filled(trimmed)
    table = (came if spaces is _Spaces.KEPT else trimmed).select(range(width))
    too_wide = [Record(int(numbers[at]), list(_row(came, int(at)))) for at in np.flatnonzero(wide)]
    odd = [record for record in ragged if record.at > header_at and any(map(str.strip, record.cells))] + too_wide
    mended = [record for record in odd if _harmless(record, width)]
    left = sorted(record for record in odd if not _harmless(record, width))
    table = table if keep.all() else table.filter(pa.array(keep))
    square, numbers = _insert(table, numbers[keep], mended, as_it_came=spaces is _Spaces.KEPT)
    return Table(headings, square.columns, numbers, tuple(left))


def _harmless(record: Record, width: int) -> bool:
    """Whether nothing but empty cells at the end is too many."""
    return record.closed and len(record.cells) >= width and not any(map(str.strip, record.cells[width:]))


def _filled(table: pa.Table) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Which rows, trimmed, have anything in them. Later columns are only looked at where the first ones are empty."""
    filled = np.zeros(table.num_rows, bool)
    left = np.arange(table.num_rows)
    for column in table.columns:
        there = pc.not_equal(column.take(pa.array(left)) if len(left) < len(filled) else column, "")
        filled[left] = there.to_numpy()
        left = np.flatnonzero(~filled)
        if not len(left):
            break
    return filled


def _row(table: pa.Table, at: int) -> Iterator[str]:
    return (column[int(at)].as_py() for column in table.columns)


def _insert(table: pa.Table, numbers: _Numbers, mended: list[Record], *, as_it_came: bool) -> tuple[pa.Table, _Numbers]:
    """Rows that only had empty cells too many, put back in their places."""
    if not mended:
        return table, numbers
    width = table.num_columns
    back = _chunk([record.cells[:width] for record in mended], width)
    table = pa.concat_tables([table, back if as_it_came else _trimmed(back)])
    numbers = np.concatenate([numbers, np.array([record.at for record in mended], np.int32)])
    order = np.argsort(numbers, kind="stable")
    return table.take(pa.array(order)), numbers[order]


def _trimmed(table: pa.Table) -> pa.Table:
    """Cells without outer spaces; a column that has none is not copied."""
    for at, column in enumerate(table.columns):
        trimmed = pc.utf8_trim_whitespace(column)
        if pc.sum(pc.binary_length(trimmed)) != pc.sum(pc.binary_length(column)):
            table = table.set_column(at, table.column_names[at], trimmed)
    return table
