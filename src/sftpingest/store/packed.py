"""Rows out of the store as columns: the store itself packs all rows into one text, as lines of CSV.

In:  a Connection, a select.
Out: arrays of Arrow. One by one, a million rows cost Python a second; and while the store packs, other threads may run.
"""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from pyarrow import csv
from sqlalchemy.dialects import postgresql

from sftpingest.store.wording import among


def packed(
    c: sa.Connection, rows: "sa.Select[Any]", numbers: Sequence[str], texts: Sequence[str]
) -> dict[str, pa.Array]:
    """Columns of a select by name, all in the same order of rows, which is any; no cell is null.

    What is asked for at once must fit into a gigabyte. `numbers` are read as such; there is at least one.
    """
    its = rows.subquery("one").c
    pack = _in_postgresql if c.dialect.name == "postgresql" else _in_sqlite
    text = c.execute(sa.select(pack([its[name] for name in numbers], [its[name] for name in texts]))).scalar_one()
    kinds = {name: pa.int64() for name in numbers} | {name: pa.string() for name in texts}
    if text is None:
        return {name: pa.array([], kind) for name, kind in kinds.items()}
    table = _read(text.encode(), kinds)
    return {name: table.column(name).combine_chunks() for name in kinds}


def numbered(c: sa.Connection, column: "sa.ColumnElement[int]", numbers: Sequence[int]) -> "sa.ColumnElement[bool]":
    """Whether a column has one of ten thousands of numbers.

    PostgreSQL joins a list of its own: an array that it reads from text it would search from the front for each row.
    """
    if c.dialect.name != "postgresql":
        return among(column, numbers)
    array = sa.cast(sa.literal("{" + ",".join(map(str, numbers)) + "}"), postgresql.ARRAY(sa.Integer))
    return column.in_(sa.select(sa.func.unnest(array)))


def _read(lines: bytes, kinds: dict[str, pa.DataType]) -> pa.Table:
    return csv.read_csv(
        pa.BufferReader(lines),
        csv.ReadOptions(column_names=list(kinds), block_size=len(lines) + 1),  # else a cell of a megabyte is refused
        csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        csv.ConvertOptions(column_types=kinds, strings_can_be_null=False),
    )


_Column = sa.ColumnElement[Any]


def _in_postgresql(numbers: Sequence[_Column], texts: Sequence[_Column]) -> _Column:
    cells: list[_Column] = [sa.cast(one, sa.Text) for one in numbers]
    cells += [sa.literal('"').concat(sa.func.replace(one, '"', '""')).concat('"') for one in texts]
    return sa.func.string_agg(sa.func.concat_ws(",", *cells), "\n")


def _in_sqlite(numbers: Sequence[_Column], texts: Sequence[_Column]) -> _Column:
    line = ",".join(["%d"] * len(numbers) + ['"%w"'] * len(texts))
    return sa.func.group_concat(sa.func.printf(line, *numbers, *texts), "\n")
