"""One SSH connection: who may enter, and nothing but SFTP once inside.

In: names with their proofs, and requests for channels. Out: one `Session` for each SFTP channel.
"""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, cast

import asyncssh
from asyncssh import SSHKey, SSHServerChannel, SSHServerConnection
from asyncssh.public_key import SSHOpenSSHCertificate

from sftpingest.doors.sftp.entrance.connection import Connection
from sftpingest.doors.sftp.entrance.entering import Challenge, Entering
from sftpingest.doors.sftp.entrance.entry import Entry, Gate, Proof
from sftpingest.doors.sftp.entrance.turns import Turns
from sftpingest.doors.sftp.events import Events
from sftpingest.doors.sftp.folder.reading import OwnText
from sftpingest.doors.sftp.folder.readme import readme
from sftpingest.doors.sftp.folder.session import Session
from sftpingest.doors.sftp.guarding.guard import Guard
from sftpingest.doors.sftp.requests.channel import Channel
from sftpingest.doors.sftp.requests.overrides import SFTP
from sftpingest.doors.sftp.rules import Rules
from sftpingest.doors.sftp.uploads import Uploads

_SFTP_ONLY = b"This server only takes SFTP. Use sftp, scp without -O, or a program such as WinSCP or FileZilla.\n"


@dataclass
class House:
    """What all connections of a door share."""

    gate: Gate
    uploads: Uploads
    rules: Rules
    guard: Guard
    events: Events
    #: for questions that are answered at once; passwords have their own
    threads: Executor
    turns: Turns = field(default_factory=Turns)
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
        self._connection: Connection | None = None
        self._events = house.events
        self._entry: Entry | None = None
        self._since = 0.0

    def connection_made(self, conn: SSHServerConnection) -> None:
        """Remember the connection, so that the door can end it."""
        self._connection = cast("Connection", conn)
        self._events = self._house.events.bind(address=self._connection.address)
        self._entering = Entering(self._house, self._connection, self._events)
        self._house.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - why it ended changes nothing
        """Forget the connection."""
        if self._connection is None:
            return
        self._house.connections.discard(self._connection)
        self._house.guard.leave(self._connection)
        if self._entry is not None:
            seconds = round(time.monotonic() - self._since, 1)
            received, sent = self._connection.received, self._connection.sent
            self._events.note("login.left", seconds=seconds, received=received, sent=sent)
        self._connection = None

    def begin_auth(self, username: str) -> bool:
        """Everyone has to show something, and everything anew for another name."""
        self._entering.proofs.begin(username)
        return True

    def password_auth_supported(self) -> bool:
        """Passwords are taken, as long as one would help."""
        return self._entering.proofs.needs(Proof.PASSWORD)

    def public_key_auth_supported(self) -> bool:
        """Keys are taken, as long as one would help."""
        return self._entering.proofs.needs(Proof.KEY)

    def kbdint_auth_supported(self) -> bool:
        """Questions are asked, as long as one is left."""
        return self._entering.proofs.needs(Proof.PASSWORD) or self._entering.proofs.needs(Proof.CODE)

    async def validate_password(self, username: str, password: str) -> bool:
        """Ask the gate about a password."""
        return await self._entering.password(username, password)

    async def validate_public_key(self, username: str, key: SSHKey) -> bool:
        """Ask the gate about a key; `key_shown` follows."""
        return await self._entering.key(username, key)

    async def certificate_offered(self, username: str, certificate: SSHOpenSSHCertificate) -> bool:
        """Ask the gate about a certificate; `key_shown` follows."""
        return await self._entering.certificate(username, certificate)

    async def key_shown(self, username: str, *, right: bool, signed: bool) -> bool:
        """Whether a key or certificate is taken, now that its signature was checked."""
        return await self._entering.key_shown(username, right=right, signed=signed)

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> Challenge:  # noqa: ARG002
        """Ask for the password or the code."""
        return self._entering.challenge(username)

    async def validate_kbdint_response(self, username: str, responses: Sequence[str]) -> Challenge:
        """Look at an answer."""
        return await self._entering.answer(username, responses)

    def proven(self, username: str) -> bool:
        """Whether this name has shown all that it must."""
        return self._entering.proofs.proven(username) is not None

    def turned_away(self, username: str) -> str | None:
        """Let a name in that has shown all, or say why it may not stay."""
        entry = self._entering.proofs.proven(username)
        if entry is None or self._connection is None:
            return "The connection is lost."
        sentence = self._house.guard.enter(self._connection, entry)
        if sentence is None:
            self._entry, self._since = entry, time.monotonic()
        return sentence

    def auth_completed(self) -> None:
        """Somebody is in."""
        if self._entry is not None:
            proofs = self._entering.proofs
            self._events = self._events.bind(district=self._entry.slug, username=self._entry.username)
            self._events.note("login.accepted", method=proofs.method, **proofs.facts)

    def session_requested(self) -> Channel | bool:
        """Open a channel. What it is for is known when it starts: see `_serve`."""
        return Channel(self._serve) if self._entry is not None else False

    def _serve(self, channel: SSHServerChannel[bytes]) -> SFTP | None:
        """Begin what a channel is for: SFTP, or a friendly no to shells, commands and scp's old protocol."""
        entry = self._entry
        if entry is None or channel.get_subsystem() != "sftp":
            self._events.warn_some("operation.refused", operation="exec" if channel.get_command() else "shell")
            channel.write_stderr(_SFTP_ONLY)
            channel.exit(1)
            return None
        text = self._house.readme(entry)
        session = Session(channel, entry, self._house.uploads, text, lambda: self._house.accepting, self._events)
        sftp = SFTP(session, channel)
        task = channel.get_connection().create_task(sftp.run())
        self._house.sessions.add(task)
        task.add_done_callback(self._house.sessions.discard)
        return sftp
