"""Cells that name another record: what is not there, what was rejected, and whose role it must be."""

from sftpingest.roster.finding import Code
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


def test_a_reference_to_nothing_rejects_the_row_and_names_the_heading() -> None:
    validated = judged(
        teachers=SMALLEST["teachers.csv"] + "nowhere,fir,Tim,Fir\n",
        students=SMALLEST["students.csv"] + "nowhere,dan,Dan,Dew\n",
        sections=SMALLEST["sections.csv"] + "nowhere,gym,oak,,Gym,Fall\nnorth,art,nobody,,Art,Fall\n",
        enrollments=SMALLEST["enrollments.csv"] + "nowhere,alg,cid\nnorth,none,cid\nnorth,alg,none\n",
        staff=lines(STAFF, "nowhere,yew,u@example.org,Una,Yew"),
    )
    assert sorted(said(validated), key=lambda one: (one.file, one.row or 0)) == [
        at("enrollments.csv", 5, "School_id", "reference.unknown", "row"),
        at("enrollments.csv", 6, "Section_id", "reference.unknown", "row"),
        at("enrollments.csv", 7, "Student_id", "reference.unknown", "row"),
        at("sections.csv", 4, "School_id", "reference.unknown", "row"),
        at("sections.csv", 5, "Teacher_id", "reference.unknown", "row"),
        at("staff.csv", 2, "School_id", "reference.unknown", "row"),
        at("students.csv", 5, "School_id", "reference.unknown", "row"),
        at("teachers.csv", 4, "School_id", "reference.unknown", "row"),
    ]


def test_a_reference_to_a_rejected_row_is_said_and_names_the_row_to_mend_first() -> None:
    validated = judged(schools=lines(SCHOOL, "north,North", "south,"))
    findings = validated.findings
    assert said(validated) == [
        at("schools.csv", 3, "School_name", "value.missing", "row"),
        at("teachers.csv", 3, "School_id", "reference.rejected", "row"),
        at("students.csv", 4, "School_id", "reference.rejected", "row"),
        at("sections.csv", 3, "School_id", "reference.rejected", "row"),
        at("sections.csv", 3, "Teacher_id", "reference.rejected", "row"),
        at("enrollments.csv", 4, "School_id", "reference.rejected", "row"),
        at("enrollments.csv", 4, "Section_id", "reference.rejected", "row"),
        at("enrollments.csv", 4, "Student_id", "reference.rejected", "row"),
    ]
    roots = set(findings["detail"][(findings["code"] == Code.REFERENCE_REJECTED.value).to_numpy(bool)])
    assert roots == {"schools.csv row 3"}


def test_a_reference_to_a_malformed_row_is_to_a_rejected_one() -> None:
    validated = judged(students=lines(STUDENT, "north,ann,Ann", "north,bob,Bob,Bay", "south,cid,Cid,Cob"))
    assert said(validated)[1:] == [at("enrollments.csv", 2, "Student_id", "reference.rejected", "row")]


def test_the_role_of_a_person_must_match_too() -> None:
    validated = judged(
        sections=SMALLEST["sections.csv"] + "north,art,ann,,Art,Fall\n",
        enrollments=SMALLEST["enrollments.csv"] + "north,alg,oak\n",
    )
    assert said(validated) == [
        at("sections.csv", 4, "Teacher_id", "reference.unknown", "row"),
        at("enrollments.csv", 5, "Student_id", "reference.unknown", "row"),
    ]


def test_a_student_and_a_teacher_may_share_an_id() -> None:
    validated = judged(
        teachers=lines(TEACHER, "north,7,Tia,Oak", "south,elm,Tom,Elm"),
        students=lines(STUDENT, "north,7,Ann,Ash"),
        sections=lines(SECTION, "north,alg,7,,Algebra,Fall"),
        enrollments=lines(ENROLLMENT, "north,alg,7"),
    )
    assert said(validated) == []
    assert rows_of(validated.roster[Kind.ENROLLMENT], "role", "person") == [("1", "0"), ("0", "0")]


def test_a_co_teacher_who_is_not_there_is_dropped_and_the_section_kept() -> None:
    validated = judged(sections=lines(SECTION, "north,alg,oak,nobody,Algebra,Fall", "south,bio,elm,oak,Biology,Fall"))
    assert said(validated) == [at("sections.csv", 2, "Teacher_2_id", "reference.unknown", "value")]
    assert cells_of(validated.roster[Kind.SECTION], "id") == ["alg", "bio"]


def test_a_co_teacher_whose_row_was_rejected_is_dropped_and_the_section_kept() -> None:
    validated = judged(
        teachers=SMALLEST["teachers.csv"] + "north,fir,,Fir\n",
        sections=lines(SECTION, "north,alg,oak,fir,Algebra,Fall", "south,bio,elm,oak,Biology,Fall"),
    )
    assert said(validated)[1:] == [at("sections.csv", 2, "Teacher_2_id", "reference.rejected", "value")]
    assert cells_of(validated.roster[Kind.SECTION], "id") == ["alg", "bio"]


def test_a_person_may_be_in_a_section_of_another_school() -> None:
    assert said(judged(enrollments=lines(ENROLLMENT, "north,alg,cid", "south,bio,ann"))) == []
