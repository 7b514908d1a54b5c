"""Every row is judged: cells, references, repetitions; what is left is the roster."""

import pytest

from sftpingest.roster.kinds import Kind
from tests.roster.uploads import (
    ENROLLMENT,
    SCHOOL,
    SECTION,
    SMALLEST,
    STAFF,
    STUDENT,
    TEACHER,
    Said,
    cells_of,
    judged,
    lines,
    rows_of,
    said,
)


def at(file: str, row: int, column: str, code: str, severity: str) -> Said:
    return Said(file, row, column, code, severity)


# ------------------------------------------------------------------------------------------------------------- cells


def test_a_key_that_no_index_can_hold_is_said() -> None:
    """PostgreSQL refuses keys of more than 2,704 bytes; a course's key is two cells, a contact's four."""
    long = "x" * 256
    students = lines(STUDENT, f"north,{long},Ann,Ash", f"north,{long[1:]},Bob,Bay", "north,cid,Cid,Cob")
    findings = said(judged(students=students, enrollments=lines(ENROLLMENT, f"north,alg,{long}", "south,bio,cid")))
    assert findings == [
        at("students.csv", 2, "Student_id", "value.malformed", "row"),
        at("enrollments.csv", 2, "Student_id", "reference.unknown", "row"),
    ]
    sections = SMALLEST["sections.csv"].replace("Algebra", long)
    assert said(judged(sections=sections)) == [at("sections.csv", 2, "Course_name", "value.malformed", "value")]


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("schools.csv", Kind.SCHOOL),
        ("teachers.csv", Kind.TEACHER),
        ("students.csv", Kind.STUDENT),
    ],
)
def test_an_empty_required_cell_rejects_its_row_and_is_named(file: str, kind: Kind) -> None:
    heading, first, *others = SMALLEST[file].splitlines()
    cells = first.split(",")
    emptied = [",".join([*cells[:at], " ", *cells[at + 1 :]]) for at in range(len(cells))]
    validated = judged(**{file.removesuffix(".csv"): lines(heading, *emptied, *others)})
    mine = [one for one in said(validated) if one.file == file]
    assert mine == [at(file, place, name, "value.missing", "row") for place, name in enumerate(heading.split(","), 2)]
    assert len(validated.roster[kind]) == len(others)


def test_a_staff_row_needs_its_email() -> None:
    validated = judged(staff=lines(STAFF, "north,yew,,Una,Yew", "north,fig,f@example.org,Flo,Fig"))
    assert said(validated) == [at("staff.csv", 2, "Staff_email", "value.missing", "row")]
    assert cells_of(validated.roster[Kind.STAFF], "id") == ["fig"]


def test_one_row_may_have_several_findings() -> None:
    validated = judged(students=SMALLEST["students.csv"] + "nowhere,dan,,\n")
    assert sorted(one[1:] for one in said(validated)) == [
        (5, "First_name", "value.missing", "row"),
        (5, "Last_name", "value.missing", "row"),
        (5, "School_id", "reference.unknown", "row"),
    ]


def test_a_wrong_optional_value_is_dropped_and_said_and_the_record_kept() -> None:
    headings = f"{STUDENT},Grade,Gender,DOB,Graduation_year,Race,Home_language,Frl_status,Weighted_gpa"
    validated = judged(
        students=lines(
            headings,
            "north,ann,Ann,Ash,K-12,Q,31/12/2015,30,Z,Klingon,?,A+",
            "north,bob,Bob,Bay,7,m,12/31/2015,2030,w,eng,f,3.5",
            "south,cid,Cid,Cob,,,,,,,,",
        )
    )
    assert sorted(one[2:] for one in said(validated)) == [
        ("DOB", "value.malformed", "value"),
        ("Frl_status", "value.unknown", "value"),
        ("Gender", "value.unknown", "value"),
        ("Grade", "value.unknown", "value"),
        ("Graduation_year", "value.malformed", "value"),
        ("Home_language", "value.unknown", "value"),
        ("Race", "value.unknown", "value"),
        ("Weighted_gpa", "value.malformed", "value"),
    ]
    assert {one.row for one in said(validated)} == {2}
    columns = "grade", "gender", "birth_date", "graduation_year", "race", "home_language", "frl", "weighted_gpa"
    assert rows_of(validated.roster[Kind.STUDENT], *columns) == [
        ("",) * 8,
        ("7", "M", "2015-12-31", "2030", "Caucasian", "English", "Free", "3.5"),
        ("",) * 8,
    ]


def test_the_value_that_stood_there_and_the_record_are_said() -> None:
    findings = judged(students=lines(f"{STUDENT},Grade", "north,ann,Ann,Ash,K-12")).findings
    first = findings.iloc[0]
    assert (first["value"], first["record"]) == ("K-12", "ann")


def test_an_email_address_that_is_none_is_kept_as_sent_and_noted() -> None:
    validated = judged(students=lines(f"{STUDENT},Student_email", "north,ann,Ann,Ash,Ann at Home", "north,bob,B,B,"))
    assert at("students.csv", 2, "Student_email", "value.malformed", "note") in said(validated)
    assert cells_of(validated.roster[Kind.STUDENT], "email") == ["Ann at Home", ""]


@pytest.mark.parametrize(
    ("file", "headings"),
    [
        ("schools", f"{SCHOOL},Principal_email"),
        ("teachers", f"{TEACHER},Teacher_email"),
        ("students", f"{STUDENT},Student_email"),
        ("students", f"{STUDENT},Contact_name,Contact_email"),
    ],
)
def test_no_email_address_costs_a_row(file: str, headings: str) -> None:
    text = SMALLEST[f"{file}.csv"].splitlines()
    extra = ",x" * (headings.count(",") - text[0].count(","))
    validated = judged(**{file: lines(headings, *(f"{row}{extra}" for row in text[1:]))})
    assert {(one.code, one.severity) for one in said(validated)} == {("value.malformed", "note")}


def test_ids_are_text_and_count_in_their_own_case() -> None:
    text = lines(STUDENT, "north,007,Ann,Ash", "north,7,Bob,Bay", "north,x1,Cid,Cob", "north,X1,Dan,Dew")
    validated = judged(students=text, enrollments=lines(ENROLLMENT, "north,alg,007"))
    assert said(validated) == []
    assert cells_of(validated.roster[Kind.STUDENT], "id") == ["007", "7", "x1", "X1"]


# ------------------------------------------------------------------------------------------------------- repetitions


def test_the_first_of_two_rows_with_one_id_is_kept() -> None:
    validated = judged(
        schools=SMALLEST["schools.csv"] + "north,Other\n",
        teachers=SMALLEST["teachers.csv"] + "north,oak,Other,Oak\n",
        students=SMALLEST["students.csv"] + "north,ann,Other,Ash\n",
        sections=SMALLEST["sections.csv"] + "north,alg,elm,,Other,Fall\n",
        staff=lines(STAFF, "north,yew,u@example.org,Una,Yew", "north,yew,u@example.org,Other,Yew"),
    )
    assert sorted(said(validated)) == [
        at("schools.csv", 4, "School_id", "id.repeated", "row"),
        at("sections.csv", 4, "Section_id", "id.repeated", "row"),
        at("staff.csv", 3, "Staff_id", "id.repeated", "row"),
        at("students.csv", 5, "Student_id", "id.repeated", "row"),
        at("teachers.csv", 4, "Teacher_id", "id.repeated", "row"),
    ]
    assert "Other" not in cells_of(validated.roster[Kind.STUDENT], "first_name")
    assert cells_of(validated.roster[Kind.SCHOOL], "name") == ["North School", "South School"]


def test_the_same_row_again_is_repeated() -> None:
    validated = judged(students=SMALLEST["students.csv"] + "north,ann,Ann,Ash\n")
    assert said(validated) == [at("students.csv", 5, "Student_id", "id.repeated", "row")]


def test_an_enrollment_again_names_the_person() -> None:
    validated = judged(enrollments=SMALLEST["enrollments.csv"] + "south,alg,ann\n")
    assert said(validated) == [at("enrollments.csv", 5, "Student_id", "id.repeated", "row")]


def test_a_row_that_repeats_a_rejected_one_takes_its_place() -> None:
    validated = judged(students=lines(STUDENT, "north,ann,,Ash", "north,ann,Ann,Ash", "north,bob,B,B", "south,cid,C,C"))
    assert said(validated) == [at("students.csv", 2, "First_name", "value.missing", "row")]
    assert cells_of(validated.roster[Kind.STUDENT], "first_name") == ["Ann", "B", "C"]


def test_a_teacher_who_stands_twice_in_a_section_teaches_it_once_in_the_first_place() -> None:
    validated = judged(
        sections=lines(SECTION, "north,alg,oak,oak,Algebra,Fall"), enrollments=lines(ENROLLMENT, "north,alg,ann")
    )
    assert rows_of(validated.roster[Kind.ENROLLMENT], "role", "position") == [("1", "1"), ("0", "0")]
