"""AnySchool: two files, in which schools and sections are only named, and what a rejected row leaves alone."""

from pathlib import Path

import pytest

from sftpingest.roster.format import load
from sftpingest.roster.kinds import Kind
from sftpingest.roster.parse import parse
from sftpingest.roster.recognise import recognise
from sftpingest.roster.validate import validate
from tests.roster.district import District, Enrolled
from tests.roster.uploads import SMALLEST, Said, lines, said

CASE = Path(__file__).parent.parent / "formats" / "anyschool" / "good" / "smallest"
FORM = load("anyschool")
USERS, SECTIONS = ((CASE / name).read_text("utf-8").splitlines() for name in ("users.csv", "sections.csv"))


def two(users: list[str], sections: list[str]) -> dict[str, bytes]:
    return {"users.csv": lines(*users).encode(), "sections.csv": lines(*sections).encode()}


def but(rows: list[str], start: str, *instead: str) -> list[str]:
    """The rows, others in place of the one that starts so."""
    at = next(at for at, row in enumerate(rows) if row.startswith(start))
    return [*rows[:at], *instead, *rows[at + 1 :]]


@pytest.fixture
def lake() -> District:
    district = District(form=FORM)
    district.take_files(two(USERS, SECTIONS))
    return district


def test_schools_are_those_that_the_rows_name_and_have_the_number_of_the_sections(lake: District) -> None:
    assert lake.ids(Kind.SCHOOL) == ["North School", "South School"]
    north = lake.record(Kind.SCHOOL, "North School")
    assert (north["name"], north["number"]) == ("North School", "101")


def test_people_are_told_by_their_type(lake: District) -> None:
    assert lake.ids(Kind.STUDENT) == ["ann", "bob", "cid"]
    assert lake.ids(Kind.TEACHER) == ["elm", "oak"]
    assert lake.ids(Kind.STAFF) == ["yew"]
    ann = lake.record(Kind.STUDENT, "ann")
    assert (ann["school_id"], ann["grade"], ann["birth_date"]) == ("North School", "9", "2011-02-03")


def test_a_section_is_one_record_however_many_students_it_has(lake: District) -> None:
    assert lake.ids(Kind.SECTION) == ["alg", "bio"]
    alg = lake.record(Kind.SECTION, "alg")
    assert (alg["name"], alg["given_name"], alg["period"], alg["subject"]) == ("Algebra", "Algebra", "1", "math")
    assert lake.ids(Kind.COURSE) == lake.ids(Kind.TERM) == []


def test_each_row_is_a_student_in_a_section_and_a_second_teacher_teaches_it_too(lake: District) -> None:
    assert sorted(lake.enrolled()) == [
        Enrolled("alg", "ann", "student", "North School", 0),
        Enrolled("alg", "bob", "student", "North School", 0),
        Enrolled("alg", "elm", "teacher", "North School", 2),
        Enrolled("alg", "oak", "teacher", "North School", 1),
        Enrolled("bio", "cid", "student", "South School", 0),
        Enrolled("bio", "elm", "teacher", "South School", 1),
    ]


def test_the_same_again_changes_nothing(lake: District) -> None:
    assert lake.take_files(two(USERS, SECTIONS)).touched() == 0


@pytest.mark.parametrize(
    "row",
    [
        "North School,alg,bob,fir,101,Math,1,Algebra",  # a teacher who is not there
        "North School,alg,bob,,101,Math,1,Algebra",
        ",alg,bob,oak,101,Math,1,Algebra",
        "North School,alg,bob",
    ],
)
def test_a_rejected_row_takes_nobody_out_of_a_section_that_others_are_still_in(lake: District, row: str) -> None:
    rows = but(but(SECTIONS, "North School,alg,bob,oak", row), "North School,alg,bob,elm", row)
    before = lake.enrolled()
    taken = lake.take_files(two(USERS, rows))
    assert ("alg", "bob") in {(each.section, each.person) for each in lake.enrolled()}
    assert lake.learners("alg") == ["ann", "bob"]
    assert taken.counts(Kind.SECTION)[2] == taken.counts(Kind.STUDENT)[2] == 0
    assert len(before) - len(lake.enrolled()) <= 1  # elm, whom no row names any more


def test_a_student_whom_no_row_names_leaves_the_section(lake: District) -> None:
    rows = [row for row in SECTIONS if ",bob," not in row]
    lake.take_files(two(USERS, rows))
    assert lake.learners("alg") == ["ann"]
    assert lake.teachers("alg") == [(1, "oak")]


def test_a_teacher_whose_own_row_is_rejected_goes_on_teaching(lake: District) -> None:
    users = but(USERS, "South School,Teacher,elm", "South School,Teacher,elm,,Elm,,,,")
    taken = lake.take_files(two(users, SECTIONS))
    assert {one.code for one in said(taken.findings)} == {"value.missing", "reference.rejected"}
    assert lake.teachers("alg") == [(1, "oak"), (2, "elm")]
    assert lake.teachers("bio") == [(1, "elm")]
    assert lake.learners("bio") == ["cid"]


def test_the_place_of_a_rejected_teacher_is_left_free(lake: District) -> None:
    users = but(USERS, "North School,teacher,oak", "North School,teacher,oak,,Oak,,,,")
    lake.take_files(two(users, SECTIONS))
    assert lake.teachers("alg") == [(1, "oak"), (2, "elm")]


@pytest.mark.parametrize("teacher", ["fir", ""])
def test_who_is_held_in_the_place_of_a_teacher_who_was_turned_away_stays_there(lake: District, teacher: str) -> None:
    users = [*USERS, "South School,teacher,fir,,Fir,,,,"]
    row, more = f"South School,bio,cid,{teacher},102,Science,2,Biology", "South School,bio,ann,oak,,,,"
    lake.take_files(two(users, [*but(SECTIONS, "South School,bio,cid", row), more]))
    assert lake.teachers("bio") == [(1, "elm"), (2, "oak")]
    lake.take_files(two(users, [*but(SECTIONS, "South School,bio,cid", more), row]))
    assert lake.teachers("bio") == [(1, "oak")]


def test_a_school_that_no_row_names_goes_and_one_that_a_rejected_row_names_stays(lake: District) -> None:
    users = [row for row in USERS if not row.startswith("South")]
    sections = [row for row in SECTIONS if not row.startswith("South") and ",elm," not in row]
    gone = District(form=FORM)
    gone.take_files(two(USERS, SECTIONS))
    gone.take_files(two(users, sections))
    assert gone.ids(Kind.SCHOOL) == ["North School"]
    lake.take_files(two([*users, "South School,student,cid,Cid,,,,K,"], sections))
    assert lake.ids(Kind.SCHOOL) == ["North School", "South School"]
    assert lake.ids(Kind.STUDENT) == ["ann", "bob", "cid"]


def test_a_user_type_that_is_no_word_of_ours_removes_nobody(lake: District) -> None:
    users = but(USERS, "North School,student,bob", "North School,pupil,bob,Bob,Bay,,bob,09,")
    taken = lake.take_files(two(users, SECTIONS))
    assert Said("users.csv", 6, "User_type", "value.unknown", "row") in said(taken.findings)
    assert lake.ids(Kind.STUDENT) == ["ann", "bob", "cid"]
    assert lake.learners("alg") == ["ann", "bob"]


def test_a_cell_that_says_otherwise_is_dropped_and_says_which_row_counts() -> None:
    rows = but(SECTIONS, "North School,alg,bob,oak", "North School,alg,bob,oak,101,Math,3,Algebra")
    validated = validate(parse(two(USERS, rows), FORM))
    assert said(validated) == [Said("sections.csv", 3, "Period", "value.malformed", "value")]
    assert validated.findings["detail"].tolist() == ['"1", which row 2 says; that one was kept']
    assert validated.roster[Kind.SECTION]["period"].tolist() == ["1", "2"]


def test_a_name_of_a_school_that_is_too_long_for_an_id_is_said_and_makes_no_school() -> None:
    long = "N" * 256
    rows = [row.replace("South School", long) for row in USERS]
    validated = validate(parse(two(rows, SECTIONS), FORM))
    assert long not in validated.roster[Kind.SCHOOL]["id"].tolist()
    assert Said("users.csv", 3, "School_name", "reference.unknown", "row") in said(validated)


def test_rows_add_up_where_many_things_are_wrong() -> None:
    case = CASE.parent.parent / "bad" / "rows_turned_away"
    files = {name: (case / name).read_bytes() for name in ("users.csv", "sections.csv")}
    validated = validate(parse(files, FORM))
    rejected = {(one.file, one.row) for one in said(validated) if one.severity == "row"}
    people = sum(len(validated.roster[kind]) for kind in (Kind.STUDENT, Kind.TEACHER, Kind.STAFF))
    assert people + sum(file == "users.csv" for file, _ in rejected) == 10
    assert len(validated.roster[Kind.ENROLLMENT]) == 2
    assert validated.roster[Kind.SCHOOL]["id"].tolist() == ["North School"]


def test_it_is_told_from_the_full_set_and_from_oneroster() -> None:
    files = two(USERS, SECTIONS)
    assert recognise(files).format == "anyschool"
    assert recognise({"x.csv": files["users.csv"], "y.csv": files["sections.csv"]}).format == "anyschool"
    seen = recognise({name: text.encode() for name, text in SMALLEST.items()} | {"users.csv": files["users.csv"]})
    assert (seen.format, [(one.file, one.code) for one in said(seen.findings)]) == (
        "clever",
        [("users.csv", "file.foreign")],
    )
    oneroster = CASE.parent.parent.parent / "oneroster" / "good" / "bulk_1_1"
    roster = {path.name: path.read_bytes() for path in oneroster.glob("*.csv") if "expected" not in path.name}
    assert recognise(roster).format == "oneroster"
    mixed = recognise(roster | {"sections.csv": files["sections.csv"]})
    assert [(one.file, one.code) for one in said(mixed.findings)] == [("sections.csv", "file.foreign")]
