"""Many rows at once, into the store and out of it.

In: a Connection in the caller's transaction.
Out: Arrow tables of rows. PostgreSQL's COPY, SQLite's prepared statements; never a row through the ORM.
"""

import io
import sqlite3
from collections.abc import Iterator
from itertools import chain

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

#: The head of PostgreSQL's binary COPY: signature, flags, length of the extension.
_HEAD = len(b"PGCOPY\n\xff\r\n\0") + 8


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


def fetch_numbers(c: Connection, select: str, columns: list[str]) -> pd.DataFrame:
    """The rows of a SELECT of 64-bit numbers, none of them null: millions in seconds, 8 bytes each."""
    if c.dialect.name == "postgresql":
        parts = list(_blocks(c, select, columns))
        rows = np.concatenate(parts)
    else:
        flat = np.fromiter(chain.from_iterable(_raw_sqlite(c).execute(select)), np.int64)
        rows = flat.reshape(-1, len(columns))
    return pd.DataFrame(rows, columns=columns, copy=False)


def _blocks(
    c: Connection, select: str, columns: list[str]
) -> Iterator[np.ndarray[tuple[int, int], np.dtype[np.int64]]]:
    """Binary COPY, some thousand rows at a time. Without nulls every row has one length, so that numpy can read it."""
    cells = [(f"length {name}", ">i4") if part == 0 else (name, ">i8") for name in columns for part in range(2)]
    row = np.dtype([("cells", ">i2"), *cells])
    held, start = bytearray(), _HEAD
    with (
        raw_postgresql(c).cursor() as cursor,
        cursor.copy(f"COPY ({select}) TO STDOUT (FORMAT binary)".encode()) as copy,
    ):
        for part in copy:
            held += part
            if len(held) - start >= _FETCH * row.itemsize:
                yield _numbers(held, start, row, columns)
                del held[: len(held) - (len(held) - start) % row.itemsize]
                start = 0
    yield _numbers(held, start, row, columns)


def _numbers(
    held: bytearray, start: int, row: np.dtype[np.void], columns: list[str]
) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """The whole rows in a buffer; what follows them is the next row's beginning, or the end mark."""
    whole = (len(held) - start) // row.itemsize
    cells = np.frombuffer(bytes(held[start : start + whole * row.itemsize]), row)
    out = np.empty((whole, len(columns)), np.int64)
    for at, name in enumerate(columns):
        out[:, at] = cells[name]
    return out
