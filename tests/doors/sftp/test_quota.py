"""What a district may keep, and what the disk must keep."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from sftpingest.doors.sftp.folder import quota as bounds
from sftpingest.doors.sftp.folder.quota import spelt
from tests.doors.sftp.conftest import USER, Knock


def bound(door: Knock, **quota: int) -> None:
    """Set bounds of the district; they count from the next login on."""
    quota = {f"quota_{name}": value for name, value in quota.items()}
    door.gate.entry = replace(door.gate.entry, **quota)  # type: ignore[arg-type] # names of numbers


def uploaded(door: Knock, name: str, size: int, flags: str = "wb") -> str:
    """Upload bytes in pieces; what was said, nothing where it went well."""

    async def upload() -> str:
        async with door.client() as client:
            try:
                async with client.open(name, flags, encoding=None, block_size=10_000) as file:
                    await file.write(bytes(size))
            except asyncssh.SFTPFailure as refusal:
                return str(refusal.reason)
            return ""

    return asyncio.run(upload())


def test_a_file_that_is_uploaded_anew_needs_no_double_room(door: Knock) -> None:
    bound(door, bytes=1_000_000)
    for _ in range(3):
        assert uploaded(door, "students.csv", 900_000) == ""
    assert uploaded(door, "students.csv", 1_000_001).startswith("Quota exceeded: your folder may hold 1 MB.")
    assert len(door.published()["students.csv"]) == 900_000


def test_another_file_beside_it_needs_its_own_room(door: Knock) -> None:
    bound(door, bytes=1_000_000)
    assert uploaded(door, "students.csv", 600_000) == ""
    assert "Quota exceeded" in uploaded(door, "teachers.csv", 600_000)
    assert uploaded(door, "teachers.csv", 400_000) == ""


def test_a_file_may_be_as_large_as_is_set_and_no_larger(door: Knock) -> None:
    bound(door, file_bytes=100_000)
    assert uploaded(door, "a.csv", 100_000) == ""
    said = uploaded(door, "b.csv", 100_001)
    assert said == "Quota exceeded: one file may have 100 kB. Please ask for more room."
    assert list(door.published()) == ["a.csv"]
    assert list(door.staging.iterdir()) == []


def test_what_broke_off_counts_and_is_named_since_no_list_shows_it(door: Knock) -> None:
    bound(door, bytes=1_000_000)
    for name in "abcd":
        (door.staging / f"0123456789abcdef.{name}.csv").write_bytes(bytes(200_000))
    said = uploaded(door, "z.csv", 400_000)
    assert said.endswith("Unfinished uploads count too; you can remove them: a.csv, b.csv, c.csv and others.")
    assert "remove" not in door.sftp("rm a.csv\n").stderr
    assert uploaded(door, "z.csv", 400_000) == ""


def test_so_many_files_and_no_more_but_old_ones_anew(door: Knock) -> None:
    bound(door, files=3)
    for name in ("a.csv", "b.csv"):
        assert uploaded(door, name, 10) == ""
    (door.staging / "0123456789abcdef.c.csv").write_text("broken off")
    assert uploaded(door, "d.csv", 10).startswith("Quota exceeded: your folder may hold 3 files.")
    assert uploaded(door, "a.csv", 20) == ""
    assert uploaded(door, "c.csv", 20) == ""
    assert sorted(door.published()) == ["a.csv", "b.csv", "c.csv"]
    bound(door, files=2)  # fewer than there are: what is there may still come anew
    assert uploaded(door, "a.csv", 30) == ""


def test_reports_do_not_count(door: Knock) -> None:
    bound(door, bytes=1_000_000, files=1)
    door.report("2026-11-24T031502Z-000017", summary="x" * 2_000_000)
    assert uploaded(door, "a.csv", 1_000_000) == ""


def test_openssh_ends_with_an_error_and_says_why(door: Knock, tmp_path: Path) -> None:
    bound(door, file_bytes=1_000_000)
    (tmp_path / "big.csv").write_bytes(bytes(3_000_000))
    for ran in (door.sftp(f"put {tmp_path}/big.csv\n"), door.scp(f"{tmp_path}/big.csv", f"{USER}@127.0.0.1:")):
        assert ran.returncode == 1
        assert "Failure" in ran.stderr
        assert "Quota exceeded: one file may have 1 MB." in ran.stderr


def test_many_small_writes_ask_seldom(door: Knock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting ten thousand files takes its time."""
    bound(door, bytes=1_000_000_000)
    asked: list[int] = []
    used = bounds._used

    def counted(root: Path, upload: Any) -> int:
        asked.append(1)
        return used(root, upload)

    monkeypatch.setattr(bounds, "_used", counted)
    assert uploaded(door, "a.csv", 20_000_000) == ""
    assert 1 <= len(asked) <= 6


@pytest.mark.parametrize(
    ("size", "said"),
    [(5_000_000_000, "5 GB"), (1_500_000, "1.5 MB"), (1000, "1 kB"), (999, "999 bytes"), (2**30, "1.074 GB")],
)
def test_sizes_are_told_as_people_read_them(size: int, said: str) -> None:
    assert spelt(size) == said


# -- the disk ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(root: Path) -> Iterator[Path]:
    """The district's folder on a file system of 4 MB."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(root)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("a small file system cannot be mounted here")
    for name in ("home", "staging", "reports"):
        (root / name).mkdir()
    yield root
    subprocess.run(["umount", "--lazy", str(root)], check=True)


def test_a_disk_that_uploads_have_filled_still_takes_the_report(small_disk: Path, door: Knock) -> None:
    (small_disk / "home" / "big.csv").write_bytes(bytes(3_600_000))
    said, names = "", iter(range(100))
    while not said:
        said = uploaded(door, f"{next(names)}.csv", 50_000)
    assert said == "The disk of the server is full. Please try again later."
    found = os.statvfs(small_disk)
    assert found.f_bavail * found.f_frsize > 4_000_000 / 25
    door.report("2026-11-24T031502Z-000017", summary="x" * 100_000)
    assert list(door.staging.iterdir()) == []


def test_a_full_disk_takes_uploads_again_once_there_is_room(small_disk: Path, door: Knock) -> None:
    (small_disk / "reports" / "filler").write_bytes(bytes(3_900_000))
    assert "full" in uploaded(door, "a.csv", 300_000)
    (small_disk / "reports" / "filler").unlink()
    assert uploaded(door, "a.csv", 300_000) == ""


@pytest.mark.skipif(shutil.which("lftp") is None, reason="lftp is not installed")
def test_lftp_says_why(door: Knock, tmp_path: Path) -> None:
    bound(door, file_bytes=1_000_000)
    (tmp_path / "big.csv").write_bytes(bytes(3_000_000))
    ssh = " ".join(["ssh", "-a", "-x", *door.options, "-i", str(door.key)])
    settings = f'set sftp:connect-program "{ssh}"; set net:max-retries 1; set cmd:fail-exit yes; '
    script = f"{settings} open -p {door.port} -u '{USER}', sftp://127.0.0.1; put {tmp_path}/big.csv"
    ran = subprocess.run(["lftp", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 1
    assert "Quota exceeded: one file may have 1 MB." in ran.stderr
