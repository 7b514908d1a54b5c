"""The clients: OpenSSH's sftp with a batch, and one that sends every 4 KiB in a packet of its own.

In:  a server, what to do.
Out: seconds from the start of the first client to the end of the last, login included.
"""

import asyncio
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncssh

from benchmarks.program import ProgramFailed
from benchmarks.sftp.servers import Server

#: what all three servers speak, and the cheapest
PINNED: Final = "aes128-gcm@openssh.com"
SMALL: Final = 4096
_PATIENCE: Final = 300

_OPTIONS: Final = {
    "StrictHostKeyChecking": "no",
    "UserKnownHostsFile": os.devnull,
    "GlobalKnownHostsFile": os.devnull,
    "IdentitiesOnly": "yes",
    "IdentityAgent": "none",
    "LogLevel": "ERROR",
}


@dataclass(frozen=True)
class Wish:
    """What a client asks for. `cipher` None: whatever the two agree on."""

    cipher: str | None = PINNED
    #: bytes of a write or read; None: what OpenSSH's sftp takes by itself
    block: int | None = None
    #: the client asks that its file be put on the disk before it ends (fsync@openssh.com)
    fsync: bool = False


def command(server: Server, wish: Wish, *more: str) -> list[str]:
    """OpenSSH's sftp, which reads a batch from standard input."""
    options = _OPTIONS | ({"Ciphers": wish.cipher} if wish.cipher else {})
    settings = [part for pair in options.items() for part in ("-o", "=".join(pair))]
    flags = [*(["-B", str(wish.block)] if wish.block else []), *(["-f"] if wish.fsync else [])]
    where = ["-P", str(server.port), "-i", str(server.key)]
    return ["sftp", "-F", os.devnull, *settings, *where, *flags, *more, "-b", "-", f"{server.user}@127.0.0.1"]


def at_once(server: Server, batches: Sequence[str], wish: Wish) -> float:
    """Run a batch by a client of its own each, all at once. Raises ProgramFailed where one fails."""
    start = time.monotonic()
    running = [_start(command(server, wish), batch) for batch in batches]
    ended = [(client.wait(_PATIENCE), client) for client in running]
    seconds = time.monotonic() - start
    for status, client in ended:
        said = client.stderr.read().decode(errors="replace") if client.stderr else ""
        if status:
            raise ProgramFailed(f"sftp to {server.name} ended with status {status}: {said.strip()}")
    return seconds


def one_by_one(server: Server, times: int, wish: Wish) -> float:
    """Log in, do nothing, leave; so many times, two at once so that both cores have something to do."""
    start = time.monotonic()
    for _ in range(times // 2):
        at_once(server, ["pwd\n"] * 2, wish)
    return time.monotonic() - start


def _start(words: list[str], batch: str) -> subprocess.Popen[bytes]:
    client = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if client.stdin is not None:
        client.stdin.write(batch.encode())
        client.stdin.close()
    return client


def small_packets(server: Server, path: Path, wish: Wish) -> float:
    """Upload by asyncssh, which sends every write in an SSH packet of its own, 128 on their way at once."""
    start = time.monotonic()
    asyncio.run(_put(server, path, wish))
    return time.monotonic() - start


async def _put(server: Server, path: Path, wish: Wish) -> None:
    async with await connect(server, wish) as connection, connection.start_sftp_client() as client:
        await client.put(str(path), "small.csv", block_size=wish.block or SMALL, max_requests=128)


async def connect(server: Server, wish: Wish) -> asyncssh.SSHClientConnection:
    """Log in by the key."""
    ciphers = {"encryption_algs": [wish.cipher]} if wish.cipher else {}
    return await asyncssh.connect(
        "127.0.0.1",
        server.port,
        username=server.user,
        client_keys=[str(server.key)],
        known_hosts=None,
        agent_path=None,
        config=None,
        login_timeout=_PATIENCE,
        **ciphers,
    )
