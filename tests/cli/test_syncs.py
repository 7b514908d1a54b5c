"""Uploads by `ingest`, and what a person does with their syncs."""

import json
import zipfile
from pathlib import Path

import pytest

from sftpingest.cli import demo_roster
from tests.cli.conftest import Program, cut, without_mistakes, written

#: The commands are thin; what differs between the stores is tested at the store. So only one of these runs on both.
on_both = pytest.mark.parametrize("springfield", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def springfield(program: Program, request: pytest.FixtureRequest) -> Program:
    """A district, by default on SQLite and with the commands run in this process, as all of them on PostgreSQL are."""
    program.inside = getattr(request, "param", "postgresql") == "postgresql"
    if getattr(request, "param", "sqlite") == "postgresql":
        program.settings["SFTPINGEST_DATABASE_URL"] = request.getfixturevalue("postgres_url")
    program.ok("district", "add", "springfield", "--name", "Springfield Public Schools")
    return program


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return written(tmp_path / "whole", without_mistakes())


@pytest.fixture
def half(tmp_path: Path) -> Path:
    """The same with only 40 of 60 students, and their enrollments."""
    files = cut(cut(without_mistakes(), "students.csv", 40), "enrollments.csv", 80)
    return written(tmp_path / "half", files)


def count(program: Program, *words: object) -> int:
    return len(program.json("roster", "springfield", "--kind", "student", *words))


def test_a_folder_is_applied_and_its_rejected_rows_are_counted(springfield: Program, roster: Path) -> None:
    done = springfield("ingest", "springfield", roster, "--json")
    assert done.returncode == 1, done.stderr
    result = json.loads(done.stdout)
    assert result["outcome"] == "applied"
    assert result["files"]["students.csv"]["rejected"] == 4
    places = {(r["file"], r["row"], r["code"]) for r in springfield.json("sync", "show", 1, "--findings")["rows"]}
    assert {(mistake.file, mistake.row, mistake.code) for mistake in demo_roster.made()[1]} <= places


def test_a_file_is_read_as_the_district_has_set_it(springfield: Program, whole: Path) -> None:
    (whole / "students.csv").rename(whole / "students_old.csv")
    assert springfield("ingest", "springfield", whole).returncode == 4
    springfield.ok("district", "set", "springfield", "file.Students_*.csv", "students.csv")
    result = json.loads(springfield("ingest", "springfield", whole, "--json").stdout)
    assert (result["outcome"], result["files"]["students_old.csv"]["accepted"]) == ("applied", 60)


def test_a_zip_without_mistakes_is_applied(springfield: Program, whole: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "roster.zip", "w") as archive:
        for path in whole.iterdir():
            archive.write(path, path.name)
    done = springfield("ingest", "springfield", tmp_path / "roster.zip")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Sync 1: applied" in done.stdout
    assert count(springfield) == 60


def test_a_file_without_records_refuses_the_upload(springfield: Program, whole: Path) -> None:
    springfield.ok("ingest", "springfield", whole)
    (whole / "students.csv").write_text("School_id,Student_id,First_name,Last_name\n")
    done = springfield("ingest", "springfield", whole, "--json")
    assert done.returncode == 4
    assert json.loads(done.stdout)["outcome"] == "refused"
    assert count(springfield) == 60


@on_both
def test_a_big_change_is_held_and_released(springfield: Program, whole: Path, half: Path) -> None:
    springfield.ok("ingest", "springfield", whole)
    done = springfield("ingest", "springfield", half)
    assert done.returncode == 3, done.stdout
    assert count(springfield) == 60
    (held,) = [one for one in springfield.json("syncs", "springfield") if one["state"] == "held"]
    released = springfield("sync", "release", held["sync"], "--json")
    assert released.returncode == 0, released.stderr
    assert json.loads(released.stdout) | {"sync": 2, "outcome": "applied"} == json.loads(released.stdout)
    assert count(springfield) == 40
    assert count(springfield, "--as-of", 1) == 60
    assert "not held" in springfield.refused("sync", "release", held["sync"])


def test_a_held_sync_is_discarded_and_its_report_says_so(springfield: Program, whole: Path, half: Path) -> None:
    springfield.ok("ingest", "springfield", whole)
    springfield("ingest", "springfield", half)
    assert springfield.json("sync", "discard", 2)["outcome"] == "discarded"
    shown = springfield.json("sync", "show", 2)
    assert [(t["before"], t["after"]) for t in shown["transitions"]][-1] == ("held", "discarded")
    assert shown["reason"].startswith("A person discarded it. ")
    report = springfield.data / "districts" / "springfield" / "reports" / shown["report"] / "summary.txt"
    assert "A person discarded it." in report.read_text("utf-8-sig")
    assert count(springfield) == 60


def test_an_earlier_roster_comes_back(springfield: Program, whole: Path, half: Path) -> None:
    springfield.ok("ingest", "springfield", whole)
    springfield("ingest", "springfield", half)
    springfield.ok("sync", "release", 2)
    assert springfield.json("sync", "restore", "springfield", 1)["outcome"] == "applied"
    assert count(springfield) == 60
    assert [one["state"] for one in springfield.json("syncs", "springfield")] == ["applied"] * 3


def test_a_released_sync_is_refused_when_the_roster_has_moved(springfield: Program, whole: Path, half: Path) -> None:
    springfield.ok("ingest", "springfield", whole)
    springfield("ingest", "springfield", half)
    springfield.ok("ingest", "springfield", whole)
    assert "not held" in springfield.refused("sync", "release", 2)


def test_the_roster_is_written_in_every_shape(springfield: Program, whole: Path, tmp_path: Path) -> None:
    import pandas as pd

    springfield.ok("ingest", "springfield", whole)
    text = springfield.ok("roster", "springfield", "--kind", "student", "--format", "csv")
    assert text.startswith("id,")
    assert {"first_name", "last_name"} <= set(text.splitlines()[0].split(","))
    enrolled = springfield.ok("roster", "springfield", "--kind", "enrollment", "--format", "csv")
    assert enrolled.startswith("section_id,person_id,role")
    assert sum(",student" in line for line in enrolled.splitlines()) == 120
    springfield.ok("roster", "springfield", "--format", "parquet", "--out", tmp_path / "out")
    assert len(pd.read_parquet(tmp_path / "out" / "student.parquet")) == 60
    table = springfield.ok("roster", "springfield")
    assert ["student", "60"] in [line.split() for line in table.splitlines()]
    assert "--out" in springfield.refused("roster", "springfield", "--format", "parquet")
    assert "Sync 1 is not one of shelby" in _of_another(springfield)


def test_a_roster_is_only_shown_as_of_a_sync_that_was_applied(springfield: Program, whole: Path, half: Path) -> None:
    springfield.ok("ingest", "springfield", whole)
    springfield("ingest", "springfield", half)
    assert "Sync 2 is held, not applied" in springfield.refused("roster", "springfield", "--as-of", 2)
    springfield.ok("sync", "release", 2)
    then = springfield.ok("roster", "springfield", "--as-of", 1)
    assert ["student", "60"] in [line.split() for line in then.splitlines()]
    now = springfield.ok("roster", "springfield", "--as-of", 2)
    assert ["student", "40"] in [line.split() for line in now.splitlines()]


def test_findings_are_fetched_only_where_they_are_asked_for(springfield: Program, roster: Path) -> None:
    import sqlite3

    springfield("ingest", "springfield", roster)
    with sqlite3.connect(springfield.data / "roster.db") as store:
        store.execute("ALTER TABLE finding RENAME TO elsewhere")
    assert springfield.json("sync", "show", 1)["findings"]
    assert "no such table" in springfield("sync", "show", 1, "--findings").stderr


def test_names_cannot_command_a_terminal(springfield: Program, whole: Path) -> None:
    students = (whole / "students.csv").read_text("utf-8")
    (whole / "students.csv").write_text(students.replace("June", "Ju\x9b2Jne"), "utf-8")
    springfield.ok("ingest", "springfield", whole)
    words = ["roster", "springfield", "--kind", "student"]
    for shown in (
        springfield.ok(*words),
        springfield.ok(*words, "--json"),
        springfield.ok("roster", "springfield", "--json"),
    ):
        assert "2Jne" in shown
        assert all(line.isprintable() for line in shown.splitlines())
    assert "Ju\x9b2Jne" in {student["first_name"] for student in springfield.json(*words)}
    assert "Ju\x9b2Jne" in springfield.ok(*words, "--format", "csv")


def _of_another(program: Program) -> str:
    program.ok("district", "add", "shelby", "--name", "Shelby")
    return program.refused("roster", "shelby", "--as-of", 1)


def test_kinds_are_spelt_as_the_roster_spells_them() -> None:
    from sftpingest.cli.roster import KindName
    from sftpingest.roster.kinds import Kind

    assert [kind.value for kind in KindName] == [kind.value for kind in Kind]
