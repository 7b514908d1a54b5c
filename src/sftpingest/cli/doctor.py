"""`sftpingest doctor`: is this installation healthy and safe. Looks only, changes nothing.

In:  the settings, the data folder, the store, the machine.
Out: one line a check; exit status 1 where one failed.
"""

import os
import resource
import shutil
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sftpingest.cli import terminal

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from sftpingest.settings import Settings

#: Less free space than this fails: a roster and its report must fit.
LEAST_SPACE = 1 << 30
#: How far our clock and the store's may be apart.
LEEWAY = timedelta(seconds=30)


#: A network of balancers that is wider than this is a mistake, by version of the Internet Protocol.
WIDE = {4: 16, 6: 48}
#: Open files that the door should be allowed.
LEAST_FILES = 4096


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"  #: as it should be
    MIND = "mind"  #: works, but should be looked at
    FAILED = "failed"  #: must be mended


@dataclass(frozen=True)
class Check:
    """One thing that was looked at, and what a person should do about it."""

    name: str
    verdict: Verdict
    says: str


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(epilog=terminal.example("sftpingest doctor", "sftpingest doctor --json"))(doctor)


def doctor(json: terminal.AsJson = False) -> None:
    """Check that this installation is healthy and safe.

    Exit status 1 where a check failed.
    """
    from sftpingest import settings

    asked = settings.read(terminal.CONFIG.get())
    checks = [_user(asked.data), _data(asked.data), _space(asked.data), _host_key(asked), *_legacy_port(asked)]
    checks += [*_balancers(asked), _open_files()]
    checks += _store_and_clock(asked)
    if json:
        terminal.as_json([asdict(check) for check in checks])
    else:
        terminal.table(("check", "verdict", "says"), [(c.name, c.verdict, c.says) for c in checks])
    raise typer.Exit(1 if any(check.verdict is Verdict.FAILED for check in checks) else 0)


def _user(folder: Path) -> Check:
    """Who runs the server: the process itself where it runs, else whoever runs this command."""
    server = _server_user(folder)
    who = "This command runs" if server is None else "The server runs"
    if (os.geteuid() if server is None else server) == 0:
        return Check("user", Verdict.MIND, f"{who} as root. Give the service a user of its own: see deploy/README.md.")
    return Check("user", Verdict.OK, f"{who} as an ordinary user, not as root.")


def _server_user(folder: Path) -> int | None:
    """User id of the server that works on this data folder, None where none is seen: Linux tells who holds a lock."""
    try:
        file = (folder / "locks" / ".door.lock").stat().st_ino
        held = [line.split() for line in Path("/proc/locks").read_text("ascii").splitlines()]
        holders = [words[4] for words in held if words[1] == "FLOCK" and words[5].endswith(f":{file}")]
        facts = Path(f"/proc/{holders[0]}/status").read_text("ascii", "replace")
    except (OSError, IndexError):
        return None
    return int(facts.split("\nUid:")[1].split()[1])  # real, then effective


def _data(folder: Path) -> Check:
    if not folder.is_dir():
        return Check("data folder", Verdict.FAILED, f"{folder} is not there. `sftpingest up` makes it.")
    if not os.access(folder, os.W_OK | os.X_OK):
        return Check("data folder", Verdict.FAILED, f"{folder} cannot be written by this user. Change its owner.")
    if folder.stat().st_mode & stat.S_IRWXO:
        return Check(
            "data folder", Verdict.FAILED, f"Everybody on this machine can look into {folder}: chmod o= {folder}"
        )
    return Check("data folder", Verdict.OK, f"{folder} can be written, and is closed to others.")


def _space(folder: Path) -> Check:
    there = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(there).free
    verdict = Verdict.OK if free >= LEAST_SPACE else Verdict.FAILED
    return Check("space", verdict, f"{free / (1 << 30):.1f} GiB free; {LEAST_SPACE >> 30} GiB or more is needed.")


def _host_key(asked: "Settings") -> Check:
    from sftpingest.app.installation import HOST_KEY
    from sftpingest.doors.sftp.ssh import hostkeys

    path = asked.host_keys / HOST_KEY
    if not path.exists():
        return Check("host key", Verdict.FAILED, f"{path} is not there. `sftpingest up` makes it.")
    for each in sorted(asked.host_keys.glob("ssh_host_*_key*")):
        mode = stat.S_IMODE(each.stat().st_mode)
        if mode & 0o177 and each.suffix != ".pub":
            return Check("host key", Verdict.FAILED, f"{each} has mode {mode:04o}: chmod 600 {each}")
    try:
        keys = hostkeys.found(asked.host_keys)
    except hostkeys.WrongStep as wrong:
        return Check("host key", Verdict.FAILED, str(wrong))
    except OSError as wrong:
        return Check("host key", Verdict.FAILED, f"{wrong.filename} cannot be read by this user: {wrong.strerror}.")
    states = ", ".join(f"{key.type} {key.state}" for key in keys)
    return Check("host key", Verdict.OK, f"Only their owner can read them: {states}.")


def _legacy_port(asked: "Settings") -> Iterator[Check]:
    from sftpingest.doors.sftp import places

    for place in places(asked.sftp_port, asked.sftp_legacy_port, asked.sftp_algorithms):
        if place.profile.warning:
            yield Check("legacy port", Verdict.MIND, f"Port {place.port}: {place.profile.warning}")


def _balancers(asked: "Settings") -> Iterator[Check]:
    """Whoever lies in these networks is believed who its client is, and is never banned."""
    wide = [f"{network}" for network in asked.sftp_balancers if network.prefixlen < WIDE[network.version]]
    if wide:
        says = f"SFTPINGEST_SFTP_BALANCERS names {wide[0]}: everybody there may claim any address. Name each balancer."
        yield Check("balancers", Verdict.FAILED, says)
    elif asked.sftp_balancers:
        yield Check("balancers", Verdict.OK, ", ".join(f"{network}" for network in asked.sftp_balancers))


def _open_files() -> Check:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < LEAST_FILES:
        says = f"This user may have only {most} files open, and each session needs some. Allow {LEAST_FILES} (nofile)."
        return Check("open files", Verdict.MIND, says)
    return Check("open files", Verdict.OK, "As many as the door needs.")


def _store_and_clock(asked: "Settings") -> Iterator[Check]:
    from sftpingest.store.engine import file_of, open_store

    file = file_of(asked.store_url)
    if file and not file.exists():  # opening it would make it
        yield Check("store", Verdict.FAILED, f"There is no store {file} yet. `sftpingest up` makes it.")
        return
    try:
        yield from _looked_into(open_store(asked.store_url))
    except Exception as wrong:  # noqa: BLE001  (whatever a database says is the finding here)
        yield Check("store", Verdict.FAILED, f"The store cannot be used: {terminal.cause(wrong)}.")


def _looked_into(engine: "Engine") -> Iterator[Check]:
    try:
        yield (store := _revision(engine))
        if store.verdict is Verdict.OK:  # else there may be no syncs to ask for their times
            yield _clock(engine)
    finally:
        engine.dispose()


def _revision(engine: "Engine") -> Check:
    from sftpingest.app.installation import newest_revision
    from sftpingest.store.engine import revision

    at, newest = revision(engine), newest_revision()
    if at != newest:
        return Check(
            "store", Verdict.FAILED, f"At revision {at or 'none'}, not {newest}. `sftpingest up` brings it there."
        )
    return Check("store", Verdict.OK, f"{engine.url.render_as_string()} answers, at the newest revision {newest}.")


def _clock(engine: "Engine") -> Check:
    """Compare our clock with the store's own, and with the newest sync: a clock that went back loses the order."""
    from sqlalchemy import func, select

    from sftpingest.store.journal import SYNC

    here = datetime.now(UTC)
    with engine.connect() as connection:
        newest = connection.scalar(select(func.max(SYNC.c.created_at)))
        there = connection.scalar(select(func.now())) if engine.dialect.name == "postgresql" else None
    if newest and newest > here + LEEWAY:
        return Check(
            "clock", Verdict.FAILED, f"It is {here:%F %T}Z here, but a sync is of {newest:%F %T}Z. Set the clock."
        )
    if there and abs(there - here) > LEEWAY:
        return Check("clock", Verdict.FAILED, f"It is {here:%F %T}Z here, {there:%F %T}Z at the store. Set the clocks.")
    return Check("clock", Verdict.OK, f"{here:%F %T}Z")
