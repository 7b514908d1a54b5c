"""`sftpingest check`: the same findings without a server or store."""

import csv
from pathlib import Path

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
