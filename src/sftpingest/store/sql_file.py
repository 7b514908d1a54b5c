"""What a vendor sees as a file of SQLite: one table a kind, as the views that PostgreSQL has for vendors.

In:  an Engine on SQLite, a vendor that asked for it.
Out: `sql/vendor-NUMBER.db` beside the store, for our own user alone; whoever may read it cannot write it.

That the file is there says that the vendor has asked for it. It is made anew where it is not as what is seen today.
"""

import hashlib
import os
import sqlite3
import uuid
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from sftpingest.roster.exported import Field, Type, exported
from sftpingest.roster.kinds import PEOPLE, Kind
from sftpingest.roster.sharing import Group
from sftpingest.store.engine import file_of
from sftpingest.store.reading import View, reading, views
from sftpingest.store.vendors import VENDOR

if TYPE_CHECKING:
    import pyarrow as pa

_COLUMN = {Type.WHOLE: "INTEGER", Type.NUMBER: "REAL"}
_REVISION = 1


def folder(engine: Engine) -> Path | None:
    """Where the files are; None on PostgreSQL, where vendors have views."""
    file = file_of(engine.url.render_as_string(hide_password=False))
    return file.parent / "sql" if file else None


def path_of(engine: Engine, vendor_id: int) -> Path | None:
    """The file of a vendor, whether or not it is there."""
    where = folder(engine)
    return where / f"vendor-{vendor_id}.db" if where else None


def asked_for(engine: Engine, vendor_id: int) -> bool:
    """Whether a vendor has asked for it."""
    path = path_of(engine, vendor_id)
    return path is not None and path.exists()


def refresh(engine: Engine, day: date) -> list[int]:
    """Make those files anew that are not as what is seen; gives the vendors. Those of removed vendors go."""
    where, made = folder(engine), []
    if where is None or not where.is_dir():
        return []
    for path in where.glob("vendor-*.db"):
        vendor_id = int(path.stem.rpartition("-")[2])
        with engine.connect() as c:
            there = c.execute(sa.select(VENDOR.c.id).where(VENDOR.c.id == vendor_id, VENDOR.c.removed_at.is_(None)))
            if there.first() is None:
                path.unlink(missing_ok=True)
            elif _said(path) != tag(views(c, vendor_id, day)):
                write(engine, vendor_id, day)
                made.append(vendor_id)
    return made


def write(engine: Engine, vendor_id: int, day: date) -> Path:
    """Make the file of a vendor; it takes the place of an earlier one at once."""
    path = path_of(engine, vendor_id)
    assert path is not None  # noqa: S101  (only asked on SQLite)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    new = path.with_name(f".{uuid.uuid4().hex}")
    try:
        with reading(engine) as c:
            fill(c, views(c, vendor_id, day), new)
        new.chmod(0o400)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    return path


def tag(of: Sequence[View]) -> str:
    """Stands for what is in a file."""
    facts = [_REVISION, version("sftpingest")]
    facts += [f"{one.edition.vendor_id}.{one.edition.id}.{','.join(sorted(one.sharing.groups))}" for one in of]
    return hashlib.sha256("\0".join(map(str, facts)).encode()).hexdigest()[:32]


def _said(path: Path) -> str:
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as its:
        return str(its.execute("SELECT tag FROM about").fetchone()[0])


# ---------------------------------------------------------------------------------------------------------------- fill


def fill(c: Connection, of: Sequence[View], path: Path) -> dict[str, int]:
    """Write all that is seen into a new file; gives the numbers of `rows` and `people`."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(path, isolation_level=None)) as its:
        its.execute("PRAGMA journal_mode = OFF")  # a file that is not finished is thrown away
        its.execute("PRAGMA synchronous = OFF")
        its.execute("BEGIN")
        its.execute("CREATE TABLE about (tag TEXT)")
        its.execute("INSERT INTO about VALUES (?)", (tag(of),))
        its.execute("CREATE TABLE district (district TEXT, id TEXT, name TEXT, sync INTEGER)")
        facts = [(one.district.slug, one.id, one.district.name, one.edition.sync_id) for one in of]
        its.executemany("INSERT INTO district VALUES (?, ?, ?, ?)", facts)
        counted = {kind: _kind(c, its, kind, of) for kind in Kind}
        its.execute("COMMIT")
    people = sum(counted[kind] for kind in (*PEOPLE, Kind.CONTACT))
    return {"rows": sum(counted.values()), "people": people}


def _kind(c: Connection, its: sqlite3.Connection, kind: Kind, of: Iterable[View]) -> int:
    """One table; what a district has not granted is null in its rows."""
    from sftpingest.store.bulk import Bulk  # noqa: PLC0415  (Arrow, which commands start without)

    fields, rows = exported(kind, Group), 0
    columns = ", ".join(f'"{one.name}" {_COLUMN.get(one.type, "TEXT")}' for one in fields)
    its.execute(f'CREATE TABLE "{kind}" (district TEXT, {columns})')
    for view in of:
        bulk = Bulk(c, view)
        seen = bulk.fields(kind)
        for table in bulk.tables(kind) if seen else ():
            _insert(its, kind, view.district.slug, seen, table)
            rows += len(table)
    keys = ("section_id", "person_id") if kind is Kind.ENROLLMENT else ("id",)
    for key in keys:
        its.execute(f'CREATE INDEX "{kind}_by_{key}" ON "{kind}" ({key})')
    return rows


def _insert(its: sqlite3.Connection, kind: Kind, slug: str, fields: Sequence[Field], table: "pa.Table") -> None:
    from sftpingest.store.typed import typed  # noqa: PLC0415

    whole = typed(fields, table)
    columns = [_cells(one, whole.column(one.name)) for one in fields]
    names = ", ".join(f'"{one.name}"' for one in fields)
    statement = f'INSERT INTO "{kind}" (district, {names}) VALUES (?{", ?" * len(fields)})'  # noqa: S608  (our own words)
    its.executemany(statement, zip([slug] * len(table), *columns, strict=True))


def _cells(one: Field, column: "pa.ChunkedArray") -> list[object]:
    """SQLite has no dates: text, as it compares and counts with them."""
    cells: list[object] = column.to_pylist()
    return [None if cell is None else str(cell) for cell in cells] if one.type is Type.DATE else cells
