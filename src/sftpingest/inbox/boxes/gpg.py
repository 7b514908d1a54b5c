"""GnuPG on a folder of keys.

In:  the folder, readable by us alone.
Out: GnuPG, until the end of a block; nothing of it goes on after that.

It is a program of its own: gpg reads from a pipe and writes into one. It starts an agent that keeps the keys. Here the
agent is started first, as one that ends when this process does, by kill -9 too; and it is told to end when the work is
done.
"""

import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if sys.platform != "win32":  # only `check` runs there, and it has no keys
    import fcntl

if TYPE_CHECKING:
    import gnupg

_PRIVATE, _LOCK = "private-keys-v1.d", ".lock"
#: The name of a socket has at most 108 bytes, and the agent's adds to that of its folder.
_LONGEST = 80
#: No network, no question to anybody, no memory of whom to trust.
_OPTIONS = ["--disable-dirmngr", "--no-auto-key-locate", "--no-auto-key-retrieve", "--pinentry-mode", "error"]
_OPTIONS += ["--trust-model", "always", "--no-autostart"]

# python-gnupg logs what gpg says, and that may name people
logging.getLogger("gnupg").setLevel(logging.CRITICAL + 1)


class NoGnuPG(Exception):
    """GnuPG is not installed on this machine. Install it (the package is called gnupg), and try again."""


def marks(home: Path | None) -> tuple[str, ...]:
    """What the private keys are called: other keys may mean another outcome."""
    if home is None or not (home / _PRIVATE).is_dir():
        return ()
    return tuple(sorted(path.name for path in (home / _PRIVATE).iterdir()))


@contextmanager
def gnupg_on(home: Path) -> Iterator["gnupg.GPG"]:
    """GnuPG on that folder, by one at a time, with an agent that ends with it."""
    if shutil.which("gpg") is None:
        raise NoGnuPG
    import gnupg  # noqa: PLC0415  (most uploads, and all checks, do without)

    with _alone(home), _short(home) as place, _agent(place):
        gpg = gnupg.GPG(gnupghome=str(place), options=_OPTIONS, env={**os.environ, "LC_ALL": "C", "LANGUAGE": "C"})
        gpg.buffer_size = 1 << 16
        gpg.encoding = "utf-8"
        yield gpg


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    fd = os.open(home / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


@contextmanager
def _short(home: Path) -> Iterator[Path]:
    """The folder under a name that is short enough for a socket in it."""
    if len(os.fsencode(home)) <= _LONGEST:
        yield home
        return
    with tempfile.TemporaryDirectory(prefix="sftpingest-") as folder:
        short = Path(folder) / "pgp"
        short.symlink_to(home.absolute())
        yield short


@contextmanager
def _agent(home: Path) -> Iterator[None]:
    """An agent that lives as long as `cat` does: until the pipe into it closes, however this process ends."""
    _end_agent(home)  # one that is about to end, since its own cat is dead, would end in the middle
    command = ["gpg-agent", "--homedir", str(home), "--quiet", "--daemon", "cat"]
    cat = subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        if not _answers(cat):
            raise OSError("gpg-agent did not start")
        yield
    finally:
        cat.communicate()
        _end_agent(home)


def _answers(cat: "subprocess.Popen[bytes]") -> bool:
    """Whether cat gives back what it gets: it is started when the agent listens."""
    if cat.stdin is None or cat.stdout is None:
        return False
    try:
        cat.stdin.write(b"\n")
        cat.stdin.flush()
    except BrokenPipeError:
        return False
    return cat.stdout.read(1) == b"\n"


def _end_agent(home: Path) -> None:
    command = ["gpgconf", "--homedir", str(home), "--kill", "all"]
    subprocess.run(command, check=False, capture_output=True)  # noqa: S603
