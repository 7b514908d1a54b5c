"""`sftpingest vendor sql`."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from tests.cli.conftest import Program


def _shared(program: Program) -> None:
    program.ok("district", "add", "springfield", "--name", "Springfield Public Schools")
    program.ok("vendor", "add", "quiz-whiz")
    program.ok("share", "set", "quiz-whiz", "springfield", "--mode", "everything")


def _trail(program: Program) -> list[str]:
    return [entry["event"] for entry in program.json("audit", "list") if entry["event"].startswith("sql.")]


def test_on_sqlite_it_is_a_file_until_it_is_dropped(quick: Program) -> None:
    _shared(quick)
    made = quick.json("vendor", "sql", "quiz-whiz")
    with closing(sqlite3.connect(made["file"])) as c:
        assert c.execute("SELECT district FROM district").fetchall() == [("springfield",)]
    assert "one of them" in quick.refused("vendor", "sql", "quiz-whiz", "--rotate", "--drop")
    quick.ok("vendor", "sql", "quiz-whiz", "--drop")
    assert not Path(made["file"]).exists()
    assert "nothing to take away" in quick.refused("vendor", "sql", "quiz-whiz", "--drop")
    assert _trail(quick) == ["sql.opened", "sql.closed"]


def test_on_postgresql_it_is_a_line_to_connect_with_until_the_vendor_goes(quick: Program, postgres_url: str) -> None:
    quick.settings["SFTPINGEST_DATABASE_URL"] = postgres_url
    _shared(quick)
    made = quick.json("vendor", "sql", "quiz-whiz")
    line = make_url(made["url"])
    assert (line.username, line.password) == (made["role"], made["password"])
    with psycopg.connect(made["url"]) as c:
        assert c.execute("SELECT district FROM district").fetchall() == [("springfield",)]
    again = quick.ok("vendor", "sql", "quiz-whiz")
    assert "as it was" in again
    assert made["password"] not in again
    assert quick.json("vendor", "sql", "quiz-whiz", "--rotate")["password"] not in {None, made["password"]}
    assert made["password"] not in json.dumps(quick.json("audit", "list"))
    assert "not noted here" in quick("disclosures", "springfield").stderr
    quick.ok("vendor", "remove", "quiz-whiz", "--yes")
    assert "not noted here" not in quick("disclosures", "springfield").stderr
    with psycopg.connect(postgres_url) as c:
        assert c.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'sftpingest%'").fetchall() == []
    assert _trail(quick) == ["sql.opened", "sql.opened", "sql.rotated", "sql.closed"]
