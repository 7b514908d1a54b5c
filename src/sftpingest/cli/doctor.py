"""`sftpingest doctor`: is this installation healthy and safe. Looks only, changes nothing.

In:  the settings, the data folder, the store, the machine.
Out: one line a check; exit status 1 where one failed.
"""

import contextlib
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sftpingest.cli import terminal
from sftpingest.cli.doctor_store import Check, Verdict, store_and_clock
from sftpingest.cli.installation import user

if TYPE_CHECKING:
    from sftpingest.settings import Settings

#: Less free space than this fails: a roster and its report must fit.
LEAST_SPACE = 1 << 30
#: How long events may wait to be entered in the audit trail: a long sync keeps the store busy.
WAITING = timedelta(minutes=10)
#: A network of balancers that is wider than this is a mistake, by version of the Internet Protocol.
WIDE = {4: 16, 6: 48}
#: Open files that the door should be allowed.
LEAST_FILES = 4096


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(epilog=terminal.example("sftpingest doctor", "sftpingest doctor --json"))(doctor)


def doctor(json: terminal.AsJson = False) -> None:
    """Check that this installation is healthy and safe.

    Exit status 1 where a check failed.
    """
    from sftpingest import settings

    asked = settings.read(terminal.CONFIG.get())
    checks = [
        _user(asked.data),
        _data(asked.data),
        _space(asked.data),
        _tried("host key", lambda: _host_key(asked)),
        *_legacy_port(asked),
    ]
    checks += [*_balancers(asked), _open_files(), *_owner(asked)]
    checks += _waiting(asked.data / "audit", "audit trail", "Events")
    checks += _waiting(asked.data / "disclosures", "disclosure log", "Reads")
    checks += _gnupg(asked.data)
    checks += store_and_clock(asked)
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


def _owner(asked: "Settings") -> Iterator[Check]:
    """Whether the service can use what is there. Commands that root ran in its folder may have made what it cannot."""
    with contextlib.suppress(OSError):  # what cannot be looked at is told by the other checks
        owner = asked.data.stat().st_uid
        there = (*asked.host_keys.glob("*_key*"), *asked.data.glob("districts/*"), *asked.data.glob("districts/*/*"))
        foreign = next((path for path in there if owner and path.lstat().st_uid != owner), None)
        if foreign:
            name = user(owner)
            says = f"{foreign} does not belong to {name}, as the data folder does: chown -R {name} {foreign}"
            yield Check("owner", Verdict.FAILED, says)


def _space(folder: Path) -> Check:
    there = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(there).free
    verdict = Verdict.OK if free >= LEAST_SPACE else Verdict.FAILED
    return Check("space", verdict, f"{free / (1 << 30):.1f} GiB free; {LEAST_SPACE >> 30} GiB or more is needed.")


def _tried(name: str, look: Callable[[], Check]) -> Check:
    """A look at files that this user may not be allowed to read."""
    try:
        return look()
    except OSError as wrong:
        return Check(name, Verdict.FAILED, f"{wrong.filename} cannot be read by this user: {wrong.strerror}.")


def _host_key(asked: "Settings") -> Check:
    from sftpingest.app.installation import HOST_KEY
    from sftpingest.doors.sftp.ssh import hostkeys

    path = asked.host_keys / HOST_KEY
    if not path.exists():
        return Check("host key", Verdict.FAILED, f"{path} is not there. `sftpingest up` makes it.")
    for each in sorted(asked.host_keys.glob("*_key*")):
        mode = stat.S_IMODE(each.stat().st_mode)
        if mode & 0o177 and each.suffix != ".pub":
            return Check("host key", Verdict.FAILED, f"{each} has mode {mode:04o}: chmod 600 {each}")
    try:
        keys = hostkeys.found(asked.host_keys)
    except hostkeys.WrongStep as wrong:
        return Check("host key", Verdict.FAILED, str(wrong))
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
    import resource  # not on Windows, where `check` runs

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < LEAST_FILES:
        says = f"This user may have only {most} files open, and each session needs some. Allow {LEAST_FILES} (nofile)."
        return Check("open files", Verdict.MIND, says)
    return Check("open files", Verdict.OK, "As many as the door needs.")


def _gnupg(folder: Path) -> Iterator[Check]:
    """Where a district encrypts its uploads, gpg must be there."""
    with contextlib.suppress(OSError):  # what cannot be looked at is told by the other checks
        if not any(folder.glob("districts/*/pgp/private-keys-v1.d/*")):
            return
        if shutil.which("gpg"):
            yield Check("gnupg", Verdict.OK, "It is installed: encrypted uploads can be read.")
        else:
            says = "A district has a PGP key, but gpg is not there. Install it (the package gnupg)."
            yield Check("gnupg", Verdict.FAILED, says)


def _waiting(folder: Path, name: str, what: str) -> Iterator[Check]:
    """What processes of the doors kept (`app.entering`) and nobody has entered since."""
    times = []
    for path in folder.glob("*.jsonl"):
        with contextlib.suppress(FileNotFoundError):  # entered meanwhile
            times += [found.st_mtime] if (found := path.stat()).st_size else []
    oldest = datetime.fromtimestamp(min(times, default=time.time()), UTC)
    if oldest < datetime.now(UTC) - WAITING:
        says = f"{what} since {oldest:%F %T}Z wait in {folder}. A server enters them in a minute;"
        yield Check(name, Verdict.MIND, f"{says} its log says why not.")
