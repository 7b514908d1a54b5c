"""One SSH connection as asyncssh drives it, with the address that the client really has.

In: a socket that the guard let pass. Out: packets for asyncssh.
"""

import asyncio
from typing import Any, cast

from asyncssh import ChannelOpenError, SSHServerChannel, SSHServerConnectionOptions, SSHServerSession
from asyncssh.channel import SSHChannel
from asyncssh.constants import DISC_PROTOCOL_ERROR, OPEN_RESOURCE_SHORTAGE
from asyncssh.packet import SSHPacket

from sftpingest.doors.sftp.entrance.keying import ManyProofs
from sftpingest.doors.sftp.ssh.runs import Waiting
from sftpingest.doors.sftp.ssh.sending import Sending

#: channels of one connection that may be open at once; clients have one, some a second one for reading
_MOST_CHANNELS = 8
#: window of all but the first, whose 2 MiB keep a fast line to a far client busy
_NEXT_WINDOW = 256 * 1024
#: longest packet that a client must take: of one byte each an answer would be a quarter of a million packets
_LEAST_PACKET = 1024
#: bytes by which anybody can log in: a dozen keys or certificates have less than a tenth
_MOST_BEFORE_LOGIN = 1024 * 1024


class Nothing(dict[bytes, bytes]):
    """Takes everything and keeps nothing: variables of an environment that nothing here looks at."""

    def __setitem__(self, name: bytes, value: bytes) -> None:
        """Forget it."""


class Connection(ManyProofs, Sending):
    """A connection that knows where its client is, whatever stands between."""

    def __init__(self, loop: asyncio.AbstractEventLoop, options: SSHServerConnectionOptions, address: str) -> None:
        super().__init__(loop, options)
        #: IP address of the client
        self.address = address
        #: bytes of SSH that came and went
        self.received = self.sent = 0

    def _process_session_open(self, packet: SSHPacket) -> tuple[SSHServerChannel[bytes], SSHServerSession[bytes]]:
        """Open a channel, but not without end: each may keep as many bytes waiting as its window is large."""
        if sum(map(_is_open, self._channels.values())) >= _MOST_CHANNELS:
            raise ChannelOpenError(OPEN_RESOURCE_SHORTAGE, "Too many sessions are open in this connection.")
        if int.from_bytes(packet.get_consumed_payload()[-4:], "big") < _LEAST_PACKET:
            raise ChannelOpenError(OPEN_RESOURCE_SHORTAGE, "This server sends no packets as short as that.")
        if self._channels:
            self._window = _NEXT_WINDOW
        channel, session = super()._process_session_open(packet)
        channel._recv_buf = cast("list[Any]", Waiting())  # noqa: SLF001 - asyncssh's own list
        channel._env = Nothing()  # noqa: SLF001 - the same
        return channel, session

    def buffer_updated(self, nbytes: int) -> None:
        """Count what comes."""
        self.received += nbytes
        super().buffer_updated(nbytes)
        if self.received > _MOST_BEFORE_LOGIN and not self._auth_complete and self._transport is not None:
            self.disconnect(DISC_PROTOCOL_ERROR, "So much is not needed to log in.")

    def _send(self, data: bytes) -> None:
        self.sent += len(data)
        super()._send(data)


def _is_open(channel: SSHChannel[Any]) -> bool:
    """Not yet closed by both sides: asyncssh forgets those that are a moment later."""
    return channel._send_chan is not None or channel._recv_state != "closed"  # noqa: SLF001 - asyncssh does not tell
