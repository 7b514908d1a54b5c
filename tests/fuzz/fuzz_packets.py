"""The bytes of an SFTP channel, cut anywhere: what `Requests` does is what a parser does that sees them whole."""

import struct
from collections.abc import Coroutine, Sequence
from typing import Any

import atheris  # type: ignore[import-untyped]

from tests.fuzz import runner

with atheris.instrument_imports(include=["sftpingest.doors.sftp.requests.packets"]):
    from sftpingest.doors.sftp.requests.packets import NoSFTP, Requests

LONGEST, LONGEST_PIECE = 256 * 1024, 255 * 1024
READ, WRITE = 5, 6


class Record:
    """A `Work` that keeps what it is asked. Coroutines run when `drain` is called, as in a loop."""

    choked = False

    def __init__(self, slow: bool) -> None:
        self.slow = slow
        self.done: list[tuple[Any, ...]] = []
        self.sent = b""
        self.begun: list[Coroutine[Any, Any, None]] = []

    def put(self, handle: bytes, offset: int, pieces: Sequence[memoryview]) -> None:
        self._wrote(handle, offset, b"".join(pieces))

    async def put_aside(self, handle: bytes, offset: int, content: bytes) -> None:
        self._wrote(handle, offset, content)

    def _wrote(self, handle: bytes, offset: int, content: bytes) -> None:
        for number, byte in enumerate(content):
            self.done.append(("byte", handle, offset + number, byte))

    def take(self, handle: bytes, offset: int, size: int) -> bytes:
        self.done.append(("read", handle, offset, size))
        return b"took"

    def refusal(self, mark: bytes, fault: Exception) -> bytes:
        raise AssertionError("nothing was refused") from fault

    async def answer(self, packet: bytes) -> bytes:
        self.done.append(("other", packet))
        return b"<" + packet + b">"

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        self.begun.append(work)

    async def unchoked(self) -> None:
        raise AssertionError("never choked")

    def go_on(self) -> None:
        pass

    def send(self, answers: bytes) -> None:
        self.sent += answers

    def drain(self) -> None:
        """Run what was begun, without a loop: nothing here waits."""
        while self.begun:
            try:
                self.begun.pop(0).send(None)
            except StopIteration:
                continue
            raise AssertionError("it waits")


def expected(stream: bytes) -> tuple[list[tuple[Any, ...]], bytes, bool]:
    """What is to be done, what is to be sent, and whether it ends with NoSFTP."""
    done: list[tuple[Any, ...]] = []
    sent, at = b"", 0
    while len(stream) - at >= 5:
        (length,) = struct.unpack_from(">I", stream, at)
        if length < 5 or length > LONGEST:
            return done, sent, True
        packet, at = stream[at + 4 : at + 4 + length], at + 4 + length
        kind, mark = packet[0], packet[1:5]
        ours = len(packet) >= 21 and packet[5:9] == b"\0\0\0\4"
        if kind == WRITE and ours and len(packet) >= 25:
            handle, offset, size = struct.unpack_from(">4sQI", packet, 9)
            if size <= length - 25:
                done += [("byte", handle, offset + n, byte) for n, byte in enumerate(packet[25 : 25 + size])]
                if len(packet) >= 25 + size:
                    sent += struct.pack(">IB4sIII", 17, 101, mark, 0, 0, 0)
                continue
        if len(packet) < length:
            break
        if kind == READ and ours and length == 25:
            handle, offset, size = struct.unpack_from(">4sQI", packet, 9)
            done.append(("read", handle, offset, min(size, LONGEST_PIECE)))
            sent += struct.pack(">IB4sI", 13, 103, mark, 4) + b"took"
        else:
            done.append(("other", packet))
            sent += b"<" + packet + b">"
    return done, sent, False


def built(data: atheris.FuzzedDataProvider) -> bytes:
    """A stream: packets that are mostly well formed, or bytes as they are."""
    stream = b""
    for _ in range(data.ConsumeIntInRange(0, 12)):
        shape = data.ConsumeIntInRange(0, 4)
        mark, handle = data.ConsumeBytes(4).ljust(4, b"m"), bytes([data.ConsumeIntInRange(0, 2)]) * 4
        offset = data.ConsumeIntInRange(0, 40)
        if shape == 0:
            piece, extra = data.ConsumeBytes(data.ConsumeIntInRange(0, 30)), bytes(data.ConsumeIntInRange(0, 3))
            body = struct.pack(">B4sI4sQI", WRITE, mark, 4, handle, offset, len(piece)) + piece + extra
        elif shape == 1:
            body = struct.pack(">B4sI4sQI", READ, mark, 4, handle, offset, data.ConsumeIntInRange(0, 2**32 - 1))
        elif shape == 2:  # sizes that are not so
            kind, length = data.PickValueInList([READ, WRITE]), data.ConsumeIntInRange(0, 8)
            body = struct.pack(">B4sI4sQI", kind, mark, length, handle, offset, data.ConsumeIntInRange(0, 12))
            body += data.ConsumeBytes(data.ConsumeIntInRange(0, 4))
        else:
            body = data.ConsumeBytes(data.ConsumeIntInRange(0, 40))
        stream += body if shape == 4 else struct.pack(">I", len(body)) + body
    return stream


def target(content: bytes) -> None:
    """Feed a stream in pieces, and compare."""
    data = atheris.FuzzedDataProvider(content)
    record = Record(data.ConsumeBool())
    late = data.ConsumeBool()
    cuts = [data.ConsumeIntInRange(1, 60) for _ in range(data.ConsumeIntInRange(1, 12))]
    stream = built(data) or data.ConsumeBytes(1000)
    requests, at, turn, broken = Requests(record), 0, 0, False
    try:
        while at < len(stream):
            piece = bytearray(stream[at : at + cuts[turn % len(cuts)]])
            at, turn = at + len(piece), turn + 1
            requests.feed(memoryview(bytes(piece)))
            if not late or turn % 3 == 0:
                record.drain()
        record.drain()
    except NoSFTP:
        broken = True
    for work in record.begun:
        work.close()
    done, sent, should_break = expected(stream)
    assert broken == should_break, (broken, should_break, stream)
    if broken:  # answers that were gathered may be lost with the channel; nothing else may be done than asked
        assert record.done == done[: len(record.done)], stream
        assert sent.startswith(record.sent), stream
        return
    assert record.done == done, (record.done, done, stream)
    assert record.sent == sent, (record.sent, sent, stream)


runner.run(target)
