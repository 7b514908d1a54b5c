"""Clever's own demo district, uploaded as a district would: with OpenSSH and with lftp.

In:  the sample, where it lies beside the project.
Out: nothing.
"""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import asyncssh
import pytest

from sftpingest.roster.kinds import Kind
from sftpingest.store import accounts
from sftpingest.store.findings import kept_findings
from sftpingest.store.tables import State, Sync
from tests.flow.conftest import LONG, PASSWORD, District, House, needs_lftp, needs_ssh, read, same

SAMPLE = Path(__file__).parents[3] / "shared" / "samples" / "clever-demo"
COUNTS = {"school": 3, "student": 1004, "teacher": 89, "section": 379}
Put = Callable[[District, Path, Path], None]
QUIET = {"StrictHostKeyChecking": "no", "UserKnownHostsFile": os.devnull, "LogLevel": "ERROR", "IdentityAgent": "none"}
OPTIONS = ["-F", os.devnull, *(part for pair in QUIET.items() for part in ("-o", "=".join(pair)))]

pytestmark = [
    pytest.mark.skipif(not SAMPLE.is_dir(), reason="the samples are not beside the project"),
    needs_ssh,
]


@pytest.fixture
def demo(house: House) -> District:
    """A district whose quiet time is long enough for clients that pause between two files."""
    return house.district(quiet_seconds=1)


def openssh(district: District, folder: Path, tmp_path: Path) -> None:
    """`sftp -b` with a key, as a scheduled job does it."""
    command = ["sftp", "-b", "-", "-P", port(district), "-i", str(key(district, tmp_path)), *OPTIONS]
    batch = f"lcd {folder}\nput *.csv\n"
    done = subprocess.run(
        [*command, f"{district.slug}-key@127.0.0.1"],
        input=batch,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def lftp(district: District, folder: Path, tmp_path: Path) -> None:
    """Mirror with a password."""
    connect = " ".join(["ssh", "-a", "-x", *OPTIONS])
    script = (
        f'set sftp:connect-program "{connect}"; set net:max-retries 1; set cmd:fail-exit yes; '
        f"open -p {port(district)} -u '{district.user},{PASSWORD}' sftp://127.0.0.1; mirror -R {folder} /"
    )
    done = subprocess.run(["lftp", "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def port(district: District) -> str:
    assert district.server
    return str(district.server.port)


def key(district: District, tmp_path: Path) -> Path:
    """A key of the district's, made at its first use."""
    path = tmp_path / "id_ed25519"
    if not path.exists():
        private = asyncssh.generate_private_key("ssh-ed25519")
        private.write_private_key(str(path))
        path.chmod(0o600)
        with district.place.engine.begin() as c:
            line = private.export_public_key().decode()
            accounts.add_login(c, district.slug, f"{district.slug}-key", None, keys=[line])
    return path


def student_enrollments(district: District) -> int:
    return int((district.roster(Kind.ENROLLMENT)["role"] == "student").sum())


def worse_than_value(district: District, sync: Sync) -> list[str]:
    found = district.ask(lambda c, _: kept_findings(c, sync.id))
    return sorted(set(found["severity"]) - {"note", "value"})


@pytest.mark.parametrize("put", [openssh, pytest.param(lftp, marks=needs_lftp)], ids=["sftp -b", "lftp"])
def test_the_demo_district_is_applied_whole(demo: District, put: Put, tmp_path: Path) -> None:
    put(demo, SAMPLE, tmp_path)
    sync = demo.outcome()
    assert sync.state is State.APPLIED
    assert worse_than_value(demo, sync) == []
    assert {kind: demo.counts()[kind] for kind in COUNTS} == COUNTS
    assert student_enrollments(demo) == 8971
    assert demo.latest().result["outcome"] == "applied"
    assert len(demo.syncs()) == 1


def test_the_demo_district_uploaded_again_changes_nothing(demo: District, tmp_path: Path) -> None:
    openssh(demo, SAMPLE, tmp_path)
    first, before = demo.outcome(), demo.whole()
    openssh(demo, SAMPLE, tmp_path)
    second = demo.outcome()
    assert second.state is State.APPLIED
    assert second.id != first.id
    for kind, counts in second.kinds.items():
        assert {name for name, count in counts.items() if count} <= {"unchanged"}, kind
        assert counts["unchanged"] == len(before[Kind(kind)])
    assert second.findings == first.findings
    same(demo.whole(), before)


#: Enrollments that stay when the first or the last 150 students of the file are cut: those of issue 2 are the last.
CUTS = {"first": 7295, "last": 7471}


#: With their rows in enrollments.csv cut too, or left in and thereby rejected: what the store holds is the same.
WAYS = [("last", "cut too"), ("first", "left in"), *([("first", "cut too"), ("last", "left in")] if LONG else [])]


@pytest.mark.parametrize(("which", "enrollments"), WAYS)
def test_the_demo_district_without_150_students_is_held(
    demo: District, which: str, enrollments: str, tmp_path: Path
) -> None:
    openssh(demo, SAMPLE, tmp_path)
    demo.outcome()
    before = demo.whole()
    smaller = tmp_path / "smaller"
    smaller.mkdir()
    for name, content in without_150(read(SAMPLE), which, enrollments_too=enrollments == "cut too").items():
        (smaller / name).write_bytes(content)
    openssh(demo, smaller, tmp_path)
    held = demo.outcome()
    assert held.state is State.HELD
    assert held.kinds["student"]["removed"] == 150
    same(demo.whole(), before)
    assert demo.latest().result["outcome"] == "held"
    released = demo.place.program("sync", "release", held.id)
    assert released.returncode == (0 if enrollments == "cut too" else 1), released.stderr
    assert demo.counts()["student"] == 854
    assert student_enrollments(demo) == CUTS[which]
    latest = demo.latest().result
    assert (latest["sync"], latest["outcome"]) == (held.id, "applied")


def without_150(files: dict[str, bytes], which: str, *, enrollments_too: bool) -> dict[str, bytes]:
    """The files without the first or last 150 students, in the spelling they came in."""
    heading, *students = files["students.csv"].rstrip(b"\r\n").split(b"\r")
    cut, left = (students[:150], students[150:]) if which == "first" else (students[-150:], students[:-150])
    files = files | {"students.csv": b"\r".join([heading, *left]) + b"\r"}
    if not enrollments_too:
        return files
    gone = {row.split(b",")[heading.split(b",").index(b"Student_id")] for row in cut}
    heading, *rows = files["enrollments.csv"].splitlines(keepends=True)
    place = heading.rstrip().split(b",").index(b"Student_id")
    return files | {"enrollments.csv": heading + b"".join(r for r in rows if r.rstrip().split(b",")[place] not in gone)}
