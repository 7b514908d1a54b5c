"""`sftpingest check`: the same findings without a server or store."""

import csv
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sftpingest.cli import demo_roster
from tests.cli.conftest import Program, without_mistakes, written


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
