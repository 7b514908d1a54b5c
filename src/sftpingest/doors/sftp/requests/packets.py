"""The bytes of one SFTP channel cut into requests, as they come.

In: runs of bytes, cut anywhere. Out: bytes to write, straight to their file; reads; all other requests one after the
other to a coroutine; and the answers, as many at once as there are.

Bounded: of a WRITE only its head is ever kept, of other requests at most `LONGEST` bytes. While one is being answered
nothing is read further.
"""

from collections import deque
from collections.abc import Coroutine
from typing import Any

from asyncssh.constants import FXP_DATA, FXP_READ, FXP_WRITE

from sftpingest.doors.sftp.requests.asked import Work
from sftpingest.doors.sftp.requests.shapes import (
    DATA,
    LENGTH,
    LONGEST,
    LONGEST_PIECE,
    READ,
    WRITE,
    NoSFTP,
    is_ours,
    needed,
)

__all__ = ["ADVISED_PIECE", "LONGEST", "LONGEST_PIECE", "NoSFTP", "Requests"]

#: what a client is told to put into one WRITE; an odd number for the sake of `Writing.told`
ADVISED_PIECE = LONGEST_PIECE - 1
#: bytes of answers that are gathered before they are sent
_MUCH = 256 * 1024
#: pieces that one system call writes (IOV_MAX)
_MOST_PIECES = 1024
#: before the id and after it: FXP_STATUS of FX_OK, without a message
_DONE = b"\0\0\0\x11\x65", bytes(12)


class Requests:
    """The requests of one channel. `feed` it."""

    def __init__(self, work: Work) -> None:
        self._work = work
        #: beginning of a packet that has not come whole
        self._head = bytearray()
        #: what came while a request was being answered: pieces that do not change any more
        self._waiting: deque[memoryview] = deque()
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
        used = 0 if self._busy else self._take(came)
        if used < len(came):
            self._waiting.append(memoryview(bytes(came[used:])))
        self._settle()

    # -- cutting -------------------------------------------------------------------------------------------------

    def _take(self, came: memoryview) -> int:
        """Go on with what came next; how many bytes of it were used: all, unless a request is being answered now."""
        used = self._complete(came) if self._head else 0
        return used if self._busy else used + self._read(came[used:])

    def _complete(self, came: memoryview) -> int:
        """Add to the packet that has begun; how many bytes that took."""
        used = 0
        while (missing := needed(self._head) - len(self._head)) > 0:
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
        need = needed(came)
        if need > len(came):
            self._head += came
            return len(came)
        kind = came[4]
        if kind == FXP_WRITE and need == WRITE.size and is_ours(came):
            return need if self._write(*WRITE.unpack_from(came)) else 0
        self._flush()
        if self._busy:
            return 0
        if kind == FXP_READ and need == READ.size and is_ours(came, piece=False):
            self._give(*READ.unpack_from(came)[2:])
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
        self._mark, self._left, self._over = mark, left, LENGTH + length - WRITE.size - left
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
        self._add(DATA.pack(DATA.size - LENGTH + len(piece), FXP_DATA, mark, len(piece)))
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
        if not self._waiting:
            self._settle()
        while self._waiting and not self._busy:
            came = self._waiting.popleft()
            used = self._take(came)
            if used < len(came):  # no copy: a hundred thousand requests may be waiting
                self._waiting.appendleft(came[used:])
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
