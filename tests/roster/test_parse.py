"""Which files and headings an upload has, and what is wrong with them."""

import pytest

from sftpingest.roster.kinds import Kind
from sftpingest.roster.parse import parse
from sftpingest.roster.validate import validate
from tests.roster.uploads import FORM, SCHOOL, SMALLEST, STAFF, STUDENT, Said, judged, lines, read, said, upload

CORE = sorted(SMALLEST)


def about(file: str, code: str, severity: str, column: str = "") -> Said:
    """A finding about a file or a column."""
    return Said(file, None, column, code, severity)


def test_the_smallest_upload_has_no_findings() -> None:
    assert said(judged()) == []


# ------------------------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize("file", CORE)
def test_a_missing_core_file_refuses_the_upload(file: str) -> None:
    parsed = read(**{file.removesuffix(".csv"): None})
    assert said(parsed) == [about(file, "file.missing", "upload")]


def test_no_file_at_all_names_every_core_file() -> None:
    parsed = read(schools=None, teachers=None, students=None, sections=None, enrollments=None)
    assert sorted(one.file for one in said(parsed)) == CORE
    assert {(one.code, one.severity) for one in said(parsed)} == {("file.missing", "upload")}


@pytest.mark.parametrize("raw", [b"", b"\n\n", b"\xef\xbb\xbf\r\n", SMALLEST["students.csv"].splitlines()[0].encode()])
def test_an_empty_or_header_only_core_file_refuses_the_upload(raw: bytes) -> None:
    assert said(read(students=raw)) == [about("students.csv", "file.empty", "upload")]


def test_a_header_and_blank_lines_are_a_file_without_a_record() -> None:
    assert said(read(students=STUDENT + "\n\n,,,\n")) == [about("students.csv", "file.empty", "upload")]


def test_a_headless_core_file_refuses_the_upload_and_shows_nobody_as_a_heading() -> None:
    findings = said(read(students="north,ann,Ann,Ash\nnorth,bob,Bob,Bay\n"))
    assert [one.column for one in findings] == ["School_id", "Student_id", "First_name", "Last_name"]
    assert {(one.code, one.severity) for one in findings} == {("column.missing", "upload")}


def test_a_file_with_another_delimiter_and_no_known_heading_refuses_the_upload() -> None:
    for mark, name in ((";", "semicolons"), ("\t", "tabs")):
        nameless = SMALLEST["students.csv"].replace(STUDENT, "Schule,Nummer,Vorname,Nachname")
        parsed = parse(upload(students=nameless.replace(",", mark)), FORM)
        assert [(one.code, one.severity) for one in said(parsed.findings)] == [("file.unreadable", "upload")]
        assert name in parsed.findings["detail"][0]


def test_what_people_often_upload_besides_is_named_for_what_it_is() -> None:
    files = upload() | {"students.xlsx": b"PK", "rejections.csv": b"file\n", "notes.csv": b"x"}
    details = dict(parse(files, FORM).findings[["file", "detail"]].itertuples(index=False, name=None))
    assert "workbook" in details["students.xlsx"]
    assert "our report" in details["rejections.csv"]
    assert "students.csv" in details["notes.csv"]


def test_long_names_and_headings_are_named_as_uploaded() -> None:
    """Contract 3: only values are shortened."""
    heading, name = "Shoe" * 40, f"{'notes' * 30}.csv"
    files = upload(
        students=SMALLEST["students.csv"].replace("Last_name", f"Last_name,{heading}").replace("Ash", "Ash,")
    )
    findings = parse(files | {name: b"x"}, FORM).findings
    assert heading in set(findings["column"])
    assert name in set(findings["file"])


def test_a_heading_that_is_nearly_right_is_named() -> None:
    findings = read(students=SMALLEST["students.csv"].replace("Student_id", "StudentID")).findings
    assert "Is it Student_id?" in findings[findings["code"] == "column.unknown"]["detail"].iloc[0]


def test_an_optional_file_may_be_absent() -> None:
    assert Kind.STAFF not in judged().roster


@pytest.mark.parametrize(
    ("raw", "code", "column"),
    [
        (b"", "file.empty", ""),
        (STAFF.encode(), "file.empty", ""),
        (b"\0", "file.unreadable", ""),
        (b"School_id,Staff_email,First_name,Last_name\nnorth,a@example.org,Una,Yew\n", "column.missing", "Staff_id"),
        (f"{STAFF},staff_ID\nnorth,yew,a@example.org,Una,Yew,yew\n".encode(), "column.repeated", "staff_ID"),
    ],
)
def test_an_optional_file_that_cannot_be_used_is_refused_alone(raw: bytes, code: str, column: str) -> None:
    validated = judged(staff=raw)
    assert said(validated) == [about("staff.csv", code, "file", column)]
    assert Kind.STAFF not in validated.roster


def test_file_names_count_in_any_case_and_findings_name_them_as_uploaded() -> None:
    files = upload()
    files["STUDENTS.CSV"] = files.pop("students.csv").replace(b"Bob,Bay", b"Bob,")
    findings = said(validate(parse(files, FORM)))
    assert findings[0] == Said("STUDENTS.CSV", 3, "Last_name", "value.missing", "row")


def test_the_same_file_in_two_spellings_refuses_the_upload() -> None:
    parsed = read(Students=SMALLEST["students.csv"])
    assert said(parsed) == [about("Students.csv", "file.repeated", "upload")]


def test_staff_and_its_old_name_admins_are_one_file() -> None:
    text = lines(STAFF, "north,yew,una@example.org,Una,Yew")
    assert said(read(staff=text, admins=text)) == [about("admins.csv", "file.repeated", "upload")]


def test_the_old_name_and_headings_of_staff_are_read() -> None:
    text = lines(
        "School_id,Admin_id,Admin_email,First_name,Last_name,Admin_title", "north,yew,u@example.org,U,Yew,Head"
    )
    validated = judged(admins=text)
    assert said(validated) == []
    assert validated.roster[Kind.STAFF].iloc[0][["id", "email", "title"]].tolist() == ["yew", "u@example.org", "Head"]


def test_a_file_of_no_format_is_a_note() -> None:
    parsed = read(notes="hello", menus="x")
    assert said(parsed) == [about("menus.csv", "file.unknown", "note"), about("notes.csv", "file.unknown", "note")]


# ---------------------------------------------------------------------------------------------------------- headings


@pytest.mark.parametrize("file", CORE)
def test_a_missing_required_heading_refuses_the_upload_and_is_named(file: str) -> None:
    rows = [line.split(",") for line in SMALLEST[file].splitlines()]
    heading, text = rows[0][0], lines(*(",".join(row[1:]) for row in rows))
    assert said(read(**{file.removesuffix(".csv"): text})) == [about(file, "column.missing", "upload", heading)]


def test_headings_match_in_any_case_and_order_with_space_for_underscore() -> None:
    text = lines("last NAME, First_Name ,STUDENT ID,school_id,dob", "Ash,Ann,ann,north,8/1/15")
    validated = judged(students=text, enrollments=lines("SCHOOL_ID,Section id,student_id", "north,alg,ann"))
    assert said(validated) == []
    assert validated.roster[Kind.STUDENT].iloc[0][["id", "birth_date"]].tolist() == ["ann", "2015-08-01"]


def test_an_unknown_heading_is_a_note_that_names_it_as_uploaded() -> None:
    findings = said(read(schools=lines(f"{SCHOOL},Bus Route", "north,North,7", "south,South,8")))
    assert findings == [about("schools.csv", "column.unknown", "note", "Bus Route")]


def test_one_heading_twice_refuses_the_file() -> None:
    findings = said(read(schools=lines(f"{SCHOOL},school NAME", "north,North,N", "south,South,S")))
    assert findings == [about("schools.csv", "column.repeated", "upload", "school NAME")]


def test_an_unknown_heading_twice_is_only_noted() -> None:
    findings = said(read(schools=lines(f"{SCHOOL},Bus,Bus", "north,North,1,2", "south,South,1,2")))
    assert {(one.code, one.severity) for one in findings} == {("column.unknown", "note")}


def test_extension_columns_are_known_where_the_format_has_them() -> None:
    assert said(read(schools=lines(f"{SCHOOL},ext.bus", "north,North,1", "south,South,2"))) == []
    text = lines("School_id,Section_id,Student_id,ext.bus", "north,alg,ann,1")
    assert said(read(enrollments=text)) == [about("enrollments.csv", "column.unknown", "note", "ext.bus")]


# -------------------------------------------------------------------------------------------------------------- rows


def test_a_row_of_the_wrong_length_is_said_with_its_place_and_id() -> None:
    parsed = read(students=lines(STUDENT, "north,ann,Ann", "north,bob,Bob,Bay", "north,cid,Cid,Cob,more"))
    assert said(parsed) == [
        Said("students.csv", 2, "", "row.malformed", "row"),
        Said("students.csv", 4, "", "row.malformed", "row"),
    ]
    assert parsed.findings["record"].tolist() == ["ann", "cid"]
    assert parsed.findings["detail"].tolist() == ["3 cells instead of 4", "5 cells instead of 4"]


def test_an_unclosed_quotation_mark_is_said_and_the_following_rows_keep_their_places() -> None:
    parsed = read(students=lines(STUDENT, 'north,ann,"Ann,Ash', "", "north,bob,Bob,Bay"))
    assert said(parsed) == [Said("students.csv", 2, "", "row.malformed", "row")]
    students = next(sheet for sheet in parsed.sheets if sheet.form.kind is Kind.STUDENT)
    assert students.rows.index.tolist() == [4]
    assert parsed.records["students.csv"] == 2


def test_a_file_of_nothing_but_malformed_rows_is_read() -> None:
    validated = judged(students=lines(STUDENT, "north,ann", "north,bob"), enrollments=SMALLEST["enrollments.csv"])
    assert [one.code for one in said(validated) if one.file == "students.csv"] == ["row.malformed"] * 2
    assert len(validated.roster[Kind.STUDENT]) == 0


def test_rows_are_numbered_below_a_header_that_comes_after_blank_lines() -> None:
    parsed = judged(students="\n\n" + lines(STUDENT, "north,ann,Ann,Ash", "", "north,bob,Bob,", "south,cid,Cid,Cob"))
    assert said(parsed)[0] == Said("students.csv", 6, "Last_name", "value.missing", "row")


def test_files_are_read_only_when_they_are_asked_for() -> None:
    asked: list[str] = []

    class Asked(dict[str, bytes]):
        def __getitem__(self, name: str) -> bytes:
            asked.append(name)
            return super().__getitem__(name)

    parse(Asked(upload() | {"notes.csv": b"x", "notes.pdf": b"x"}), FORM)
    assert sorted(asked) == sorted([*CORE, "notes.csv"])  # staff.csv is missing: notes.csv might be it
    asked.clear()
    parse(Asked(upload(staff=lines("School_id,Staff_id", "north,s")) | {"notes.csv": b"x"}), FORM)
    assert "notes.csv" not in asked


def test_an_empty_heading_is_said_so_that_a_person_can_find_it() -> None:
    findings = read(schools=lines("School_id,,School_name", "north,,North", "south,,South")).findings
    assert said(findings) != [Said("schools.csv", None, "", "column.unknown", "note")]
