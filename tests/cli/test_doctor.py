"""`sftpingest doctor`: what is wrong is found, and nothing is changed."""

import fcntl
import json
import multiprocessing
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Program, running


def verdicts(program: Program, status: int) -> dict[str, Any]:
    done = program("doctor", "--json")
    assert done.returncode == status, done
    return {check["name"]: check["verdict"] for check in json.loads(done.stdout)}


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder as `up` leaves it."""
    program = Program(tmp_path_factory.mktemp("installation") / "data")
    with running(program) as server:
        server.stop()
    return program.data


@pytest.fixture
def installed(quick: Program, installation: Path) -> Program:
    """A data folder of its own for each test, as `up` left it."""
    shutil.copytree(installation, quick.data)
    return quick


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


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make what the service cannot use")
def test_what_root_made_in_the_folder_of_the_service_is_found_and_warned_of(installed: Program) -> None:
    installed.ok("district", "add", "springfield", "--name", "Springfield")
    assert installed("district", "list").stderr == ""
    for path in (installed.data, *installed.data.rglob("*")):
        os.chown(path, 65534, 65534)
    assert "owner" not in verdicts(installed, 0)
    added = installed("district", "add", "shelby", "--name", "Shelby")
    assert "belongs to nobody, and root runs this" in added.stderr
    root = installed.data / "districts" / "shelby"
    assert {path.stat().st_uid for path in (root, *root.iterdir())} == {65534}  # the service can use it all the same
    os.chown(root, 0, 0)
    verdict, text = says(installed, "owner")
    assert (verdict, f"{root} does not belong to nobody" in text) == ("failed", True)


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


def test_what_this_user_may_not_look_into_is_a_check_that_failed(installed: Program) -> None:
    installed.settings["SFTPINGEST_HOSTKEYS"] = "h" * 300  # no file system has it: an error for root too
    verdict, text = says(installed, "host key")
    assert (verdict, text.endswith("cannot be read by this user: File name too long.")) == ("failed", True)


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


def test_a_lost_key_of_the_codes_is_found_before_somebody_stands_outside(installed: Program) -> None:
    installed.ok("district", "add", "springfield", "--name", "Springfield")
    installed.ok("login", "add", "springfield", "sis")
    installed.ok("login", "totp", "sis")
    assert says(installed, "codes") == ("ok", "Their secrets can be read: 1.")
    key = installed.data / "hostkeys" / "totp_key"
    key.chmod(0o644)
    assert says(installed, "host key") == ("failed", f"{key} has mode 0644: chmod 600 {key}")
    key.unlink()
    verdict, text = says(installed, "codes")
    assert (verdict, f"{key} is missing" in text, "login totp" in text) == ("failed", True, True)
    installed.ok("login", "totp", "sis", "--off")
    assert "codes" not in verdicts(installed, 0)


def test_events_that_nobody_enters_in_the_audit_trail_are_found(installed: Program) -> None:
    kept = installed.data / "audit" / "1-0123456789abcdef.jsonl"
    kept.write_text("{}\n")
    assert "audit trail" not in verdicts(installed, 0)
    os.utime(kept, (1_700_000_000, 1_700_000_000))
    verdict, text = says(installed, "audit trail")
    assert verdict == "mind"
    assert text.startswith(f"Events since 2023-11-14 22:13:20Z wait in {kept.parent}")
