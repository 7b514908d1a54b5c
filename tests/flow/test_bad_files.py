"""A bad students.csv changes nothing that the store holds, and the report says so.

In:  the demo's roster without mistakes, applied.
Out: nothing.
"""

import asyncio
import os
import random
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh
import pandas as pd
import pytest

from sftpingest.roster.kinds import Kind
from sftpingest.store.tables import State
from tests.cli.conftest import without_mistakes
from tests.flow.conftest import (
    PASSWORD,
    District,
    House,
    Report,
    house_of_one_store,
    needs_ssh,
    on_both_stores,
    same,
    until,
)
from tests.flow.test_demo_district import OPTIONS, key, port

HEADING = without_mistakes()["students.csv"].split(b"\r\n")[0]
BAD = {
    "heading only": (HEADING + b"\r\n", "file.empty"),
    "heading without a line end": (HEADING, "file.empty"),
    "heading and blank lines": (HEADING + b"\r\n\r\n\r\n", "file.empty"),
    "no bytes": (b"", "file.empty"),
    "a NUL byte in a row": (without_mistakes()["students.csv"].replace(b"S005", b"S0\x0005"), "file.unreadable"),
    "random bytes": (random.Random(5).randbytes(20_000), "file.unreadable"),
    "a zip": (b"PK\x03\x04" + random.Random(6).randbytes(20_000), "file.unreadable"),
}


@pytest.fixture
def applied(springfield: District) -> District:
    """A district whose roster is held."""
    assert springfield.uploaded(without_mistakes()).state is State.APPLIED
    return springfield


@on_both_stores
def test_a_student_row_that_turns_invalid_keeps_its_held_record_and_enrollments(applied: District) -> None:
    before = applied.roster(Kind.STUDENT).astype(str), applied.roster(Kind.ENROLLMENT).astype(str)
    files = without_mistakes()
    assert b",S005,Fjord,Finn," in files["students.csv"]
    changed = (
        files["students.csv"]
        .replace(b",S005,Fjord,Finn,", b",S005,,Finn,")
        .replace(b",S006,Garnet,", b",S006,Garnett,")
    )
    sync = applied.uploaded({**files, "students.csv": changed})
    assert sync.state is State.APPLIED
    assert sync.findings == {"value.missing": 1, "reference.rejected": 2}
    assert sync.kinds["student"] == {"created": 0, "updated": 1, "removed": 0, "unchanged": 59}
    assert sync.kinds["enrollment"]["removed"] == sync.kinds["enrollment"]["updated"] == 0
    students, enrollments = applied.shown("student"), applied.shown("enrollment")
    assert list(students["id"]) == list(before[0]["id"])
    kept, held = (frame[frame["id"] == "S005"] for frame in (students, before[0]))
    pd.testing.assert_frame_equal(kept, held, check_dtype=False)
    assert set(students.loc[students["id"] == "S006", "last_name"]) == {"Garnett"}  # what is good came in
    pd.testing.assert_frame_equal(enrollments, before[1], check_dtype=False)
    assert (enrollments["person_id"] == "S005").sum() == 2


def test_a_students_file_without_readable_records_changes_nothing(applied: District) -> None:
    before = applied.whole()
    teachers = without_mistakes()["teachers.csv"].replace(b"Abara", b"Abbara").replace(b"Brook", b"Brooke")
    for bad, (content, code) in BAD.items():
        sync = applied.uploaded({"students.csv": content, "teachers.csv": teachers})
        assert sync.state is State.REFUSED, bad
        same(applied.whole(), before)
        says(applied.latest(), sync.id, code)
    assert applied.uploaded(without_mistakes()).state is State.APPLIED  # and a good one puts it right


def says(report: Report, number: int, code: str) -> None:
    """The report says that the file refuses the upload, and nothing else."""
    assert (report.result["sync"], report.result["outcome"]) == (number, "refused")
    assert "students.csv" in report.result["reason"]
    assert "REFUSED" in report.summary
    assert places(report) == [("students.csv", "", "", code, "upload")]


def places(report: Report) -> list[tuple[str, ...]]:
    """What rejections.csv says, but for the record, value and sentence."""
    return list(report.rejections[["file", "row", "column", "code", "severity"]].itertuples(index=False, name=None))


@house_of_one_store
def test_a_core_file_that_was_deleted_refuses_the_upload(applied: District) -> None:
    before = applied.whole()
    applied.delete("students.csv")
    sync = applied.outcome()
    assert sync.state is State.REFUSED
    assert sync.findings == {"file.missing": 1}
    same(applied.whole(), before)
    assert applied.latest().result["outcome"] == "refused"


# ------------------------------------------------------------------------------------------------ a client is cut off


@contextmanager
def cut_half_way(district: District, content: bytes, tmp_path: Path) -> Iterator[None]:
    """OpenSSH's client and its ssh, killed when half of students.csv is there; what else it sends goes before."""
    local = tmp_path / "students.csv"
    local.write_bytes(content)
    command = ["sftp", "-l", "4000", "-b", "-", "-P", port(district), "-i", str(key(district, tmp_path)), *OPTIONS]
    client = subprocess.Popen(
        [*command, f"{district.slug}-key@127.0.0.1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert client.stdin
    client.stdin.write(f"put {local} students.csv\n")
    client.stdin.close()
    until(lambda: sum(path.stat().st_size for path in district.folders.staging.iterdir()) > len(content) // 3)
    yield
    os.killpg(client.pid, signal.SIGKILL)
    client.wait()


def large(content: bytes) -> bytes:
    """The same records, so that all of it takes some seconds: the cells at the end of a line are empty ones."""
    return b"".join(line + b"," * 40_000 + b"\r\n" for line in content.rstrip().split(b"\r\n"))


@needs_ssh
def test_a_students_file_cut_half_way_changes_nothing_and_the_report_says_so(applied: District, tmp_path: Path) -> None:
    before, content = applied.whole(), large(without_mistakes()["students.csv"])
    with cut_half_way(applied, content, tmp_path):
        pass
    sync = applied.outcome()
    assert sync.state is State.APPLIED  # the files that lie there, whole
    assert sync.findings == {"file.broken_off": 1}
    same(applied.whole(), before)
    assert (applied.folders.home / "students.csv").read_bytes() == without_mistakes()["students.csv"]
    assert places(applied.latest()) == [("students.csv", "", "", "file.broken_off", "note")]
    assert "broke off" in applied.latest().summary


@needs_ssh
def test_a_first_students_file_cut_half_way_leaves_the_store_empty(springfield: District, tmp_path: Path) -> None:
    files = without_mistakes()
    content = large(files.pop("students.csv"))
    with cut_half_way(springfield, content, tmp_path):
        springfield.upload(files)
    sync = springfield.outcome()
    assert sync.state is State.REFUSED
    assert sync.findings == {"file.missing": 1, "file.broken_off": 1}
    assert set(springfield.counts().values()) == {0}
    found = springfield.latest().rejections
    assert set(zip(found["file"], found["code"], strict=True)) == {
        ("students.csv", "file.missing"),
        ("students.csv", "file.broken_off"),
    }


@house_of_one_store
def test_an_upload_waits_for_a_file_that_is_still_being_written(applied: District) -> None:
    """Even for far longer than the quiet time, and so does what was finished beside it."""
    files = without_mistakes()

    async def slowly() -> list[int]:
        async with applied.client() as sftp, applied.client() as other:
            file = await sftp.open("/students.csv", "wb")
            await file.write(files["students.csv"][:1000])
            async with other.open("/teachers.csv", "wb") as beside:
                await beside.write(files["teachers.csv"])
            await asyncio.sleep(2.5)
            known = [sync.id for sync in await asyncio.to_thread(applied.syncs)]
            await file.write(files["students.csv"][1000:])
            await file.close()
        return known

    assert asyncio.run(slowly()) == [applied.seen]
    assert applied.outcome().kinds["student"]["unchanged"] == 60


@house_of_one_store
def test_a_client_that_breaks_off_by_itself_publishes_nothing(applied: District) -> None:
    """An SSH connection that is closed with an open file."""

    async def drop() -> None:
        proof = {"username": applied.user, "password": PASSWORD, "known_hosts": None}
        proof |= {"client_keys": None, "config": None}
        link = await asyncssh.connect("127.0.0.1", int(port(applied)), **proof)
        sftp = await link.start_sftp_client()
        file = await sftp.open("/students.csv", "wb")
        await file.write(without_mistakes()["students.csv"][:1500])
        link.abort()
        await link.wait_closed()

    asyncio.run(drop())
    sync = applied.outcome()
    assert sync.findings == {"file.broken_off": 1}
    assert len(applied.roster(Kind.STUDENT)) == 60


@house_of_one_store
def test_a_whole_upload_after_one_that_broke_off_says_nothing_of_it(house: House) -> None:
    district = house.district()
    district.uploaded(without_mistakes())
    test_a_client_that_breaks_off_by_itself_publishes_nothing(district)
    assert district.uploaded(without_mistakes()).findings == {}
