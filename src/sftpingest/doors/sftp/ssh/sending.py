"""The sending side of a connection: answers in as few packets as the client takes.

In: bytes for a channel. Out: SSH packets. Where asyncssh has to have a say (new keys are due, the client's window is
full) the bytes go to asyncssh's own queue.

Written for asyncssh 2.24, see lane.py. asyncssh puts an empty packet before every other one, against an attack on
ciphers in CBC mode; those stay with asyncssh, and the others go without.
"""

# ruff: noqa: SLF001, ANN401 - private fields of asyncssh's channels

import os
import struct
import time
from typing import Any

from asyncssh import SSHServerChannel
from asyncssh.constants import MSG_CHANNEL_DATA

from sftpingest.doors.sftp.ssh.ciphers import opening
from sftpingest.doors.sftp.ssh.lane import KNOWN, Lane

_HEAD = struct.Struct(">BBII")
_SHORTEST_PADDING = 4
_SEQUENCE = 0xFFFFFFFF


class Sending(Lane):
    """Sends for channels of our kind."""

    #: changes with every answer to a request
    moved = 0
    _sealed_by: object = None
    _lean = False

    @property
    def choked(self) -> bool:
        """Whether answers pile up with us: the client takes none, or they wait for keys that it has to agree on."""
        return self._full or not self._kex_complete

    def pause_writing(self) -> None:
        """Note that the socket takes nothing: asyncssh does not mind, and keeps all it has to send.

        What comes next is still taken, and then no more (`_hold`): most clients that are slow to take say nothing.
        """
        self._full = True

    def resume_writing(self) -> None:
        """Go on."""
        self._full = False
        self._hold()
        self._tell_channels()

    def _send_deferred_packets(self) -> None:
        super()._send_deferred_packets()
        self._tell_channels()

    def _tell_channels(self) -> None:
        """Tell the channels that they may go on."""
        for channel in list(self._channels.values()):
            session: Any = channel._session
            if getattr(session, "takes_runs", False):
                session.drained()

    def send_run(self, channel: "SSHServerChannel[bytes]", answers: bytes) -> None:
        """Send `answers` to the client of an open channel."""
        if not self._may_send(channel, len(answers)):
            channel.write(answers)
            return
        left, packets = memoryview(answers), []
        while left and channel._send_window:
            size = min(len(left), channel._send_window, channel._send_pktsize)
            packets.append(self._sealed(channel, left[:size]))
            left = left[size:]
        self._send(b"".join(packets))
        if left:
            channel.write(bytes(left))

    def _may_send(self, channel: Any, size: int) -> bool:
        if self._sealed_by is not self._send_encryption:
            self._sealed_by = self._send_encryption
            self._lean = KNOWN and opening(self._send_encryption) is not None
        return (
            self._lean
            and self._kex_complete
            and self._auth_complete
            and self._compressor is None
            and channel._send_state == "open"
            and not channel._send_buf
            and self._rekey_bytes_sent + size < self._rekey_bytes
            and not (self._rekey_seconds and time.monotonic() >= self._rekey_time)
        )

    def _sealed(self, channel: Any, piece: memoryview) -> bytes:
        """Make one packet, and count it everywhere asyncssh counts."""
        size = _HEAD.size + len(piece)
        padding = -(self._send_enchdrlen - 1 + size) % self._send_blocksize
        if padding < _SHORTEST_PADDING:
            padding += self._send_blocksize
        head = _HEAD.pack(padding, MSG_CHANNEL_DATA, channel._send_chan, len(piece))
        length = size + padding
        assert self._send_encryption is not None  # noqa: S101 - `_may_send` has looked
        packet, mac = self._send_encryption.encrypt_packet(
            self._send_seq, length.to_bytes(4, "big"), b"".join((head, piece, os.urandom(padding)))
        )
        self._send_seq = (self._send_seq + 1) & _SEQUENCE
        self._rekey_bytes_sent += length
        channel._send_window -= len(piece)
        return packet + mac
