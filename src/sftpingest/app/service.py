"""All of it wired: processes of the doors, watcher and worker. What a worker does stands in worker.py.

In:  the settings.
Out: a service that runs until SIGTERM or SIGINT and then ends in order.
"""

import asyncio
import fcntl
import socket
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import structlog
from sqlalchemy import Engine

from sftpingest import work
from sftpingest.app import family, news, ports
from sftpingest.app.installation import open_installation
from sftpingest.app.signals import stop_at_signals
from sftpingest.app.web_child import web_child
from sftpingest.app.web_socket import announcement, web_socket
from sftpingest.doors.sftp import Uploads
from sftpingest.inbox import folders
from sftpingest.settings import Settings
from sftpingest.store import accounts

log = structlog.get_logger()

Say = Callable[[str], None]

#: Seconds that a stopping worker may take for the sync it is at; after that it is resumed at the next start.
_WORKER_SECONDS = 60
#: Seconds that a process of the door may take to end after the grace time of open uploads; its audit trail may wait
#: half of them for a store that is busy.
_DOOR_SECONDS = 20


class RunsAlready(Exception):
    """A server already runs on this data folder. Stop it first, or give this one its own SFTPINGEST_DATA."""


class DoorStaysShut(Exception):
    """The SFTP door could not be opened. The lines above say why."""


def up(settings: Settings, config: Path | None, say: Say) -> None:
    """Serve every door and work the queue until SIGTERM or SIGINT. `say` is told where the door listens."""
    asyncio.run(_serve(settings, config, say, worker=True))


def serve_sftp(settings: Settings, config: Path | None, say: Say) -> None:
    """Serve the SFTP door and queue what was uploaded, without a worker."""
    asyncio.run(_serve(settings, config, say, worker=False))


async def _serve(settings: Settings, config: Path | None, say: Say, *, worker: bool) -> None:
    """Watcher, processes of the doors and, if asked for, a worker: until a signal, or until one of them fails."""
    stop, uploads = stop_at_signals(), Uploads()
    engine = open_installation(settings)
    web = web_socket(settings) if worker and settings.web == "on" else nullcontext()
    with _alone(settings.data), ports.bound(settings) as sockets, web as web_at:
        _make_folders(engine, settings.data)
        ports.listening_on(settings, sockets)  # host keys are made once, not by each process
        opened, web_opened = (asyncio.get_running_loop().create_future() for _ in range(2))
        children = [_door(config, sockets, settings, uploads, opened) for _ in range(settings.door_processes)]
        children += [_worker(config)] if worker else []
        children += [_web(config, web_at, settings, web_opened)] if web_at else []
        async with asyncio.TaskGroup() as group:
            group.create_task(work.watch(engine, settings.data, uploads, settings.quiet_seconds, stop))
            for child in children:
                group.create_task(family.keep(child, stop))
            group.create_task(_announce(opened, lambda: ports.announcement(settings, sockets), say))
            if web_at:
                group.create_task(_announce(_after(opened, web_opened), lambda: [announcement(settings, web_at)], say))
            await stop.wait()
            log.info("stop.asked")
            opened.cancel()
            web_opened.cancel()
            for one in sockets:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)  # ends the listening for every process that shares it
    engine.dispose()


async def _announce(opened: Awaitable[None], lines: Callable[[], Iterable[str]], say: Say) -> None:
    """Say where a door is once it is open. Raises DoorStaysShut, WebStaysShut."""
    await opened
    for line in lines():
        say(line)


async def _after(first: Awaitable[None], second: Awaitable[None]) -> None:
    """Wait for both, in this order."""
    await first
    await second


def _door(
    config: Path | None,
    sockets: Sequence[socket.socket],
    settings: Settings,
    uploads: Uploads,
    opened: "asyncio.Future[None]",
) -> family.Child:
    """One process of the door. `opened` is settled when the first one is open, or has died before that."""

    def is_open() -> None:
        if not opened.done():
            opened.set_result(None)

    async def hear(pipe: int) -> None:
        await news.hear(pipe, uploads, is_open)
        if not opened.done():
            opened.set_exception(DoorStaysShut())

    fds = tuple(one.fileno() for one in sockets)
    command = _command(config, "door", "--sockets", ",".join(map(str, fds)))
    return family.Child("door", command, settings.grace_seconds + _DOOR_SECONDS, fds, hear)


def _web(config: Path | None, at: socket.socket, settings: Settings, opened: "asyncio.Future[None]") -> family.Child:
    return web_child(_command(config, "web"), at.fileno(), settings.grace_seconds, opened)


def _worker(config: Path | None) -> family.Child:
    return family.Child("worker", _command(config, "worker"), _WORKER_SECONDS)


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """One watcher a data folder: two would queue every upload twice. The kernel frees the lock when we die."""
    with (data / "locks" / ".door.lock").open("w") as lock:  # no slug begins with a dot
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunsAlready from None
        yield


def _make_folders(engine: Engine, data: Path) -> None:
    with engine.connect() as connection:
        for district in accounts.districts(connection):
            folders(data, district.slug).make()


def _command(config: Path | None, part: str, *more: str) -> list[str]:
    named = ["--config", str(config)] if config else []
    return [sys.executable, "-m", "sftpingest", *named, "serve", part, *more]
