"""Password columns are credentials: read past, never in a roster, a finding or a report (trap 12)."""

import pytest

from sftpingest.roster.changes import Outcome
from sftpingest.roster.kinds import Kind
from sftpingest.roster.parse import parse
from sftpingest.roster.rejected import rejected_rows
from sftpingest.roster.report import Facts, report
from sftpingest.roster.validate import validate
from tests.roster.test_report import NOON
from tests.roster.uploads import FORM, STAFF, STUDENT, TEACHER, cells_of, judged, lines, read, upload

SECRET = "hunter2"


def everything(**files: str) -> str:
    """All that comes out of an upload: roster, findings and report."""
    parsed = parse(upload(**files), FORM)
    validated = validate(parsed)
    facts = Facts(1, "Lake", FORM.title, Outcome.APPLIED, "", NOON)
    said = [frame.to_csv() for frame in (*validated.roster.values(), validated.findings)]
    written = report(facts, validated.findings, upload(**files), FORM)
    return "\n".join([*said, *(raw.decode() for raw in written.values())])


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(f"north,ann,{SECRET},Ann,Ash", id="accepted"),
        pytest.param(f"north,ann,{SECRET},,Ash", id="a required cell is empty"),
        pytest.param(f"nowhere,ann,{SECRET},Ann,Ash", id="a reference to nothing"),
        pytest.param(f"north,ann,{SECRET},Ann", id="too few cells"),
        pytest.param(f"north,ann,{SECRET}", id="ends there"),
        pytest.param(f"north,ann,{SECRET},Ann,Ash,oops", id="too many cells"),
        pytest.param(f"north,ann,oops,{SECRET},Ann,Ash", id="a cell before it"),
        pytest.param(f'north,ann,{SECRET},"Ann,Ash', id="a quotation mark is never closed"),
        pytest.param(f'north,ann,"{SECRET},Ann,Ash', id="its own quotation mark is never closed"),
        pytest.param(f"north,ann,{SECRET},Ann,Ash\nnorth,ann,{SECRET},Ann,Ash", id="repeated"),
    ],
)
def test_no_password_of_a_student_comes_out_anywhere(row: str) -> None:
    students = lines("School_id,Student_id,Password,First_name,Last_name", row)
    assert SECRET not in everything(students=students)


@pytest.mark.parametrize("heading", ["PASSWORD", " password ", "Student_passwd", "Portal PWD", "Passcode"])
def test_a_password_is_known_by_its_heading_in_any_case(heading: str) -> None:
    students = lines(f"School_id,Student_id,{heading},First_name,Last_name", f"north,ann,{SECRET},,Ash")
    assert SECRET not in everything(students=students)


def test_no_password_of_teachers_and_staff_comes_out_anywhere() -> None:
    said = everything(
        teachers=lines(f"{TEACHER},Password", f"north,oak,,Oak,{SECRET}", f"south,elm,Tom,Elm,{SECRET}"),
        staff=lines(f"{STAFF},Password", f"north,yew,,Una,Yew,{SECRET}", f"north,fig,f@example.org,Flo,Fig,{SECRET}"),
    )
    assert SECRET not in said


def test_a_password_where_the_format_has_none_is_no_less_secret() -> None:
    said = everything(
        schools=lines("School_id,School_name,Wifi_password", f"north,,{SECRET}", f"south,South,{SECRET}"),
        students=lines(f"{STUDENT},Initial Password", f"north,ann,,Ash,{SECRET}"),
    )
    assert SECRET not in said


def test_the_other_cells_of_a_rejected_row_are_shown() -> None:
    students = lines("School_id,Student_id,Password,First_name,Last_name", f"north,ann,{SECRET},Ann,")
    assert "north,ann,,Ann," in everything(students=students)


def test_no_password_stands_as_the_record_of_a_row_of_the_wrong_length() -> None:
    """A shifted cell stands under Student_id."""
    before = read(students=lines("School_id,Student_id,Password,First_name,Last_name", "ann,hunter2,Ann,Ash"))
    after = read(students=lines("School_id,Password,Student_id,First_name,Last_name", "north,moved,hunter2,ann,A,B"))
    assert SECRET not in before.findings.to_csv() + after.findings.to_csv()


def test_no_password_stands_in_the_rejected_row_of_an_unclosed_quotation_mark() -> None:
    """A comma inside quotation marks and a missing cell make up for each other."""
    raw = lines("School_id,Student_id,Password,First_name,Last_name", '"north,1",ann,"hunter2,Ann').encode()
    assert SECRET.encode() not in rejected_rows(raw, [2], FORM.file("students.csv"))


def test_no_password_stands_as_a_heading_of_a_headless_file() -> None:
    """`ext. 12`, a telephone extension in the first record, might count as a heading that we know."""
    parsed = read(students=lines("north,ann,Ann,Ash,ext. 12,hunter2"))
    assert SECRET not in parsed.findings.to_csv()


def test_a_password_in_an_own_column_is_not_stored() -> None:
    validated = judged(students=lines(f"{STUDENT},ext.password", "north,ann,Ann,Ash,hunter2"))
    assert SECRET not in cells_of(validated.roster[Kind.STUDENT], "ext")[0]
