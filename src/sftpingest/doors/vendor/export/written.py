"""A kind of what a vendor sees -> the bytes of a file: Parquet, CSV or NDJSON. The same records give the same bytes.

In:  a Bulk and a kind, an open file.
Out: the file; how many rows and people are in it.

Arrow is loaded when the first file is made: the door starts without it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import orjson

from sftpingest.roster.exported import Field, Type
from sftpingest.roster.kinds import PEOPLE, Kind

if TYPE_CHECKING:
    import pyarrow as pa

    from sftpingest.store.bulk import Bulk

#: A file has the same bytes as long as this, the program and what is seen stay the same.
REVISION = 1


@dataclass
class Counted:
    """What went into a file."""

    rows: int = 0
    people: set[str] | int = 0  #: of enrollments who they are, to count nobody twice

    def all(self) -> dict[str, int]:
        """As plain numbers."""
        return {"rows": self.rows, "people": self.people if isinstance(self.people, int) else len(self.people)}


def write(bulk: "Bulk", kind: Kind, shape: str, out: IO[bytes]) -> dict[str, int]:
    """Write all records of a kind; gives the numbers of `rows` and `people`."""
    counted = Counted(people=set() if kind is Kind.ENROLLMENT else 0)
    _SHAPES[shape](bulk.fields(kind), _counting(bulk.tables(kind), kind, counted), out)
    return counted.all()


def _counting(tables: "Iterable[pa.Table]", kind: Kind, counted: Counted) -> "Iterator[pa.Table]":
    for table in tables:
        counted.rows += len(table)
        if isinstance(counted.people, set):
            counted.people.update(table.column("person_id").unique().to_pylist())
        elif kind in {*PEOPLE, Kind.CONTACT}:
            counted.people += len(table)
        yield table


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
        csv.write_csv(table, out, how)


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
