"""Child processes that die with their parent, and one that is kept running.

In:  a command.
Out: a child that leaves when asked, when it is told, and when its parent is gone, by kill -9 too.
"""

import asyncio
import os
import threading

import structlog

log = structlog.get_logger()

#: How long a stopping worker may take for the sync it is at, in seconds; after that it is resumed at the next start.
GRACE = 60
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


async def keep(command: list[str], stop: asyncio.Event) -> None:
    """Keep one child running until `stop`, then see it end in order."""
    ours, theirs = lifeline()
    asked = asyncio.create_task(stop.wait())
    try:
        while not stop.is_set():
            child = await asyncio.create_subprocess_exec(
                *command, "--lifeline", str(theirs), pass_fds=(theirs,), stdin=asyncio.subprocess.DEVNULL
            )
            await _until(child, asked)
            if stop.is_set():
                await _end(child)
            else:
                log.error("worker.died", pid=child.pid, status=child.returncode)
                await asyncio.wait({asked}, timeout=PAUSE)
    finally:
        asked.cancel()
        os.close(ours)
        os.close(theirs)


async def _until(child: asyncio.subprocess.Process, asked: "asyncio.Task[bool]") -> None:
    """Wait for the end of the child, or until a stop is asked for."""
    ended = asyncio.create_task(child.wait())
    await asyncio.wait({asked, ended}, return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        child.terminate()
    try:
        await asyncio.wait_for(child.wait(), GRACE)
    except TimeoutError:
        log.warning("worker.killed", pid=child.pid)
        child.kill()
        await child.wait()
