"""What a spreadsheet has damaged is named for what it is, and deletes nobody."""

import pytest

from sftpingest.roster.changes import Outcome
from sftpingest.roster.damage import looks_damaged
from sftpingest.roster.finding import messages
from sftpingest.roster.kinds import Kind
from tests.roster.district import District
from tests.roster.uploads import (
    ENROLLMENT,
    SECTION,
    SMALLEST,
    STUDENT,
    TEACHER,
    Said,
    judged,
    lines,
    read,
    said,
    upload,
)

ROUNDED = ["1.23457E+11", "1.2E+05", "1E+11", "9,87654E+12", "1.23457e+11", "-1.5E+100"]
GENUINE = ["12E5", "1E5", "1E+5", "E+11", "1.2E", "1.23E-11", "12.3E+11", "1.23E+11A", "A1.23E+11", "joe1E+11@x.org"]
BROKEN = ["#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "########", "###"]


def students(*rows: str) -> str:
    return lines(f"{STUDENT},Student_number,DOB,Grade,Unweighted_gpa,ext.bus", *rows)


# ------------------------------------------------------------------------------------------------- shortened numbers


@pytest.mark.parametrize("cell", ROUNDED)
def test_a_shortened_number_is_dropped_and_said(cell: str) -> None:
    row = f'north,ann,Ann,Ash,"{cell}",,,"{cell}","{cell}"'
    validated = judged(students=students(row), enrollments=lines(ENROLLMENT, "north,alg,ann"))
    columns = ["Student_number", "Unweighted_gpa", "ext.bus"]
    assert said(validated) == [Said("students.csv", 2, column, "value.rounded", "value") for column in columns]
    record = validated.roster[Kind.STUDENT].iloc[0]
    assert (record["id"], record["number"], record["unweighted_gpa"], record["ext"]) == ("ann", "", "", "")


@pytest.mark.parametrize("cell", GENUINE)
def test_what_only_looks_like_one_is_kept(cell: str) -> None:
    section = lines(SECTION, f"north,{cell},oak,,Algebra,1.2E+11")
    validated = judged(sections=section, enrollments=lines(ENROLLMENT, f"north,{cell},ann"))
    assert said(validated) == [Said("sections.csv", 2, "Term_name", "value.rounded", "value")]
    assert validated.roster[Kind.SECTION]["id"].tolist() == [cell]


def test_two_rows_with_one_shortened_id_are_damaged_and_not_repeated() -> None:
    text = lines(STUDENT, "north,1.23457E+11,Ann,Ash", "north,1.23457E+11,Bob,Bay", "south,cid,Cid,Cob")
    findings = said(judged(students=text, enrollments=lines(ENROLLMENT, "south,bio,cid")))
    assert findings == [Said("students.csv", at, "Student_id", "value.rounded", "row") for at in (2, 3)]


def test_a_shortened_id_makes_nobody_and_removes_nobody(district: District) -> None:
    before = district.ids(Kind.STUDENT)
    text = lines(STUDENT, "north,1.23457E+11,Ann,Ash", "south,cid,Cid,Cob")
    taken = district.take(students=text, enrollments=lines(ENROLLMENT, "north,alg,1.23457E+11", "south,bio,cid"))
    assert district.ids(Kind.STUDENT) == before
    assert taken.touched() == 0
    assert {one.code for one in said(taken.findings)} == {"value.rounded"}


def test_a_shortened_reference_removes_no_enrollment(district: District) -> None:
    before = district.whole()
    enrollments = lines(ENROLLMENT, "north,1.23457E+11,ann", "north,alg,bob", "south,bio,cid")
    taken = district.take(enrollments=enrollments)
    assert said(taken.findings) == [Said("enrollments.csv", 2, "Section_id", "value.rounded", "row")]
    assert district.whole() == before


@pytest.mark.parametrize("cell", ["1.23457E+11", "#N/A"])
def test_a_damaged_co_teacher_leaves_who_is_held_there(district: District, cell: str) -> None:
    before = district.whole()
    sections = SMALLEST["sections.csv"].replace("elm,oak", f"elm,{cell}")
    taken = district.take(sections=sections)
    assert [(one.column, one.severity) for one in said(taken.findings)] == [("Teacher_2_id", "value")]
    assert district.whole() == before


def test_a_shortened_required_reference_keeps_the_section(district: District) -> None:
    before = district.whole()
    district.take(sections=SMALLEST["sections.csv"].replace("alg,oak", "alg,1.23457E+11"))
    assert district.whole() == before


# ------------------------------------------------------------------------------------------------------------ errors


@pytest.mark.parametrize("cell", BROKEN)
def test_an_error_in_the_place_of_a_value_is_dropped_whatever_the_column(cell: str) -> None:
    row = f"north,ann,Ann,Ash,{cell},{cell},{cell},{cell},{cell}"
    validated = judged(students=students(row), enrollments=lines(ENROLLMENT, "north,alg,ann"))
    columns = ["Student_number", "DOB", "Grade", "Unweighted_gpa", "ext.bus"]
    assert said(validated) == [Said("students.csv", 2, column, "value.damaged", "value") for column in columns]
    assert "".join(validated.roster[Kind.STUDENT].iloc[0][["number", "birth_date", "grade", "ext"]]) == ""


@pytest.mark.parametrize("cell", ["#", "##", "#1", "Apt #N/A", "#REF", "N/A", "#12 Room", "#N/A!"])
def test_a_sign_in_a_text_is_no_error(cell: str) -> None:
    text = lines(f"{TEACHER},Title", f"north,oak,Tia,{cell},#REF!", "south,elm,Tom,Elm,")
    assert said(judged(teachers=text)) == [Said("teachers.csv", 2, "Title", "value.damaged", "value")]


def test_an_error_in_a_required_cell_rejects_the_row_once() -> None:
    text = lines(TEACHER, "north,oak,#NAME?,Oak", "south,elm,Tom,Elm")
    findings = [one for one in said(judged(teachers=text)) if one.file == "teachers.csv"]
    assert findings == [Said("teachers.csv", 2, "First_name", "value.damaged", "row")]


def test_an_empty_cell_beside_an_error_is_still_missing() -> None:
    text = lines(TEACHER, "north,oak,#NAME?,", "south,elm,,Elm")
    findings = [one for one in said(judged(teachers=text)) if one.file == "teachers.csv"]
    assert findings == [
        Said("teachers.csv", 2, "First_name", "value.damaged", "row"),
        Said("teachers.csv", 3, "First_name", "value.missing", "row"),
        Said("teachers.csv", 2, "Last_name", "value.missing", "row"),
    ]


def test_an_error_in_an_address_is_told_by_no_second_finding() -> None:
    text = lines(f"{TEACHER},Teacher_email", "north,oak,Tia,Oak,#N/A", "south,elm,Tom,Elm,tom")
    codes = [(one.row, one.code, one.severity) for one in said(judged(teachers=text))]
    assert codes == [(2, "value.damaged", "value"), (3, "value.malformed", "note")]


def test_the_sentences_name_the_damage() -> None:
    row = "north,ann,Ann,Ash,1.2E+11,########,#REF!,,"
    findings = judged(students=students(row), enrollments=lines(ENROLLMENT, "north,alg,ann")).findings
    rounded, narrow, failed = messages(findings)
    assert "shortened" in rounded
    assert "too narrow" in narrow
    assert "a formula has failed" in failed


def test_a_clean_file_is_told_by_its_bytes() -> None:
    assert not looks_damaged(b"School_id,Note\nnorth,+1 555 Apt #4\n")
    assert looks_damaged(b"a\n1.2E+11\n")
    assert looks_damaged(b"a\n#REF!\n")
    assert all(looks_damaged(cell.encode()) for cell in (*ROUNDED, *BROKEN))


# -------------------------------------------------------------------------------------------------------- cut files


@pytest.mark.parametrize(("rows", "cut"), [(65_535, False), (65_536, True), (65_537, False), (1_048_576, True)])
def test_a_file_that_ends_where_a_sheet_does_is_said(rows: int, cut: bool) -> None:
    blank = "\n" * (rows - 2)
    text = f"{STUDENT}\nnorth,ann,Ann,Ash{blank}south,cid,Cid,Cob\n"
    findings = read(students=text).findings
    assert said(findings) == [Said("students.csv", None, "", "file.cut", "note")] * cut
    assert not cut or f"row {rows:,}" in messages(findings)[0]


def long(*rows: str) -> str:
    return lines(STUDENT, *rows[:-1]) + "\n" * (65_535 - len(rows)) + lines(rows[-1])


def test_a_file_that_may_be_cut_off_removes_nobody_unasked(district: District) -> None:
    enrollments = lines(ENROLLMENT, "north,alg,ann", "south,bio,cid")
    taken = district.work_out(upload(students=long("north,ann,Ann,Ash", "south,cid,Cid,Cob"), enrollments=enrollments))
    assert taken.verdict.outcome is Outcome.HELD
    assert (
        taken.verdict.reason == "students.csv ends at row 65,536 and may be cut off; records removed with its end: 1."
    )


def test_a_file_that_may_be_cut_off_and_brings_all_is_applied(district: District) -> None:
    students = long("north,ann,Ann,Ash", "north,bob,Bob,Bay", "south,cid,Cid,Cob")
    taken = district.take(students=students, enrollments=lines(ENROLLMENT, "north,alg,ann", "south,bio,cid"))
    assert taken.counts(Kind.ENROLLMENT)[2] == 1
    assert taken.verdict.outcome is Outcome.APPLIED


@pytest.mark.parametrize(("size", "cut"), [(32_766, False), (32_767, True), (32_768, False)])
def test_a_cell_that_is_as_long_as_one_can_be_is_kept_and_said(size: int, cut: bool) -> None:
    cell = "ü" * size
    validated = judged(teachers=SMALLEST["teachers.csv"].replace("Oak", cell))
    assert said(validated) == [Said("teachers.csv", 2, "Last_name", "value.cut", "note")] * cut
    assert cell in validated.roster[Kind.TEACHER]["last_name"].tolist()
