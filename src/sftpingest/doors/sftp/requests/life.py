"""One SFTP channel from its beginning to its end.

In: bytes of the channel, what becomes of its client. Out: work begun and waited for, an end to the session, answers.
"""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, cast

import structlog
from asyncssh import SSHServerChannel

from sftpingest.doors.sftp.requests.packets import NoSFTP, Requests

if TYPE_CHECKING:
    from sftpingest.doors.sftp.folder.session import Session
    from sftpingest.doors.sftp.ssh.sending import Sending

log = structlog.get_logger()


class Life:
    """What does not depend on what is asked. `feed` it; `run` it to its end."""

    def __init__(self, session: "Session", channel: SSHServerChannel[bytes], requests: Requests) -> None:
        self._session = session
        self._channel = channel
        self._connection = cast("Sending", channel.get_connection())
        self._requests = requests
        #: the client's window is full, and too much waits for it
        self.full = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._drained = asyncio.Event()
        self._over: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Wait until it is over; break off what is still open, then send an exit status.

        asyncssh would close every open file exactly as if the client had asked, and a half upload would be
        published (trap 6). It also ends without exit status, and OpenSSH's scp (9 and later) exits 1 then though all
        arrived (trap 7).
        """
        try:
            well = await self._over
            while self._tasks:  # what has come is done, be the client there or not
                await asyncio.wait(self._tasks)
        finally:
            self._session.exit()
        self._channel.exit(0 if well else 1)
        self._channel.close()

    def end(self, *, well: bool) -> None:
        """Say that nothing more comes."""
        if not self._over.done():
            self._over.set_result(well)
        self._drained.set()

    def feed(self, came: memoryview) -> None:
        """Take bytes from the client."""
        if self._over.done():
            return
        try:
            self._requests.feed(came)
        except NoSFTP:
            log.warning("sftp.garbled")
            self.end(well=False)

    def drained(self) -> None:
        """The client takes answers again."""
        if not self.choked:
            self._drained.set()

    # -- for `Requests`, see asked.py ----------------------------------------------------------------------------

    @property
    def choked(self) -> bool:
        """Whether answers pile up on our side; nobody minds once the client is gone."""
        return (self.full or self._connection.choked) and not self._over.done()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work`; the channel's bytes wait, and the client's window gets no larger."""
        self._channel.pause_reading()
        task = asyncio.get_running_loop().create_task(self._begun(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _begun(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except NoSFTP:
            log.warning("sftp.garbled")
            self.end(well=False)
        except Exception as fault:  # a mistake of ours must not leave the client waiting for ever
            log.exception("door.failed", operation="sftp", fault=type(fault).__name__)
            self.end(well=False)

    def go_on(self) -> None:
        """Have bytes delivered again."""
        self._channel.resume_reading()

    async def unchoked(self) -> None:
        """Wait until the client takes answers, or is gone."""
        while self.choked:
            self._drained.clear()
            await self._drained.wait()

    def send(self, answers: bytes) -> None:
        """Send answers, if anybody is there. Whoever is answered has asked: the guard ends sessions that do not."""
        self._connection.moved += 1
        if not self._channel.is_closing():
            self._connection.send_run(self._channel, answers)
