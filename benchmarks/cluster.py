"""A private PostgreSQL with its default configuration, for as long as a block of code runs.

In:  the machine's own binaries, on PATH or under /usr/lib/postgresql.
Out: the address of an empty store, on a socket in a temporary folder.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STARTING_SECONDS = 60
_SUPERUSER = "postgres"


class NoPostgres(Exception):
    """No initdb was found on PATH or under /usr/lib/postgresql. Install PostgreSQL, 15 or later."""


class PostgresDidNotStart(Exception):
    """The private PostgreSQL did not start; its own words follow."""


def binaries() -> Path | None:
    """The folder with initdb and postgres, the newest version where there are several; None where there is none."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(found, key=lambda folder: int(folder.parent.name), default=None)


@contextmanager
def private_postgres() -> Iterator[str]:
    """A cluster of its own; yields the address of its empty store `postgres`.

    Runs as an unprivileged account where we are root, for PostgreSQL refuses root. Raises NoPostgres.
    """
    programs = binaries()
    if programs is None:
        raise NoPostgres(NoPostgres.__doc__)
    # the path of a socket has to be shorter than 108 characters: the system's temporary folder is, ours may not be
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        account = _account(folder)
        _initialise(programs, folder, account)
        with _running(programs, folder, account):
            yield f"postgresql://{_SUPERUSER}@/postgres?host={folder}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _account(folder: Path) -> int | None:
    """The account to run as, None for our own; it is given the folder."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get(_SUPERUSER) or names["nobody"]
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return entry.pw_uid


def _identity(account: int | None) -> dict[str, object]:
    if account is None:
        return {}
    return {"user": account, "group": pwd.getpwuid(account).pw_gid, "extra_groups": []}


def _initialise(programs: Path, folder: Path, account: int | None) -> None:
    words = ["-D", f"{folder}/cluster", "-U", _SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    made = subprocess.run(
        [programs / "initdb", *words],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
        **_identity(account),  # type: ignore[call-overload]
    )
    if made.returncode:
        raise PostgresDidNotStart(made.stderr)


@contextmanager
def _running(programs: Path, folder: Path, account: int | None) -> Iterator[None]:
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [programs / "postgres", "-D", f"{folder}/cluster", "-k", folder, "-c", "listen_addresses="],
            cwd=folder,
            stdout=log,
            stderr=log,
            **_identity(account),  # type: ignore[call-overload]
        )
    try:
        _wait(programs, folder, server)
        yield
    finally:
        # a fast shutdown: open connections are ended
        server.send_signal(signal.SIGINT)
        server.wait()


def _wait(programs: Path, folder: Path, server: "subprocess.Popen[bytes]") -> None:
    ready = [f"{programs}/pg_isready", "-q", "-h", str(folder)]
    give_up = time.monotonic() + _STARTING_SECONDS
    while server.poll() is None and time.monotonic() < give_up:
        if subprocess.run(ready, check=False).returncode == 0:
            return
        time.sleep(0.05)
    raise PostgresDidNotStart((folder / "log").read_text())
