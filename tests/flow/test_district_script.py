"""deploy/district/upload.sh, against a running server: what cron at a district would run.

In:  the demo's roster, with and without mistakes; a key, and the host key as ssh-keyscan finds it.
Out: nothing.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from sftpingest.cli import demo_roster
from tests.cli.conftest import cut, without_mistakes, written
from tests.flow.conftest import District, House, house_of_one_store, needs_ssh, read, until
from tests.flow.test_demo_district import key, port

SCRIPT = Path(__file__).parents[2] / "deploy" / "district" / "upload.sh"
REPORT = {"summary.txt", "rejections.csv", "report.html", "result.json"}

pytestmark = [needs_ssh, house_of_one_store]


@dataclass
class Script:
    """The script on the machine of a district."""

    district: District
    root: Path
    settings: dict[str, object]

    @property
    def folder(self) -> Path:
        return self.root / "my export"

    @property
    def reports(self) -> Path:
        return self.root / "my reports"

    def start(self, **more: object) -> "subprocess.Popen[str]":
        """Run it as cron does: with hardly any environment, and not in its own folder."""
        before = more.pop("path", None)
        path = os.pathsep.join(str(part) for part in (before, os.environ["PATH"]) if part)
        lines = [f"{name} = {value}" for name, value in (self.settings | more).items() if value is not None]
        (self.root / "upload.conf").write_text("# a comment\r\n" + "\r\n".join(lines) + "\r\n")
        return subprocess.Popen(
            ["sh", str(SCRIPT), str(self.root / "upload.conf")],
            env={"PATH": path, "HOME": str(self.root), "TMPDIR": str(self.root / "tmp")},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, **more: object) -> "subprocess.CompletedProcess[str]":
        with self.start(**more) as process:
            said, complained = process.communicate(timeout=200)
        assert list((self.root / "tmp").iterdir()) == []
        return subprocess.CompletedProcess("upload.sh", process.returncode, said, complained)

    def export(self, files: Mapping[str, bytes]) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        written(self.folder, files)


@pytest.fixture
def script(house: House, tmp_path: Path) -> Script:
    """The script with its settings, and a server that waits long enough for a client that opens file after file."""
    district = house.district(quiet_seconds=1)
    scan = ["ssh-keyscan", "-p", port(district), "127.0.0.1"]
    (tmp_path / "known hosts").write_bytes(subprocess.run(scan, capture_output=True, check=True).stdout)
    (tmp_path / "tmp").mkdir()
    command = tmp_path / "sftpingest"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sftpingest "$@"\n')
    command.chmod(0o755)
    made = Script(district, tmp_path, {"server": "127.0.0.1", "port": port(district), "every": 1, "wait": 2})
    made.settings |= {"login": f"{district.slug}-key", "key": key(district, tmp_path), "check": command}
    made.settings |= {"known_hosts": tmp_path / "known hosts", "folder": made.folder, "reports": made.reports}
    return made


def test_a_good_roster_is_applied_and_the_report_fetched(script: Script) -> None:
    script.export(without_mistakes() | {'notes [1] "für uns".csv': b"x\r\n"})
    (script.folder / "archive").mkdir()
    done = script()
    assert (done.returncode, done.stderr) == (0, "")
    sync = script.district.outcome()
    assert f"Upload {sync.id} of District" in done.stdout
    assert "APPLIED" in done.stdout
    assert "other files" not in done.stdout
    assert {path.name for path in (script.reports / "upload").iterdir()} == REPORT
    assert set(script.district.names("/")) == {*read_names(script.folder), "README.txt", "reports"}
    again = script()
    assert again.returncode == 0
    assert f"Upload {script.district.outcome().id} of District" in again.stdout


def test_a_zip_is_uploaded_as_it_is(script: Script) -> None:
    script.folder.mkdir()
    with zipfile.ZipFile(script.folder / "roster.zip", "w") as archive:
        for name, content in without_mistakes().items():
            archive.writestr(name, content)
    done = script()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "other files" not in done.stdout
    assert script.district.outcome().files["students.csv"]["accepted"] == 60


def read_names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()}


def test_rejected_rows_are_status_1_and_come_back(script: Script) -> None:
    script.export(demo_roster.made()[0])
    done = script()
    assert done.returncode == 1, done.stderr
    assert "7 rows were rejected" in done.stdout
    assert "other files" not in done.stdout
    sync = script.district.outcome()
    assert sync.report
    there = read(script.district.folders.reports / sync.report / "rejected")
    assert read(script.reports / "upload" / "rejected") == there
    assert read(script.reports / "check" / "rejected") == there


def test_what_the_check_refuses_is_not_uploaded(script: Script) -> None:
    script.export({name: content for name, content in without_mistakes().items() if name != "students.csv"})
    done = script()
    assert done.returncode == 4
    assert "students.csv" in done.stderr
    assert "Nothing was uploaded." in done.stderr
    assert script.district.syncs() == []
    assert script.district.names("/") == {"README.txt", "reports"}


def test_without_a_check_the_server_refuses(script: Script) -> None:
    script.export({name: content for name, content in without_mistakes().items() if name != "students.csv"})
    done = script(check="no")
    assert done.returncode == 4
    assert "REFUSED. Nothing was changed." in done.stdout
    assert len(script.district.syncs()) == 1


def test_a_big_change_is_held(script: Script) -> None:
    script.export(without_mistakes())
    assert script(check="no").returncode == 0
    script.export(cut(cut(without_mistakes(), "students.csv", 40), "enrollments.csv", 80))
    done = script(check="no")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "HELD" in done.stdout


def test_the_report_of_another_upload_is_not_taken_for_ours(script: Script) -> None:
    """Somebody else's upload is reported while the script waits; ours is quiet only after that."""
    district, program = script.district, script.district.place.program
    script.export(without_mistakes())
    program.ok("district", "set", district.slug, "quiet_seconds", "3600")
    other = written(script.root / "other", cut(without_mistakes(), "enrollments.csv", 119))
    with script.start() as process:
        until(lambda: read_names(script.folder) <= district.names("/"))
        program.ok("ingest", district.slug, other)
        assert process.stdout
        seen = next(line for line in process.stdout if "is about other files" in line)
        program.ok("district", "set", district.slug, "quiet_seconds", "1")
        said, complained = process.communicate(timeout=200)
    assert process.returncode == 0, complained
    first, second = (district.outcome().id for _ in range(2))
    assert f"Report {first:06d} is" in seen
    assert f"Upload {second} of District" in said
    assert f"Upload {first} of District" not in said


def test_an_export_that_still_runs_is_seen_before_anything_is_uploaded(script: Script) -> None:
    script.export(without_mistakes())
    slow = script.root / "slow"  # checks, and meanwhile a row comes
    slow.write_text(f'#!/bin/sh\n"{script.root}/sftpingest" "$@"\necho >> "$2/students.csv"\n')
    slow.chmod(0o755)
    done = script(check=slow)
    assert done.returncode == 5
    assert "The files changed while they were checked: the export still runs." in done.stderr
    assert script.district.names("/") == {"README.txt", "reports"}


def test_an_export_that_runs_during_the_upload_is_seen(script: Script) -> None:
    script.export(without_mistakes())
    wrapped = script.root / "bin" / "sftp"  # uploads, and meanwhile a row comes
    wrapped.parent.mkdir()
    wrapped.write_text(f'#!/bin/sh\n{shutil.which("sftp")} "$@" && echo >> "{script.folder}/students.csv"\n')
    wrapped.chmod(0o755)
    done = script(check="no", path=wrapped.parent)
    assert done.returncode == 5
    assert "The files changed while they were uploaded" in done.stderr


def test_where_no_report_comes_in_time_it_says_so(script: Script) -> None:
    script.export(without_mistakes())
    script.district.place.program.ok("district", "set", script.district.slug, "quiet_seconds", "3600")
    done = script(check="no", wait=0)
    assert done.returncode == 5
    assert "No report came within 0 minutes." in done.stderr


def test_a_server_with_another_host_key_gets_nothing(script: Script) -> None:
    script.export(without_mistakes())
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", script.root / "id_other"], check=True)
    wrong = f"[127.0.0.1]:{port(script.district)} {(script.root / 'id_other.pub').read_text()}"
    (script.root / "known hosts").write_text(wrong)
    done = script(check="no")
    assert done.returncode == 5
    assert "HOST IDENTIFICATION HAS CHANGED" in done.stderr
    assert "The upload failed three times." in done.stderr
    assert script.district.names("/") == {"README.txt", "reports"}


@pytest.mark.parametrize("name", ["server", "login", "key", "known_hosts", "folder", "reports"])
def test_a_setting_that_is_missing_is_named(script: Script, name: str) -> None:
    done = script(**{name: None})
    assert done.returncode == 2
    assert done.stderr.rstrip().endswith(f"does not say what {name} is.")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"key": "/nowhere/key"}, "/nowhere/key cannot be read. Correct key in"),
        ({"folder": "/nowhere"}, "/nowhere is no folder."),
        ({"wait": "soon"}, "wait and every are whole numbers."),
        ({"check": "/nowhere/sftpingest"}, "The files could not be checked. Nothing was uploaded."),
        ({"format": "nonsense"}, "The files could not be checked. Nothing was uploaded."),
    ],
    ids=str,
)
def test_what_is_set_up_wrongly_is_said(script: Script, more: dict[str, object], says: str) -> None:
    script.export(without_mistakes())
    done = script(**more)
    assert done.returncode == 2
    assert says in done.stderr


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_the_script_is_plain_posix_sh(house: House) -> None:
    done = subprocess.run(["shellcheck", "-s", "sh", SCRIPT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
