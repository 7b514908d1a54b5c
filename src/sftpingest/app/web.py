"""The web door as a process: alone, or as a child of `up`.

In:  the settings; as a child also a socket that the parent listens on, and a pipe to it.
Out: a door that is open until SIGTERM or SIGINT; requests that were begun may end for the grace time.

Nothing here loads pandas or asyncssh: the process is small, and starts at once.
"""

import asyncio
import gc
import math
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio.to_thread
import uvicorn
from sqlalchemy import Engine
from starlette.routing import BaseRoute, Mount

from sftpingest.app import sealing, tokens
from sftpingest.app.disclosing import disclosing
from sftpingest.app.installation import open_installation
from sftpingest.app.signals import stop_at_signals
from sftpingest.app.web_socket import OPEN, announcement, web_socket
from sftpingest.doors.vendor import Grounds, application, clever, export, oneroster, part
from sftpingest.doors.vendor.rate import Rate
from sftpingest.doors.vendor.shaped import plainly
from sftpingest.roster.disclosed import Read
from sftpingest.settings import Settings

#: Threads that ask the store, and connections to it; more requests than these wait for their turn.
THREADS = 16
#: Objects after whose making the garbage is looked for: a page of ten thousand users makes a hundred times as many as
#: Python's own number.
_MANY = 100_000
#: Requests that are open at once; whoever comes then is told to come again (503).
_MOST_OPEN = 1000


def serve_web(settings: Settings, say: Callable[[str], None]) -> None:
    """Serve the web door until SIGTERM or SIGINT. `say` is told where it listens. Raises CannotListen."""
    with web_socket(settings) as there:
        engine = open_installation(settings, connections=THREADS)
        asyncio.run(_serve(settings, engine, there, lambda: say(f"{announcement(settings, there)}; Ctrl-C stops it.")))


def serve_web_child(settings: Settings, fd: int, news: int) -> None:
    """Serve it on a file descriptor of the parent's socket."""

    def tell() -> None:
        os.write(news, OPEN)
        os.close(news)

    engine = open_installation(settings, make=False, connections=THREADS)
    asyncio.run(_serve(settings, engine, socket.socket(fileno=fd), tell, child=True))


async def _serve(
    settings: Settings, engine: Engine, there: socket.socket, opened: Callable[[], None], *, child: bool = False
) -> None:
    stop = stop_at_signals(twice=not child)
    gc.set_threshold(_MANY, 20, 20)
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    with disclosing(engine, settings.data) as log:
        server = _Server(_how(settings, grounds(settings, engine, log.keep)), opened)

        async def ask_to_end() -> None:
            await stop.wait()
            server.should_exit = True

        asked = asyncio.create_task(ask_to_end())
        try:
            await server.serve(sockets=[there])
        finally:
            asked.cancel()
    engine.dispose()


def _how(settings: Settings, stands_on: Grounds) -> uvicorn.Config:
    """uvicorn, without what it does by itself: its own log, its name in each answer, websockets."""
    return uvicorn.Config(
        application(stands_on, parts(settings.data)),
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips="127.0.0.1,::1",  # a proxy on this machine tells whose request it is
        limit_concurrency=_MOST_OPEN,
        timeout_keep_alive=75,  # longer than proxies keep theirs: they would meet a connection that is just closed
        timeout_graceful_shutdown=math.ceil(settings.grace_seconds),
    )


def parts(data: Path) -> list[BaseRoute]:
    """What vendors read by. Files that are made for them lie in the data folder."""
    shaped = [Mount(f"/{version}", app=part(clever.routes(), plainly)) for version in ("v3.0", "v3.1")]
    files = export.routes(export.Kept(data / "exports"))
    in_files = Mount("/export", app=part(files, plainly))
    return [*shaped, *clever.streamed(), *oneroster.mounts(), in_files]


def grounds(settings: Settings, engine: Engine, keep: Callable[[Read], None]) -> Grounds:
    """What the door stands on."""

    def unseal(sealed: str) -> str | None:
        try:
            return sealing.unseal(settings.host_keys / tokens.KEY, sealed)
        except sealing.WrongKey:
            return None

    return Grounds(engine, unseal, keep, Rate(settings.web_requests_per_minute), settings.web_url)


class _Server(uvicorn.Server):
    """uvicorn's server: says when it is open, and leaves signals to us, who leave with 0."""

    def __init__(self, config: uvicorn.Config, opened: Callable[[], None]) -> None:
        super().__init__(config)
        self._opened = opened

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._opened()
