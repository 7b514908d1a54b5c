"""The requests of an SFTP channel: what is asked, read by the plain rules, and a folder that keeps what it is told.

In: a stream of bytes; requests as `Requests` cuts them. Out: what has to be done and answered, and what was.
"""

import struct
import types
from collections.abc import Coroutine, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from asyncssh import SFTPFailure

LONGEST, LONGEST_PIECE = 256 * 1024, 255 * 1024
READ, WRITE = 5, 6
#: handles that are refused, by the folder and by the disk
NO_FILE, NO_DISK = b"\2\2\2\2", b"\3\3\3\3"
REFUSED = {NO_FILE, NO_DISK}


def fault_of(handle: bytes) -> Exception:
    """A new one each time: one that is raised again grows."""
    return SFTPFailure("This file is not open.") if handle == NO_FILE else OSError(28, "No space left on device")


@types.coroutine
def _a_turn() -> Generator[None, None, None]:
    yield


@dataclass(frozen=True)
class Asked:
    """One request. Of a WRITE `content` is what has come of its piece; `whole`: all of that."""

    kind: int
    mark: bytes
    handle: bytes = b""
    offset: int = 0
    size: int = 0
    content: bytes = b""
    whole: bool = True

    @property
    def ours(self) -> bool:
        return bool(self.handle)

    def done(self) -> list[tuple[Any, ...]]:
        """What is done about it where nothing fails."""
        if not self.ours:
            return [("other", self.content)]
        if self.handle in REFUSED:
            return []
        if self.kind == READ:
            return [("read", self.handle, self.offset, self.size)]
        return [("byte", self.handle, self.offset + n, byte) for n, byte in enumerate(self.content)]

    def answer(self, most: int) -> bytes:
        """How it is answered where nothing fails by chance."""
        if not self.ours:
            return b"<" + self.content + b">"
        if self.kind == WRITE and not self.whole and not (self.content and self.handle in REFUSED):
            return b""
        if self.handle in REFUSED:
            return refusal(self.mark, fault_of(self.handle))
        if self.kind == READ:
            took = min(self.size, most)
            return struct.pack(">IB4sI", 9 + took, 103, self.mark, took) + b"t" * took
        return struct.pack(">IB4sIII", 17, 101, self.mark, 0, 0, 0)


def refusal(mark: bytes, fault: Exception) -> bytes:
    return b"!" + mark + type(fault).__name__.encode() + b"!"


def asked(stream: bytes) -> Iterator[Asked | None]:
    """What a stream asks for; None at its end where it is no SFTP."""
    at = 0
    while len(stream) - at >= 5:
        (length,) = struct.unpack_from(">I", stream, at)
        if length < 5 or length > LONGEST:
            yield None
            return
        packet, at = stream[at + 4 : at + 4 + length], at + 4 + length
        one = _request(packet, length)
        if one is None:
            return
        yield one


def _request(packet: bytes, length: int) -> Asked | None:
    """One request, None where too little has come of it."""
    kind, mark = packet[0], packet[1:5]
    ours = len(packet) >= 25 and packet[5:9] == b"\0\0\0\4"
    if ours and (kind == WRITE or (kind == READ and length == 25)):
        handle, offset, size = struct.unpack_from(">4sQI", packet, 9)
        if kind == READ:
            return Asked(READ, mark, handle, offset, min(size, LONGEST_PIECE))
        if size <= length - 25:
            piece = packet[25 : 25 + size]
            return Asked(WRITE, mark, handle, offset, size, piece, whole=len(piece) == size)
    return Asked(kind, mark, content=packet) if len(packet) == length else None


class Record:
    """A `Work` that keeps what it is asked. Coroutines run when `drain` is called, as in a loop."""

    def __init__(self, most: int) -> None:
        #: bytes that a READ gets at most
        self.most = most
        self.slow = False
        #: turns that an answer takes
        self.turns = 0
        #: writes to come that fail by chance
        self.faults: list[bool] = []
        self.done: list[tuple[Any, ...]] = []
        self.sent = bytearray()
        self.begun: list[Coroutine[Any, Any, None]] = []
        self.paused = False
        self._choked = self._full = False
        self._running: object = None

    @property
    def choked(self) -> bool:
        return self._choked

    @choked.setter
    def choked(self, choked: bool) -> None:
        self._choked, self._full = choked, self._full and choked

    def put(self, handle: bytes, offset: int, pieces: Sequence[memoryview]) -> None:
        self._check()
        if self.faults and self.faults.pop():
            raise OSError(5, "Input/output error")
        if handle in REFUSED:
            raise fault_of(handle)
        content = b"".join(pieces)
        self.done += Asked(WRITE, b"", handle, offset, content=content).done()

    async def put_aside(self, handle: bytes, offset: int, content: bytes) -> None:
        await self._alone()
        self.put(handle, offset, [memoryview(content)])

    def take(self, handle: bytes, offset: int, size: int) -> bytes:
        self._check()
        if handle in REFUSED:
            raise fault_of(handle)
        self.done.append(("read", handle, offset, size))
        return b"t" * min(size, self.most)

    def refusal(self, mark: bytes, fault: Exception) -> bytes:
        return refusal(mark, fault)

    async def answer(self, packet: bytes) -> bytes:
        self._check()
        await self._alone()
        self.done.append(("other", packet))
        return b"<" + packet + b">"

    async def _alone(self) -> None:
        before = len(self.done)
        for _ in range(self.turns):
            await _a_turn()
        assert len(self.done) == before, "something was done meanwhile"

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        self.paused = True
        self.begun.append(work)

    async def unchoked(self) -> None:
        while self.choked:
            await _a_turn()

    def go_on(self) -> None:
        self.paused = False

    def send(self, answers: bytes) -> None:
        self._check()
        assert answers, "nothing was sent"
        under_way = any(work is not self._running for work in self.begun)  # one request more may be answered
        self._full = self.choked and not under_way
        self.sent += answers

    def _check(self) -> None:
        assert not self._full, "the client takes nothing, and there is more"

    def drain(self) -> None:
        """Run each that was begun until it waits."""
        for work in list(self.begun):
            self._running = work
            try:
                work.send(None)
            except StopIteration:
                self.begun.remove(work)
            finally:
                self._running = None

    def finish(self) -> None:
        """Run them all to their end, now that the client takes what it gets."""
        self.choked = False
        for _ in range(10_000):
            if not self.begun:
                break
            self.drain()
        assert not self.begun, "it waits for ever"
        assert not self.paused, "the channel is never read again"
