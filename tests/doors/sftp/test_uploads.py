"""Whole uploads: whatever way a client writes, what it closed is published whole, and nothing else is."""

import asyncio
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from asyncssh import FXF_APPEND, FXF_CREAT, FXF_EXCL, FXF_READ, FXF_TRUNC, FXF_WRITE

from tests.doors.sftp.conftest import USER, Knock


@pytest.fixture
def local(tmp_path: Path) -> Path:
    path = tmp_path / "local.csv"
    path.write_bytes(random.Random(7).randbytes(300_000))
    return path


def test_sftp_uploads_a_file(door: Knock, local: Path) -> None:
    ran = door.sftp(f"put -p {local} students.csv\nls -l students.csv\n")
    assert ran.returncode == 0, ran.stderr
    assert door.published() == {"students.csv": local.read_bytes()}
    assert list(door.staging.iterdir()) == []
    assert int((door.home / "students.csv").stat().st_mtime) == int(local.stat().st_mtime)


def test_scp_uploads_a_file_and_exits_0(door: Knock, local: Path) -> None:
    """OpenSSH's scp from version 9 on exits 1 when the server sends no exit status."""
    ran = door.scp("-p", str(local), f"{USER}@127.0.0.1:students.csv")
    assert (ran.returncode, ran.stderr) == (0, "")
    ran = door.scp(str(local), f"{USER}@127.0.0.1:")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert door.published() == {"students.csv": local.read_bytes(), "local.csv": local.read_bytes()}


def test_the_counts_and_the_time_of_the_last_change_are_told(door: Knock) -> None:
    seen: list[tuple[int, bool]] = []

    def note() -> None:
        seen.append((door.uploads.writing("oak-valley"), door.uploads.changed("oak-valley") is not None))

    async def upload() -> None:
        async with door.client() as client:
            note()
            file = await client.open("students.csv", "wb")
            note()
            await file.close()
            note()

    asyncio.run(upload())
    assert seen == [(0, False), (1, False), (0, True)]
    door.in_door(asyncio.wait_for(door.uploads.wait(), 5))


def test_listings_downloads_and_logins_change_nothing(door: Knock) -> None:
    (door.home / "students.csv").write_text("x")
    door.sftp("ls -l\nget students.csv /dev/null\nget README.txt /dev/null\n")
    assert door.uploads.changed("oak-valley") is None


@pytest.mark.parametrize("command", ["rm a.csv", "rename a.csv b.csv"])
def test_a_removal_and_a_rename_are_changes(door: Knock, command: str) -> None:
    (door.home / "a.csv").write_text("x")
    assert door.sftp(f"{command}\n").returncode == 0
    assert abs(time.monotonic() - (door.uploads.changed("oak-valley") or 0)) < 30


def test_a_file_of_no_bytes_is_published(door: Knock, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    assert door.sftp(f"put {tmp_path}/empty.csv\n").returncode == 0
    assert door.published() == {"empty.csv": b""}


def test_the_final_name_is_there_straight_after_the_close(door: Knock) -> None:
    async def upload() -> tuple[int | None, int | None]:
        async with door.client() as client:
            file = await client.open("students.csv", "wb")
            await file.write(b"12345")
            while_open = await client.stat("students.csv")
            await file.close()
            return while_open.size, (await client.lstat("students.csv")).size

    assert asyncio.run(upload()) == (5, 5)


def test_nothing_is_listed_or_readable_before_the_close(door: Knock) -> None:
    async def upload() -> None:
        async with door.client() as client, door.client() as other, client.open("students.csv", "wb") as file:
            await file.write(b"half")
            assert await other.listdir("/") == [".", "..", "README.txt", "reports"]
            with pytest.raises(asyncssh.SFTPNoSuchFile):
                await other.open("students.csv", "rb")
            with pytest.raises(asyncssh.SFTPNoSuchFile):
                await other.stat("students.csv")

    asyncio.run(upload())


def test_a_published_file_is_never_written_in_place(door: Knock, tmp_path: Path) -> None:
    """Snapshots are hard links of published files: what they hold must stay."""
    (door.home / "students.csv").write_text("first")
    snapshot = tmp_path / "snapshot.csv"
    snapshot.hardlink_to(door.home / "students.csv")

    async def change() -> None:
        async with door.client() as client:
            for flags in (FXF_WRITE, FXF_WRITE | FXF_APPEND, FXF_WRITE | FXF_TRUNC, FXF_READ | FXF_WRITE):
                async with client.open("students.csv", flags, encoding=None) as file:
                    await file.write(b"SECOND")
                assert snapshot.read_text() == "first"
            await client.truncate("students.csv", 3)

    asyncio.run(change())
    assert snapshot.read_text() == "first"
    assert door.published() == {"students.csv": b"SEC"}


def test_an_overwrite_without_truncation_keeps_the_rest(door: Knock) -> None:
    (door.home / "students.csv").write_text("0123456789")

    async def change() -> None:
        async with door.client() as client, client.open("students.csv", FXF_WRITE | FXF_CREAT, encoding=None) as file:
            await file.write(b"xx", offset=4)
            assert (door.home / "students.csv").read_text() == "0123456789"

    asyncio.run(change())
    assert door.published() == {"students.csv": b"0123xx6789"}


def test_an_append_goes_to_the_end(door: Knock) -> None:
    (door.home / "students.csv").write_text("a\n")

    async def append() -> None:
        async with door.client() as client, client.open("students.csv", "ab", encoding=None) as file:
            await file.write(b"b\n", offset=0)
            await file.write(b"c\n", offset=0)

    asyncio.run(append())
    assert door.published() == {"students.csv": b"a\nb\nc\n"}


def test_opening_and_closing_without_a_write_publishes_nothing_new(door: Knock) -> None:
    (door.home / "students.csv").write_text("same")
    before = (door.home / "students.csv").stat().st_ino

    async def look() -> None:
        async with door.client() as client, client.open("students.csv", FXF_READ | FXF_WRITE, encoding=None) as file:
            content: Any = await file.read()
            assert content == b"same"

    asyncio.run(look())
    assert (door.home / "students.csv").stat().st_ino == before
    assert list(door.staging.iterdir()) == []


def test_an_exclusive_open_fails_where_a_file_is_and_makes_one_where_none_is(door: Knock) -> None:
    async def create() -> None:
        async with door.client() as client:
            flags = FXF_WRITE | FXF_CREAT | FXF_EXCL
            async with client.open("students.csv", flags, encoding=None) as file:
                await file.write(b"first")
            with pytest.raises(asyncssh.SFTPFailure, match="already"):
                await client.open("students.csv", flags, encoding=None)

    asyncio.run(create())
    assert door.published() == {"students.csv": b"first"}


@pytest.mark.parametrize("flags", [FXF_WRITE, FXF_WRITE | FXF_TRUNC, FXF_WRITE | FXF_APPEND])
def test_an_open_that_may_not_create_fails_where_no_file_is(door: Knock, flags: int) -> None:
    async def look() -> None:
        async with door.client() as client:
            with pytest.raises(asyncssh.SFTPNoSuchFile):
                await client.open("students.csv", flags, encoding=None)

    asyncio.run(look())
    assert door.uploads.writing("oak-valley") == 0
    assert door.uploads.changed("oak-valley") is None


def test_pieces_may_come_in_any_order_and_in_4_kib(door: Knock, local: Path) -> None:
    content = local.read_bytes()
    offsets = list(range(0, len(content), 4096))
    random.Random(1).shuffle(offsets)

    async def upload() -> None:
        async with door.client() as client, client.open("students.csv", "wb") as file:
            for offset in offsets:
                await file.write(content[offset : offset + 4096], offset=offset)

    asyncio.run(upload())
    assert door.published() == {"students.csv": content}


def test_a_file_open_for_reading_and_writing_reads_what_it_wrote(door: Knock) -> None:
    async def upload() -> bytes:
        async with door.client() as client, client.open("students.csv", "wb+") as file:
            await file.write(b"0123456789")
            return await file.read(4, offset=3)

    assert asyncio.run(upload()) == b"3456"


def test_attributes_are_taken_during_and_after_an_upload(door: Knock) -> None:
    async def upload() -> None:
        async with door.client() as client:
            file = await client.open("students.csv", "wb")
            await file.setstat(asyncssh.SFTPAttrs(permissions=0o4777, atime=10, mtime=1_000_000_000))
            await file.write(b"0123456789")
            await client.setstat("students.csv", asyncssh.SFTPAttrs(permissions=0o600))
            await file.setstat(asyncssh.SFTPAttrs(size=4))
            await file.close()
            assert (await client.stat("students.csv")).mtime == 1_000_000_000
            await client.chown("students.csv", 0, 0)
            await client.chmod("students.csv", 0o777)
            await client.utime("students.csv", (1_100_000_000, 1_100_000_000))
            await client.setstat("students.csv", asyncssh.SFTPAttrs(size=4))

    asyncio.run(upload())
    found = (door.home / "students.csv").stat()
    assert (door.published(), int(found.st_mtime)) == ({"students.csv": b"0123"}, 1_100_000_000)
    assert found.st_mode & 0o7777 == 0o600


def test_two_uploads_of_one_name_at_once_end_in_one_whole_file_of_the_last_to_close(door: Knock) -> None:
    async def upload() -> None:
        async with door.client() as one, door.client() as other:
            first, second = await one.open("students.csv", "wb"), await other.open("students.csv", "wb")
            for _ in range(10):
                await first.write(b"1" * 1000)
                await second.write(b"2" * 1001)
            await second.close()
            assert (door.home / "students.csv").read_bytes() == b"2" * 10_010
            await first.close()

    asyncio.run(upload())
    assert door.published() == {"students.csv": b"1" * 10_000}
    assert list(door.staging.iterdir()) == []


def test_a_file_uploaded_under_another_name_is_renamed_over_the_old_one(door: Knock, local: Path) -> None:
    """WinSCP uploads NAME.filepart and renames it; some clients use the plain rename for that, some the POSIX one."""
    (door.home / "students.csv").write_text("old")
    assert door.sftp(f"put {local} students.csv.filepart\nrename students.csv.filepart students.csv\n").returncode == 0
    assert door.published() == {"students.csv": local.read_bytes()}

    async def plainly() -> None:
        async with door.client() as client:
            async with client.open("new.part", "wb") as file:
                await file.write(b"new")
            await client.rename("new.part", "students.csv")

    asyncio.run(plainly())
    assert door.published() == {"students.csv": b"new"}


def test_writes_with_bytes_after_their_end_are_taken(door: Knock) -> None:
    """As every Go client sends them before pkg/sftp 1.13.6."""
    from asyncssh.constants import FXP_WRITE
    from asyncssh.packet import String, UInt64

    async def upload() -> None:
        async with door.client() as client:
            remote = client._handler
            handle = await remote.open(b"students.csv", FXF_WRITE | FXF_CREAT, asyncssh.SFTPAttrs())
            await remote._make_request(FXP_WRITE, String(handle), UInt64(0), String(b"content"), b"\0\0\0\0")
            await remote.close(handle)

    asyncio.run(upload())
    assert door.published() == {"students.csv": b"content"}


def test_what_is_not_offered_is_refused_and_the_session_goes_on(door: Knock) -> None:
    async def ask() -> None:
        async with door.client() as client:
            assert not client.supports_remote_copy
            with pytest.raises(asyncssh.SFTPOpUnsupported):
                await client.statvfs("/")
            async with client.open("students.csv", "wb") as file:
                await file.write(b"x")
                await file.fsync()

    asyncio.run(ask())
    assert door.published() == {"students.csv": b"x"}


def test_a_big_upload_arrives_whole(door: Knock, tmp_path: Path) -> None:
    big = tmp_path / "big.csv"
    big.write_bytes(random.Random(3).randbytes(2**20) * 64)
    assert door.sftp(f"put {big} students.csv\n").returncode == 0
    assert (door.home / "students.csv").read_bytes() == big.read_bytes()


# -- quota and full disk ---------------------------------------------------------------------------------------------


class TestQuota:
    @pytest.fixture
    def quota(self) -> int:
        return 1_000_000

    def test_an_upload_past_the_quota_is_refused_and_its_bytes_are_freed(self, door: Knock) -> None:
        async def upload() -> None:
            async with door.client() as client:
                file = await client.open("students.csv", "wb")
                for number in range(50):
                    await file.write(bytes(20_000), offset=20_000 * number)
                with pytest.raises(asyncssh.SFTPFailure, match="Quota exceeded"):
                    await file.write(b"x", offset=1_000_000)
                assert list(door.staging.iterdir()) == []
                with pytest.raises(asyncssh.SFTPFailure, match="Quota exceeded"):
                    await file.close()

        asyncio.run(upload())
        assert door.published() == {}
        assert door.uploads.writing("oak-valley") == 0

    def test_sftp_says_so_with_its_exit_status(self, door: Knock, tmp_path: Path) -> None:
        (tmp_path / "big.csv").write_bytes(bytes(1_200_000))
        assert door.sftp(f"put {tmp_path}/big.csv\n").returncode == 1
        assert door.published() == {}

    def test_the_quota_may_be_filled_to_the_last_byte_and_frees_with_removals(self, door: Knock) -> None:
        async def upload() -> None:
            async with door.client() as client:
                async with client.open("a.csv", "wb") as file:
                    await file.write(bytes(1_000_000))
                with pytest.raises(asyncssh.SFTPFailure, match="Quota exceeded"):
                    async with client.open("b.csv", "wb") as file:
                        await file.write(b"x")
                await client.remove("a.csv")
                async with client.open("b.csv", "wb") as file:
                    await file.write(b"x")

        asyncio.run(upload())
        assert door.published() == {"b.csv": b"x"}

    def test_partials_count_too_and_a_size_is_refused_as_a_write_is(self, door: Knock) -> None:
        (door.staging / "0123456789abcdef.other.csv").write_bytes(bytes(600_000))

        async def upload() -> None:
            async with door.client() as client:
                file = await client.open("a.csv", "wb")
                with pytest.raises(asyncssh.SFTPFailure, match="Quota exceeded"):
                    await file.setstat(asyncssh.SFTPAttrs(size=400_001))

        asyncio.run(upload())


@pytest.fixture
def small_disk(root: Path) -> Iterator[Path]:
    """The district's folder on a file system of 1 MB."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(root)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("a small file system cannot be mounted here")
    for name in ("home", "staging", "reports"):
        (root / name).mkdir()
    yield root
    subprocess.run(["umount", "--lazy", str(root)], check=True)


def test_an_upload_to_a_full_disk_is_refused_and_its_bytes_are_freed(small_disk: Path, door: Knock) -> None:
    async def upload() -> None:
        async with door.client() as client:
            file = await client.open("students.csv", "wb")
            with pytest.raises(asyncssh.SFTPFailure, match="full"):
                await file.write(bytes(2_000_000))
            with pytest.raises(asyncssh.SFTPFailure, match="full"):
                await file.close()

    asyncio.run(upload())
    assert door.published() == {}
    assert list((small_disk / "staging").iterdir()) == []


def test_a_name_that_a_folder_has_is_refused_before_a_byte_is_sent(door: Knock) -> None:
    (door.home / "students.csv").mkdir()

    async def begin() -> None:
        async with door.client() as client:
            await client.open("students.csv", "wb")

    with pytest.raises(asyncssh.SFTPFailure, match="folder of that name"):
        door.in_door(begin())
    assert list(door.staging.iterdir()) == []


def test_an_open_upload_has_the_times_that_its_client_wants(door: Knock) -> None:
    async def asked() -> tuple[int | None, int | None]:
        async with door.client() as client, client.open("students.csv", "wb") as file:
            await file.setstat(asyncssh.SFTPAttrs(atime=1_700_000_000, mtime=1_600_000_000))
            found = await file.stat()
            return found.atime, found.mtime

    assert door.in_door(asked()) == (1_700_000_000, 1_600_000_000)
    assert int((door.home / "students.csv").stat().st_mtime) == 1_600_000_000
