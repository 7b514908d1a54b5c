"""The SFTP door as the app sees it: opened, drained, closed.

In: an address, host keys, a gate. Out: a listening `Door` that lets logins in and reports to `Uploads`.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncssh
from asyncssh import SSHAcceptor

from sftpingest.doors.sftp.entry import Gate
from sftpingest.doors.sftp.reception import House, Reception
from sftpingest.doors.sftp.uploads import Uploads

#: seconds from connecting to being let in
_LOGIN_SECONDS = 60
#: a silent client is asked every so many seconds, and is gone when it has not answered so many times
_ALIVE_SECONDS, _ALIVE_TIMES = 30, 4
#: passwords and keys are looked at side by side by so many threads: argon2 takes 64 MiB each
_GATE_THREADS = 2


class Door:
    """An open door. Made by `serve`; `port` is where it listens."""

    def __init__(self, house: House, listener: SSHAcceptor) -> None:
        self.port: int = listener.sockets[0].getsockname()[1]
        self._house = house
        self._listener = listener

    async def drain(self, grace_seconds: float) -> None:
        """Take no new connections and no new uploads, and wait up to `grace_seconds` until the open ones are done."""
        self._house.accepting = False
        self._listener.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._house.uploads.idle(), grace_seconds)

    async def close(self) -> None:
        """End every connection; uploads that are still open are broken off. Works without `drain` before it."""
        await self.drain(0)
        for connection in list(self._house.connections):
            connection.abort()
        if self._house.sessions:
            await asyncio.wait(self._house.sessions)
        await self._listener.wait_closed()
        self._house.threads.shutdown(wait=False, cancel_futures=True)


async def serve(
    host: str,
    port: int,
    host_keys: Sequence[Path],
    gate: Gate,
    uploads: Uploads,
    *,
    quiet_seconds: float = 60,
) -> Door:
    """Open the door on `host` and `port` (0: any free one).

    `quiet_seconds` is only told, in /README.txt, to districts that have none of their own. Raises OSError where the
    address is taken or a host key cannot be read, asyncssh.KeyImportError where it is no key.
    """
    threads = ThreadPoolExecutor(_GATE_THREADS, thread_name_prefix="sftp-gate")
    house = House(gate, uploads, quiet_seconds, threads)
    listener = await asyncssh.create_server(
        lambda: Reception(house),
        host,
        port,
        server_host_keys=[str(path) for path in host_keys],
        server_version="sftpingest",
        encoding=None,  # channels carry bytes
        line_editor=False,
        allow_pty=False,
        agent_forwarding=False,
        login_timeout=_LOGIN_SECONDS,
        keepalive_interval=_ALIVE_SECONDS,
        keepalive_count_max=_ALIVE_TIMES,
    )
    return Door(house, listener)
