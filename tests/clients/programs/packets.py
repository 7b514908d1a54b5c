"""Single SFTP requests, for programs that replay what another client sends.

In: SFTP_* variables. Out: `Packets`, by asyncssh's connection and framing.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
from asyncssh.constants import FXP_WRITE
from asyncssh.packet import String, UInt64

from tests.clients.programs.reach import HOST, KEY, KNOWN_HOSTS, PASSWORD, PORT, USER, called, tell

WRITE, CREATE, TRUNCATE = asyncssh.FXF_WRITE, asyncssh.FXF_CREAT, asyncssh.FXF_TRUNC
READ = asyncssh.FXF_READ
#: a piece to read, as most clients ask for it
PIECE = 32 * 1024


class Packets:
    """One session: each method is one request, answered."""

    def __init__(self, sftp: asyncssh.SFTPClient) -> None:
        self._handler: Any = sftp._handler

    async def size(self, name: str) -> int | None:
        """LSTAT; None where there is no such file."""
        try:
            found = await self._handler.lstat(f"/{name}".encode(), 0)
        except asyncssh.SFTPNoSuchFile:
            return None
        return int(found.size)

    async def open(self, path: str, flags: int) -> bytes:
        """OPEN."""
        return bytes(await self._handler.open(path.encode(), flags, asyncssh.SFTPAttrs()))

    async def write(self, handle: bytes, offset: int, piece: bytes, behind: bytes = b"") -> None:
        """WRITE, with bytes behind its end if so wished."""
        await self._handler._make_request(FXP_WRITE, String(handle), UInt64(offset), String(piece) + behind)

    async def send(
        self, handle: bytes, local: str, start: int, *, piece: int, under_way: int, behind: bytes = b""
    ) -> None:
        """Send a file from `start` on, in pieces of so many bytes, with so many requests unanswered at once."""
        waiting: list[asyncio.Task[None]] = []
        with Path(local).open("rb") as source:  # noqa: ASYNC230 - nothing else runs here
            source.seek(start)
            while content := source.read(piece):
                waiting.append(asyncio.create_task(self.write(handle, start, content, behind)))
                start += len(content)
                if len(waiting) >= under_way:
                    await waiting.pop(0)
        for last in waiting:
            await last

    async def close(self, handle: bytes) -> None:
        """CLOSE."""
        await self._handler.close(handle)

    async def times(self, name: str, seconds: int) -> None:
        """SETSTAT of both times."""
        await self._handler.setstat(f"/{name}".encode(), asyncssh.SFTPAttrs(atime=seconds, mtime=seconds))

    async def remove(self, name: str) -> None:
        """REMOVE."""
        await self._handler.remove(f"/{name}".encode())

    async def rename(self, old: str, new: str) -> None:
        """RENAME, which in version 3 may refuse where `new` exists."""
        await self._handler.rename(f"/{old}".encode(), f"/{new}".encode(), 0)

    async def fetch(self, remote: str, local: str) -> None:
        """OPEN, READ until the end, CLOSE."""
        handle = await self.open(remote, READ)
        with Path(local).open("wb") as target:  # noqa: ASYNC230 - nothing else runs here
            try:
                while True:
                    piece, _ = await self._handler.read(handle, target.tell(), PIECE)
                    target.write(piece)
            except asyncssh.SFTPEOFError:
                pass
        await self.close(handle)


@asynccontextmanager
async def session() -> AsyncIterator[tuple[Packets, asyncssh.SFTPClient]]:
    """Log in; gives the requests, and asyncssh's client for what is nobody's own way."""
    proof = {"password": PASSWORD, "client_keys": None} if PASSWORD else {"client_keys": [KEY]}
    options = {"username": USER, "known_hosts": KNOWN_HOSTS, "agent_path": None, "config": None}
    async with asyncssh.connect(HOST, PORT, **options, **proof) as link, link.start_sftp_client() as sftp:
        yield Packets(sftp), sftp


Way = Callable[[Packets, str, str], Awaitable[None]]


def replay(version: str, put: Way, resume: Way) -> None:
    """Run as the verbs of tests/clients/libraries.py say, with this way to upload and to go on."""

    async def do(word: str, *rest: str) -> None:
        async with session() as (packets, sftp):
            await verbs(packets, sftp)[word](*rest)

    def verbs(packets: Packets, sftp: asyncssh.SFTPClient) -> dict[str, Callable[..., Awaitable[None]]]:
        async def listed() -> None:
            tell(*(str(name) for name in await sftp.listdir("/")))

        return {
            "put": lambda local, name: put(packets, local, name),
            "resume": lambda local, name: resume(packets, local, name),
            "list": listed,
            "get": packets.fetch,
            "rename": packets.rename,
            "delete": packets.remove,
        }

    def one(word: str) -> Callable[..., None]:
        return lambda *rest: asyncio.run(do(word, *rest))

    called(version, {word: one(word) for word in ("put", "resume", "list", "get", "rename", "delete")})
