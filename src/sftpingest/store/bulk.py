"""Many rows at once, into the store and out of it.

In: a Connection in the caller's transaction.
Out: Arrow tables of rows. PostgreSQL's COPY, SQLite's prepared statements; never a row through the ORM.
"""

import io
import sqlite3
from collections.abc import Iterator
from typing import cast

import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv
from sqlalchemy import Connection

from sftpingest.roster.frames import text

#: Rows are sent in slices of so many, to bound memory.
SLICE = 100_000
_FETCH = 50_000


def raw_postgresql(c: Connection) -> "psycopg.Connection[tuple[object, ...]]":
    """Psycopg's own connection, in the same transaction."""
    raw = c.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)  # noqa: S101  (tells mypy what the dialect is)
    return raw


def _raw_sqlite(c: Connection) -> sqlite3.Connection:
    raw = c.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)  # noqa: S101
    return raw


def send(c: Connection, table: str, rows: pa.Table) -> None:
    """Insert rows whose columns are named as those of the table."""
    names = ", ".join(f'"{name}"' for name in rows.column_names)
    if c.dialect.name == "postgresql":
        _copy(raw_postgresql(c), f"COPY {table} ({names}) FROM STDIN (FORMAT csv)", rows)
        return
    for start in range(0, rows.num_rows, SLICE):
        _insert(_raw_sqlite(c), table, rows.slice(start, SLICE))


def _insert(raw: sqlite3.Connection, table: str, rows: pa.Table) -> None:
    """Prepared inserts. Columns that are empty in every row, a third of a roster's, stand in the statement itself."""
    empty = {name for name in rows.column_names if _is_empty(rows.column(name))}
    names = ", ".join(f'"{name}"' for name in rows.column_names)
    marks = ", ".join("''" if name in empty else "?" for name in rows.column_names)
    columns = [rows.column(name).to_pylist() for name in rows.column_names if name not in empty]
    statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608  (our own names)
    raw.executemany(statement, zip(*columns, strict=True))


def _is_empty(column: pa.ChunkedArray) -> bool:
    return column.type == pa.string() and bool(pc.all(pc.equal(column, "")).as_py())


def _copy(raw: "psycopg.Connection[tuple[object, ...]]", statement: str, rows: pa.Table) -> None:
    with raw.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for start in range(0, rows.num_rows, SLICE):
            buffer = io.BytesIO()
            csv.write_csv(rows.slice(start, SLICE), buffer, csv.WriteOptions(include_header=False))
            copy.write(buffer.getbuffer())


def fetch(c: Connection, select: str, columns: dict[str, pa.DataType]) -> pd.DataFrame:
    """The rows of a SELECT without parameters, whose columns are those, in that order; text is TEXT."""
    fetched = _fetch_postgresql if c.dialect.name == "postgresql" else _fetch_sqlite
    table = fetched(c, select, pa.schema(list(columns.items())))
    return pd.DataFrame(
        {
            name: text(column.combine_chunks()) if column.type == pa.string() else column.to_numpy()
            for name, column in zip(table.column_names, table.columns, strict=True)
        }
    )


def _fetch_postgresql(c: Connection, select: str, schema: pa.Schema) -> pa.Table:
    with raw_postgresql(c).cursor() as cursor, cursor.copy(f"COPY ({select}) TO STDOUT (FORMAT csv)".encode()) as copy:
        whole = b"".join(bytes(part) for part in copy)
    if not whole:
        return schema.empty_table()
    return csv.read_csv(
        pa.BufferReader(whole),
        csv.ReadOptions(column_names=schema.names),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(column_types=schema, strings_can_be_null=False),
    )


def _fetch_sqlite(c: Connection, select: str, schema: pa.Schema) -> pa.Table:
    cursor = _raw_sqlite(c).execute(select)
    batches = []
    while rows := cursor.fetchmany(_FETCH):
        columns = zip(*rows, strict=True)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
        batches.append(pa.record_batch(arrays, schema))
    return pa.Table.from_batches(batches, schema)


def fetch_numbers(c: Connection, columns: dict[str, str], source: str, slices: str) -> pd.DataFrame:
    """Columns of 64-bit numbers, none of them null, by their SQL: millions of rows in seconds, 8 bytes each.

    `source` is what follows FROM. The store packs the rows of each slice, an SQL expression, into one value: a million
    rows one by one cost Python a second, and while the store packs, other threads may run.
    """
    packed = _packed_postgresql if c.dialect.name == "postgresql" else _packed_sqlite
    parts: list[list[np.ndarray[tuple[int], np.dtype[np.int64]]]] = [[np.empty(0, np.int64)] for _ in columns]
    for rows in packed(c, list(columns.values()), source, slices):
        for at, column in enumerate(parts):
            column.append(rows[:, at].copy())
    # one column after the other, each let go of once it is whole: the parts and the whole are not held twice
    whole = {name: np.concatenate(parts.pop(0)) for name in columns}
    return pd.DataFrame(whole, copy=False)


_Rows = np.ndarray[tuple[int, int], np.dtype[np.int64]]


def _packed_postgresql(c: Connection, columns: list[str], source: str, slices: str) -> Iterator[_Rows]:
    row = " || ".join(f"int8send({column})" for column in columns)
    select = f"SELECT string_agg({row}, ''::bytea) FROM {source} GROUP BY {slices}"  # noqa: S608  (our own names)
    with raw_postgresql(c).cursor(binary=True) as cursor:
        cursor.execute(select.encode())
        while found := cursor.fetchone():
            yield np.frombuffer(cast("bytes", found[0]), ">i8").reshape(-1, len(columns)).astype(np.int64)


def _packed_sqlite(c: Connection, columns: list[str], source: str, slices: str) -> Iterator[_Rows]:
    row = " || ',' || ".join(f"({column})" for column in columns)
    select = f"SELECT group_concat({row}, char(10)) FROM {source} GROUP BY {slices}"  # noqa: S608  (our own names)
    names = [str(at) for at in range(len(columns))]
    types = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.int64()))
    for (lines,) in _raw_sqlite(c).execute(select):
        table = csv.read_csv(
            pa.BufferReader(lines.encode()), csv.ReadOptions(column_names=names), convert_options=types
        )
        yield np.column_stack([column.to_numpy() for column in table.columns])
