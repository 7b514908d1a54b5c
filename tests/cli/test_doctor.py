"""`sftpingest doctor`: what is wrong is found, and nothing is changed."""

import fcntl
import json
import multiprocessing
import os
from typing import Any

import pytest

from tests.cli.conftest import Program, running


def verdicts(program: Program, status: int) -> dict[str, Any]:
    done = program("doctor", "--json")
    assert done.returncode == status, done
    return {check["name"]: check["verdict"] for check in json.loads(done.stdout)}


@pytest.fixture
def installed(program: Program) -> Program:
    with running(program) as server:
        server.stop()
    program.inside = True
    return program


def test_a_new_installation_is_healthy(installed: Program) -> None:
    found = verdicts(installed, 0)
    assert set(found) == {"user", "data folder", "space", "host key", "open files", "store", "clock"}
    assert set(found.values()) <= {"ok", "mind"}
    assert "verdict" in installed.ok("doctor")


def says(program: Program, name: str) -> tuple[str, str]:
    [check] = [one for one in json.loads(program("doctor", "--json").stdout) if one["name"] == name]
    return check["verdict"], check["says"]


def test_a_server_that_runs_as_root_is_to_be_minded(installed: Program) -> None:
    verdict, text = says(installed, "user")
    assert text.startswith("This command runs as ")
    with running(installed):
        assert says(installed, "user") == (verdict, text.replace("This command", "The server"))
    assert (verdict, "root. Give" in text) == (("mind", True) if os.geteuid() == 0 else ("ok", False))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_who_runs_the_server_counts_and_not_who_asks(installed: Program) -> None:
    forked = multiprocessing.get_context("fork")
    held, enough = forked.Event(), forked.Event()

    def serve(lock: int) -> None:
        os.setuid(65534)
        fcntl.flock(lock, fcntl.LOCK_EX)
        held.set()
        enough.wait(60)

    with (installed.data / "locks" / ".door.lock").open() as lock:
        server = forked.Process(target=serve, args=(lock.fileno(),))
        server.start()
        assert held.wait(60)
        assert says(installed, "user") == ("ok", "The server runs as an ordinary user, not as root.")
        enough.set()
        server.join(60)


def test_where_nothing_is_installed_it_says_so_and_makes_nothing(quick: Program) -> None:
    found = verdicts(quick, 1)
    assert (found["data folder"], found["host key"], found["store"]) == ("failed", "failed", "failed")
    assert not quick.data.exists()


def test_a_store_elsewhere_that_is_not_there_is_not_made(installed: Program) -> None:
    file = installed.data.parent / "nofile.db"
    installed.settings["SFTPINGEST_DATABASE_URL"] = f"sqlite:///{file}"
    done = installed("doctor")
    assert done.returncode == 1
    assert f"There is no store {file} yet" in done.stdout
    assert not file.exists()


def test_a_store_without_tables_is_named_and_nothing_else(installed: Program) -> None:
    file = installed.data.parent / "empty.db"
    file.touch(mode=0o600)
    installed.settings["SFTPINGEST_DATABASE_URL"] = f"sqlite:///{file}"
    done = installed("doctor")
    assert "At revision none" in done.stdout
    assert "no such table" not in done.stdout


def test_a_folder_or_key_that_is_open_to_others_fails(installed: Program) -> None:
    installed.data.chmod(0o755)
    assert verdicts(installed, 1)["data folder"] == "failed"
    installed.data.chmod(0o700)
    (installed.data / "hostkeys" / "ssh_host_ed25519_key").chmod(0o644)
    assert verdicts(installed, 1)["host key"] == "failed"


def test_a_store_at_an_older_revision_fails(installed: Program) -> None:
    import sqlite3

    with sqlite3.connect(installed.data / "roster.db") as store:
        store.execute("UPDATE alembic_version SET version_num = '0000'")
    assert verdicts(installed, 1)["store"] == "failed"


def test_a_store_that_is_newer_than_the_program_is_left_alone(installed: Program) -> None:
    import sqlite3

    with sqlite3.connect(installed.data / "roster.db") as store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")
    assert "newer version" in installed.refused("district", "list")


def test_a_store_that_cannot_be_reached_fails(installed: Program) -> None:
    installed.settings["SFTPINGEST_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"
    assert verdicts(installed, 1)["store"] == "failed"
