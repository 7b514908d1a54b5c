"""A line at the end that only counts the others is no record, and makes nobody doubtful."""

import pytest

from sftpingest.roster.kinds import Kind
from tests.roster.district import District
from tests.roster.uploads import ENROLLMENT, SECTION, SMALLEST, STUDENT, Said, judged, lines, read, said

TOTALS = [
    "Total,,3",
    "Total,3,,",
    "total:,,,",
    ",,Total,3",
    "Total: 3 rows",
    "Total: 1203 rows",
    "Grand total",
    "Grand Total,,,,,,",
    "Subtotal,,1203",
    "Totals:,3",
    "Total students,3",
    "Total number of records: 3",
    "Number of records: 3",
    "Rows: 3",
    "Record count = 3",
    '"Total: 1,203 rows"',
    "(3 rows affected)",
    "(1 row affected)",
    "3 rows selected.",
    "3 row(s) affected",
    "3 records",
    "-- End of file --",
    "*** END OF REPORT ***",
    "EOF",
    "Completion time: 2026-11-24T03:15:02.1+00:00",
]
NO_TOTALS = [
    "Total,Fitness,,",
    "Totally,ann2,,",
    "Total,,Tia,Oak",
    "Total,123456,,",
    "Total,t1,Tia,Oak",
    "north,Total,Tia,Oak",
    "north,Total,,",
    "Records,north,,",
    "3",
    "north,3",
    '"Total',
]


def students(*rows: str) -> str:
    return SMALLEST["students.csv"] + lines(*rows)


def about(*places: int) -> list[Said]:
    return [Said("students.csv", at, "", "row.totals", "row") for at in places]


@pytest.mark.parametrize("row", TOTALS)
def test_a_totals_line_is_told(row: str) -> None:
    parsed = read(students=students(row))
    assert said(parsed) == about(5)
    assert parsed.records["students.csv"] == 4
    sheet = next(sheet for sheet in parsed.sheets if sheet.name == "students.csv")
    assert (len(sheet.rows), len(sheet.malformed)) == (3, 0)


@pytest.mark.parametrize("row", NO_TOTALS)
def test_what_may_be_a_record_is_none(row: str) -> None:
    assert "row.totals" not in {one.code for one in said(read(students=students(row)))}


@pytest.mark.parametrize("row", ["Total,,3", "(3 rows affected)"])
def test_a_totals_line_keeps_nobody(district: District, row: str) -> None:
    text = SMALLEST["students.csv"].replace("north,bob,Bob,Bay\n", "") + lines(row)
    taken = district.take(students=text, enrollments=lines(ENROLLMENT, "north,alg,ann", "south,bio,cid"))
    assert taken.counts(Kind.STUDENT) == (0, 0, 1, 2)
    assert district.ids(Kind.STUDENT) == ["ann", "cid"]


def test_a_row_that_may_be_a_record_keeps_them_all(district: District) -> None:
    text = SMALLEST["students.csv"].replace("north,bob,Bob,Bay\n", "") + lines("north,,3,")
    district.take(students=text, enrollments=lines(ENROLLMENT, "north,alg,ann", "south,bio,cid"))
    assert district.ids(Kind.STUDENT) == ["ann", "bob", "cid"]


def test_only_the_last_record_is_one() -> None:
    text = lines(STUDENT, "north,ann,Ann,Ash", "Total,,1", "north,bob,Bob,Bay", "south,cid,Cid,Cob")
    assert "row.totals" not in {one.code for one in said(judged(students=text))}


def test_several_below_each_other_are_told_and_blank_lines_between_them_count() -> None:
    parsed = read(students=students("", "(3 rows affected)", "", "Completion time: 2026-11-24"))
    assert said(parsed) == about(6, 8)
    assert parsed.records["students.csv"] == 5


def test_a_totals_line_of_a_file_whose_first_column_is_the_id() -> None:
    text = lines("Student_id,School_id,First_name,Last_name", "ann,north,Ann,Ash", "Total,1,,")
    assert said(read(students=text)) == about(3)


def test_a_totals_line_of_enrollments(district: District) -> None:
    text = SMALLEST["enrollments.csv"].replace("north,alg,bob\n", "")
    taken = district.take(enrollments=text + lines("Total,,2"))
    assert said(taken.findings) == [Said("enrollments.csv", 4, "", "row.totals", "row")]
    assert district.learners("alg") == ["ann"]


def test_a_row_of_numbers_may_be_an_enrollment() -> None:
    codes = {one.code for one in said(read(enrollments=SMALLEST["enrollments.csv"] + lines("Total,20,3")))}
    assert "row.totals" not in codes


def test_a_section_of_that_name_is_one() -> None:
    text = lines(SECTION, "north,alg,oak,,Algebra,Fall", "south,Total,elm,,Biology,Fall")
    assert "row.totals" not in {one.code for one in said(read(sections=text))}


def test_a_file_of_nothing_but_a_totals_line_is_empty() -> None:
    findings = said(read(students=lines(STUDENT, "Total,,0")))
    assert Said("students.csv", None, "", "file.empty", "upload") in findings
