"""Opens the store and brings its tables up to date.

In:  a URL: `sqlite:///FILE` or `postgresql://…`.
Out: an Engine whose transactions are real ones on both stores.

`engine.begin()` is for whoever writes; on SQLite it waits for its turn before it reads anything, so that what it read
is still so when it writes. `engine.connect()` is for whoever only reads; it makes nobody wait, and it waits for nobody
but, on PostgreSQL, for the first load of an installation (docs/decisions/0002-first-load.md).
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from sftpingest.store import StoreError

if TYPE_CHECKING:
    import psycopg

#: Connections that a process keeps open at most.
CONNECTIONS = 5
#: How long one writer of SQLite waits for another.
BUSY_SECONDS = 30
#: The option of a connection whose transactions write.
WRITES = "sftpingest_writes"
#: Where alembic finds the migrations: a package and a folder in it.
MIGRATIONS = "sftpingest.store:migrations"
#: The advisory lock under which PostgreSQL is migrated.
_MIGRATING = 0x5F7B_0001


class WrongStore(StoreError):
    """The store cannot be opened at "{url}". Give `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/DATABASE`."""


class ClosedStore(StoreError):
    """The store {file} cannot be written by this user. Run this command as the user that the service runs as."""


def open_store(url: str, connections: int = CONNECTIONS) -> Engine:
    """Open the store. Nothing is made but an empty SQLite file; call `migrate` before use.

    `connections` are kept open; ten more may be for a moment.
    Raises WrongStore, ClosedStore.
    """
    try:
        where = make_url(url)
    except ArgumentError:
        raise WrongStore(url="…") from None
    backend = where.drivername.partition("+")[0]
    if backend == "sqlite":
        return _open_sqlite(where, connections)
    if backend in {"postgresql", "postgres"}:
        return _open_postgresql(where.set(drivername="postgresql+psycopg"), connections)
    raise WrongStore(url=where.render_as_string(hide_password=True))


def file_of(url: str) -> Path | None:
    """The file in which a store of SQLite lies; None for PostgreSQL."""
    where = make_url(url)
    return Path(where.database) if where.database and where.get_backend_name() == "sqlite" else None


def _open_postgresql(where: URL, connections: int) -> Engine:
    # Parameters are hidden, here and below: they are personal data, and errors end in logs.
    engine = create_engine(where, pool_pre_ping=True, hide_parameters=True, pool_size=connections)
    event.listen(engine, "connect", _set_up_postgresql)
    return engine


def _set_up_postgresql(connection: "psycopg.Connection", _: ConnectionPoolEntry) -> None:
    # A worker whose machine lost its power holds its locks until the server sees that: in a minute, not two hours.
    for name, value in (("idle", 30), ("interval", 10), ("count", 3)):
        connection.execute(f"SET tcp_keepalives_{name} = {value}")
    connection.execute("SET client_encoding = 'UTF8'")  # whatever the database or the environment would have
    # A plan for any list of numbers goes through that list once a record.
    connection.execute("SET plan_cache_mode = force_custom_plan")
    connection.commit()


class _OneWriter(Engine):
    """SQLite has one writer at a time: `begin` takes its place in the queue at once, `connect` only reads.

    A transaction that reads first and then writes would otherwise fail at once, without waiting, when another wrote
    in between (SQLITE_BUSY_SNAPSHOT).
    """

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        with self.connect() as c, c.execution_options(**{WRITES: True}).begin():
            yield c


def _open_sqlite(where: URL, connections: int) -> Engine:
    if where.database and where.database != ":memory:":
        _make_private(Path(where.database))
    pool = {} if where.database in {None, ":memory:"} else {"pool_size": connections}  # in memory there is one
    made = create_engine(where, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS}, **pool)
    engine = _OneWriter(made.pool, made.dialect, made.url, hide_parameters=True)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(file: Path) -> None:
    """Children's names will stand in it: nobody but us reads it. SQLite gives its side files the same mode."""
    try:
        file.touch(mode=0o600, exist_ok=True)
    except PermissionError:
        raise ClosedStore(file=file) from None
    except OSError:
        raise WrongStore(url=f"sqlite:///{file}") from None


def _set_up_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    # Python's own driver begins transactions by guessing at statements, and never for DDL: we begin them ourselves.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    _turn_on_wal(connection)


def _turn_on_wal(connection: sqlite3.Connection) -> None:
    """Readers and the writer do not wait for each other under WAL; the file remembers it.

    Two processes that turn it on at once get "database is locked" without the usual waiting.
    """
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_sqlite(c: Connection) -> None:
    c.exec_driver_sql("BEGIN IMMEDIATE" if c.get_execution_options().get(WRITES) else "BEGIN")


def migrate(engine: Engine, to: str = "head") -> None:
    """Bring the tables to a revision, all or nothing. Two processes may start this at once: the second one waits."""
    from alembic import command  # noqa: PLC0415  (a tenth of the time in which a command starts)
    from alembic.config import Config  # noqa: PLC0415

    with _migrating(engine) as c:
        config = Config()
        config.set_main_option("script_location", MIGRATIONS)
        config.attributes["connection"] = c
        command.upgrade(config, to)


@contextmanager
def _migrating(engine: Engine) -> Iterator[Connection]:
    if engine.dialect.name == "postgresql":
        with engine.begin() as c:
            c.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
            yield c
        return
    # SQLite alters a table by making it anew and dropping the old one, which would take along what refers to it.
    with engine.connect() as outer:
        raw = outer.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)  # noqa: S101  (tells mypy what the dialect is)
        raw.execute("PRAGMA foreign_keys = OFF")
        try:
            with outer.execution_options(**{WRITES: True}).begin():
                yield outer
                _refuse_dangling(outer)
        finally:
            raw.execute("PRAGMA foreign_keys = ON")


def _refuse_dangling(c: Connection) -> None:
    dangling = c.exec_driver_sql("PRAGMA foreign_key_check").all()
    if dangling:
        raise RuntimeError(f"a migration left {len(dangling)} rows that refer to nothing")


def revision(engine: Engine) -> str | None:
    """The revision the tables are at; None for an empty store."""
    with engine.connect() as c:
        if not inspect(c).has_table("alembic_version"):
            return None
        at: str | None = c.scalar(text("SELECT version_num FROM alembic_version"))
        return at


def revisions() -> list[str]:
    """All revisions that this program knows, the newest last: the numbers in front of the names of the migrations."""
    package, folder = MIGRATIONS.split(":")
    return sorted(
        file.name.partition("_")[0]
        for file in (files(package) / folder / "versions").iterdir()
        if file.name[0].isdigit()
    )
