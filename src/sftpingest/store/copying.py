"""Rows into PostgreSQL by COPY.

In:  psycopg's connection; slices of rows, encoded.
Out: rows.
"""

import io
from collections.abc import Iterable
from itertools import chain

import numpy as np
import psycopg
import pyarrow as pa
from pyarrow import csv

#: What a binary COPY begins and ends with.
_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TAIL = b"\xff\xff"


def copy(
    raw: "psycopg.Connection[tuple[object, ...]]",
    table: str,
    names: Iterable[str],
    slices: Iterable[bytes | memoryview],
    *,
    binary: bool,
) -> None:
    """Send slices, encoded by `binary` or by `lines`, to those columns."""
    columns = ", ".join(f'"{name}"' for name in names)
    statement = f"COPY {table} ({columns}) FROM STDIN (FORMAT {'binary' if binary else 'csv'})"
    with raw.cursor() as cursor, cursor.copy(statement.encode()) as sent:
        for part in chain([_HEAD], slices, [_TAIL]) if binary else slices:
            sent.write(part)


def lines(rows: pa.Table) -> memoryview:
    """Rows as CSV."""
    buffer = io.BytesIO()
    # an empty chunk before others makes Arrow write bytes that nobody gave it (pyarrow 26.0.1)
    csv.write_csv(rows.combine_chunks(), buffer, csv.WriteOptions(include_header=False))
    return buffer.getbuffer()


def binary(rows: pa.Table) -> bytes:
    """Rows of numbers in COPY's binary format: half the time of CSV, for the server and for us.

    A row is the number of its columns, then of each the size in bytes and the number (PostgreSQL's manual, COPY).
    """
    widths = [column.type.bit_width // 8 for column in rows.columns]
    layout = [("columns", ">i2")]
    for at, width in enumerate(widths):
        layout += [(f"size {at}", ">i4"), (f"number {at}", f">i{width}")]
    out = np.empty(rows.num_rows, np.dtype(layout))
    out["columns"] = rows.num_columns
    for at, (width, column) in enumerate(zip(widths, rows.columns, strict=True)):
        out[f"size {at}"] = width
        out[f"number {at}"] = column.to_numpy()
    return out.tobytes()
