"""`sftpingest map`: a first mapping from the command line, written, tried and set.

In:  a small export under headings of its own.
Out: nothing.
"""

import json
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import Program
from tests.roster.test_guess import FILES


@pytest.fixture
def export(tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.fixture
def check(tmp_path: Path) -> Program:
    return Program(tmp_path / "data")


def test_what_map_writes_can_be_checked_and_edited(check: Program, export: Path, tmp_path: Path) -> None:
    out = tmp_path / "lake.toml"
    said = check.ok("map", export, "--out", out)
    assert "pupils.csv: student records" in said
    assert f"--format {out}" in said
    assert "GOOD." in check.ok("check", export, "--format", out)
    out.write_text(out.read_text("utf-8").replace('first_name = { from = "stu_first"', 'first = { from = "stu_first"'))
    assert "no such column" in check.refused("check", export, "--format", out)


def test_map_prints_what_it_would_write(check: Program, export: Path) -> None:
    assert 'id = { from = "stu_id", required = true }' in check.ok("map", export)


def test_map_reads_a_zip_and_tells_machines(check: Program, export: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as packed:
        for path in export.iterdir():
            packed.write(path, path.name)
    facts = check.json("map", tmp_path / "export.zip")
    assert {file["kind"] for file in facts["files"]} == {"school", "teacher", "student", "section", "enrollment"}
    assert facts["unknown_files"] == []


def test_what_is_not_told_is_said_by_the_exit_status(check: Program, export: Path) -> None:
    (export / "menu.csv").write_text("Dish,Price\nSoup,2\n", "utf-8")
    done = check("map", export)
    assert done.returncode == 1
    assert '"menu.csv" was not told.' in done.stdout


def test_a_folder_without_a_roster_is_no_mapping(check: Program, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "notes.txt").write_text("nothing of that kind\n", "utf-8")
    done = check("map", folder, "--out", tmp_path / "other.toml")
    assert done.returncode == 1
    assert "notes.txt: not told." in done.stdout
    assert "files must be a table" in check.refused("check", folder, "--format", tmp_path / "other.toml")


def test_map_overwrites_nothing_and_wants_a_toml(check: Program, export: Path, tmp_path: Path) -> None:
    (tmp_path / "there.toml").write_text("mine", "utf-8")
    assert "is there already" in check.refused("map", export, "--out", tmp_path / "there.toml")
    assert (tmp_path / "there.toml").read_text("utf-8") == "mine"
    assert "must end in .toml" in check.refused("map", export, "--out", tmp_path / "lake.txt")
    assert "is not there" in check.refused("map", tmp_path / "nowhere")


def test_doctor_finds_a_mapping_that_is_gone(quick: Program, export: Path, tmp_path: Path) -> None:
    quick.ok("district", "add", "lake", "--name", "Lake")
    quick.ok("map", export, "--out", tmp_path / "lake.toml")
    quick.ok("district", "set", "lake", "format", tmp_path / "lake.toml")
    said = {one["name"]: one["says"] for one in json.loads(quick("doctor", "--json").stdout)}
    assert "format" not in said
    (tmp_path / "lake.toml").unlink()
    said = {one["name"]: one["says"] for one in json.loads(quick("doctor", "--json").stdout)}
    assert said["format"].startswith(f"Uploads of lake are refused: The format {tmp_path / 'lake.toml'} cannot be read")


def test_a_relative_path_is_set_as_a_whole_one(quick: Program, export: Path, tmp_path: Path) -> None:
    quick.ok("district", "add", "lake", "--name", "Lake")
    quick.ok("map", export, "--out", tmp_path / "lake.toml")
    quick.ok("district", "set", "lake", "format", "lake.toml")
    assert quick.json("district", "show", "lake")["settings"]["format"] == str(tmp_path / "lake.toml")
