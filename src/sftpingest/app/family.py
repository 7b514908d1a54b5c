"""Child processes that die with their parent, and one that is kept running.

In:  a command.
Out: a child that leaves when asked, when it is told, and when its parent is gone, by kill -9 too.
"""

import asyncio
import errno
import os
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

log = structlog.get_logger()

#: Between the death of a child and the start of the next, in seconds.
PAUSE = 1


def lifeline() -> tuple[int, int]:
    """Make a pipe between parent and child: (the end the parent keeps, the end the child gets).

    Nobody writes to it. When the parent dies the kernel closes its end, and the child sees that.
    """
    theirs, ours = os.pipe()
    return ours, theirs


def die_with_parent(theirs: int) -> None:
    """Leave at once when the parent's end of the lifeline closes."""

    def watch() -> None:
        os.read(theirs, 1)
        os._exit(1)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


@dataclass(frozen=True)
class Child:
    """What to run, and how to treat it."""

    #: what it is called in the log
    name: str
    command: list[str]
    #: seconds it may take to end after SIGTERM; then it is killed
    grace: float
    #: file descriptors it gets, under their numbers
    fds: tuple[int, ...] = ()
    #: hears what each new process tells over a pipe, until that ends; given to it as `--news`
    hear: Callable[[int], Awaitable[None]] | None = None


async def keep(child: Child, stop: asyncio.Event) -> None:
    """Keep one child running until `stop`, then see it end in order."""
    ours, theirs = lifeline()
    asked = asyncio.create_task(stop.wait())
    try:
        while not stop.is_set():
            await _once(child, theirs, asked)
            if not stop.is_set():
                await asyncio.wait({asked}, timeout=PAUSE)
    finally:
        asked.cancel()
        os.close(ours)
        os.close(theirs)


async def _once(child: Child, theirs: int, asked: "asyncio.Task[bool]") -> None:
    """One process, from its start to its end."""
    try:
        process, hearing = await _start(child, theirs)
    except OSError as fault:  # no memory or no room for another process: perhaps soon there is
        log.error("child.not_started", child=child.name, fault=errno.errorcode.get(fault.errno or 0))  # noqa: TRY400
        return
    await _until(process, asked)
    if asked.done():
        await _end(process, child)
    else:
        log.error("child.died", child=child.name, pid=process.pid, status=process.returncode)
    if hearing is not None:
        await hearing


async def _start(child: Child, theirs: int) -> tuple[asyncio.subprocess.Process, "asyncio.Future[None] | None"]:
    news, telling = os.pipe() if child.hear else (-1, -1)
    tells = ["--news", str(telling)] if child.hear else []
    fds = (theirs, *child.fds, *([telling] if child.hear else []))
    try:
        process = await asyncio.create_subprocess_exec(
            *child.command, "--lifeline", str(theirs), *tells, pass_fds=fds, stdin=asyncio.subprocess.DEVNULL
        )
    except BaseException:
        if child.hear:
            os.close(news)
        raise
    finally:
        if child.hear:
            os.close(telling)
    return process, asyncio.ensure_future(child.hear(news)) if child.hear else None


async def _until(process: asyncio.subprocess.Process, asked: "asyncio.Task[bool]") -> None:
    """Wait for the end of the process, or until a stop is asked for."""
    ended = asyncio.create_task(process.wait())
    await asyncio.wait({asked, ended}, return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()


async def _end(process: asyncio.subprocess.Process, child: Child) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), child.grace)
    except TimeoutError:
        log.warning("child.killed", child=child.name, pid=process.pid)
        process.kill()
        await process.wait()
