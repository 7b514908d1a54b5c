"""asyncssh's client at the verbs of tests/clients/libraries.py."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh

from tests.clients.programs.reach import HOST, KEY, KNOWN_HOSTS, PASSWORD, PORT, USER, called, tell

PIECE = 1024 * 1024


@asynccontextmanager
async def session() -> AsyncIterator[asyncssh.SFTPClient]:
    proof = {"password": PASSWORD, "client_keys": None} if PASSWORD else {"client_keys": [KEY]}
    options = {"username": USER, "known_hosts": KNOWN_HOSTS, "agent_path": None, "config": None}
    async with asyncssh.connect(HOST, PORT, **options, **proof) as link, link.start_sftp_client() as sftp:
        yield sftp


async def put(local: str, name: str) -> None:
    async with session() as sftp:
        await sftp.put(local, f"/{name}")


async def resume(local: str, name: str) -> None:
    async with session() as sftp:
        there = (await sftp.stat(f"/{name}")).size or 0
        async with sftp.open(f"/{name}", "ab") as target:
            with Path(local).open("rb") as source:  # noqa: ASYNC230 - nothing else runs here
                source.seek(there)
                while piece := source.read(PIECE):
                    await target.write(piece)


async def listed() -> None:
    async with session() as sftp:
        tell(*(str(name) for name in await sftp.listdir("/")))


async def get(remote: str, local: str) -> None:
    async with session() as sftp:
        await sftp.get(remote, local)


async def rename(old: str, new: str) -> None:
    async with session() as sftp:
        await sftp.rename(f"/{old}", f"/{new}")


async def delete(name: str) -> None:
    async with session() as sftp:
        await sftp.remove(f"/{name}")


def waited(work: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    async def whole(*words: str) -> None:
        await work(*words)

    return lambda *words: asyncio.run(whole(*words))


verbs: dict[str, Any] = {"put": put, "resume": resume, "list": listed, "get": get, "rename": rename, "delete": delete}
called(asyncssh.__version__, {word: waited(work) for word, work in verbs.items()})
