"""Requests are the same however the bytes of a channel are cut."""

import asyncio
import random
import struct
from collections.abc import Coroutine, Sequence
from typing import Any

import asyncssh
import pytest
from asyncssh import SFTPFailure
from hypothesis import given, settings
from hypothesis import strategies as st

from sftpingest.doors.sftp.requests.packets import LONGEST, NoSFTP, Requests
from tests.doors.sftp.conftest import Knock

HANDLE, OTHER, FULL = b"\0\0\0\1", b"\0\0\0\2", b"full"
INIT, CLOSE, READ, WRITE, STAT = 1, 4, 5, 6, 17


def string(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def packet(kind: int, number: int, *parts: bytes) -> bytes:
    return string(struct.pack(">BI", kind, number) + b"".join(parts))


def write(number: int, offset: int, piece: bytes, handle: bytes = HANDLE, after: bytes = b"") -> bytes:
    return packet(WRITE, number, string(handle), struct.pack(">Q", offset), string(piece), after)


def read(number: int, offset: int, size: int, handle: bytes = HANDLE) -> bytes:
    return packet(READ, number, string(handle), struct.pack(">QI", offset, size))


class Bench:
    """Files in memory. Requests other than reads and writes are echoed after a turn of the event loop."""

    def __init__(self, *, slow: bool = False) -> None:
        self.files = {HANDLE: bytearray(), OTHER: bytearray()}
        self.slow, self.choked = slow, False
        self.heard = bytearray()
        self.log: list[Any] = []
        self.sends = 0
        self.tasks: set[asyncio.Task[None]] = set()
        self.fits = asyncio.Event()
        self.requests = Requests(self)

    def put(self, handle: bytes, offset: int, pieces: Sequence[memoryview]) -> None:
        if handle not in self.files:
            raise SFTPFailure("no such handle")
        for piece in pieces:
            assert self.files[handle][offset : offset + len(piece)] == b""
            self.files[handle].extend(bytes(max(0, offset - len(self.files[handle]))))
            self.files[handle][offset:] = piece
            offset += len(piece)
        self.log.append(("put", handle, offset))

    async def put_aside(self, handle: bytes, offset: int, content: bytes) -> None:
        await asyncio.sleep(0)
        self.put(handle, offset, [memoryview(content)])

    def take(self, handle: bytes, offset: int, size: int) -> bytes:
        self.log.append(("take", offset))
        return bytes(self.files[handle][offset : offset + size])

    def refusal(self, mark: bytes, fault: Exception) -> bytes:
        return string(b"R" + mark + type(fault).__name__.encode())

    async def answer(self, asked: bytes) -> bytes:
        before = len(self.log)
        await asyncio.sleep(0)
        assert len(self.log) == before, "something was done while a request was being answered"
        self.log.append(("answer", asked[:1]))
        return string(b"A" + asked[1:5])

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def unchoked(self) -> None:
        await self.fits.wait()
        self.choked = False

    def go_on(self) -> None:
        pass

    def send(self, answers: bytes) -> None:
        self.heard += answers
        self.sends += 1

    async def idle(self) -> None:
        while self.tasks:
            await asyncio.wait(self.tasks)

    def answers(self) -> list[bytes]:
        found, at = [], 0
        while at < len(self.heard):
            end = at + 4 + int.from_bytes(self.heard[at : at + 4], "big")
            found.append(bytes(self.heard[at + 4 : end]))
            at = end
        return found


def done(number: int) -> bytes:
    return struct.pack(">BI", 101, number) + bytes(12)


def played(stream: bytes, cuts: Sequence[int], **how: Any) -> Bench:
    """Feed a stream cut into parts of these sizes, over and over; each part is overwritten once it was taken."""

    async def play() -> Bench:
        bench, at, turn = Bench(**how), 0, 0
        while at < len(stream):
            part = bytearray(stream[at : at + cuts[turn % len(cuts)]])
            bench.requests.feed(memoryview(part))
            part[:] = bytes(len(part))
            at, turn = at + len(part), turn + 1
            if turn % 3 == 0:
                await bench.idle()
        await bench.idle()
        return bench

    return asyncio.run(play())


def stream() -> tuple[bytes, bytes, list[bytes]]:
    """Everything in one stream; what the file then holds; the answers."""
    piece = [random.Random(n).randbytes(n) for n in (5, 70, 4096)]
    asked = [
        packet(INIT, 3),
        write(1, 0, piece[0]),
        write(2, 5, piece[1]),
        packet(STAT, 3, string(b"/some/path")),
        write(4, 75, b""),
        write(5, 75, piece[2], after=b"\0" * 7),
        write(6, 0, b"lost", b"gone"),
        write(9, 0, b"another file", OTHER),
        read(7, 5, 70),
        packet(CLOSE, 8, string(HANDLE)),
    ]
    heard = [
        b"A" + struct.pack(">I", 3),
        done(1),
        done(2),
        b"A" + struct.pack(">I", 3),
        done(4),
        done(5),
        b"R" + struct.pack(">I", 6) + b"SFTPFailure",
        done(9),
        struct.pack(">BII", 103, 7, 70) + piece[1],
        b"A" + struct.pack(">I", 8),
    ]
    return b"".join(asked), b"".join(piece), heard


@pytest.mark.parametrize("slow", [False, True], ids=["at once", "aside"])
@settings(deadline=None)
@given(cuts=st.lists(st.integers(1, 5000), min_size=1, max_size=8))
def test_the_answers_and_the_file_are_the_same_however_the_bytes_are_cut(slow: bool, cuts: list[int]) -> None:
    asked, content, heard = stream()
    bench = played(asked, cuts, slow=slow)
    assert bench.answers() == heard
    assert bench.files[HANDLE] == content


@pytest.mark.parametrize("size", [1, 2, 29, 30])
def test_single_bytes_do(size: int) -> None:
    asked, content, heard = stream()
    bench = played(asked, [size])
    assert (bench.answers(), bytes(bench.files[HANDLE])) == (heard, content)


def test_writes_that_follow_each_other_are_one_and_their_answers_too() -> None:
    bench = played(b"".join(write(n, 100 * n, bytes(100)) for n in range(50)), [100_000])
    assert bench.log == [("put", HANDLE, 5000)]
    assert bench.sends == 1
    assert bench.answers() == [done(n) for n in range(50)]


def test_writes_elsewhere_and_to_another_file_are_not_mixed() -> None:
    bench = played(write(1, 0, b"a") + write(2, 0, b"b", OTHER) + write(3, 1, b"c") + write(4, 5, b"d"), [1000])
    assert (bytes(bench.files[HANDLE]), bytes(bench.files[OTHER])) == (b"ac\0\0\0d", b"b")


def test_a_piece_is_written_as_it_comes_and_never_kept() -> None:
    async def play() -> None:
        bench = Bench()
        whole = write(1, 0, bytes(200_000))
        bench.requests.feed(memoryview(whole)[:100_000])
        assert len(bench.files[HANDLE]) == 100_000 - 29
        assert bench.answers() == []
        bench.requests.feed(memoryview(whole)[100_000:])
        assert bench.answers() == [done(1)]

    asyncio.run(play())


def test_a_refused_write_is_refused_once_and_what_follows_is_understood() -> None:
    whole = write(1, 0, bytes(1000), b"gone", after=b"12") + write(2, 0, b"fine")
    bench = played(whole, [100])
    assert bench.answers() == [b"R\0\0\0\1SFTPFailure", done(2)]


@pytest.mark.parametrize(
    "garbage",
    [
        struct.pack(">IB", LONGEST + 1, WRITE) + bytes(100),
        struct.pack(">IB", 4, STAT) + bytes(100),
        bytes(64),
        b"SSH-2.0-hello\r\n",
        b"\xff" * 64,
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_what_is_no_packet_or_too_long_a_one_ends_it_before_it_is_kept(garbage: bytes, size: int) -> None:
    with pytest.raises(NoSFTP):
        played(garbage, [size])


def test_a_write_whose_piece_is_longer_than_its_packet_goes_to_whoever_reads_packets() -> None:
    bench = played(packet(WRITE, 1, string(HANDLE), bytes(8), struct.pack(">I", 500), b"short"), [1000])
    assert bench.answers() == [b"A\0\0\0\1"]
    assert bench.files[HANDLE] == b""


@pytest.mark.parametrize(("kind", "length", "size"), [(WRITE, 4, 5), (WRITE, 3, 0), (READ, 3, 9)])
@pytest.mark.parametrize("cuts", [[200], [1], [34, 2]])
def test_a_packet_as_long_as_a_head_is_not_taken_for_one(kind: int, length: int, size: int, cuts: list[int]) -> None:
    lying = string(struct.pack(">BII4sQI", kind, 7, length, HANDLE, 0, size))
    bench = played(lying + packet(STAT, 8), cuts)
    assert bench.log == [("answer", bytes([kind])), ("answer", bytes([STAT]))]
    assert not bench.files[HANDLE]


def test_a_client_that_takes_no_answers_gets_no_more_of_them() -> None:
    async def play() -> None:
        bench = Bench()
        bench.files[HANDLE] += bytes(200_000)
        bench.choked = True
        bench.requests.feed(memoryview(b"".join(read(n, 0, 200_000) for n in range(100))))
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(bench.heard) < 500_000
        bench.fits.set()
        await bench.idle()
        assert len(bench.answers()) == 100

    asyncio.run(play())


# -- with a real client ------------------------------------------------------------------------------------------------


def test_the_limits_that_are_told_are_kept(door: Knock) -> None:
    async def ask() -> None:
        async with door.client() as client:
            limits = client.limits
            assert (limits.max_read_len, limits.max_write_len) == (LONGEST - 1024, LONGEST - 1025)
            async with client.open("a.csv", "wb", encoding=None) as file:
                await file.write(bytes(LONGEST))
            async with client.open("a.csv", "rb", encoding=None) as file:
                assert len(await file.read(limits.max_read_len)) == limits.max_read_len

    asyncio.run(ask())


def test_too_long_a_packet_closes_its_channel_and_no_other(door: Knock) -> None:
    async def ask() -> None:
        async with door.connection() as connection:
            good, bad = await connection.start_sftp_client(), await connection.start_sftp_client()
            file = await bad.open("half.csv", "wb")
            await file.write(b"half")
            with pytest.raises(asyncssh.SFTPError):
                await bad._handler._make_request(STAT, b"x" * (LONGEST + 1))
            assert await good.listdir("/") == [".", "..", "README.txt", "reports"]

    asyncio.run(ask())
    assert door.published() == {}


def test_a_client_that_says_nothing_of_sftp_is_sent_away(door: Knock) -> None:
    async def talk() -> None:
        async with door.connection() as connection:
            process = await connection.create_process(subsystem="sftp", encoding=None)
            process.stdin.write(packet(STAT, 1, string(b"/")))
            assert await process.stdout.read() == b""
            assert (await process.wait()).exit_status == 1

    asyncio.run(talk())


def test_a_folder_of_many_names_is_told_in_portions(door: Knock) -> None:
    for number in range(500):
        (door.home / f"file{number}.csv").touch()

    async def list_() -> list[int]:
        async with door.client() as client:
            handle = await client._handler.opendir(b"/")
            portions = []
            try:
                while True:
                    names, _ = await client._handler.readdir(handle)
                    portions.append(len(names))
            except asyncssh.SFTPEOFError:
                return portions

    portions = asyncio.run(list_())
    assert (sum(portions), max(portions)) == (504, 128)


def test_too_many_open_folders_are_refused(door: Knock) -> None:
    async def open_many() -> None:
        async with door.client() as client:
            for _ in range(64):
                await client._handler.opendir(b"/")
            with pytest.raises(asyncssh.SFTPFailure, match="Too many"):
                await client._handler.opendir(b"/")

    asyncio.run(open_many())
