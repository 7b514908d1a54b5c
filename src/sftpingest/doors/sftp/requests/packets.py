"""The bytes of one SFTP channel cut into requests, as they come.

In: runs of bytes, cut anywhere. Out: bytes to write, straight to their file; reads; all other requests one after the
other to a coroutine; and the answers, as many at once as there are.

Bounded: of a WRITE only its head is ever kept, of other requests at most `LONGEST` bytes. While one is being answered
nothing is read further.
"""

import struct
from collections.abc import Coroutine
from typing import Any

from asyncssh.constants import FXP_DATA, FXP_READ, FXP_WRITE

from sftpingest.doors.sftp.requests.asked import Work

#: longest packet that is taken, as in OpenSSH; and the longest piece that fits into one
LONGEST = 256 * 1024
LONGEST_PIECE = 255 * 1024
#: what a client is told to put into one WRITE; an odd number for the sake of `Writing.told`
ADVISED_PIECE = LONGEST_PIECE - 1
#: bytes of answers that are gathered before they are sent
_MUCH = 256 * 1024
#: pieces that one system call writes (IOV_MAX)
_MOST_PIECES = 1024

_START = struct.Struct(">IB")
_HEAD = struct.Struct(">IB4s")
#: length, kind, id, length of the handle, handle, offset, length of the piece. Our handles have 4 bytes
_WRITE = struct.Struct(">IB4sI4sQI")
_READ = struct.Struct(">IB4sI4sQI")
#: bytes of a handle of ours, and of the length of anything
_HANDLE = LENGTH = 4
_DATA = struct.Struct(">IB4sI")
#: before the id and after it: FXP_STATUS of FX_OK, without a message
_DONE = b"\0\0\0\x11\x65", bytes(12)


class NoSFTP(Exception):
    """The client does not speak SFTP, or sends packets that are too long. Its channel is closed."""


class Requests:
    """The requests of one channel. `feed` it."""

    def __init__(self, work: Work) -> None:
        self._work = work
        #: beginning of a packet that has not come whole
        self._head = bytearray()
        #: what came while a request was being answered
        self._waiting = b""
        self._busy = False
        #: id of the WRITE that is coming in, bytes of its piece still to come, bytes to be passed over
        self._mark, self._left, self._over = b"", 0, 0
        #: what is to be written in one go: where it begins and ends, and ids of the WRITEs that end in it
        self._handle, self._at, self._end = b"", 0, 0
        self._pieces: list[memoryview] = []
        self._marks: list[bytes] = []
        self._answers: list[bytes] = []
        self._size = 0

    def feed(self, came: memoryview) -> None:
        """Take bytes; they may change afterwards. Raises NoSFTP."""
        if self._busy:
            self._waiting += came
            return
        used = self._complete(came) if self._head else 0
        if not self._busy:
            used += self._read(came[used:])
        if used < len(came):
            self._waiting += came[used:]
        self._settle()

    # -- cutting -------------------------------------------------------------------------------------------------

    def _complete(self, came: memoryview) -> int:
        """Add to the packet that has begun; how many bytes that took."""
        used = 0
        while (missing := _needed(self._head) - len(self._head)) > 0:
            if used == len(came):
                return used
            self._head += came[used : used + missing]
            used += min(missing, len(came) - used)
        head, self._head = memoryview(bytes(self._head)), bytearray()
        self._read(head)
        return used

    def _read(self, came: memoryview) -> int:
        """Go through whole packets, and the pieces of WRITEs as far as they have come; how many bytes that were."""
        at, end = 0, len(came)
        while at < end and not self._busy:
            if self._left:
                step = self._piece(came[at : at + self._left])
            elif self._over:
                step = min(self._over, end - at)
                self._over -= step
            else:
                step = self._packet(came[at:])
            if not step:
                break
            at += step
        return at

    def _packet(self, came: memoryview) -> int:
        """Take one packet, or the head of a WRITE; how many bytes that were, 0 if it has to come again."""
        need = _needed(came)
        if need > len(came):
            self._head += came
            return len(came)
        kind = came[4]
        if kind == FXP_WRITE and need == _WRITE.size and _is_ours(came):
            return need if self._write(*_WRITE.unpack_from(came)) else 0
        self._flush()
        if self._busy:
            return 0
        if kind == FXP_READ and need == _READ.size and _is_ours(came, piece=False):
            self._give(*_READ.unpack_from(came)[2:])
        else:
            self._begin(self._answer(bytes(came[4:need])))
        return need

    # -- writing -------------------------------------------------------------------------------------------------

    def _write(self, length: int, _kind: int, mark: bytes, _size: int, handle: bytes, offset: int, left: int) -> bool:
        """Begin a WRITE; False where it has to come again. Bytes after its piece are passed over (trap 7)."""
        if handle != self._handle or offset != self._end or len(self._pieces) >= _MOST_PIECES:
            self._flush()
            if self._busy:
                return False
            self._handle, self._at, self._end = handle, offset, offset
        self._mark, self._left, self._over = mark, left, LENGTH + length - _WRITE.size - left
        if not left:
            self._marks.append(mark)
        return True

    def _piece(self, came: memoryview) -> int:
        self._pieces.append(came)
        size = len(came)
        self._end += size
        self._left -= size
        if not self._left:
            self._marks.append(self._mark)
        return size

    def _flush(self) -> None:
        """Write what has been gathered, and answer the WRITEs that have come to their end."""
        if not self._pieces and not self._marks:
            return
        pieces, marks, at = self._pieces, self._marks, self._at
        self._pieces, self._marks, self._at = [], [], self._end
        if self._work.slow:
            self._begin(self._flush_aside(self._handle, at, b"".join(pieces), marks))
            return
        try:
            self._work.put(self._handle, at, pieces)
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is answered
            self._refuse(marks, fault)
        else:
            self._done(marks)

    async def _flush_aside(self, handle: bytes, at: int, content: bytes, marks: list[bytes]) -> None:
        try:
            await self._work.put_aside(handle, at, content)
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is answered
            self._refuse(marks, fault)
        else:
            self._done(marks)

    def _done(self, marks: list[bytes]) -> None:
        if marks:
            before, after = _DONE
            self._add(before + (after + before).join(marks) + after)

    def _refuse(self, marks: list[bytes], fault: Exception) -> None:
        """Answer with a refusal, also the WRITE that is still coming in: what is left of it is passed over."""
        if self._left:
            marks = [*marks, self._mark]
            self._left, self._over = 0, self._left + self._over
        for mark in marks:
            self._add(self._work.refusal(mark, fault))

    # -- other requests ------------------------------------------------------------------------------------------

    def _give(self, mark: bytes, _size: int, handle: bytes, offset: int, size: int) -> None:
        try:
            piece = self._work.take(handle, offset, min(size, LONGEST_PIECE))
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is answered
            self._add(self._work.refusal(mark, fault))
            return
        self._add(_DATA.pack(_DATA.size - LENGTH + len(piece), FXP_DATA, mark, len(piece)))
        self._add(piece)
        if self._size >= _MUCH:
            self._send()

    async def _answer(self, packet: bytes) -> None:
        self._add(await self._work.answer(packet))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._busy = True
        self._work.begin(self._do(work))

    async def _do(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this, and then go on with what has come meanwhile."""
        try:
            await work
        finally:
            self._busy = False
        came, self._waiting = self._waiting, b""
        if came:
            self.feed(memoryview(came))
        else:
            self._settle()
        if not self._busy:
            self._work.go_on()

    # -- answers -------------------------------------------------------------------------------------------------

    def _add(self, answer: bytes) -> None:
        self._answers.append(answer)
        self._size += len(answer)

    def _settle(self) -> None:
        """Leave nothing undone that can be done now."""
        self._flush()
        self._send()

    def _send(self) -> None:
        if self._answers:
            answers, self._answers, self._size = b"".join(self._answers), [], 0
            self._work.send(answers)
        if self._work.choked and not self._busy:
            self._begin(self._work.unchoked())


def _needed(came: memoryview | bytearray) -> int:
    """How many bytes have to be there for a packet that begins so: all of it, of a WRITE its head. Raises NoSFTP."""
    if len(came) < _START.size:
        return _START.size
    length, kind = _START.unpack_from(came)
    if not _HEAD.size - LENGTH <= length <= LONGEST:
        raise NoSFTP
    whole: int = LENGTH + length
    if kind != FXP_WRITE or whole < _WRITE.size or len(came) < _WRITE.size:
        return min(whole, _WRITE.size) if kind == FXP_WRITE else whole
    return _WRITE.size if _is_ours(came) else whole


def _is_ours(came: memoryview | bytearray, *, piece: bool = True) -> bool:
    """Whether a WRITE or READ has a handle such as ours, and a WRITE no longer a piece than the packet holds."""
    length, _, _, handle_size, _, _, size = _WRITE.unpack_from(came)
    return bool(handle_size == _HANDLE and (not piece or size <= LENGTH + length - _WRITE.size))
