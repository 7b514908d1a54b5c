"""One SSH connection: who may enter, and nothing but SFTP once inside.

In: names with passwords or keys, and requests for channels. Out: one `Session` for each SFTP channel.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import asyncssh
from asyncssh import SSHKey, SSHReader, SSHServerChannel, SSHServerConnection, SSHWriter
from asyncssh.constants import DISC_NO_MORE_AUTH_METHODS_AVAILABLE

from sftpingest.doors.sftp.connection import Connection
from sftpingest.doors.sftp.entry import Entry, Gate
from sftpingest.doors.sftp.events import Events
from sftpingest.doors.sftp.guard import Guard
from sftpingest.doors.sftp.overrides import SFTP, Channel
from sftpingest.doors.sftp.reading import OwnText
from sftpingest.doors.sftp.readme import readme
from sftpingest.doors.sftp.rules import Rules
from sftpingest.doors.sftp.session import Session
from sftpingest.doors.sftp.uploads import Uploads

#: refused passwords and keys after which a connection is ended; agents offer several keys before the right one
_MOST_REFUSALS = 12

_SFTP_ONLY = b"This server only takes SFTP. Use sftp, scp without -O, or a program such as WinSCP or FileZilla.\n"


@dataclass
class House:
    """What all connections of a door share."""

    gate: Gate
    uploads: Uploads
    rules: Rules
    guard: Guard
    events: Events
    threads: Executor
    #: False once the door drains: no new uploads
    accepting: bool = True
    connections: set[SSHServerConnection] = field(default_factory=set)
    sessions: set[asyncio.Task[Any]] = field(default_factory=set)
    opened: int = field(default_factory=lambda: int(time.time()))

    def readme(self, entry: Entry) -> OwnText:
        """The text for a district, with its own quiet time where it has one."""
        quiet = self.rules.quiet_seconds if entry.quiet_seconds is None else entry.quiet_seconds
        return OwnText(readme(quiet), self.opened)


class Reception(asyncssh.SSHServer):
    """One connection, from its first byte to its last."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._connection: SSHServerConnection | None = None
        self._address = ""
        self._events = house.events
        self._refusals = 0
        #: by the name that the client gave: a key is asked for twice, first without proof
        self._entries: dict[str, Entry] = {}

    def connection_made(self, conn: SSHServerConnection) -> None:
        """Remember the connection, so that the door can end it."""
        self._connection = conn
        self._address = cast("Connection", conn).address
        self._events = self._house.events.bind(address=self._address)
        self._house.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - why it ended changes nothing
        """Forget the connection."""
        if self._connection is not None:
            self._house.connections.discard(self._connection)
            self._house.guard.leave(self._connection)
            self._connection = None

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - nobody enters without proof
        """Everyone has to show something."""
        return True

    def password_auth_supported(self) -> bool:
        """Passwords are taken."""
        return True

    def public_key_auth_supported(self) -> bool:
        """Keys are taken."""
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        """Ask the gate about a password."""
        return await self._ask(self._house.gate.password, username, password, method="password")

    async def validate_public_key(self, username: str, key: SSHKey) -> bool:
        """Ask the gate about a key; asyncssh checks the signature."""
        line = b" ".join(key.export_public_key("openssh").split()[:2]).decode()
        return await self._ask(self._house.gate.key, username, line, method="key")

    def auth_completed(self) -> None:
        """Somebody is in: the last entry of this name is the one that was proven."""
        entry = self._entry()
        if entry is not None:
            self._events.note("login.accepted", district=entry.slug, username=entry.username)

    def session_requested(self) -> Channel | bool:
        """Open a channel. What it is for is known when it starts: see `_serve`."""
        return Channel(self._serve) if self._entry() is not None else False

    async def _ask(
        self, question: Callable[[str, str, str], Entry | None], username: str, proof: str, *, method: str
    ) -> bool:
        """Ask the gate in a thread: it may compute for long. A name that was let in before is asked anew."""
        self._entries.pop(username, None)
        asked = partial(question, username, proof, self._address)
        entry = await asyncio.get_running_loop().run_in_executor(self._house.threads, asked)
        if entry is None:
            await self._refuse(username, method)
            return False
        self._entries[username] = entry
        return True

    async def _refuse(self, username: str, method: str) -> None:
        self._events.warn("login.refused", method=method)
        await self._house.guard.refused(self._address, username, method)
        self._refusals += 1
        if self._refusals >= _MOST_REFUSALS and self._connection is not None:
            self._connection.disconnect(DISC_NO_MORE_AUTH_METHODS_AVAILABLE, "Too many attempts to log in.")

    def _entry(self) -> Entry | None:
        if self._connection is None:
            return None
        return self._entries.get(self._connection.get_extra_info("username"))

    async def _serve(self, reader: SSHReader[bytes], writer: SSHWriter[bytes], messages: SSHWriter[bytes]) -> None:
        """Run one channel to its end: SFTP, or a friendly no to shells, commands and scp's old protocol."""
        entry, channel = self._entry(), cast("SSHServerChannel[bytes]", writer.channel)
        if entry is None or channel.get_subsystem() != "sftp":
            messages.write(_SFTP_ONLY)
            channel.exit(1)
            return
        text = self._house.readme(entry)
        events = self._events.bind(district=entry.slug, username=entry.username)
        session = Session(channel, entry, self._house.uploads, text, lambda: self._house.accepting, events)
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._house.sessions.add(task)
        try:
            await SFTP(session, reader, writer).run()
        finally:
            session.exit()
            self._house.sessions.discard(task)
