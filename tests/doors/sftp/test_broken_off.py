"""A connection that breaks publishes nothing, and what has arrived can be gone on with."""

import asyncio
import fcntl
import os
import pty
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from asyncssh import FXF_APPEND, FXF_CREAT, FXF_WRITE

from sftpingest.doors.sftp.folder.quota import Quota
from sftpingest.doors.sftp.folder.staging import Staging
from sftpingest.doors.sftp.requests.packets import ADVISED_PIECE
from tests.doors.sftp.conftest import Knock


@pytest.fixture
def local(tmp_path: Path) -> Path:
    path = tmp_path / "local.csv"
    path.write_bytes(random.Random(7).randbytes(3_000_000))
    return path


def staged_bytes(door: Knock) -> int:
    return sum(path.stat().st_size for path in door.staging.iterdir())


def slow_upload(door: Knock, batch: str) -> subprocess.Popen[str]:
    """OpenSSH's sftp, held to a few hundred kilobytes a second, in a process group of its own."""
    started = subprocess.Popen(
        door.sftp_command("-l", "3000", "-b", "-"),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert started.stdin is not None
    started.stdin.write(batch)
    started.stdin.close()
    return started


def break_off(door: Knock, local: Path, name: str = "students.csv") -> int:
    """Kill a client and its ssh in the middle of an upload; bytes that have arrived."""
    client = slow_upload(door, f"put {local} {name}\n")
    door.eventually(lambda: staged_bytes(door) > 200_000)
    os.killpg(client.pid, signal.SIGKILL)
    client.wait()
    door.eventually(lambda: door.uploads.writing("oak-valley") == 0)
    return staged_bytes(door)


def test_a_client_killed_in_the_middle_publishes_nothing(door: Knock, local: Path) -> None:
    arrived = break_off(door, local)
    assert 0 < arrived < 3_000_000
    assert door.published() == {}
    assert door.sftp("ls -1\n").stdout.split()[3:] == ["README.txt", "reports"]
    [partial] = door.staging.iterdir()
    assert partial.name.partition(".")[2] == "students.csv"
    assert local.read_bytes().startswith(partial.read_bytes())


def test_a_client_whose_ssh_lives_on_publishes_nothing(door: Knock, local: Path) -> None:
    """Only sftp is killed: its ssh ends the channel politely, and no close was asked for."""
    client = slow_upload(door, f"put {local} students.csv\n")
    door.eventually(lambda: staged_bytes(door) > 200_000)
    client.kill()
    client.wait()
    door.eventually(lambda: door.uploads.writing("oak-valley") == 0)
    assert door.published() == {}


@pytest.mark.parametrize("politely", [True, False])
def test_a_connection_that_ends_with_an_open_file_publishes_nothing(door: Knock, politely: bool) -> None:
    async def upload() -> None:
        async with door.connection() as connection:
            client = await connection.start_sftp_client()
            file = await client.open("students.csv", "wb")
            await file.write(b"half")
            if politely:
                client.exit()
                await client.wait_closed()
            else:
                connection.abort()
                await connection.wait_closed()

    asyncio.run(upload())
    door.eventually(lambda: door.uploads.writing("oak-valley") == 0)
    assert door.published() == {}
    assert staged_bytes(door) == 4


def test_the_published_file_stays_when_its_next_upload_breaks(door: Knock, local: Path) -> None:
    (door.home / "students.csv").write_text("held")
    break_off(door, local)
    assert door.published() == {"students.csv": b"held"}


def test_a_broken_upload_is_gone_on_with_to_the_same_bytes(door: Knock, local: Path) -> None:
    arrived = break_off(door, local)
    ran = door.sftp(f"ls -l students.csv\nreput {local} students.csv\n")
    assert ran.returncode == 0, ran.stderr
    assert arrived > 0
    assert door.published() == {"students.csv": local.read_bytes()}
    assert list(door.staging.iterdir()) == []


def test_a_broken_upload_is_gone_on_with_though_an_older_file_is_published(door: Knock, local: Path) -> None:
    (door.home / "students.csv").write_bytes(bytes(10))
    break_off(door, local)
    assert door.sftp(f"reput {local} students.csv\n").returncode == 0
    assert door.published() == {"students.csv": local.read_bytes()}


@pytest.mark.parametrize("order", [(0, 4, 8), (8, 4, 0)], ids=["in order", "out of order"])
def test_a_whole_file_written_over_a_longer_broken_off_one_ends_where_the_client_ends(
    door: Knock, order: tuple[int, ...]
) -> None:
    """Clients that do not ask for truncation write from the start: nothing of the other day's file may follow."""
    (door.staging / "0123456789abcdef.students.csv").write_text("the longer file of another day")

    async def overwrite() -> None:
        async with door.client() as client, client.open("students.csv", FXF_WRITE | FXF_CREAT, encoding=None) as file:
            for at in order:
                await file.write(b"the new file"[at : at + 4], at)

    asyncio.run(overwrite())
    assert door.published() == {"students.csv": b"the new file"}


def test_a_file_that_breaks_off_over_a_longer_broken_off_one_keeps_nothing_of_it(door: Knock) -> None:
    """Who goes on with it goes on where it ends: that must be the end of what this client wrote."""
    (door.staging / "0123456789abcdef.students.csv").write_text("the longer file of another day")

    async def break_again() -> None:
        async with door.connection() as connection:
            client = await connection.start_sftp_client()
            file = await client.open("students.csv", FXF_WRITE | FXF_CREAT, encoding=None)
            await file.write(b"the new", 0)
            connection.abort()
            await connection.wait_closed()

    asyncio.run(break_again())
    door.eventually(lambda: door.uploads.writing("oak-valley") == 0)
    [partial] = door.staging.iterdir()
    assert partial.read_bytes() == b"the new"


def test_a_broken_off_file_that_is_only_opened_and_closed_stays_broken_off(door: Knock) -> None:
    (door.home / "students.csv").write_text("published")
    (door.staging / "0123456789abcdef.students.csv").write_text("part")

    async def look() -> None:
        async with door.client() as client, client.open("students.csv", FXF_WRITE | FXF_CREAT):
            pass

    asyncio.run(look())
    assert door.published() == {"students.csv": b"published"}
    assert staged_bytes(door) == 4


def test_a_partial_shows_its_size_by_name_and_only_then(door: Knock) -> None:
    (door.home / "students.csv").write_text("published")
    (door.staging / "0123456789abcdef.students.csv").write_text("part")

    async def look() -> None:
        async with door.client() as client:
            assert (await client.stat("students.csv")).size == 4
            [listed] = [entry for entry in await client.readdir("/") if entry.filename == "students.csv"]
            assert listed.attrs.size == 9
            async with client.open("students.csv", "rb") as file:
                content: Any = await file.read()
                assert content == b"published"

    asyncio.run(look())


@pytest.mark.parametrize("flags", [FXF_WRITE, FXF_WRITE | FXF_CREAT, FXF_WRITE | FXF_CREAT | FXF_APPEND])
def test_every_way_of_opening_without_truncation_goes_on_with_the_partial(door: Knock, flags: int) -> None:
    (door.staging / "0123456789abcdef.students.csv").write_text("part")

    async def go_on() -> None:
        async with door.client() as client, client.open("students.csv", flags, encoding=None) as file:
            await file.write(b" two", offset=4)

    asyncio.run(go_on())
    assert door.published() == {"students.csv": b"part two"}
    assert list(door.staging.iterdir()) == []


def test_somebody_who_only_looks_at_a_partial_does_not_keep_a_client_from_going_on(door: Knock) -> None:
    partial = door.staging / "0123456789abcdef.students.csv"
    partial.write_text("part")

    async def go_on() -> None:
        async with door.client() as client:
            with partial.open() as looking:
                fcntl.flock(looking, fcntl.LOCK_SH)
                asyncio.get_running_loop().call_later(0.03, fcntl.flock, looking, fcntl.LOCK_UN)
                async with client.open("students.csv", FXF_WRITE | FXF_CREAT, encoding=None) as file:
                    await file.write(b" two", offset=4)

    asyncio.run(go_on())
    assert door.published() == {"students.csv": b"part two"}


def test_somebody_who_only_looks_at_a_partial_keeps_nobody_waiting(door: Knock) -> None:
    """Nor does whoever waits to go on with it: all sessions share one event loop."""
    partial = door.staging / "0123456789abcdef.students.csv"
    partial.write_text("part")
    staging = Staging(door.root, Quota())

    async def turns_of_others() -> int:
        waiting, turns = asyncio.create_task(staging.resume("students.csv")), 0
        while not waiting.done():
            await asyncio.sleep(0.001)
            turns += 1
        assert "is being looked at" in str(waiting.exception())
        return turns

    with partial.open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        found = staging.partial("students.csv")
        assert found is not None
        assert found.st_size == 4
        assert asyncio.run(turns_of_others()) >= 20
        assert staging.drop_partials("students.csv")
    assert list(door.staging.iterdir()) == []


def test_a_truncating_upload_begins_anew(door: Knock, local: Path) -> None:
    break_off(door, local)
    assert door.sftp(f"put {local} students.csv\n").returncode == 0
    assert door.published() == {"students.csv": local.read_bytes()}
    assert list(door.staging.iterdir()) == []


def test_only_the_newest_partial_of_a_name_is_kept(door: Knock) -> None:
    async def upload() -> None:
        for content in (b"first", b"second"):
            async with door.connection() as connection:
                client = await connection.start_sftp_client()
                for name in ("students.csv", "teachers.csv"):
                    file = await client.open(name, "wb")
                    await file.write(content)
                    await file.setstat(asyncssh.SFTPAttrs(atime=10, mtime=10))
                    await file.fsync()

    asyncio.run(upload())
    door.eventually(lambda: door.uploads.writing("oak-valley") == 0)
    found = sorted((path.name[17:], path.read_bytes()) for path in door.staging.iterdir())
    assert found == [("students.csv", b"second"), ("teachers.csv", b"second")]
    # the client set an old time; a partial carries the time when it broke off
    assert all(path.stat().st_mtime > time.time() - 60 for path in door.staging.iterdir())


def test_a_partial_that_somebody_still_writes_is_not_gone_on_with(door: Knock) -> None:
    async def both() -> None:
        async with door.client() as one, door.client() as other:
            first = await one.open("students.csv", "wb")
            await first.write(b"one")
            second = await other.open("students.csv", FXF_WRITE | FXF_CREAT, encoding=None)
            await second.write(b"two")
            await first.close()
            await second.close()

    asyncio.run(both())
    assert door.published() == {"students.csv": b"two"}


def test_what_broke_off_after_a_whole_file_came_is_dropped(door: Knock) -> None:
    """The first connection hangs, the client uploads the file again by a second one, then the first is given up."""

    async def both() -> None:
        async with door.connection() as hanging, door.client() as client:
            hung = await (await hanging.start_sftp_client()).open("students.csv", "wb")
            await hung.write(b"old half")
            async with client.open("students.csv", "wb") as file:
                await file.write(b"new and whole")
            hanging.abort()
            await hanging.wait_closed()

    asyncio.run(both())
    door.eventually(lambda: door.uploads.writing("oak-valley") == 0)
    assert door.published() == {"students.csv": b"new and whole"}
    assert list(door.staging.iterdir()) == []


def test_what_broke_off_while_another_upload_was_under_way_is_dropped_when_that_one_is_whole(door: Knock) -> None:
    async def both() -> None:
        async with door.connection() as hanging, door.client() as client:
            hung = await (await hanging.start_sftp_client()).open("students.csv", "wb")
            await hung.write(b"old half")
            async with client.open("students.csv", "wb") as file:
                await file.write(b"new and whole")
                hanging.abort()
                await hanging.wait_closed()
                while door.uploads.writing("oak-valley") > 1:  # noqa: ASYNC110 - a test may wait like this
                    await asyncio.sleep(0.02)
                assert len(list(door.staging.iterdir())) == 2

    asyncio.run(both())
    assert door.published() == {"students.csv": b"new and whole"}
    assert list(door.staging.iterdir()) == []


def test_removing_a_file_drops_its_partial_too(door: Knock) -> None:
    (door.home / "students.csv").write_text("published")
    for name in ("students.csv", "teachers.csv"):
        (door.staging / f"0123456789abcdef.{name}").write_text("part")
    assert door.sftp("rm students.csv\nrm teachers.csv\n-rm students.csv\n").returncode == 0
    assert door.published() == {}
    assert list(door.staging.iterdir()) == []
    assert door.sftp("rm students.csv\n").returncode == 1


def test_a_partial_cannot_be_renamed_into_a_published_file(door: Knock) -> None:
    (door.staging / "0123456789abcdef.students.csv").write_text("part")
    assert door.sftp("rename students.csv teachers.csv\n").returncode == 1
    assert door.published() == {}


def test_a_partial_may_be_cut_by_name_and_stays_a_partial(door: Knock) -> None:
    (door.staging / "0123456789abcdef.students.csv").write_text("part")

    async def cut() -> None:
        async with door.client() as client:
            await client.truncate("students.csv", 2)
            await client.utime("students.csv", (5, 5))
            assert (await client.stat("students.csv")).size == 2

    asyncio.run(cut())
    assert door.published() == {}


# -- Ctrl-C ------------------------------------------------------------------------------------------------------------


def at_a_terminal(door: Knock, command: str, until: Callable[[], bool]) -> None:
    """Type a command into OpenSSH's sftp, and press Ctrl-C once something is so."""
    client, terminal = pty.fork()
    if client == 0:
        line = door.sftp_command("-l", "3000")
        os.execvp(line[0], line)  # noqa: S606 - no shell
    try:
        os.write(terminal, f"{command}\n".encode())
        door.eventually(until)
        os.write(terminal, b"\x03")
        door.eventually(lambda: door.uploads.writing("oak-valley") == 0)
    finally:
        os.kill(client, signal.SIGKILL)
        os.waitpid(client, 0)
        os.close(terminal)


def test_an_upload_that_was_stopped_by_ctrl_c_is_not_published_though_sftp_closes_it(door: Knock, local: Path) -> None:
    (door.home / "students.csv").write_text("held")
    at_a_terminal(door, f"put {local} students.csv", lambda: staged_bytes(door) > 300_000)
    assert door.published() == {"students.csv": b"held"}
    assert 0 < staged_bytes(door) < 3_000_000
    assert door.sftp(f"reput {local} students.csv\n").returncode == 0
    assert door.published() == {"students.csv": local.read_bytes()}


def test_a_whole_file_that_only_looks_as_if_it_was_stopped_is_taken_when_it_comes_again(
    door: Knock, local: Path
) -> None:
    os.truncate(local, 2 * ADVISED_PIECE)
    ran = door.sftp(f"put {local} students.csv\n")
    assert ran.returncode == 1
    assert "Please send the file again" in ran.stderr
    assert door.published() == {}
    assert door.sftp(f"put {local} students.csv\n").returncode == 0
    assert door.published() == {"students.csv": local.read_bytes()}
