"""Whatever bytes come over an SFTP channel: every request is answered once, or the channel ends. Nothing hangs.

In: packets drawn by hypothesis: of every type, with bodies that are right, nearly right or noise, cut anywhere.
Out: nothing.
"""

import asyncio
import contextlib
import os
import struct

import asyncssh
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.doors.sftp import raw
from tests.doors.sftp.conftest import Knock
from tests.doors.sftp.raw import Raw

#: How many; SFTPINGEST_LAWS asks for more.
DRAWN = int(os.environ.get("SFTPINGEST_LAWS", "150"))
law = settings(max_examples=DRAWN, deadline=None, suppress_health_check=list(HealthCheck))

u32s = st.one_of(st.integers(0, 70), st.sampled_from([2**31, 2**32 - 1, 262_144, 262_145]), st.integers(0, 2**32 - 1))
u64s = st.one_of(st.integers(0, 5000), st.sampled_from([2**63 - 1, 2**63, 2**64 - 1]))
paths = st.one_of(
    st.sampled_from([b"/", b".", b"..", b"/students.csv", b"/README.txt", b"/reports", b"/reports/latest", b""]),
    st.binary(max_size=300),
)
strings = st.one_of(
    paths,
    st.binary(max_size=600),
    st.sampled_from([b"posix-rename@openssh.com", b"limits@openssh.com", b"statvfs@openssh.com", b"fsync@openssh.com"]),
).map(raw.string)
handles = st.integers(0, 3).map(lambda number: raw.string(struct.pack(">I", number)))
parts = st.one_of(
    strings, handles, u32s.map(raw.u32), u64s.map(raw.u64), st.binary(max_size=40), st.just(raw.with_size(7))
)
#: A request: its type, what follows its number, and how many bytes are cut off its end.
requests = st.tuples(
    st.one_of(st.integers(3, 20), st.just(raw.EXTENDED), st.integers(0, 255)),
    st.lists(parts, max_size=5),
    st.integers(0, 3),
)


@pytest.fixture(autouse=True)
def something_there(door: Knock) -> None:
    (door.home / "students.csv").write_bytes(b"School_id,Student_id\r\n1,2\r\n")
    door.report("2026-11-24T031502Z-000017", summary="well")


async def _answered(sftp: Raw, number: int) -> bool:
    """Whether a request was answered; False where the channel ended instead. Fails where nothing comes."""
    try:
        await sftp.answer(number)
    except (asyncio.IncompleteReadError, asyncssh.Error):
        return False
    return True


async def _still_serves(door: Knock) -> bool:
    async with door.connection() as connection:
        sftp = await Raw.on(connection)
        answer = await sftp.ask(raw.STAT, raw.string(b"/README.txt"))
    return answer.kind == raw.ATTRS


@law
@given(st.lists(requests, min_size=1, max_size=8))
@example([(raw.WRITE, [raw.string(struct.pack(">I", 0)), raw.u64(2**64 - 1), raw.string(b"x")], 0)])
@example([(raw.READ, [raw.string(struct.pack(">I", 0)), raw.u64(2**63), raw.u32(2**32 - 1)], 0)])
def test_every_request_is_answered_or_the_channel_ends(door: Knock, drawn: list[tuple[int, list[bytes], int]]) -> None:
    async def ask_all(connection: asyncssh.SSHClientConnection) -> None:
        sftp = await Raw.on(connection)
        for flags in (raw.FOR_READ, raw.FOR_WRITE | raw.CREAT):  # so that some handles are right
            await sftp.ask(raw.OPEN, raw.string(b"/students.csv"), raw.u32(flags), raw.u32(0))
        numbers: list[int] = []
        for kind, body, cut in drawn:
            whole = bytes([kind]) + raw.u32(len(numbers) + 100) + b"".join(body)
            sftp.send(whole[: max(5, len(whole) - cut)])
            numbers.append(len(numbers) + 100)
        for (kind, _, _), number in zip(drawn, numbers, strict=True):
            if kind == raw.INIT or not await _answered(sftp, number):  # a second INIT has no number
                break

    async def all_of_it() -> bool:
        async with door.connection() as connection:
            await ask_all(connection)
        return await _still_serves(door)

    assert door.in_door(all_of_it())


@law
@given(st.lists(st.binary(min_size=1, max_size=100), min_size=1, max_size=5))
@example([b"\0\0\0\0"])
@example([b"\xff\xff\xff\xff"])
@example([b"\0\0\0\x01\x06", b"\0\0\0\x05\x01\0\0\0\x03"])
def test_noise_in_pieces_of_any_size_ends_the_channel_at_most(door: Knock, pieces: list[bytes]) -> None:
    async def all_of_it() -> bool:
        async with door.connection() as connection:
            writer, reader, _ = await connection.open_session(subsystem="sftp", encoding=None)
            with contextlib.suppress(OSError):  # the channel may have ended already
                for piece in pieces:
                    writer.write(piece)
                    await asyncio.sleep(0)
                writer.write_eof()
            async with asyncio.timeout(raw.PATIENCE):
                with contextlib.suppress(asyncssh.Error):
                    await reader.read()
        return await _still_serves(door)

    assert door.in_door(all_of_it())


@law
@given(st.data())
def test_cut_anywhere_into_pieces_packets_mean_the_same(door: Knock, data: st.DataObject) -> None:
    content = data.draw(st.binary(min_size=1, max_size=2000))
    places = data.draw(st.lists(st.integers(0, 2200), max_size=6).map(sorted))

    async def upload(connection: asyncssh.SSHClientConnection) -> None:
        sftp = await Raw.on(connection)
        flags = raw.u32(raw.FOR_WRITE | raw.CREAT | raw.TRUNC)
        handle = (await sftp.ask(raw.OPEN, raw.string(b"/pieces.csv"), flags, raw.u32(0))).text
        half = len(content) // 2
        packets = [
            bytes([raw.WRITE]) + raw.u32(200) + raw.string(handle) + raw.u64(0) + raw.string(content[:half]),
            bytes([raw.WRITE]) + raw.u32(201) + raw.string(handle) + raw.u64(half) + raw.string(content[half:]),
            bytes([raw.CLOSE]) + raw.u32(202) + raw.string(handle),
        ]
        stream = b"".join(raw.u32(len(packet)) + packet for packet in packets)
        for start, end in zip([0, *places], [*places, len(stream)], strict=True):
            sftp.writer.write(stream[start:end])
            await asyncio.sleep(0)
        for number in (200, 201, 202):
            assert (await sftp.answer(number)).status == raw.OK

    async def all_of_it() -> None:
        async with door.connection() as connection:
            await upload(connection)

    door.in_door(all_of_it())
    assert (door.home / "pieces.csv").read_bytes() == content
