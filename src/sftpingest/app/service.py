"""All of it wired: door, watcher and worker.

In:  the settings.
Out: a service that runs until SIGTERM or SIGINT and then ends in order.
"""

import asyncio
import errno
import fcntl
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import structlog
from sqlalchemy import Engine

from sftpingest import sync, work
from sftpingest.app import family
from sftpingest.app.gate import StoreGate
from sftpingest.app.installation import HOST_KEY, open_installation
from sftpingest.doors.sftp import Door, Listening, Rules, Uploads, host_key, listen, serve
from sftpingest.inbox import folders
from sftpingest.settings import Settings
from sftpingest.store import accounts

log = structlog.get_logger()

Say = Callable[[str], None]


class RunsAlready(Exception):
    """A server already runs on this data folder. Stop it first, or give this one its own SFTPINGEST_DATA."""


#: Why the door cannot listen, and what to do.
CANNOT_LISTEN = {
    errno.EADDRINUSE: "Port {port} is in use already. Set SFTPINGEST_SFTP_PORT to a free one.",
    errno.EACCES: "This user may not listen on port {port}. Set SFTPINGEST_SFTP_PORT to one from 1024 on.",
    errno.EADDRNOTAVAIL: "{host} is no address of this machine. Set SFTPINGEST_SFTP_HOST to one that is.",
}


class CannotListen(Exception):
    """The SFTP door cannot listen. Set SFTPINGEST_SFTP_HOST and SFTPINGEST_SFTP_PORT to what is free here."""


def up(settings: Settings, config: Path | None, say: Say) -> None:
    """Serve every door and work the queue until SIGTERM or SIGINT. `say` is told where the door listens."""
    asyncio.run(_serve(settings, say, worker=_worker_command(config)))


def serve_sftp(settings: Settings, say: Say) -> None:
    """Serve the SFTP door and queue what was uploaded, without a worker."""
    asyncio.run(_serve(settings, say, worker=None))


def serve_worker(settings: Settings) -> None:
    """Work the queue until SIGTERM or SIGINT; the running sync is finished first."""
    stop = stopped_by_signals()
    engine = open_installation(settings)
    log.info("worker.started", pid=os.getpid())
    work.work_forever(engine, settings.data, sync.run, stop, rereport=sync.rereport)
    log.info("worker.stopped", pid=os.getpid())


def stopped_by_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set, for code that is no event loop."""
    pa.enable_signal_handlers(enable=False)  # else Arrow takes them as a wish to break off the file it is reading
    stop = threading.Event()

    def asked(*_: object) -> None:
        # in a thread: the main one, which runs this, may hold the lock of the event just now
        threading.Thread(target=stop.set, name="stop").start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, asked)
    return stop


async def _serve(settings: Settings, say: Say, *, worker: list[str] | None) -> None:
    """Door, watcher and, where a command for it is given, worker: until a signal, or until one of them fails."""
    stop, uploads = _stop_at_signals(), Uploads()
    engine = open_installation(settings)
    with _alone(settings.data):
        _make_folders(engine, settings.data)
        door = await _door(settings, engine, uploads)
        where = f"sftp://{settings.sftp_host}:{door.ports[0]}"
        say(f"SFTP door open at {where} (data folder {settings.data}); Ctrl-C stops it.")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(work.watch(engine, settings.data, uploads, settings.quiet_seconds, stop))
                if worker:
                    group.create_task(family.keep(worker, stop))
                await stop.wait()
                log.info("stop.asked")
                await door.drain(settings.grace_seconds)
        finally:
            await door.close()
            engine.dispose()


async def _door(settings: Settings, engine: Engine, uploads: Uploads) -> Door:
    key = host_key(settings.host_keys / HOST_KEY)
    gate = StoreGate(engine, settings.data)
    try:
        listening = Listening(listen(settings.sftp_host, settings.sftp_port), [key])
    except OSError as wrong:
        if wrong.errno not in CANNOT_LISTEN:
            raise
        why = CANNOT_LISTEN[wrong.errno]
        raise CannotListen(why.format(port=settings.sftp_port, host=settings.sftp_host)) from None
    door = await serve([listening], gate, uploads, rules=Rules(quiet_seconds=settings.quiet_seconds))
    log.info("door.opened", door="sftp", host=settings.sftp_host, port=listening.port)
    return door


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


def _stop_at_signals() -> asyncio.Event:
    """An event that is set at the first SIGTERM or SIGINT; the second one ends the process at once."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def asked(number: int) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked, number)
    return stop


def _worker_command(config: Path | None) -> list[str]:
    named = ["--config", str(config)] if config else []
    return [sys.executable, "-m", "sftpingest", *named, "serve", "worker"]
