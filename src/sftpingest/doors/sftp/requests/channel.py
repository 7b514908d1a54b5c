"""One channel of a connection, whatever it is for.

In: what asyncssh tells of it. Out: an SFTP session where the client asked for that, and a friendly no where not.
"""

from collections.abc import Callable

import asyncssh
from asyncssh import SSHServerChannel

from sftpingest.doors.sftp.requests.overrides import SFTP

#: Called when the channel starts; gives what its bytes are for, or None
Start = Callable[[SSHServerChannel[bytes]], SFTP | None]


class Channel(asyncssh.SSHServerSession[bytes]):
    """One channel whose start we see. asyncssh alone would run its own SFTP session in it."""

    #: see lane.py: bytes may be given many packets' worth at once
    takes_runs = True

    def __init__(self, start: Start) -> None:
        self._start = start
        self._channel: SSHServerChannel[bytes] | None = None
        self._sftp: SFTP | None = None

    def connection_made(self, chan: SSHServerChannel[bytes]) -> None:
        """Remember the channel."""
        self._channel = chan

    def shell_requested(self) -> bool:
        """Shells get a message."""
        return True

    def exec_requested(self, command: str) -> bool:  # noqa: ARG002 - whatever it is
        """Commands get a message."""
        return True

    def subsystem_requested(self, subsystem: str) -> bool:
        """SFTP is the only subsystem."""
        return subsystem == "sftp"

    def session_started(self) -> None:
        """Begin."""
        if self._channel is not None:
            self._sftp = self._start(self._channel)

    def data_received(self, data: bytes | memoryview, datatype: int | None) -> None:  # noqa: ARG002 - there is one
        """Take bytes; they may change afterwards."""
        if self._sftp is not None:
            self._sftp.feed(memoryview(data))

    def eof_received(self) -> bool:
        """The client is done; the channel stays open for the exit status."""
        if self._sftp is not None:
            self._sftp.end(well=True)
        return True

    def pause_writing(self) -> None:
        """Answers pile up: the client's window is full."""
        if self._sftp is not None:
            self._sftp.full = True

    def resume_writing(self) -> None:
        """The window is open again."""
        if self._sftp is not None:
            self._sftp.full = False
        self.drained()

    def drained(self) -> None:
        """The client takes answers again, or its socket does."""
        if self._sftp is not None:
            self._sftp.drained()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there any more."""
        if self._sftp is not None:
            self._sftp.end(well=exc is None)
        self._sftp = None
