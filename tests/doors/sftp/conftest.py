"""A real door on a free port of this machine, one district behind it, and real clients to knock with.

In: tmp_path. Out: `door`, with the district's folder and the ways to reach it.
"""

import asyncio
import contextlib
import os
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import asyncssh
import pytest

from sftpingest.doors.sftp import Door, Entry, Events, Listening, Profile, Rules, Uploads, host_keys, listen, serve
from sftpingest.doors.sftp.ssh.profiles import COMPATIBLE

T = TypeVar("T")
USER = "oak-valley-sis"
PASSWORD = "correct horse battery"


@dataclass
class Accounts:
    """The gate of these tests: one login with a password and keys."""

    entry: Entry
    keys: set[str] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def password(self, username: str, password: str, address: str) -> Entry | None:
        self.asked.append(("password", address))
        return self.entry if (username, password) == (USER, PASSWORD) else None

    def key(self, username: str, key_line: str, address: str) -> Entry | None:
        self.asked.append(("key", address))
        return self.entry if username == USER and key_line in self.keys else None

    def certificate(self, username: str, ca_line: str, address: str) -> Entry | None:
        return None

    def code(self, username: str, code: str, address: str) -> Entry | None:
        return None

    def known(self, username: str) -> str | None:
        return "oak-valley" if username == USER else None

    def still(self, inside: Sequence[tuple[Entry, str]]) -> Sequence[str | None]:
        return [None for _ in inside]


@dataclass
class Knock:
    """A running door, the district's folders, and ways for clients to reach it."""

    door: Door
    uploads: Uploads
    gate: Accounts
    root: Path
    key: Path
    loop: asyncio.AbstractEventLoop
    options: list[str]

    @property
    def port(self) -> int:
        return self.door.ports[0]

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def staging(self) -> Path:
        return self.root / "staging"

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    def in_door(self, work: Coroutine[Any, Any, T]) -> T:
        """Run in the door's own event loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def sftp_command(self, *arguments: str) -> list[str]:
        return ["sftp", "-P", str(self.port), "-i", str(self.key), *self.options, *arguments, f"{USER}@127.0.0.1"]

    def sftp(self, batch: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """OpenSSH's sftp with a batch; the caller looks at the exit status."""
        return subprocess.run(
            self.sftp_command("-b", "-", *arguments),
            input=batch,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def scp(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["scp", "-P", str(self.port), "-i", str(self.key), *self.options, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    @contextlib.asynccontextmanager
    async def connection(self, **more: Any) -> AsyncIterator[asyncssh.SSHClientConnection]:
        options = {"username": USER, "client_keys": [str(self.key)], "known_hosts": None, "config": None} | more
        async with asyncssh.connect("127.0.0.1", self.port, **options) as connection:
            yield connection

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator[asyncssh.SFTPClient]:
        async with self.connection() as connection, connection.start_sftp_client() as client:
            yield client

    def eventually(self, true: Callable[[], bool], seconds: float = 10) -> None:
        """Wait until something is so, and fail if it does not become so."""
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, "it did not come to be"
            time.sleep(0.02)

    def published(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.home.iterdir()}

    def report(self, name: str, **files: str) -> Path:
        folder = self.reports / name
        folder.mkdir()
        for stem, text in files.items():
            (folder / f"{stem}.txt").write_text(text)
        return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "districts" / "oak-valley"
    for name in ("home", "staging", "reports"):
        (root / name).mkdir(parents=True)
    return root


@pytest.fixture
def quota() -> int | None:
    return None


@pytest.fixture
def rules() -> Rules:
    """Wrong passwords are answered at once; what makes them wait has its own tests."""
    return Rules(longest_delay_seconds=0)


@pytest.fixture
def profile() -> Profile:
    return COMPATIBLE


@pytest.fixture
def events() -> Events:
    """Told to nobody but the log."""
    return Events()


@pytest.fixture
def door(
    root: Path, quota: int | None, rules: Rules, profile: Profile, events: Events, tmp_path: Path
) -> Iterator[Knock]:
    key = tmp_path / "client_key"
    private = asyncssh.generate_private_key("ssh-ed25519")
    private.write_private_key(str(key))
    key.chmod(0o600)
    gate = Accounts(Entry(USER, "oak-valley", root, quota), {private.export_public_key().decode().strip()})
    server_keys = host_keys(tmp_path / "hostkeys", profile.host_keys)
    uploads = Uploads()
    listening = Listening(listen("127.0.0.1", 0), server_keys, profile)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    serving = serve([listening], gate, uploads, rules=rules, events=events)
    opened = asyncio.run_coroutine_threadsafe(serving, loop).result(20)
    knock = Knock(opened, uploads, gate, root, key, loop, _quiet_options())
    yield knock
    knock.in_door(opened.close())
    loop.call_soon_threadsafe(loop.stop)
    thread.join(20)
    loop.close()


def _quiet_options() -> list[str]:
    settings = {
        "StrictHostKeyChecking": "no",
        "UserKnownHostsFile": os.devnull,
        "GlobalKnownHostsFile": os.devnull,
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "LogLevel": "ERROR",
    }
    return ["-F", os.devnull, *(part for pair in settings.items() for part in ("-o", "=".join(pair)))]
