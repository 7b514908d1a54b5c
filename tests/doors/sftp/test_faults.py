"""A disk that fails and processes that get in each other's way: no part is published, and nothing whole is lost.

In: the uploads of one session, with faults of the system and other processes' steps put where they hurt most. Out:
nothing.
"""

import asyncio
import errno
import fcntl
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from asyncssh import FXF_CREAT, FXF_TRUNC, FXF_WRITE, SFTPError

from sftpingest.doors.sftp.events import Events
from sftpingest.doors.sftp.folder.quota import Quota
from sftpingest.doors.sftp.folder.staging import Staging
from sftpingest.doors.sftp.folder.upload import Upload
from sftpingest.doors.sftp.folder.writing import Writing
from sftpingest.doors.sftp.uploads import Uploads

NEW = FXF_WRITE | FXF_CREAT | FXF_TRUNC


@dataclass
class Room:
    """The folder of one district, and one session that writes there."""

    root: Path
    uploads: Uploads = field(default_factory=Uploads)

    def __post_init__(self) -> None:
        for name in ("home", "staging"):
            (self.root / name).mkdir()
        self.staging = Staging(self.root, Quota())
        self.writing = Writing(self.staging, "oak-valley", self.uploads, Events())

    def open(self, flags: int = NEW) -> Upload:
        return asyncio.run(self.writing.open("students.csv", flags))

    def put(self, upload: Upload, offset: int, content: bytes) -> None:
        self.writing.write(upload, offset, [memoryview(content)])

    def close(self, upload: Upload) -> None:
        asyncio.run(self.writing.close(upload))

    @property
    def published(self) -> bytes | None:
        path = self.root / "home" / "students.csv"
        return path.read_bytes() if path.exists() else None

    def publish(self, content: bytes) -> None:
        (self.root / "home" / "students.csv").write_bytes(content)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def failing(number: int) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def test_a_fault_after_the_rename_empties_nothing(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.publish(b"the old one")
    upload = room.open()
    room.put(upload, 0, b"the new one")
    monkeypatch.setattr(Staging, "drop_partials", failing(errno.EMFILE))
    room.close(upload)
    assert room.published == b"the new one"
    assert room.uploads.writing("oak-valley") == 0


def test_a_fault_before_the_rename_leaves_the_old_file(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.publish(b"the old one")
    upload = room.open()
    room.put(upload, 0, b"the new one")
    monkeypatch.setattr(os, "fsync", failing(errno.EIO))
    with pytest.raises(SFTPError):
        room.close(upload)
    assert room.published == b"the old one"


@pytest.mark.parametrize("number", [errno.EIO, errno.EFBIG, errno.ENOSPC])
def test_a_write_that_failed_is_never_published(room: Room, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    upload = room.open()
    room.put(upload, 0, b"x" * 1000)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwritev", failing(number))
        with pytest.raises(SFTPError):
            room.put(upload, 1000, b"y" * 1000)
    with pytest.raises(SFTPError):
        room.close(upload)  # OpenSSH closes after a write that failed
    assert room.published is None
    assert list((room.root / "staging").iterdir()) == []


def test_what_a_dead_process_left_ends_before_its_first_hole(room: Room) -> None:
    upload = room.open()
    room.put(upload, 0, b"x" * 65_536)
    room.put(upload, 262_144, b"x" * 65_536)  # pieces came out of order
    os.close(upload.fd)  # as the kernel does at kill -9
    partial = room.staging.partial("students.csv")
    assert partial is not None
    assert 0 < partial.st_size <= 65_536
    resumed = room.open(FXF_WRITE)
    assert resumed.solid == resumed.size() == partial.st_size


def test_a_new_upload_that_another_process_takes_for_broken_off_is_begun_anew(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, other = fcntl.flock, Staging(room.root, Quota())
    seen = list[int]()

    def flock(fd: int, how: int) -> None:
        if how == fcntl.LOCK_EX and not seen:  # the other process comes between the file and its lock
            seen.append(fd)
            other.drop_partials("students.csv")
        real(fd, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    upload = room.open()
    room.put(upload, 0, b"whole")
    room.close(upload)
    assert seen
    assert room.published == b"whole"


def test_a_partial_that_is_dropped_while_it_is_resumed_is_not_resumed(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = room.open()
    room.put(upload, 0, b"half")
    os.close(upload.fd)
    real = fcntl.flock

    def flock(fd: int, how: int) -> None:
        if how == fcntl.LOCK_EX | fcntl.LOCK_NB:
            for path in (room.root / "staging").iterdir():
                path.unlink()
        real(fd, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    assert asyncio.run(room.staging.resume("students.csv")) is None


def test_opening_that_fails_leaks_no_file_descriptor(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.publish(b"whole")
    before = len(list(Path("/proc/self/fd").iterdir()))
    monkeypatch.setattr(Staging, "_new", failing(errno.ENOSPC))
    for _ in range(5):
        with pytest.raises(OSError, match="No space left"):
            room.open(FXF_WRITE)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_partial_that_cannot_be_brought_in_order_is_not_left_and_the_others_are(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its tail may be of another day: whoever resumes it would publish that."""
    for name in ("a.csv", "b.csv"):
        room.put(asyncio.run(room.writing.open(name, NEW)), 0, b"the beginning")
    steps = iter([failing(errno.EIO), Upload.cut_holes])

    def one_after_the_other(upload: Upload) -> None:
        next(steps)(upload)

    monkeypatch.setattr(Upload, "cut_holes", one_after_the_other)
    room.writing.break_off()
    assert len(room.writing) == room.uploads.writing("oak-valley") == 0
    assert [path.read_bytes() for path in (room.root / "staging").iterdir()] == [b"the beginning"]


def test_a_file_whose_close_fails_on_the_disk_is_published_and_over(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = room.open()
    room.put(upload, 0, b"the new one")
    monkeypatch.setattr(Upload, "close", failing(errno.EIO))
    room.close(upload)
    assert room.published == b"the new one"
    assert len(room.writing) == room.uploads.writing("oak-valley") == 0


def test_a_partial_that_somebody_looks_at_for_long_is_not_begun_anew(room: Room) -> None:
    """The client goes on at its end: in a fresh file it would leave a hole."""
    room.put(room.open(), 0, b"the beginning")
    room.writing.break_off()
    (partial,) = (room.root / "staging").iterdir()
    with partial.open("rb") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        with pytest.raises(SFTPError, match="try again"):
            room.open(FXF_WRITE | FXF_CREAT)
    assert room.uploads.writing("oak-valley") == 0
    upload = room.open(FXF_WRITE | FXF_CREAT)
    room.put(upload, 13, b" and the end")
    room.close(upload)
    assert room.published == b"the beginning and the end"


def test_times_for_an_open_file_that_is_not_written_are_taken(room: Room) -> None:
    room.publish(b"as it was")
    upload = room.open(FXF_WRITE)
    upload.times = (1_000_000_000, 1_000_000_000)
    room.close(upload)
    assert (room.root / "home" / "students.csv").stat().st_mtime == 1_000_000_000
    assert room.published == b"as it was"
