"""Many clients that stay: what a session keeps in memory while it does nothing, and while it uploads.

In:  a server, numbers of sessions.
Out: memory of the server's processes at each point.
"""

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import asyncssh

from benchmarks.sftp.clients import Wish, connect
from benchmarks.sftp.servers import Server
from benchmarks.sftp.tree import Memory

_LOGINS_AT_ONCE: Final = 8
_SETTLED: Final = 1.0
_SAMPLE: Final = 0.1
_DESCRIPTORS: Final = 4096


@dataclass(frozen=True)
class Point:
    """The memory of a server with so many sessions, of which some upload."""

    server: str
    sessions: int
    uploads: int
    memory: Memory
    #: sessions that were open still at the end of it
    alive: int


def crowd(server: Server, steps: list[int], uploads: int, size: int) -> list[Point]:
    """Memory without anybody, with each number of idle sessions, and while some of the last ones upload at once."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(_DESCRIPTORS, most), most))  # ours: the server has started already
    return asyncio.run(_crowd(server, steps, uploads, size))


async def _crowd(server: Server, steps: list[int], uploads: int, size: int) -> list[Point]:
    points = [Point(server.name, 0, 0, server.tree.memory(), 0)]
    async with AsyncExitStack() as stack:
        clients: list[asyncssh.SFTPClient] = []
        gate = asyncio.Semaphore(_LOGINS_AT_ONCE)
        for step in steps:
            clients += await asyncio.gather(*(_enter(stack, gate, server) for _ in range(step - len(clients))))
            await asyncio.sleep(_SETTLED)
            points.append(Point(server.name, step, 0, server.tree.memory(), await _alive(clients)))
        peak = await _peak(server, clients[:uploads], size)
        points.append(Point(server.name, len(clients), uploads, peak, await _alive(clients)))
    return points


async def _enter(stack: AsyncExitStack, gate: asyncio.Semaphore, server: Server) -> asyncssh.SFTPClient:
    async with gate:
        return await stack.enter_async_context(_client(server))


@asynccontextmanager
async def _client(server: Server) -> AsyncIterator[asyncssh.SFTPClient]:
    async with await connect(server, Wish()) as connection, connection.start_sftp_client() as client:
        yield client


async def _alive(clients: list[asyncssh.SFTPClient]) -> int:
    """How many sessions still answer."""
    answers = await asyncio.gather(*(client.realpath(".") for client in clients), return_exceptions=True)
    return sum(not isinstance(answer, BaseException) for answer in answers)


async def _peak(server: Server, clients: list[asyncssh.SFTPClient], size: int) -> Memory:
    """The most that is in memory while every client uploads one file."""
    content = bytes(size)
    uploading = asyncio.gather(*(_upload(client, number, content) for number, client in enumerate(clients)))
    seen = [server.tree.memory()]
    while not uploading.done():
        await asyncio.wait({uploading}, timeout=_SAMPLE)
        seen.append(await asyncio.to_thread(server.tree.memory))
    await uploading
    return max(seen, key=lambda memory: memory.resident)


async def _upload(client: asyncssh.SFTPClient, number: int, content: bytes) -> None:
    async with client.open(f"crowd-{number}.csv", "wb") as file:
        await file.write(content)
