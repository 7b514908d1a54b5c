"""`sftpingest audit`: who did what, and is the record whole."""

import os
import pwd
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sftpingest.cli import audit
from tests.cli.conftest import Program, running, without_mistakes, written


@pytest.fixture
def springfield(quick: Program) -> Program:
    quick.ok("district", "add", "springfield", "--name", "Springfield Public Schools")
    quick.ok("login", "add", "springfield", "springfield-sis")
    return quick


def events(program: Program, *words: str) -> list[tuple[Any, ...]]:
    return [(one["event"], one["district"], one["username"]) for one in program.json("audit", "list", *words)]


def tamper(program: Program, *statements: str) -> None:
    """As somebody who may write to the file."""
    with closing(sqlite3.connect(program.data / "roster.db")) as store, store:
        for trigger in ("audit_unchanged", "audit_kept"):
            store.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        for statement in statements:
            store.execute(statement)


def test_what_commands_do_is_entered_with_who_did_it(springfield: Program) -> None:
    springfield.ok("district", "set", "springfield", "max_removed", "15%")
    springfield.ok("login", "disable", "springfield", "springfield-sis")
    springfield.ok("login", "remove", "springfield-sis")
    springfield.ok("district", "remove", "springfield", "--yes")
    assert events(springfield) == [
        ("district.added", "springfield", None),
        ("login.added", "springfield", "springfield-sis"),
        ("district.changed", "springfield", None),
        ("login.disabled", "springfield", "springfield-sis"),
        ("login.removed", "springfield", "springfield-sis"),
        ("district.removed", "springfield", None),
    ]
    listed = springfield.json("audit", "list")
    assert {one["facts"]["by"] for one in listed} == {audit.operator()}
    assert audit.operator().startswith(pwd.getpwuid(os.getuid()).pw_name)
    assert springfield.ok("audit", "list", "--login", "nobody") == "No entry is like that.\n"
    assert (listed[2]["facts"]["key"], listed[2]["facts"]["value"]) == ("max_removed", "15%")


def test_a_command_that_is_refused_enters_nothing(springfield: Program) -> None:
    before = events(springfield)
    springfield.refused("district", "add", "springfield", "--name", "Again")
    springfield.refused("district", "set", "springfield", "max_removed", "much")
    springfield.refused("login", "remove", "nobody")
    springfield.refused("sync", "release", "17")
    assert events(springfield) == before


def test_no_password_is_entered(springfield: Program) -> None:
    springfield.ok("login", "add", "springfield", "another", "--password-stdin", stdin="a-long-password\n")
    assert "a-long-password" not in springfield.ok("audit", "list", "--json")


def test_decisions_on_syncs_are_entered(springfield: Program, tmp_path: Path) -> None:
    files = without_mistakes()
    springfield.ok("ingest", "springfield", written(tmp_path / "roster", files))
    springfield.ok("sync", "restore", "springfield", "1")
    assert [name for name, *_ in events(springfield)[2:]] == ["upload.ingested", "sync.restored"]
    students = files["students.csv"].split(b"\r\n")
    files["students.csv"] = b"\r\n".join(students[: len(students) // 2]) + b"\r\n"
    path = written(tmp_path / "roster", files)
    held = [springfield("ingest", "springfield", path).returncode for _ in range(2)]
    assert held == [3, 3]
    springfield.ok("sync", "discard", "4")
    springfield("ingest", "springfield", path)
    springfield("sync", "release", "5")
    decided = [one for one in springfield.json("audit", "list") if one["event"].startswith("sync.")]
    assert [(one["event"], one["facts"]["sync"], one["district"]) for one in decided] == [
        ("sync.restored", 2, "springfield"),
        ("sync.discarded", 4, "springfield"),
        ("sync.released", 5, "springfield"),
    ]


def test_a_list_can_be_narrowed(springfield: Program) -> None:
    springfield.ok("district", "add", "shelbyville", "--name", "Shelbyville")
    assert events(springfield, "--district", "shelbyville") == [("district.added", "shelbyville", None)]
    assert events(springfield, "--login", "springfield-sis") == [("login.added", "springfield", "springfield-sis")]
    assert len(events(springfield, "--event", "district.added")) == 2
    assert events(springfield, "--limit", "1") == [("district.added", "shelbyville", None)]
    assert events(springfield, "--since", "2999-01-01") == []
    shown = springfield.ok("audit", "list").splitlines()
    assert len(shown) == 4
    assert "district.added" in shown[-1]
    assert "shelbyville" in shown[-1]


def test_a_whole_trail_is_verified(springfield: Program) -> None:
    said = springfield.ok("audit", "verify")
    assert said.startswith("The audit trail: 2 entries, whole, from ")
    assert said.endswith("\nThe disclosure log has no entries yet.\n")
    head = said.splitlines()[0].split()[-1]
    assert springfield.json("audit", "verify")["head"] == head
    springfield.ok("district", "set", "springfield", "max_removed", "15%")
    assert springfield.ok("audit", "verify", "--head", head).startswith("The audit trail: 3 entries, whole")


def test_a_trail_without_entries_is_whole(quick: Program) -> None:
    quick.ok("district", "add", "springfield", "--name", "Springfield")
    tamper(quick, "DELETE FROM audit")
    assert quick.ok("audit", "verify").startswith("The audit trail has no entries yet.\n")


def broken(program: Program, *words: str) -> "subprocess.CompletedProcess[str]":
    done = program("audit", "verify", *words)
    assert (done.returncode, done.stderr) == (1, "")
    return done


def test_a_change_is_named_and_what_to_do_is_said(springfield: Program) -> None:
    tamper(springfield, "UPDATE audit SET username = 'somebody-else' WHERE id = 2")
    said = broken(springfield).stdout
    assert "entry 2 is not as it was written" in said
    assert "Whole before it: 1 entry, up to 1 of " in said
    assert "copy the store" in said
    shown = broken(springfield, "--json").stdout
    assert '"wrong_id": 2' in shown


def test_a_missing_end_is_seen_with_a_head(springfield: Program) -> None:
    head = springfield.json("audit", "verify")["head"]
    tamper(springfield, "DELETE FROM audit WHERE id = 2")
    assert springfield("audit", "verify").returncode == 0
    assert "entry 2 is missing" in broken(springfield, "--head", head).stdout


def test_what_is_no_head_is_wrong_use(springfield: Program) -> None:
    assert "ID:HASH" in springfield.refused("audit", "verify", "--head", "2")


def test_the_server_enters_what_happens_at_its_door(springfield: Program) -> None:
    """The whole way: a client, a child of `up`, the store, a command."""
    import asyncio

    import asyncssh

    async def knock(port: int) -> None:
        with pytest.raises(asyncssh.PermissionDenied):
            async with asyncssh.connect(
                "127.0.0.1",
                port,
                username="springfield-sis",
                password="wrong",
                known_hosts=None,
                config=None,
                client_keys=[],
            ):
                pass

    with running(springfield) as server:
        asyncio.run(knock(server.port))
        assert server.stop() == 0
    assert ("login.refused", "springfield", "springfield-sis") in events(springfield)
    assert springfield.ok("audit", "verify").count("whole")
    assert list((springfield.data / "audit").iterdir()) == []
