"""A first mapping: what is guessed of small made-up exports, and that it loads whatever the files hold.

In:  CSV text under odd headings.
Out: nothing.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sftpingest.roster.format import Format, read_format
from sftpingest.roster.guess import Guess, guess
from sftpingest.roster.guess.look import shape
from sftpingest.roster.guess.spelt import likeness, words_of
from sftpingest.roster.kinds import Kind
from tests.formats.test_cases import HERE, files_in
from tests.roster.district import District

FILES = {
    "Buildings.csv": "Bldg Code;School Name\n011;Lake School\n012;Hill School\n".replace(";", ","),
    "tchr_export.csv": "Staff Number,Building,Display Name,Teacher Email,Web Pw\n"
    '71,011,"Oak, Tia",tia@example.org,hush\n72,012,"Elm, Tom",tom@example.org,hush\n',
    "pupils.csv": "stu_id,stu_last,stu_first,DOB,Gr Lvl,SchoolID,Bus Route\n"
    "1001,Ash,Ann,31.08.2015,KF,011,7b\n1002,Bay,Bob,30.09.2014,01,011,7c\n1003,Cob,Cid,01.02.2013,02,012,\n",
    "classes.csv": "Class ID,Bldg,Crs Name,Instructor Number,Semester\n"
    "501,011,Algebra,71,Fall\n502,012,Biology,72,Fall\n",
    "stu_schedules.csv": "ClassID,StudentNumber\n501,1001\n501,1002\n502,1003\n",
}


def guessed(**changed: str | None) -> Guess:
    """The files, some of them changed (by the part of the name before the dot) or taken away."""
    texts = {name: changed.get(name.partition(".")[0], text) for name, text in FILES.items()}
    return guess({name: text.encode() for name, text in texts.items() if text is not None}, "lake")


def form(said: Guess) -> Format:
    return read_format("lake", said.source)


def columns(said: Guess, file: str) -> dict[str, list[str]]:
    """Our column -> the headings it is read from."""
    (facts,) = [one for one in said.facts["files"] if one["file"] == file]
    return {line["column"]: line["headings"] for line in facts["columns"]}


def of(said: Guess, file: str) -> Any:
    return next(one for one in said.facts["files"] if one["file"] == file)


def test_every_file_is_told_by_its_name_and_headings() -> None:
    said = guessed()
    assert {one["file"]: one["kind"] for one in said.facts["files"]} == {
        "Buildings.csv": "school",
        "tchr_export.csv": "teacher",
        "pupils.csv": "student",
        "classes.csv": "section",
        "stu_schedules.csv": "enrollment",
    }
    assert form(said).files[0].kind is Kind.SCHOOL
    assert said.facts["unknown_files"] == []


def test_columns_are_told_by_their_headings_whatever_their_spelling() -> None:
    said = guessed()
    assert columns(said, "pupils.csv") == {
        "id": ["stu_id"],
        "school_id": ["SchoolID"],
        "first_name": ["stu_first"],
        "last_name": ["stu_last"],
        "grade": ["Gr Lvl"],
        "birth_date": ["DOB"],
    }
    assert columns(said, "classes.csv") == {
        "id": ["Class ID"],
        "school_id": ["Bldg"],
        "course.name": ["Crs Name"],
        "term.name": ["Semester"],
        "teaches.1": ["Instructor Number"],
    }
    assert columns(said, "stu_schedules.csv") == {"section_id": ["ClassID"], "person_id": ["StudentNumber"]}
    assert of(said, "pupils.csv")["unknown"] == ["Bus Route"]


def test_the_guess_as_it_is_takes_the_files_it_was_made_of() -> None:
    district = District(form=form(guessed()))
    taken = district.take_files({name: text.encode() for name, text in FILES.items()})
    assert set(taken.findings["severity"]) <= {"note"}
    assert district.record(Kind.TEACHER, "71")["last_name"] == "Oak"
    ann = district.record(Kind.STUDENT, "1001")
    assert (ann["birth_date"], ann["grade"], ann["school_id"]) == ("2015-08-31", "Kindergarten", "011")
    assert district.teachers("502") == [(1, "72")]
    assert district.learners("501") == ["1001", "1002"]


def test_dates_and_grades_are_told_by_their_cells() -> None:
    columns_of = {column.name: column for column in form(guessed()).files[2].columns.values()}
    assert columns_of["birth_date"].date == "day first"
    assert (columns_of["grade"].words or {})["kf"] == "Kindergarten"


def test_dates_that_may_be_read_both_ways_are_marked() -> None:
    said = guessed(pupils="stu_id,stu_last,stu_first,DOB\n1,Ash,Ann,1/2/2015\n2,Bay,Bob,3/4/2014\n")
    assert "no day is above 12" in said.source


def test_a_mail_column_is_told_by_its_cells_and_a_wrong_heading_is_not_believed() -> None:
    pupils = "stu_id,stu_last,stu_first,Way,Email\n1,Ash,Ann,ann@example.org,yes\n2,Bay,Bob,bob@example.org,no\n"
    assert columns(guessed(pupils=pupils), "pupils.csv")["email"] == ["Way"]


def test_of_two_keys_the_one_that_other_files_name_is_the_key() -> None:
    buildings = "ID,School Number,School Name\n1,011,Lake School\n2,012,Hill School\n"
    assert columns(guessed(Buildings=buildings), "Buildings.csv")["id"] == ["School Number"]


def test_a_key_that_no_column_is_alone_is_joined_where_it_stands_and_where_it_is_named() -> None:
    said = guessed(
        classes="Bldg,Crs Key,Crs Name,Section,Instructor Number\n011,ALG,Algebra,1,71\n012,ALG,Algebra,1,72\n",
        stu_schedules="Bldg,Crs Key,Section,Student ID\n011,ALG,1,1001\n012,ALG,1,1003\n",
    )
    assert columns(said, "classes.csv")["id"] == ["Bldg", "Section"]
    assert columns(said, "stu_schedules.csv")["section_id"] == ["Bldg", "Section"]
    assert form(said).name == "lake"


def test_one_file_of_all_people_is_read_once_a_role() -> None:
    people = "User ID,Role,First,Last\n1,student,Ann,Ash\n2,teacher,Tia,Oak\n3,Parent,May,Ash\n"
    said = guess({"users.csv": people.encode()}, "lake")
    readings = form(said).files
    assert {file.kind: dict(file.only) for file in readings} == {
        Kind.TEACHER: {"role": frozenset({"teacher"})},
        Kind.STUDENT: {"role": frozenset({"student"})},
    }
    assert "Parent" in said.source  # known, and not read


def test_enrollments_with_a_role_are_read_once_a_role() -> None:
    said = guessed(stu_schedules="ClassID,User ID,Role\n501,1001,student\n501,71,teacher\n")
    who = [file.columns["person_id"].refers for file in form(said).files if file.kind is Kind.ENROLLMENT]
    assert sorted(map(str, who)) == ["student", "teacher"]


def test_what_cannot_be_read_is_commented_out_with_the_reason() -> None:
    said = guessed(Buildings=None)
    assert of(said, "classes.csv")["problem"].startswith("no file here brings school records")
    assert of(said, "stu_schedules.csv")["problem"].startswith("no file here brings section records")
    assert {file.kind for file in form(said).files} == {Kind.TEACHER, Kind.STUDENT}


def test_no_cell_is_shown_and_no_password_is_looked_at() -> None:
    said = guessed()
    shown = f"{said.source}{said.facts}"
    for name, text in FILES.items():
        cells = {cell.strip('" ') for row in text.splitlines()[1:] for cell in row.split(",")}
        for cell in cells - {"", "KF"}:
            assert cell not in shown.replace(name, ""), cell
    assert 'passed_over = ["Web Pw"]' in said.source
    assert "Aaa" in shown


HEADLESS = ["1001,Ash,Ann,31.08.2015\n1002,Bay,Bob,30.09.2014\n", "Ash,Ann\nBay,Bob\n", "1,2,School\n3,4,School\n"]


@pytest.mark.parametrize("pupils", HEADLESS)
def test_a_file_without_headings_is_not_shown(pupils: str) -> None:
    said = guessed(pupils=pupils)
    (left,) = said.facts["unknown_files"]
    assert left["file"] == "pupils.csv"
    assert left["problem"].startswith("Its first line looks like a record")
    assert "Ash" not in f"{said.source}{said.facts}"


def test_a_number_among_headings_is_one(tmp_path: Path) -> None:
    said = guessed(pupils="stu_id,stu_last,stu_first,504\n1001,Ash,Ann,Y\n1002,Bay,Bob,N\n")
    assert of(said, "pupils.csv")["unknown"] == ["504"]


def test_shapes_say_nothing_but_the_shape() -> None:
    assert shape("Ann-Marie O'Hara 9b") == "Aaa-Aaaaa A'Aaaa 9a"
    assert shape("\u00c9t\u00e9\x1b[31m") == "Aaa??99a"
    assert shape("x" * 60) == f"{'a' * 24}..."


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("SchoolID", "school id"),
        ("stu_last", "student last"),
        ("Student Number", "student number"),
        ("student.studentNumber", "student number"),
        ("studentid", "student id"),
        ("BLDG_NBR", "school number"),
        ("DOB", "birth date"),
        ("Tchr2ID", "teacher 2 id"),
        ("E-Mail Addr.", "email address"),
    ],
)
def test_headings_are_put_into_our_words(heading: str, words: str) -> None:
    assert words_of(heading) == frozenset(words.split())


def test_a_slip_in_a_heading_is_nearly_the_same() -> None:
    assert 0.85 < likeness(words_of("Stu Addres"), "address", "student") < 1
    assert likeness(words_of("Bus Route"), "address", "student") == 0


EXPORTS = [
    HERE / "powerschool" / "good" / "seven_files",
    HERE / "skyward" / "good" / "five_files",
    HERE / "infinite_campus" / "good" / "five_files",
    HERE / "microsoft_sds_v1" / "good" / "six_files",
    HERE / "clever" / "good" / "smallest",
]


@pytest.mark.parametrize("folder", EXPORTS, ids=lambda path: f"{path.parent.parent.name}")
def test_the_unedited_guess_of_an_example_export_rejects_no_row(folder: Path) -> None:
    files = files_in(folder)
    said = guess(files, "example")
    district = District(form=form(said))
    taken = district.take_files(files)
    assert set(taken.findings["severity"]) <= {"note", "value"}
    assert all(len(district.ids(kind)) for kind in (Kind.SCHOOL, Kind.STUDENT, Kind.TEACHER, Kind.SECTION))
    assert folder.parent.parent.name in said.facts["formats"]


NAMES = st.sampled_from(["students.csv", "a.csv", "classes.csv", "Schools.CSV"])
CELLS = st.one_of(
    st.text(max_size=5), st.sampled_from(["id", "School ID", "Student ID", "First", "Last", "Name", "Role"])
)
TABLES = st.dictionaries(NAMES, st.lists(st.lists(CELLS, min_size=1, max_size=5), min_size=1, max_size=4), max_size=3)
slow = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@slow
@given(TABLES)
def test_whatever_stands_in_the_files_the_mapping_loads(tables: Mapping[str, list[list[str]]]) -> None:
    files = {name: "\n".join(",".join(row) for row in rows).encode("utf-8", "replace") for name, rows in tables.items()}
    said = guess(files, "any")
    assert not said.told or read_format("any", said.source).name == "any"


@slow
@given(st.binary(max_size=200))
def test_no_bytes_make_it_fall_over(raw: bytes) -> None:
    said = guess({"students.csv": raw}, "any")
    assert not said.told or read_format("any", said.source).name == "any"
