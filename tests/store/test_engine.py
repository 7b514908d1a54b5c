"""Opening and migrating the store."""

import importlib
import itertools
import pkgutil
import sqlite3
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlmodel import SQLModel

from sftpingest import store
from sftpingest.store import accounts, journal
from sftpingest.store.engine import ClosedStore, WrongStore, migrate, open_store, revision


def revisions() -> list[str]:
    """From the first to the newest."""
    config = Config()
    config.set_main_option("script_location", "sftpingest.store:migrations")
    return [script.revision for script in reversed(list(ScriptDirectory.from_config(config).walk_revisions()))]


def test_an_empty_store_has_no_revision(store_url: str) -> None:
    assert revision(open_store(store_url)) is None


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    migrate(engine)
    assert revision(engine) == revisions()[-1]


def test_migrations_make_exactly_the_tables_that_the_program_uses(engine: Engine) -> None:
    for module in pkgutil.iter_modules(store.__path__, "sftpingest.store."):
        if not module.ispkg:
            importlib.import_module(module.name)
    with engine.connect() as c:
        assert compare_metadata(MigrationContext.configure(c), SQLModel.metadata) == []


@pytest.mark.parametrize(("before", "after"), list(itertools.pairwise(["base", *revisions()])))
def test_rows_come_through_each_migration(store_url: str, before: str, after: str) -> None:
    engine = open_store(store_url)
    if before != "base":
        migrate(engine, before)
    fill(engine)
    kept = rows(engine)
    migrate(engine, after)
    assert revision(engine) == after
    now = rows(engine)
    for name, olds in kept.items():  # a migration may add columns, and tables
        assert [{column: new[column] for column in old} for old, new in zip(olds, now[name], strict=True)] == olds
    engine.dispose()


MADE_UP = {int: 1, str: "{}", bool: False, date: date(2026, 11, 24), datetime: datetime(2026, 11, 24, 3, 15, 2)}  # noqa: DTZ001  (as it is kept)


def tables(c: sa.Connection) -> list[sa.Table]:
    metadata = sa.MetaData()
    metadata.reflect(c)
    return [its for its in metadata.sorted_tables if its.name != "alembic_version"]


def fill(engine: Engine) -> None:
    """A made-up row in every table there is at this revision."""
    with engine.begin() as c:
        for its in tables(c):
            c.execute(sa.insert(its).values({column.name: MADE_UP[column.type.python_type] for column in its.c}))


def rows(engine: Engine) -> dict[str, list[dict[str, object]]]:
    with engine.connect() as c:
        return {its.name: [dict(row) for row in c.execute(sa.select(its)).mappings()] for its in tables(c)}


def test_processes_that_start_at_once_migrate_once(store_url: str) -> None:
    script = (
        "import sys; from sftpingest.store.engine import *\n"
        "engine = open_store(sys.argv[1]); print(flush=True); input(); migrate(engine)"
    )
    pipe = subprocess.PIPE
    started = [
        subprocess.Popen([sys.executable, "-c", script, store_url], stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        for _ in range(4)
    ]
    for process in started:  # they are all there: now they start
        assert process.stdout is not None
        process.stdout.readline()
    for process in started:
        assert process.stdin is not None
        print(file=process.stdin, flush=True)
    ended = [(process.communicate()[1], process.returncode) for process in started]
    assert ended == [("", 0)] * 4
    assert revision(open_store(store_url)) == revisions()[-1]


def test_a_migration_that_fails_leaves_nothing(store_url: str) -> None:
    engine = open_store(store_url)
    with engine.begin() as c:
        c.execute(sa.text("CREATE TABLE transition (id integer)"))  # stands in the way of the first revision
    with pytest.raises(sa.exc.DBAPIError):
        migrate(engine)
    with engine.connect() as c:
        assert sa.inspect(c).get_table_names() == ["transition"]
    engine.dispose()


def test_what_a_transaction_did_is_gone_when_it_fails(engine: Engine) -> None:
    with engine.connect() as c, c.begin() as transaction:
        c.execute(sa.text("CREATE TABLE half (id integer)"))
        accounts.add_district(c, "north-hills", "North Hills")
        transaction.rollback()
    with engine.connect() as c:
        assert accounts.districts(c) == []
        assert "half" not in sa.inspect(c).get_table_names()


def test_a_row_that_refers_to_nothing_is_refused(engine: Engine) -> None:
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as c:
        journal.queue(c, 4711, "a" * 32, "sftp", None)


def test_errors_of_the_store_do_not_show_the_row(engine: Engine) -> None:
    with pytest.raises(sa.exc.IntegrityError) as wrong, engine.begin() as c:
        journal.queue(c, 4711, "a" * 32, "sftp", "secret-signature")
    assert "secret-signature" not in str(wrong.value).partition("DETAIL")[0]


def test_sqlite_keeps_what_it_is_told_and_lets_others_read(sqlite_url: str) -> None:
    with open_store(sqlite_url).connect() as c:
        pragmas = {name: c.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "foreign_keys")}
        assert pragmas == {"journal_mode": "wal", "foreign_keys": 1}
        assert c.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert c.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000


def test_foreign_keys_are_on_again_after_migrating_sqlite(sqlite_url: str) -> None:
    engine = open_store(sqlite_url)
    migrate(engine)
    with engine.connect() as c:
        assert c.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_reader_does_not_wait_for_a_writer(engine: Engine) -> None:
    with engine.begin() as writer:
        accounts.add_district(writer, "north-hills", "North Hills")
        with engine.connect() as reader:
            assert accounts.districts(reader) == []


def test_two_writers_of_sqlite_that_read_first_both_write(sqlite_url: str) -> None:
    engine = open_store(sqlite_url)
    migrate(engine)
    script = (
        "import sys; from sftpingest.store.engine import *; from sftpingest.store import accounts\n"
        "engine = open_store(sys.argv[1])\n"
        "for n in range(25):\n"
        "    with engine.begin() as c:\n"
        "        accounts.districts(c); accounts.add_district(c, f'{sys.argv[2]}{n}', 'District')\n"
    )
    started = [subprocess.Popen([sys.executable, "-c", script, sqlite_url, name]) for name in ("a", "b")]
    assert [process.wait() for process in started] == [0, 0]
    with engine.connect() as c:
        assert len(accounts.districts(c)) == 50


def test_only_we_may_read_the_file_of_sqlite(sqlite_url: str, tmp_path: Path) -> None:
    migrate(open_store(sqlite_url))
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("roster.db*")} == {0o600}


@pytest.mark.parametrize("url", ["", "roster.db", "mysql://somewhere/roster", "sqlite:////nowhere/at/all/roster.db"])
def test_a_url_that_is_none_is_refused_in_one_sentence(url: str) -> None:
    with pytest.raises(WrongStore, match="Give `sqlite:///FILE`"):
        open_store(url)


@pytest.mark.usefixtures("closed", "somebody_else")
def test_a_store_of_somebody_else_is_one_sentence(closed: Path) -> None:
    with pytest.raises(ClosedStore, match="cannot be written by this user"):
        open_store(f"sqlite:///{closed}/roster.db")


def test_a_refused_url_does_not_show_its_password() -> None:
    with pytest.raises(WrongStore) as wrong:
        open_store("mysql://someone:geheim@db.example.org/roster")
    assert "geheim" not in str(wrong.value)


def test_sqlite_is_new_enough_for_returning() -> None:
    assert sqlite3.sqlite_version_info >= (3, 35)
