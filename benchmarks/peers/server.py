"""What every peer has in common: it is installed or not, runs on a port of this machine, and is asked for pages.

In:  the words of its command.
Out: Page, Peer, `running`.
"""

import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from benchmarks.peers.roster import Users
from benchmarks.program import ROOT, ProgramFailed

INSTALLED: Final = ROOT / "build" / "peers"
_PATIENCE: Final = 60


@dataclass(frozen=True)
class Page:
    """What is asked for: so many users after an id, or after so many others."""

    limit: int
    after: str = ""
    offset: int = 0


Ask = Callable[[Page], bytes]


class Peer(Protocol):
    """A published server."""

    name: str
    #: whether a page can be asked for by its place, too
    by_offset: bool

    def version(self) -> str:
        """Its version; '' where it is not installed."""

    def serving(self, users: Users, store: str) -> AbstractContextManager[Ask]:
        """The server with these users, until the block is left."""

    def ids(self, body: bytes) -> list[str]:
        """The users of an answer."""


def version_of(*words: str | Path) -> str:
    """What a command says of its version; '' where it is not there."""
    if not all(Path(word).exists() for word in words):
        return ""
    said = subprocess.run(
        [*words, "--version"], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    found = re.search(r"\d+(\.\d+)+", said.stdout)
    return found[0] if found else ""


@contextmanager
def running(words: Sequence[str], log: Path, port: int) -> Iterator[None]:
    """The server, from when it listens until the block is left."""
    with log.open("w") as out:
        server = subprocess.Popen(words, cwd=INSTALLED, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        _wait(server, port, log)
        yield
    finally:
        server.terminate()
        server.wait()


def _wait(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    give_up = time.monotonic() + _PATIENCE
    while server.poll() is None and time.monotonic() < give_up:
        with socket.socket() as knocking:
            if knocking.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise ProgramFailed(f"A peer did not start; its own words: {log.read_text()}")


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
