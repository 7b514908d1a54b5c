"""Stage 1c: cells as a district's own format means them: fixed, joined, one part of several, with a default.

In: the cells of a file under our columns, and its format.
Out: the same with the cells of those columns; the parts of joined ones are gone.
"""

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.frames import arrow, names, text
from sftpingest.roster.layout import Column, FileFormat


def shaped(rows: pd.DataFrame, form: FileFormat) -> pd.DataFrame:
    """The rows of a file; those of the wrong length are shaped alike, or their ids would be other ones."""
    if not form.shaped:
        return rows
    made = {column.name: cells for column in form.shaped if (cells := _cells(rows, column)) is not None}
    kept = [name for name in names(rows) if not name.startswith("join.")]
    return rows[kept].assign(**made)


def _cells(rows: pd.DataFrame, column: Column) -> pd.Series | None:
    """None where the file has no such column."""
    shape = column.shape
    if shape.fixed:
        return text(pa.repeat(pa.scalar(shape.fixed), len(rows)), rows.index)
    parts = [column.part(at).name for at in range(len(shape.joined))] or [column.name]
    there = [arrow(rows[name]) for name in parts if name in rows]
    if not there or (column.required and len(there) < len(parts)):
        return None
    cells = _joined(there, shape.between, whole=column.required) if shape.joined else there[0]
    if shape.split:
        cells = _part(cells, shape.split, shape.part)
    if shape.default:
        cells = pc.if_else(pc.equal(cells, ""), shape.default, cells)
    return text(cells, rows.index)


def _joined(parts: list[pa.Array], between: str, *, whole: bool) -> pa.Array:
    """Cells side by side. Where all are needed (`whole`) an empty one leaves nothing; else it is passed over."""
    cells = parts[0]
    for part in parts[1:]:
        alone = ("", "") if whole else (cells, part)
        both = pc.binary_join_element_wise(cells, part, between)
        cells = pc.if_else(pc.equal(cells, ""), alone[1], pc.if_else(pc.equal(part, ""), alone[0], both))
    return cells


def _part(cells: pa.Array, split: str, part: int) -> pa.Array:
    """One part of each cell, without outer spaces; '' where there are not so many. Each different cell once."""
    encoded = pc.dictionary_encode(cells)
    said = [_one_of(cell.split(split), part) for cell in encoded.dictionary.to_pylist()]
    return pc.take(pa.array(said, pa.string()), encoded.indices)


def _one_of(parts: list[str], part: int) -> str:
    at = part - 1 if part > 0 else len(parts) + part
    return parts[at].strip() if 0 <= at < len(parts) else ""
