"""Bytes of one channel that came in one turn, put together where they are decrypted.

In: packets, still encrypted. Out: all the bytes they have for one channel, at once; or a packet for somebody else.

Written for asyncssh 2.24, see lane.py.
"""

# ruff: noqa: SLF001 - private fields of asyncssh's channels

import struct
import threading
from typing import Any

from asyncssh import MACError
from asyncssh.constants import MSG_CHANNEL_DATA, MSG_CHANNEL_WINDOW_ADJUST, MSG_IGNORE
from asyncssh.packet import UInt32

from sftpingest.doors.sftp.ssh.ciphers import Opening

#: bytes taken from a socket at once; two of the longest packets that asyncssh allows
BOX = 512 * 1024

#: what stands before the bytes of a channel: length of the padding, kind of packet, channel, length
_HEAD = struct.Struct(">BBII")
#: the same of a packet that is to be ignored, whose length stands where the channel does else
_IGNORED = 6


#: bytes that wait for a channel are put together up to so many
_TOGETHER = 32 * 1024


class Waiting(list[tuple[bytes | bytearray, int | None]]):
    """What waits for a channel that takes nothing for now, instead of asyncssh's list.

    That has one entry for each packet and is emptied from its beginning: with half a million packets of one byte each
    nobody else was served for twelve seconds.
    """

    def append(self, piece: tuple[bytes | bytearray, int | None]) -> None:
        """Put a piece behind the last one, to it where it is small."""
        came, kind = piece
        if self and self[-1][1] == kind and len(self[-1][0]) + len(came) <= _TOGETHER:
            last = self[-1][0]
            assert isinstance(last, bytearray)  # noqa: S101 - we made it
            last += came
            return
        super().append((bytearray(came), kind))


class _Buffers(threading.local):
    """One pair for each event loop: nothing stays in them when a turn is over."""

    def __init__(self) -> None:
        self.box = memoryview(bytearray(BOX))
        self.plain = memoryview(bytearray(BOX + _HEAD.size))


here = _Buffers()


class Run:
    """Bytes of one channel in one turn, one packet's after the other's."""

    def __init__(self, channels: dict[int, Any]) -> None:
        self._channels = channels
        self._plain = here.plain
        self._end = _HEAD.size
        self._number = -1
        self._channel: Any = None

    def take(self, by: Opening, seq: int, packet: memoryview, length: int) -> bytes | None:
        """Open `packet`. Give what is in it, but None where it has gone to the end of this run, or nowhere.

        It is opened so that its bytes come to lie behind those of the one before, where only its head is in the way.
        """
        plain, end = self._plain, self._end
        begin = end - _HEAD.size
        covered = bytes(plain[begin:end])
        opened = by.open(seq, packet, plain[begin : begin + length])
        padding, kind, number, size = _HEAD.unpack_from(plain, begin)
        # asyncssh puts one that is to be ignored before each packet, and refuses those without padding
        ignored = padding > 0 and kind == MSG_IGNORE and length == _IGNORED + number + padding
        whole = padding > 0 and length == _HEAD.size + size + padding
        ours = opened and whole and kind == MSG_CHANNEL_DATA and self._expects(number, size)
        self._end += size if ours else 0
        other = None if ours or ignored else bytes(plain[begin : begin + length])
        plain[begin:end] = covered
        if not opened:
            raise MACError("MAC verification failed")
        return other

    def _expects(self, number: int, size: int) -> bool:
        """Whether the channel may be sent so many bytes more, and is of our kind."""
        if self._channel is None:
            channel = self._channels.get(number)
            if channel is None or not getattr(channel._session, "takes_runs", False):
                return False
            self._number, self._channel = number, channel
        channel = self._channel
        return (
            number == self._number
            and channel._recv_state == "open"
            and channel._send_state == "open"
            and 0 < size <= channel._recv_window - (self._end - _HEAD.size)
        )

    def deliver(self) -> None:
        """Give the run to its channel, as asyncssh would give it one packet after the other."""
        channel, bytes_ = self._channel, self._plain[_HEAD.size : self._end]
        self._channel, self._number, self._end = None, -1, _HEAD.size
        if not bytes_:
            return
        channel._recv_window -= len(bytes_)
        if channel._recv_paused:
            channel._recv_buf.append((bytes(bytes_), None))
            return
        if channel._recv_window < channel._init_recv_window / 2:
            channel.send_packet(MSG_CHANNEL_WINDOW_ADJUST, UInt32(channel._init_recv_window - channel._recv_window))
            channel._recv_window = channel._init_recv_window
        channel._session.data_received(bytes_, None)
