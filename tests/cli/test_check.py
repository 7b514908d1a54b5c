"""`sftpingest check`: the same findings without a server or store."""

import csv
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sftpingest.cli import demo_roster, run
from sftpingest.sync.check import check
from tests.cli.conftest import COMMAND, Program, environment, without_mistakes, written

#: What a terminal does not print but obeys; those that set a colour.
ESCAPES, COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]"), re.compile(r"\x1b\[(?:1;)?(3[0-7]|9[0-7])m")


def test_every_planted_mistake_is_found_and_nothing_is_made(program: Program, roster: Path, tmp_path: Path) -> None:
    done = program("check", roster, "--report", tmp_path / "report")
    assert done.returncode == 1, done.stderr
    with (tmp_path / "report" / "rejections.csv").open(encoding="utf-8-sig", newline="") as file:
        found = {(row["file"], row["row"], row["column"], row["code"]) for row in csv.DictReader(file)}
    planted = {(m.file, str(m.row), m.column, m.code) for m in demo_roster.made()[1]}
    assert planted <= found
    assert (tmp_path / "report" / "summary.txt").exists()
    assert not program.data.exists()


def test_a_roster_without_mistakes_ends_with_0(program: Program, tmp_path: Path) -> None:
    folder = written(tmp_path / "roster", without_mistakes())
    done = program("check", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert program.json("check", folder)["findings"] == {}


def test_a_missing_file_refuses_the_upload(program: Program, roster: Path) -> None:
    (roster / "students.csv").unlink()
    assert program("check", roster).returncode == 4


def test_a_format_that_is_none_is_wrong_use(program: Program, roster: Path) -> None:
    assert "nonsense" in program.refused("check", roster, "--format", "nonsense")


@pytest.mark.parametrize(
    ("name", "spoilt", "status", "severity"),
    [
        ("students.csv", lambda text: text.replace(b"Gender", b"Geschlecht", 1), 4, "upload"),
        ("staff.csv", lambda _: b"School_id,Staff_id,Staff_email,First_name,Last_name,Shoe\r\n", 1, "file"),
        ("notes.csv", lambda _: b"x\r\n", 1, "file"),
        ("students.csv", lambda text: text.replace(b",F,", b",girl,", 1), 1, "row"),
    ],
    ids=["a heading of a core file", "a heading of an optional file", "another file", "a word"],
)
def test_strictly_every_departure_costs_its_row_or_more(
    quick: Program, tmp_path: Path, name: str, spoilt: Callable[[bytes], bytes], status: int, severity: str
) -> None:
    files = without_mistakes()
    files[name] = spoilt(files.get(name, b""))
    folder = written(tmp_path / "roster", files)
    assert quick("check", folder).returncode in {0, 1}
    done = quick("check", folder, "--strict", "--report", tmp_path / "report", "--json")
    assert done.returncode == status
    with (tmp_path / "report" / "rejections.csv").open(encoding="utf-8-sig", newline="") as file:
        assert severity in {row["severity"] for row in csv.DictReader(file)}
    for counts in json.loads(done.stdout)["files"].values():
        assert counts["rows"] == counts["accepted"] + counts["rejected"]


def test_where_the_files_of_a_report_would_be_is_said_only_without_them(
    quick: Program, roster: Path, tmp_path: Path
) -> None:
    hint = "Add --report DIR to get every finding, row by row, in files."
    assert quick("check", roster).stdout.endswith(f"\n\n{hint}\n")
    assert hint not in quick("check", roster, "--report", tmp_path / "report").stdout
    assert hint not in quick.ok("check", written(tmp_path / "good", without_mistakes()))


def test_nothing_that_a_file_holds_reaches_the_terminal_as_a_command(quick: Program, roster: Path) -> None:
    lines = (roster / "schools.csv").read_bytes().split(b"\r\n")
    lines[0] += b",\x1b[31mRed\xc2\x9b2J"
    (roster / "schools.csv").write_bytes(b"\r\n".join([lines[0], *(line + b"," for line in lines[1:-1])]))
    said = quick("check", roster).stdout
    assert "Red" in said
    assert all(line.isprintable() for line in said.splitlines())


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_zip_is_one_sentence_however_it_is_packed(quick: Program, tmp_path: Path, method: int) -> None:
    path = tmp_path / "roster.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("students.csv", "School_id,Student_id\n" * 1000)
    whole = path.read_bytes()
    middle = whole.index(b"students.csv") + 40
    path.write_bytes(whole[:middle] + bytes(30) + whole[middle + 30 :])
    assert "the zip is damaged. Make the zip anew." in quick.refused("check", path)


# ------------------------------------------------------------------------------------------------------ on a terminal


def on_terminal(*words: object, **more: str) -> str:
    """All that a command sends to the terminal that it runs on."""
    ours, theirs = pty.openpty()
    variables = {name: value for name, value in environment({}).items() if name != "NO_COLOR"}
    variables |= {"TERM": "xterm-256color", "COLUMNS": "120", **more}
    command = [*COMMAND, *map(str, words)]
    said = b""
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=variables) as process:
        os.close(theirs)
        with open(ours, "rb", buffering=0) as terminal:  # noqa: PTH123  (a number, no path)
            try:
                while part := terminal.read(65536):
                    said += part
            except OSError:  # Linux says so when nobody writes any more
                pass
    assert process.returncode in {0, 1, 4}, said
    return said.decode().replace("\r\n", "\n")


def test_on_a_terminal_a_bar_says_what_is_being_done_and_the_summary_has_colours(roster: Path) -> None:
    said = on_terminal("check", roster)
    assert re.search(r"Starting .*Checking 202 rows .*Writing the report .*Check of roster", said, re.DOTALL)
    assert "\x1b[1;32mGOOD.\x1b[0m An upload" in said
    assert "\x1b[1;33m7 rows would be rejected\x1b[0m" in said
    assert "(\x1b[36mvalue.missing\x1b[0m: " in said
    assert re.search(r"students\.csv +63 +59 +\x1b\[33m4\x1b\[0m\n", said)
    (roster / "students.csv").unlink()
    assert "\x1b[1;31mREFUSED.\x1b[0m An upload" in on_terminal("check", roster)


def test_the_bar_is_gone_at_the_end_and_leaves_what_is_printed_without_a_terminal(
    program: Program, roster: Path
) -> None:
    def without_time(said: str) -> str:
        return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "", said)

    left = on_terminal("check", roster).rpartition("\x1b[2K")[2]
    assert without_time(ESCAPES.sub("", left)) == without_time(program("check", roster).stdout)


@pytest.mark.parametrize("more", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_who_wants_no_colours_gets_none(roster: Path, more: dict[str, str]) -> None:
    said = on_terminal("check", roster, **more)
    assert "7 rows would be rejected" in said
    assert not COLOURS.search(said)
    assert "\x1b" not in said.rpartition("\x1b[2K")[2]  # nor anything else that moves or stresses, below the bar
    assert ("Checking 202 rows" in said) == ("NO_COLOR" in more)


def test_without_a_terminal_there_is_the_text_alone(program: Program, roster: Path) -> None:
    done = program("check", roster)
    assert "7 rows would be rejected" in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


def test_a_check_tells_how_far_it_is(roster: Path) -> None:
    told: list[tuple[str, float | None]] = []
    check(roster, "auto", strict=False, progress=lambda doing, share: told.append((doing, share)))
    read, rest = told[:5], told[5:]
    assert {doing for doing, _ in read} == {f"Reading {name}" for name in demo_roster.made()[0]}
    assert all(share is not None and 0 <= share < 1 for _, share in read)
    assert rest == [("Checking 202 rows", None), *[told[-2]] * (len(rest) - 2), ("Writing the report", None)]


def test_letters_that_the_terminal_does_not_know_stop_nothing(program: Program, tmp_path: Path) -> None:
    program.settings["PYTHONIOENCODING"] = "latin-1"
    folder = written(tmp_path / "Łodz", without_mistakes() | {"Łodz.csv": b"x\r\n"})
    assert "Check of ?odz" in program.ok("check", folder)
    assert program.json("check", folder)["findings"] == {"file.unknown": 1}


# ------------------------------------------------------------------------------------------------- what cannot be meant


@pytest.mark.parametrize("name", ["students.csv", "Students.CSV", "roster.txt"])
def test_one_file_alone_is_told_where_its_folder_is(quick: Program, roster: Path, name: str) -> None:
    (roster / name).write_bytes((roster / "students.csv").read_bytes())
    said = quick.refused("check", roster / name)
    assert f"{roster / name} is one file of a roster." in said
    assert said.endswith(f"sftpingest check {roster}\n")


def test_an_empty_folder_and_what_is_no_roster_are_one_sentence(quick: Program, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "it holds no files" in quick.refused("check", tmp_path / "empty")
    (tmp_path / "roster.bin").write_bytes(b"\0\1")
    assert "it is neither a folder nor a zip" in quick.refused("check", tmp_path / "roster.bin")


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A roster that everybody sees, with a file that only its owner, or nobody, may read; and room for all to write."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as room:
        there = written(Path(folder), without_mistakes())
        there.chmod(0o755)
        (there / "students.csv").chmod(0)
        Path(room).chmod(0o777)
        monkeypatch.setattr(tempfile, "tempdir", room)
        yield there


def test_a_file_that_may_not_be_read_is_one_sentence(
    locked: Path, somebody_else: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", str(locked)]) == 2
    assert capsys.readouterr() == ("", f"sftpingest: {locked / 'students.csv'}: Permission denied.\n")


def test_a_folder_that_may_not_be_read_is_one_sentence(
    closed: Path, somebody_else: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", str(closed)]) == 2
    assert capsys.readouterr() == ("", f"sftpingest: {closed}: Permission denied.\n")


# ----------------------------------------------------------------------------------------------------------- the report


def test_the_report_is_that_of_an_upload(quick: Program, roster: Path, tmp_path: Path) -> None:
    quick.ok("district", "add", "springfield", "--name", "roster")
    uploaded = quick("ingest", "springfield", roster)
    assert uploaded.returncode == 1, uploaded.stderr
    (folder,) = (quick.data / "districts" / "springfield" / "reports").iterdir()
    assert quick("check", roster, "--report", tmp_path / "report").returncode == 1
    theirs, ours = files_of(folder), files_of(tmp_path / "report")
    assert ours.keys() == theirs.keys()
    alike = {name for name in ours if ours[name] == theirs[name]}
    assert alike == {"rejections.csv", "rejected/rejected-students.csv", "rejected/rejected-enrollments.csv"}
    result, uploaded_result = json.loads(ours["result.json"]), json.loads(theirs["result.json"])
    # a check knows nothing of what is held: it has no number, and no changes
    assert result == uploaded_result | {"sync": 0, "kinds": {}}
    found = [text.decode().partition("What was found:")[2] for text in (ours["summary.txt"], theirs["summary.txt"])]
    assert found[0].partition("Of these")[0] == found[1].partition("Of these")[0] != ""


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_rows_of_an_earlier_report_do_not_stay(quick: Program, roster: Path, tmp_path: Path) -> None:
    report = tmp_path / "report"
    quick("check", roster, "--report", report)
    assert (report / "rejected" / "rejected-students.csv").exists()
    (report / "rejected" / "mine.csv").touch()
    quick.ok("check", written(tmp_path / "good", without_mistakes()), "--report", report)
    assert files_of(report).keys() == {
        "summary.txt",
        "rejections.csv",
        "report.html",
        "result.json",
        "rejected/mine.csv",
    }


def test_the_report_is_not_written_among_the_files_of_the_roster(quick: Program, roster: Path) -> None:
    before = files_of(roster)
    assert "Name another folder." in quick.refused("check", roster, "--report", roster / ".." / roster.name)
    assert files_of(roster) == before


# -------------------------------------------------------------------------------------------------------- at a district

#: Starts the program as Windows would: without what its Python does not have. No more than that can be known here.
WINDOWS = """
import os, sys
import pandera.pandas, pyarrow.compute, rich.progress, shutil, tempfile, typer, zipfile
for name in "curses fcntl grp pty pwd readline resource syslog termios tty".split():
    sys.modules[name] = None
for name in "O_DIRECTORY O_NOFOLLOW chown fchmod fork fstatvfs geteuid getuid pread statvfs".split():
    delattr(os, name)
sys.platform = "win32"
from sftpingest.cli import run
sys.exit(run(sys.argv[1:]))
"""


def test_a_check_needs_nothing_that_windows_does_not_have(roster: Path, tmp_path: Path) -> None:
    packed = tmp_path / "roster.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in roster.iterdir():
            archive.write(path, path.name)
    (tmp_path / "folder").mkdir()
    shutil.copy(packed, tmp_path / "folder")
    for path in (roster, packed, tmp_path / "folder"):
        command = [sys.executable, "-c", WINDOWS, "check", str(path), "--report", str(tmp_path / "report")]
        done = subprocess.run(command, env=environment({}), capture_output=True, text=True, check=False)
        assert done.returncode == 1, done.stderr
        assert "7 rows would be rejected" in done.stdout
