"""Rows out of the store as columns: the store itself packs each column of all rows into one value.

In:  a Connection, a select.
Out: Packed: numbers of NumPy, texts of Arrow. One by one, a million rows cost Python a second; and while the store
     packs, other threads may run (docs/decisions/0005-packed-rows.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa
from pyarrow import csv
from sqlalchemy.dialects import postgresql

from sftpingest.store import drivers
from sftpingest.store.wording import among

if TYPE_CHECKING:
    import psycopg

Numbers: TypeAlias = "npt.NDArray[np.int32]"
#: Between texts: a byte that no text in UTF-8 has.
_BETWEEN = 0xFF
_NOTHING: "sa.ColumnElement[bytes]" = sa.literal_column("''::bytea")
_FF: "sa.ColumnElement[bytes]" = sa.literal_column("'\\xff'::bytea")


@dataclass(frozen=True)
class Packed:
    """Columns by name, all in the same order of rows, which is any. An empty text is null."""

    numbers: dict[str, Numbers]
    texts: dict[str, pa.StringArray]


def packed(c: sa.Connection, rows: "sa.Select[Any]", numbers: Sequence[str], texts: Sequence[str] = ()) -> Packed:
    """Columns of a select, of which no cell is null; there is at least one of numbers.

    A column of what is asked for at once must fit into a gigabyte, on SQLite all columns together.
    """
    its = rows.subquery("one").c
    take = _from_postgresql if c.dialect.name == "postgresql" else _from_sqlite
    return take(c, {name: its[name] for name in numbers}, {name: its[name] for name in texts})


def of_many(c: sa.Connection, column: "sa.ColumnElement[int]", numbers: Sequence[int]) -> "sa.ColumnElement[bool]":
    """Whether a column has one of ten thousands of numbers. All numbers between two are asked for as such."""
    ordered = sorted(numbers)
    if ordered and ordered[-1] - ordered[0] + 1 == len(ordered):
        return column.between(ordered[0], ordered[-1])
    if c.dialect.name == "postgresql":
        # as text: of a list psycopg would look at each number; untyped: else the planner does not know the numbers
        text = sa.bindparam(None, f"{{{','.join(map(str, ordered))}}}", sa.types.NULLTYPE)
        return column == sa.any_(sa.cast(text, postgresql.ARRAY(sa.Integer)))
    return among(column, ordered)


_Columns = dict[str, sa.ColumnElement[Any]]

# ---------------------------------------------------------------------------------------------------------- PostgreSQL


def _from_postgresql(c: sa.Connection, numbers: _Columns, texts: _Columns) -> Packed:
    packs = [sa.func.string_agg(sa.func.int4send(one), _NOTHING) for one in numbers.values()]
    packs += [sa.func.string_agg(sa.func.textsend(one), _FF) for one in texts.values()]
    asked = sa.select(*packs).compile(dialect=c.dialect, compile_kwargs={"render_postcompile": True})
    raw = cast("psycopg.Connection[tuple[bytes | None, ...]]", drivers.postgresql(c))
    with raw.cursor(binary=True) as cursor:
        cursor.execute("SET LOCAL jit = off")  # to compile thirty columns takes longer than it saves
        # planned with its numbers each time: a plan for any numbers would look for them one by one
        cursor.execute(asked.string.encode(), asked.params, prepare=False)
        cells = dict(zip([*numbers, *texts], cursor.fetchone() or (), strict=True))
    found = {name: np.frombuffer(cells.pop(name) or b"", ">i4").astype(np.int32) for name in numbers}
    rows = len(next(iter(found.values())))
    return Packed(found, {name: _split(cells.pop(name), rows) for name in texts})


def _split(joined: bytes | None, rows: int) -> pa.StringArray:
    """Texts with a byte between each two."""
    ends = np.flatnonzero(np.frombuffer(joined or b"", np.uint8) == _BETWEEN)
    starts = np.zeros(rows + 1, np.int32)
    if rows:
        starts[1:] = np.append(ends, len(joined or b"")) - np.arange(rows)
    there = np.packbits(np.diff(starts) > 0, bitorder="little")
    text = (joined or b"").translate(None, bytes([_BETWEEN]))
    return pa.StringArray.from_buffers(rows, *map(pa.py_buffer, (starts, text, there)))


# -------------------------------------------------------------------------------------------------------------- SQLite


def _from_sqlite(c: sa.Connection, numbers: _Columns, texts: _Columns) -> Packed:
    """All in one text, as lines of CSV."""
    line = ",".join(["%d"] * len(numbers) + ['"%w"'] * len(texts))
    pack = sa.func.group_concat(sa.func.printf(line, *numbers.values(), *texts.values()), "\n")
    kinds = dict.fromkeys(numbers, pa.int32()) | dict.fromkeys(texts, pa.string())
    lines = c.execute(sa.select(pack)).scalar_one()
    table = _read(lines.encode(), kinds) if lines is not None else pa.schema(kinds).empty_table()
    columns = {name: table.column(name).combine_chunks() for name in kinds}
    return Packed({name: columns[name].to_numpy() for name in numbers}, {name: columns[name] for name in texts})


def _read(lines: bytes, kinds: dict[str, pa.DataType]) -> pa.Table:
    return csv.read_csv(
        pa.BufferReader(lines),
        csv.ReadOptions(column_names=list(kinds), block_size=len(lines) + 1),  # else a cell of a megabyte is refused
        csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        csv.ConvertOptions(column_types=kinds, strings_can_be_null=True, null_values=[""]),
    )
