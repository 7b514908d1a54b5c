"""Many rows at once, out of the store.

In:  a Connection; our own SQL to the letter, no parameters.
Out: frames. The store itself packs each column of some thousand rows into one value: one by one, a million rows cost
     Python a second, and while the store packs, other threads may run.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv
from sqlalchemy import Connection
from sqlalchemy import text as sql

from sftpingest.roster.frames import text

#: How each store packs a column of numbers, and one of text: as lines of CSV; PostgreSQL numbers as eight bytes each.
_PACK = {
    "sqlite": ("group_concat({}, char(10))", "group_concat(printf('\"%w\"', {}), char(10))"),
    "postgresql": (
        "string_agg(int8send({}), ''::bytea)",
        "string_agg('\"' || replace({}, '\"', '\"\"') || '\"', chr(10))",
    ),
}
_Packed: TypeAlias = str | bytes


def fetch(
    c: Connection, source: str, along: str, step: int, *, numbers: Mapping[str, str], texts: Sequence[str] = ()
) -> pd.DataFrame:
    """Columns of a source, which is what follows FROM up to a WHERE; no cell is null. Rows come in any order.

    `along`: an indexed column of numbers from 0 up, along which the rows are cut, `step` of them at a time.
    `numbers`: name and SQL of each column of 64-bit numbers. `texts`: columns by their name; they become TEXT.
    """
    number, cell = _PACK[c.dialect.name]
    packs = [*(number.format(each) for each in numbers.values()), *(cell.format(name) for name in texts)]
    parts: dict[str, list[pa.Array]] = {name: [] for name in [*numbers, *texts]}
    for row in _rows(c, source, along, step, packs):
        for (name, column), packed in zip(parts.items(), row, strict=True):
            column.append(_numbers(packed) if name in numbers else _lines(packed, pa.string()))
    # one column after the other, each let go of once it is whole: the parts and the whole are not held twice
    whole = {name: _whole(parts.pop(name), pa.int64() if name in numbers else pa.string()) for name in list(parts)}
    return pd.DataFrame(
        {name: column.to_numpy() if name in numbers else text(column) for name, column in whole.items()}, copy=False
    )


def _rows(c: Connection, source: str, along: str, step: int, packs: Sequence[str]) -> Iterator[Sequence[_Packed]]:
    """The packed columns, range by range; a GROUP BY over the ranges would sort all rows first."""
    last = c.execute(sql(f"SELECT max({along}) FROM {source}")).scalar_one()  # noqa: S608  (our own SQL and numbers)
    for start in range(0, -1 if last is None else int(last) + 1, step):
        within = f"{along} >= {start} AND {along} < {start + step}"
        row = c.exec_driver_sql(f"SELECT {', '.join(packs)} FROM {source} AND {within}").one()  # noqa: S608
        if row[0] is not None:
            yield row


def _numbers(packed: _Packed) -> pa.Array:
    if isinstance(packed, bytes):
        return pa.array(np.frombuffer(packed, ">i8").astype(np.int64))
    return _lines(packed, pa.int64())


def _lines(packed: _Packed, kind: pa.DataType) -> pa.Array:
    """Lines of CSV with one cell each."""
    lines = str(packed).encode()
    table = csv.read_csv(
        pa.BufferReader(lines),
        csv.ReadOptions(column_names=["cell"], block_size=len(lines) + 1),  # else a cell of a megabyte is refused
        csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        csv.ConvertOptions(column_types={"cell": kind}, strings_can_be_null=False),
    )
    return table.column("cell").combine_chunks()


def _whole(parts: list[pa.Array], kind: pa.DataType) -> pa.Array:
    return pa.chunked_array(parts, kind).combine_chunks()
