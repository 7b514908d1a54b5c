"""The fast lane of a connection: bytes of SFTP channels from the socket to our own hands, with few copies.

In: what the socket gives, in a buffer that all connections share. Out: whole runs of bytes for a channel; everything
else goes to asyncssh's own code, unchanged.

Written for asyncssh 2.24, and stands on its private fields; tests/doors/sftp/test_lane.py fails when those change, and
with another version the connection takes asyncssh's own path. The lane is for the steady state only: somebody is in,
no packet is half read, the cipher is one we open (see ciphers.py), nothing is compressed. Every check that asyncssh
makes of a packet is made here too; what does not pass goes to asyncssh, to be refused there.
docs/decisions/0008-lean-path.md says why.
"""

import asyncio
import socket
from typing import Any, cast

import asyncssh
from asyncssh import ProtocolError
from asyncssh.encryption import Encryption

from sftpingest.doors.sftp.ssh.ciphers import BLOCK, LENGTH, Opening, opening
from sftpingest.doors.sftp.ssh.runs import BOX, Run, here
from sftpingest.doors.sftp.ssh.signing import Signing

#: whether this asyncssh is one whose private fields we know
KNOWN = asyncssh.__version__.startswith("2.24.")

#: bytes that may wait while asyncssh is busy with one packet (a password, say); then the socket has to wait
_WAITING = BOX
#: lengths that a packet may tell: with padding the shortest has 16 bytes in all (RFC 4253 6)
_SHORTEST = 12
#: answers that may wait for new keys; a client that never sends its own would have them pile up
_MOST_DEFERRED = 8192
#: seconds for which hearing from a client needs no new timer
_HEARD = 1.0

_SEQUENCE = 0xFFFFFFFF


class _Opened:
    """Gives asyncssh a packet that is open already."""

    def __init__(self, packet: bytes) -> None:
        self._packet = packet

    def decrypt_packet(self, *_: object) -> bytes:
        return self._packet


class Lane(Signing, asyncio.BufferedProtocol):
    """The receiving side of a connection."""

    #: bytes of `_inpbuf` that were put in front of what the socket gives next
    _front = 0
    _heard = 0.0
    _held = False
    #: the socket takes nothing more for now
    _full = False
    _opening: Opening | None = None
    _opened: object = None
    _socket: socket.socket | None = None

    # -- from the socket -----------------------------------------------------------------------------------------

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - as much as there is
        """Give room behind what is left of the last turn."""
        box, left = here.box, self._inpbuf
        self._front = len(left) if len(left) <= BOX // 2 and self._fits() else 0
        box[: self._front] = left[: self._front]
        return box[self._front :]

    def buffer_updated(self, nbytes: int) -> None:
        """Take what the socket gave."""
        whole = here.box[: self._front + nbytes]
        if self._front == len(self._inpbuf) and self._fits():
            self._inpbuf = cast("bytes", whole)  # only until `_recv_pkthdr` has taken it
        else:
            self._inpbuf += bytes(whole[self._front :])
        self._recv_data()
        self._hold()
        if self._inpbuf:
            self._hurry()

    def _hurry(self) -> None:
        """Tell the client's system at once that half a packet is here.

        Programs that leave Nagle's algorithm on and have one write under way (ssh2 of Node.js, libssh) send the second
        half only then: 40 ms later, for each packet of a file.
        """
        if self._socket is None and self._transport is not None:
            self._socket = self._transport.get_extra_info("socket")
        if self._socket is not None:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def _recv_pkthdr(self) -> bool:
        """Receive packets: as many as have come whole, where the lane fits; else the beginning of one."""
        if len(self._deferred_packets) > _MOST_DEFERRED:
            raise ProtocolError("New keys were asked for and never agreed on")
        if not self._fits():
            self._inpbuf = bytes(self._inpbuf)
            return super()._recv_pkthdr()
        whole, self._inpbuf = memoryview(self._inpbuf), b""
        used = self._through(whole[:BOX])
        self._inpbuf = bytes(whole[used:])
        return bool(used) and (len(whole) > BOX or not self._fits())

    def _finish_recv_packet(
        self,
        pkttype: int,
        seq: int,
        _task: "asyncio.Task[Any] | None" = None,
        is_async: bool = False,  # noqa: FBT001, FBT002 - asyncssh's own
    ) -> None:
        super()._finish_recv_packet(pkttype, seq, _task, is_async)
        if is_async:
            self._hold()

    def _hold(self) -> None:
        """Let the socket wait while asyncssh is busy with a packet: it would keep all that comes.

        And while the client takes no answers: each packet of its may bring one more.
        """
        if self._transport is not None and self._held != (self._full or len(self._inpbuf) > _WAITING):
            self._held = not self._held
            (self._transport.pause_reading if self._held else self._transport.resume_reading)()

    def _reset_keepalive_timer(self) -> None:
        """As asyncssh, but not for each of ten thousand packets in a second."""
        now = self._loop.time()
        if self._keepalive_timer is None or now - self._heard > _HEARD:
            self._heard = now
            super()._reset_keepalive_timer()

    # -- packets -------------------------------------------------------------------------------------------------

    def _fits(self) -> bool:
        """Whether packets may take the lane now."""
        if self._opened is not self._recv_encryption:
            self._opened = self._recv_encryption
            self._opening = opening(self._recv_encryption) if KNOWN else None
        return (
            self._opening is not None
            and self._auth_complete
            and self._decompressor is None
            and self._transport is not None
            and self._recv_handler == self._recv_pkthdr
        )

    def _through(self, box: memoryview) -> int:
        """Take whole packets out of `box`; how many bytes that were."""
        pos, run = 0, Run(self._channels)
        try:
            while self._fits() and pos + BLOCK <= len(box):
                step = self._packet_of(box[pos:], run)
                if not step:
                    break
                pos += step
        finally:
            run.deliver()
        return pos

    def _packet_of(self, box: memoryview, run: Run) -> int:
        """Take the first packet of `box`; how many bytes that were, 0 where it is not whole yet."""
        by, seq = self._opening, self._recv_seq
        assert by is not None  # noqa: S101 - `_fits` has seen to it
        length = by.length(seq, box[:BLOCK])
        if not _SHORTEST <= length <= self._max_recv_pktlen:
            raise ProtocolError("A packet has no such length")
        end = LENGTH + length + by.proof
        if end > len(box):
            return 0
        other = run.take(by, seq, box[:end], length)
        if other is None:
            self._recv_seq = (seq + 1) & _SEQUENCE
        else:
            run.deliver()
            self._hand_over(other)
        return end

    def _hand_over(self, packet: bytes) -> None:
        """Let asyncssh take an opened packet as if it had opened it itself."""
        encryption, opened = self._recv_encryption, cast("Encryption", _Opened(packet))
        self._recv_encryption = opened
        self._packet, self._inpbuf = b"", b""
        self._pktlen = self._recv_blocksize - LENGTH - self._recv_macsize  # so that it expects no more bytes
        try:
            self._recv_packet()
        finally:
            if self._recv_encryption is opened:  # else there are new keys
                self._recv_encryption = encryption
