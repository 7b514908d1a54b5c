"""Where the clients are tried: a running server, and a district and login for each of them.

In: a folder for all of it. Out: `Server`, `Ground`.
"""

import hashlib
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sftpingest import inbox
from tests.cli.conftest import Up
from tests.clients.client import Client, Reach
from tests.clients.operations import MEGABYTE, Operation

PASSWORD = "correct horse battery"
#: kinds of keys by the words that make them; JSch reads PEM only
_KEYS = {"ed25519": ["-t", "ed25519"], "ecdsa.pem": ["-t", "ecdsa", "-m", "PEM"]}


@dataclass
class Server:
    """A running server, whose quiet time is so long that no upload of these tests becomes a sync."""

    up: Up
    folder: Path
    roster: Path
    grounds: dict[str, "Ground"] = field(default_factory=dict)

    @cached_property
    def host_keys(self) -> list[str]:
        """The server's keys as it shows them: kind and base64."""
        asked = ["ssh-keyscan", "-p", str(self.up.port), "127.0.0.1"]
        done = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=True)
        return sorted({line.split(" ", 1)[1] for line in done.stdout.splitlines() if line.strip()})

    @cached_property
    def keys(self) -> Path:
        """Private keys of every kind, the same for every login."""
        folder = self.folder / "keys"
        folder.mkdir()
        for name, words in _KEYS.items():
            subprocess.run(["ssh-keygen", "-q", "-N", "", *words, "-f", folder / name], check=True, timeout=60)
        if shutil.which("puttygen"):
            key = folder / "ed25519"
            own = os.environ | {"PUTTYDIR": str(folder)}  # else it leaves its seed in the home of whoever runs this
            words = ["puttygen", str(key), "-o", f"{key}.ppk"]
            subprocess.run(words, check=True, timeout=60, capture_output=True, env=own)
        return folder

    @cached_property
    def large(self) -> Path:
        """The large file, made once."""
        return made(self.folder / "large", 256 * MEGABYTE)

    def ground(self, client: Client) -> "Ground":
        """The client's own district, made when it is first asked for, with a report in it."""
        if client.slug not in self.grounds:
            self.grounds[client.slug] = self._new(client)
        return self.grounds[client.slug]

    def _new(self, client: Client) -> "Ground":
        program, home = self.up.program, self.folder / client.slug
        home.joinpath(".ssh").mkdir(parents=True, mode=0o700)
        shutil.copytree(self.keys, home / "keys")
        public = [word for path in self.keys.glob("*.pub") for word in ("--key", path)]
        program.ok("district", "add", client.slug, "--name", client.title)
        user = f"{client.slug}-sis"
        program.ok("login", "add", client.slug, user, "--password-stdin", *public, stdin=f"{PASSWORD}\n")
        done = program("ingest", client.slug, self.roster)
        assert done.returncode in {0, 1}, done.stderr
        return Ground(self, client, home, user)


@dataclass
class Ground:
    """One client on its own district."""

    server: Server
    client: Client
    home: Path
    user: str

    @property
    def folders(self) -> inbox.Folders:
        """The district's folders, as the operator sees them."""
        return inbox.folders(self.server.up.program.data, self.client.slug)

    def reach(self, *, by_key: bool = True, port: int | None = None) -> Reach:
        """A way to the server; `port`: by a wire."""
        at = Reach(port or self.server.up.port, self.user, PASSWORD, self.home, by_key)
        lines = [f"[{at.host}]:{at.port} {key}\n" for key in self.server.host_keys]
        at.known_hosts.write_text("".join(lines), "ascii")
        shown = subprocess.run(["ssh-keygen", "-lf", at.known_hosts], capture_output=True, text=True, check=True)
        at.home.joinpath("fingerprint").write_text("\n".join(line.split()[1] for line in shown.stdout.splitlines()))
        return at

    def file(self, size: int, name: str = "students.csv") -> Path:
        """A file of random bytes on the client's side."""
        return made(self.home / "to send" / name, size)

    def published(self, name: str = "students.csv") -> Path:
        """Where a file of that name is published."""
        return self.folders.home / name

    def put(self, local: Path, name: str = "students.csv", *, by_key: bool = True) -> None:
        """Upload, and see that the same bytes are published."""
        self.client.put(self.reach(by_key=by_key), local, name)
        self.holds(local, name)

    def holds(self, local: Path, name: str = "students.csv") -> None:
        """See that what is published is what was sent."""
        if self.client.lags:
            until(lambda: self.published(name).exists() and digest(self.published(name)) == digest(local))
        assert digest(self.published(name)) == digest(local)

    def names(self) -> set[str]:
        """The top folder as the client lists it."""
        return self.client.names(self.reach())

    def fetched(self, remote: str) -> Path:
        """Fetch a file; gives where it is now."""
        here = self.home / "fetched"
        here.unlink(missing_ok=True)
        self.client.get(self.reach(), remote, here)
        return here

    def broken_off(self) -> int:
        """How often the server has said that an upload of this district was broken off."""
        lines = (self.server.up.program.data.parent / "up.log").read_text("utf-8").splitlines()
        return sum("upload.broken_off" in line and f'"{self.client.slug}"' in line for line in lines)

    def can(self, operation: Operation) -> bool:
        """Whether the client has this operation."""
        return operation not in self.client.lacks


def made(path: Path, size: int) -> Path:
    """Write a file of random bytes, the same for the same name and size."""
    path.parent.mkdir(exist_ok=True)
    source = random.Random(f"{path.name} {size}")
    with path.open("wb") as file:
        for _ in range(size // MEGABYTE):
            file.write(source.randbytes(MEGABYTE))
        file.write(source.randbytes(size % MEGABYTE))
    return path


def digest(path: Path) -> str:
    """Its SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def until(is_so: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something is so; fail if it does not become so."""
    give_up = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < give_up, "it never came to be"
        time.sleep(0.05)
