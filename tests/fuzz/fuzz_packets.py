"""The bytes of an SFTP channel, cut anywhere: what `Requests` does is what a parser does that sees them whole.

Files that are refused, a disk that fails by chance, a client that takes no answers, an end in the middle of a packet.
"""

import struct
from collections import Counter
from collections.abc import Sequence

import atheris  # type: ignore[import-untyped]

from tests.fuzz import runner

with atheris.instrument_imports(
    include=["sftpingest.doors.sftp.requests.packets", "sftpingest.doors.sftp.requests.shapes"]
):
    from sftpingest.doors.sftp.requests.packets import NoSFTP, Requests
    from tests.fuzz.record import READ, WRITE, Asked, Record, asked, refusal


def built(data: atheris.FuzzedDataProvider) -> bytes:
    """A stream: packets that are mostly well formed, or bytes as they are; it may end anywhere."""
    stream = b"".join(one(data, number) for number in range(data.ConsumeIntInRange(0, 12)))
    return stream[: len(stream) - data.PickValueInList([0, 0, 0, 1, 5, 20, 40])]


def one(data: atheris.FuzzedDataProvider, number: int) -> bytes:
    shape = data.ConsumeIntInRange(0, 5)
    mark = struct.pack(">I", number) if shape % 2 else data.ConsumeBytes(4).ljust(4, b"m")
    handle = bytes([data.ConsumeIntInRange(0, 3)]) * 4
    offset = data.ConsumeIntInRange(0, 40)
    if shape <= 1:
        piece, extra = data.ConsumeBytes(data.ConsumeIntInRange(0, 30)), bytes(data.ConsumeIntInRange(0, 3))
        body = struct.pack(">B4sI4sQI", WRITE, mark, 4, handle, offset, len(piece)) + piece + extra
    elif shape == 2:
        body = struct.pack(">B4sI4sQI", READ, mark, 4, handle, offset, data.ConsumeIntInRange(0, 2**32 - 1))
    elif shape == 3:  # sizes that are not so
        kind, length = data.PickValueInList([READ, WRITE]), data.ConsumeIntInRange(0, 8)
        body = struct.pack(">B4sI4sQI", kind, mark, length, handle, offset, data.ConsumeIntInRange(0, 12))
        body += data.ConsumeBytes(data.ConsumeIntInRange(0, 4))
    else:
        body = data.ConsumeBytes(data.ConsumeIntInRange(0, 40))
    return bytes(body) if shape == 5 else struct.pack(">I", len(body)) + body


def fed(data: atheris.FuzzedDataProvider, record: Record, stream: bytes) -> bool:
    """Feed it in pieces, each overwritten once it was taken; whether it ended with NoSFTP."""
    cuts = [data.ConsumeIntInRange(1, 60) for _ in range(data.ConsumeIntInRange(1, 12))]
    ways = [data.ConsumeIntInRange(0, 15) for _ in range(data.ConsumeIntInRange(1, 8))]
    requests, at, turn = Requests(record), 0, 0
    try:
        while at < len(stream):
            piece, way = bytearray(stream[at : at + cuts[turn % len(cuts)]]), ways[turn % len(ways)]
            at, turn = at + len(piece), turn + 1
            record.choked, record.slow, record.turns = way % 4 == 3, bool(way & 4), way & 1
            requests.feed(memoryview(piece))
            piece[:] = b"\xee" * len(piece)
            if not way & 8:
                record.drain()
        record.finish()
    except NoSFTP:
        return True
    finally:
        for work in record.begun:
            work.close()
    return False


def target(content: bytes) -> None:
    """Feed a stream in pieces, and compare."""
    data = atheris.FuzzedDataProvider(content)
    record = Record(data.PickValueInList([4] * 7 + [100_000]))
    faulty = data.ConsumeIntInRange(0, 3) == 3
    if faulty:
        record.faults = [data.ConsumeBool() for _ in range(30)]
    stream = built(data) or bytes(data.ConsumeBytes(1000))
    broken = fed(data, record, stream)
    expected = list(asked(stream))
    assert broken == (expected[-1:] == [None]), (broken, stream)
    requests = [request for request in expected if request]
    if faulty:
        check_answers(record, requests, broken)
    else:
        check_all(record, requests, broken)


def check_all(record: Record, requests: Sequence[Asked], broken: bool) -> None:
    """What was done and sent is what was asked; with NoSFTP answers that were gathered may be lost, nothing else."""
    done = [step for request in requests for step in request.done()]
    sent = b"".join(request.answer(record.most) for request in requests)
    if broken:
        assert record.done == done[: len(record.done)], (record.done, done)
        assert sent.startswith(record.sent), (bytes(record.sent), sent)
        return
    assert record.done == done, (record.done, done)
    assert record.sent == sent, (bytes(record.sent), sent)


def check_answers(record: Record, requests: Sequence[Asked], broken: bool) -> None:
    """Each request has one answer, in their order; what was acknowledged is written, and nothing that was not asked."""
    sent, acknowledged = bytes(record.sent), Counter[tuple[object, ...]]()
    for request in requests:
        answer, failed = request.answer(record.most), refusal(request.mark, OSError())
        may_fail = request.kind == WRITE and request.ours
        if may_fail and sent.startswith(failed):
            sent = sent.removeprefix(failed)
        elif broken and not sent:
            break
        else:
            assert sent.startswith(answer), (sent, request)
            sent = sent.removeprefix(answer)
            acknowledged.update(request.done() if request.kind == WRITE and request.whole else [])
    assert not sent, sent
    done = Counter(record.done)
    assert acknowledged <= done, acknowledged - done
    assert done <= Counter(step for request in requests for step in request.done()), done


runner.run(target, long=True)
