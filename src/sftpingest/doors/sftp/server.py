"""The SFTP door as the app sees it: opened, drained, closed.

In: sockets that listen, a gate, rules. Out: a `Door` that lets logins in and reports to `Uploads`.
"""

import asyncio
import contextlib
import errno
import resource
import socket
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog

from sftpingest.doors.sftp.entrance.connection import Connection
from sftpingest.doors.sftp.entrance.entry import Gate
from sftpingest.doors.sftp.entrance.options import Options
from sftpingest.doors.sftp.entrance.reception import House
from sftpingest.doors.sftp.events import Events
from sftpingest.doors.sftp.guarding.guard import Guard
from sftpingest.doors.sftp.rules import Rules
from sftpingest.doors.sftp.ssh.listening import Listening
from sftpingest.doors.sftp.uploads import Uploads

#: keys and codes are looked at side by side by so many threads; passwords have theirs, see turns.py
_GATE_THREADS = 2
#: seconds until we try again to take a connection when the system has nothing left for one
_OUT_OF_BREATH = 0.5
#: more open files than this nobody needs; the system may allow a milliard
_MOST_FILES = 65536

log = structlog.get_logger()


class Door:
    """An open door. Made by `serve`; `ports` are where it listens, in the order of its sockets."""

    def __init__(self, house: House, listening: Sequence[Listening]) -> None:
        self.ports = tuple(one.port for one in listening)
        self._house = house
        self._listening = listening
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begin to take connections. Raises OSError, asyncssh.KeyImportError where a host key cannot be used."""
        _raise_limit_of_files()
        await self._house.guard.open(self._house.events, self._house.gate)
        for one in self._listening:
            options = Options(self._house, one)
            await options.now()
            self._run(self._take(one.socket, options))

    async def drain(self, grace_seconds: float) -> None:
        """Take no new connections and no new uploads, and wait up to `grace_seconds` until the open ones are done."""
        self._house.accepting = False
        for task in self._tasks:
            task.cancel()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._house.uploads.idle(), grace_seconds)

    async def close(self) -> None:
        """End every connection; uploads that are still open are broken off. Works without `drain` before it."""
        await self.drain(0)
        for one in self._listening:
            one.socket.close()
        for connection in list(self._house.connections):
            connection.abort()
        if self._house.sessions:
            await asyncio.wait(self._house.sessions)
        await self._house.guard.close()
        self._house.turns.close()
        self._house.threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self, listening: socket.socket, options: Options) -> None:
        """Take one connection after the other: processes that share the socket get the rest."""
        while True:
            try:
                client, peer = await asyncio.get_running_loop().sock_accept(listening)
            except OSError as fault:  # no descriptor left, say: those who are in go on
                if fault.errno == errno.EINVAL:  # our parent has ended the listening
                    return
                log.error("door.failed", operation="accept", fault=type(fault).__name__)  # noqa: TRY400 - no traceback
                await asyncio.sleep(_OUT_OF_BREATH)
                continue
            self._run(self._receive(client, str(peer[0]), options))

    async def _receive(self, client: socket.socket, peer: str, options: Options) -> None:
        """Speak SSH with a client that the guard lets pass."""
        try:
            told = await options.now()
            address = await self._house.guard.arrive(client, peer)
            if address is not None:
                await self._greet(client, Connection(asyncio.get_running_loop(), told, address))
        except BaseException as fault:
            client.close()
            if not isinstance(fault, OSError):  # gone again before we could greet it
                raise

    async def _greet(self, client: socket.socket, connection: Connection) -> None:
        self._house.guard.greet(connection)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, client)
        except BaseException:
            self._house.guard.leave(connection)
            raise


def _raise_limit_of_files() -> None:
    """Take as many open files as we may have: a session needs one, an upload another; many systems begin with 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def serve(
    listening: Sequence[Listening],
    gate: Gate,
    uploads: Uploads,
    *,
    rules: Rules | None = None,
    guard: Guard | None = None,
    events: Events | None = None,
) -> Door:
    """Open the door on sockets that listen already; it closes them when it is closed.

    Raises OSError where a host key cannot be read, asyncssh.KeyImportError where it is no key.
    """
    threads = ThreadPoolExecutor(_GATE_THREADS, thread_name_prefix="sftp-gate")
    house = House(gate, uploads, rules or Rules(), guard or Guard(rules), events or Events(), threads)
    door = Door(house, listening)
    await door.open()
    return door
