"""A kind of what a vendor sees -> the bytes of a file: Parquet, CSV or NDJSON. The same records give the same bytes.

In:  a Bulk and a kind, an open file.
Out: the file; how many rows and people are in it.

Arrow is loaded when the first file is made: the door starts without it.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import IO, TYPE_CHECKING, Any

import orjson

from sftpingest.roster.exported import Field, Type
from sftpingest.roster.kinds import Kind
from sftpingest.store.ahead import ahead

if TYPE_CHECKING:
    import pyarrow as pa

    from sftpingest.store.bulk import Bulk

#: A file has the same bytes as long as this, the program and what is seen stay the same.
REVISION = 2


def write(bulk: "Bulk", kind: Kind, shape: str, out: IO[bytes]) -> dict[str, int]:
    """Write all records of a kind; gives the numbers of `rows` and `people`.

    One table is written while the store gives the next one.
    """
    rows = 0

    def counted() -> "Iterator[pa.Table]":
        nonlocal rows
        for table in bulk.tables(kind):
            rows += len(table)
            yield table

    with closing(ahead(counted())) as tables:
        _SHAPES[shape](bulk.fields(kind), tables, out)
    return {"rows": rows, "people": bulk.people(kind)}


# ------------------------------------------------------------------------------------------------------------- Parquet


def _parquet(fields: tuple[Field, ...], tables: "Iterable[pa.Table]", out: IO[bytes]) -> None:
    """One row group a table. Ids are all different: a dictionary of them would only cost."""
    from pyarrow import parquet  # noqa: PLC0415

    from sftpingest.store.typed import schema, typed  # noqa: PLC0415

    repeated = [one.name for one in fields if one.type is not Type.ID and not one.name.endswith("sis_id")]
    repeated += [one.name for one in fields if one.of in {Kind.SCHOOL, Kind.SECTION, Kind.COURSE, Kind.TERM}]
    repeated = [name for name in repeated if name != "id"]
    with parquet.ParquetWriter(out, schema(fields), compression="zstd", use_dictionary=repeated or False) as writer:
        for table in tables:
            writer.write_table(typed(fields, table), row_group_size=max(len(table), 1))


# ----------------------------------------------------------------------------------------------------------------- CSV


def _csv(fields: tuple[Field, ...], tables: "Iterable[pa.Table]", out: IO[bytes]) -> None:
    """RFC 4180: CRLF, quotes where they are needed. What the district sent stays as it is, formulas too."""
    from pyarrow import csv  # noqa: PLC0415

    out.write(",".join(one.name for one in fields).encode() + b"\r\n")
    how = csv.WriteOptions(include_header=False, eol="\r\n", quoting_style="needed")
    for table in tables:
        cells = [column.fill_null("") if column.null_count else column for column in table.columns]  # null is unquoted
        csv.write_csv(table.from_arrays(cells, table.column_names), out, how)


# -------------------------------------------------------------------------------------------------------------- NDJSON


def _ndjson(fields: tuple[Field, ...], tables: "Iterable[pa.Table]", out: IO[bytes]) -> None:
    for table in tables:
        out.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in objects(fields, table))


def objects(fields: tuple[Field, ...], table: "pa.Table") -> "Iterator[dict[str, Any]]":
    """Records as objects: all keys, null where a cell is empty; lists and objects as such."""
    from sftpingest.store.typed import typed  # noqa: PLC0415

    columns = [column.to_pylist() for column in typed(fields, table).columns]
    for place, one in enumerate(fields):
        if one.type is Type.JSON:
            columns[place] = [None if text is None else orjson.Fragment(text) for text in columns[place]]
    names = [one.name for one in fields]
    return (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))


_SHAPES: dict[str, Callable[[tuple[Field, ...], "Iterable[pa.Table]", IO[bytes]], None]] = {
    "parquet": _parquet,
    "csv": _csv,
    "ndjson": _ndjson,
}
#: How a kind is written, and what it is to HTTP.
SHAPES = {
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv; charset=utf-8; header=present",
    "ndjson": "application/x-ndjson",
}
