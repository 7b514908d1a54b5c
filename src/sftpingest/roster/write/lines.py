"""Cells -> CSV.

In: columns of text by heading.
Out: the bytes of a file, piece by piece: the enrollments of a large district are never in memory as text at once.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.lines import lines, records

#: Heading -> its cells.
Cells = dict[str, pa.Array]

_MARKS, _ODD = ('"', ",", "\n", "\r"), '[",\r\n]'
_PIECE = 200_000
_END = "\r\n"


@dataclass(frozen=True)
class Written:
    """One file of a roster."""

    name: str
    rows: int
    pieces: Iterator[bytes] = field(repr=False)  #: its bytes, to be read once


def csv(name: str, cells: Mapping[str, pa.Array]) -> Written:
    """A file of those columns."""
    return Written(name, len(next(iter(cells.values()))), _pieces(cells))


def _pieces(cells: Mapping[str, pa.Array]) -> Iterator[bytes]:
    yield _line(cells).encode()
    size = len(next(iter(cells.values())))
    for start in range(0, size, _PIECE):
        columns = [_quoted(column.slice(start, _PIECE)) for column in cells.values()]
        columns[-1] = pc.binary_join_element_wise(columns[-1], "", _END)
        yield _bytes(pc.binary_join_element_wise(*columns, ","))


def as_read(cells: Cells) -> Cells:
    """Cells with line ends in them only where the reader does not take these for a stray quotation mark's."""
    odd = np.zeros(len(next(iter(cells.values()))), bool)
    for column in cells.values():
        odd |= pc.match_substring_regex(column, "[\r\n]").to_numpy(zero_copy_only=False)
    bad = np.zeros(len(odd), bool)
    for at in np.flatnonzero(odd):
        row = [column[int(at)].as_py() for column in cells.values()]
        bad[at] = [list(each.cells) for each in records(lines(_line(row).encode()), len(row))] != [row]
    if not bad.any():
        return cells
    flat = {name: pc.replace_substring_regex(column, "[\r\n]+", " ") for name, column in cells.items()}
    return {name: pc.if_else(pa.array(bad), flat[name], column) for name, column in cells.items()}


def _line(cells: Iterable[str]) -> str:
    return ",".join(map(_quoted_text, cells)) + _END


def _quoted_text(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in _MARKS) else cell


def _quoted(cells: pa.Array) -> pa.Array:
    """Cells with quotation marks round those that need them."""
    odd = pc.match_substring_regex(cells, _ODD)
    if not pc.any(odd).as_py():
        return cells
    marked = pc.binary_join_element_wise('"', pc.replace_substring(cells, '"', '""'), '"', "")
    return pc.if_else(odd, marked, cells)


def _bytes(lines: pa.Array) -> bytes:
    """The texts one after the other: that is how Arrow holds them."""
    _, offsets, text = lines.buffers()
    ends = memoryview(offsets).cast("i")
    return bytes(memoryview(text)[ends[lines.offset] : ends[lines.offset + len(lines)]])
