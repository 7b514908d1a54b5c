"""Files beside the roster: every row of theirs is judged and counted, and the roster is as it would be without them."""

from pathlib import Path

import pytest

from sftpingest.roster.format import WrongFormat, load
from sftpingest.roster.kinds import Kind
from tests.roster.district import District
from tests.roster.uploads import FORM, STUDENT, Said, judged, lines, read, said

HEADINGS = "Attendance_id,School_id,Student_id,Section_id,Attendance_date,Attendance_type,Attendance_status,Excuse_code"
PRESENT = "d1,north,ann,,2026-10-01,daily,present,"
ABSENT = "s1,south,cid,bio,2026-10-01,section,absent,DOC"
NOTED = Said("attendance.csv", None, "", "file.not_rostered", "note")


def test_attendance_is_counted_and_said_to_be_no_part_of_the_roster() -> None:
    validated = judged(attendance=lines(HEADINGS, PRESENT, ABSENT))
    assert said(validated) == [NOTED]
    assert read(attendance=lines(HEADINGS, PRESENT, ABSENT)).records["attendance.csv"] == 2
    assert set(validated.files.values()) == {
        "schools.csv",
        "teachers.csv",
        "students.csv",
        "sections.csv",
        "enrollments.csv",
    }


def test_the_roster_is_as_it_would_be_without_attendance() -> None:
    district = District()
    district.take()
    before = district.whole()
    taken = district.take(attendance=lines(HEADINGS, PRESENT, "s9,west,zoe,gone,never,section,,"))
    assert taken.touched() == 0
    assert district.whole() == before


def test_attendance_that_is_not_there_any_more_removes_nothing() -> None:
    district = District()
    district.take(attendance=lines(HEADINGS, PRESENT, ABSENT))
    assert district.take(attendance=lines(HEADINGS, ABSENT)).touched() == 0
    assert district.take().touched() == 0


def test_a_file_of_attendance_that_cannot_be_used_is_passed_over_and_the_roster_is_taken() -> None:
    for attendance, code in ((HEADINGS, "file.empty"), ("a,b\n1,2\n", "column.missing"), (b"\0", "file.unreadable")):
        about = [one for one in said(judged(attendance=attendance)) if one.file == "attendance.csv"]
        assert {one.severity for one in about} == {"file"}
        assert code in {one.code for one in about}


def test_a_row_that_names_a_rejected_student_says_which_row_to_mend_first() -> None:
    validated = judged(
        students=lines(STUDENT, "north,ann,Ann,Ash", "north,bob,,Bay", "south,cid,Cid,Cob"),
        attendance=lines(HEADINGS, "d1,north,bob,,2026-10-01,daily,present,"),
    )
    about = validated.findings[(validated.findings["code"] == "reference.rejected").to_numpy(bool)]
    (at,) = [at for at, file in enumerate(about["file"]) if file == "attendance.csv"]
    assert about["detail"].iloc[at] == "students.csv row 3"


def test_an_id_counts_for_daily_attendance_and_that_in_a_section_alike() -> None:
    later = "d1,south,cid,bio,2026-10-01,section,absent,"
    assert Said("attendance.csv", 2, "Attendance_id", "id.repeated", "row") not in said(
        judged(attendance=lines(HEADINGS, PRESENT, later))
    )
    assert said(judged(attendance=lines(HEADINGS, PRESENT, later)))[-1] == Said(
        "attendance.csv", 3, "Attendance_id", "id.repeated", "row"
    )
    assert said(judged(attendance=lines(HEADINGS, later, PRESENT)))[-1].row == 3


def test_of_two_rows_with_one_id_the_first_good_one_counts() -> None:
    bad = PRESENT.replace("ann", "zoe")
    assert [one.row for one in said(judged(attendance=lines(HEADINGS, bad, PRESENT))) if one.row] == [2]


def test_a_password_in_a_file_beside_the_roster_is_never_read() -> None:
    parsed = read(attendance=lines(f"{HEADINGS},Password", f"{PRESENT},s3cret"))
    (daily, _) = parsed.checked
    assert "s3cret" not in daily.rows.to_string()
    assert said(parsed) == [NOTED]


def test_no_kind_is_asked_for_that_only_a_file_beside_the_roster_would_have() -> None:
    assert FORM.of(Kind.STAFF) is not None
    assert FORM.of(Kind.STAFF) is FORM.file("staff.csv")
    assert {file.name for file in FORM.checked} == {"attendance.csv", "resources.csv"}


TINY = """
name = "tiny"
title = "Tiny"
[files."schools.csv"]
kind = "school"
core = true
[files."schools.csv".columns]
id = { from = "Id", required = true }
[checked."visits.csv".columns]
"""


@pytest.mark.parametrize(
    ("columns", "place", "remedy"),
    [
        ('day = { from = "Day" }', 'checked."visits.csv".columns.id', "required = true"),
        (
            'id = { from = "Id", required = true }\nby = { from = "By", refers = "student" }',
            'checked."visits.csv".columns.by',
            "no file brings student records",
        ),
    ],
)
def test_a_file_beside_the_roster_needs_ids_and_kinds_that_are_there(
    tmp_path: Path, columns: str, place: str, remedy: str
) -> None:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY + columns, "utf-8")
    with pytest.raises(WrongFormat) as refused:
        load(str(path))
    assert place in str(refused.value)
    assert remedy in str(refused.value)
