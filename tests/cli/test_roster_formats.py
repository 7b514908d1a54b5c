"""A roster written in a format, and ingested again."""

import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import Program, cut, without_mistakes, written

FORMATS = ["clever", "oneroster-1.2", "oneroster-1.1"]


@pytest.fixture
def springfield(quick: Program, tmp_path: Path) -> Program:
    quick.ok("district", "add", "springfield", "--name", "Springfield Public Schools")
    quick.ok("ingest", "springfield", written(tmp_path / "whole", without_mistakes()))
    return quick


@pytest.mark.parametrize("form", FORMATS)
def test_an_export_ingested_again_changes_nothing(springfield: Program, tmp_path: Path, form: str) -> None:
    said = springfield.ok("roster", "springfield", "--format", form, "--out", tmp_path / "out.zip")
    assert f"Written to {tmp_path}/out.zip." in said
    kinds = springfield.json("ingest", "springfield", tmp_path / "out.zip")["kinds"]
    assert {kind: counts["unchanged"] for kind, counts in kinds.items()}["student"] == 60
    assert sum(counts[what] for counts in kinds.values() for what in ("created", "updated", "removed")) == 0


def test_the_same_roster_gives_the_same_zip(springfield: Program, tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        springfield.ok("roster", "springfield", "--format", "oneroster-1.2", "--out", tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_a_folder_is_replaced_by_a_later_export_of_any_format(springfield: Program, tmp_path: Path) -> None:
    springfield.ok("roster", "springfield", "--format", "oneroster-1.2", "--out", tmp_path / "out")
    said = springfield.json("roster", "springfield", "--format", "clever", "--out", tmp_path / "out")
    assert said["files"]["schools.csv"] == 2
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(said["files"])
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".out")] == []


def test_a_folder_with_anything_else_in_it_stays_as_it_is(springfield: Program, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    why = springfield.refused("roster", "springfield", "--format", "clever", "--out", tmp_path / "mine")
    assert "thesis.txt" in why
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_an_earlier_roster_is_written_as_it_was(springfield: Program, tmp_path: Path) -> None:
    half = cut(cut(without_mistakes(), "students.csv", 40), "enrollments.csv", 80)
    springfield("ingest", "springfield", written(tmp_path / "half", half))
    springfield.ok("sync", "release", "2")
    for options, students in (([], 40), (["--as-of", "1"], 60)):
        said = springfield.json("roster", "springfield", "--format", "clever", "--out", tmp_path / "o.zip", *options)
        rows = zipfile.ZipFile(tmp_path / "o.zip").read("students.csv").count(b"\r\n") - 1
        assert said["files"]["students.csv"] == rows
        assert len(springfield.json("roster", "springfield", "--kind", "student", *options)) == students


def test_without_a_place_a_zip_is_written_here(springfield: Program, tmp_path: Path) -> None:
    springfield.ok("roster", "springfield", "--format", "oneroster-1.1")
    assert "manifest.csv" in zipfile.ZipFile(tmp_path / "springfield-oneroster-1.1.zip").namelist()


def test_one_kind_alone_is_no_set(springfield: Program) -> None:
    assert "--kind" in springfield.refused("roster", "springfield", "--format", "clever", "--kind", "student")


def test_a_district_without_a_roster_has_nothing_to_write(quick: Program) -> None:
    quick.ok("district", "add", "empty", "--name", "Empty")
    assert "no roster yet" in quick.refused("roster", "empty", "--format", "oneroster-1.2")
