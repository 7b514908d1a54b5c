"""Many rows at once, into the store.

In:  a Connection in the caller's transaction; Arrow tables, slice by slice.
Out: rows, by the fastest way of each store; never the ORM. copying.py and inserting.py say how.
"""

from collections.abc import Iterable
from contextlib import closing
from itertools import chain

import pyarrow as pa
from sqlalchemy import Connection

from sftpingest.store import copying, drivers, inserting
from sftpingest.store.ahead import ahead

#: Rows are sent in slices of so many, to bound memory.
SLICE = 100_000


def send(c: Connection, table: str, slices: Iterable[pa.Table]) -> None:
    """Insert rows whose columns are named as those of the table. All slices have the same columns.

    In a table of numbers alone each has the width of its column (pa.int16, pa.int32), and none is null or negative.
    The next slice is made in a thread while the store takes this one, so `slices` must not use the Connection.
    """
    coming = iter(slices)
    first = next(coming, None)
    if first is None:
        return
    every = chain([first], coming)
    numbers = all(pa.types.is_integer(kind) for kind in first.schema.types)
    if c.dialect.name == "postgresql":
        encode = copying.binary if numbers else copying.lines
        encoded: Iterable[bytes | memoryview] = map(encode, every)
        with closing(ahead(encoded)) as parts:
            copying.copy(drivers.postgresql(c), table, first.column_names, parts, binary=numbers)
        return
    raw = drivers.sqlite(c)
    if numbers:
        with closing(ahead(inserting.packed(table, rows) for rows in every)) as statements:
            for statement, packed in statements:
                raw.execute(statement, (packed,))
    else:
        with closing(ahead(every)) as tables:
            for rows in tables:
                inserting.insert(raw, table, rows)
