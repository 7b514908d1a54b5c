"""Formats and files are told by their headings."""

from pathlib import Path

import pytest

from sftpingest.roster.format import load
from sftpingest.roster.parse import parse
from sftpingest.roster.recognise import recognise
from sftpingest.roster.sheet import Parsed
from tests.roster.uploads import Said, said, upload

SMALLEST = upload()
CASES = Path(__file__).parent.parent / "formats"


def files_of(case: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (CASES / case).glob("*.csv") if "expected" not in path.name}


@pytest.mark.parametrize(
    ("case", "name"),
    [
        ("clever/good/smallest", "clever"),
        ("clever/good/old_names", "clever"),
        ("clever/good/utf16", "clever"),
        ("oneroster/good/bulk", "oneroster"),
        ("oneroster/good/bulk_1_1", "oneroster"),
        ("oneroster/good/delta", "oneroster"),
        ("oneroster/good/no_updates", "oneroster"),
    ],
)
def test_the_format_is_told_by_the_headings(case: str, name: str) -> None:
    seen = recognise(files_of(case))
    assert (seen.format, len(seen.findings)) == (name, 0)


def test_names_do_not_count() -> None:
    files = {f"export {at}.csv": content for at, content in enumerate(files_of("oneroster/good/bulk").values())}
    assert recognise(files).format == "oneroster"


@pytest.mark.parametrize("files", [{}, {"notes.csv": b"a,b\n1,2\n"}, {"students.csv": b"\0\1"}])
def test_what_is_no_roster_is_said_in_the_usual_words(files: dict[str, bytes]) -> None:
    assert recognise(files).format == "clever"


def test_two_formats_in_one_folder_are_refused() -> None:
    users = files_of("oneroster/good/bulk")["users.csv"]
    seen = recognise(SMALLEST | {"users.csv": users})
    assert seen.format == "clever"
    assert [(one.file, one.code, one.severity) for one in said(seen.findings)] == [
        ("users.csv", "file.foreign", "upload")
    ]


def test_a_file_of_another_name_is_read_where_its_headings_tell() -> None:
    files = {("pupils 2026.csv" if name == "students.csv" else name): content for name, content in SMALLEST.items()}
    parsed = parse(files, load("clever"))
    assert [(one.file, one.code) for one in said(parsed.findings)] == [("pupils 2026.csv", "file.recognised")]
    assert parsed.records["pupils 2026.csv"] == 3


def test_of_two_files_that_both_may_be_it_neither_is_taken() -> None:
    students = SMALLEST["students.csv"]
    rest = {name: content for name, content in SMALLEST.items() if name != "students.csv"}
    parsed = parse(rest | {"a.csv": students, "b.csv": students}, load("clever"))
    assert [(one.file, one.code) for one in said(parsed.findings)] == [
        ("a.csv", "file.unknown"),
        ("b.csv", "file.unknown"),
        ("students.csv", "file.missing"),
    ]
    assert why(parsed)["a.csv"] == (
        "It has the headings of students.csv, and so has b.csv. Keep the one that is right and name it students.csv."
    )


def why(parsed: Parsed) -> dict[str, str]:
    return dict(zip(parsed.findings["file"].tolist(), parsed.findings["detail"].tolist(), strict=True))


def without(name: str) -> dict[str, bytes]:
    return {own: content for own, content in SMALLEST.items() if own != name}


@pytest.mark.parametrize("name", ["students_old.csv", "students 2025.csv", "Copy of students.txt", "pupils.csv"])
def test_a_second_file_of_students_beside_the_first_is_never_read(name: str) -> None:
    other = SMALLEST["students.csv"].replace(b"ann", b"zoe")
    parsed = parse(SMALLEST | {name: other}, load("clever"))
    assert [(one.file, one.code) for one in said(parsed.findings)] == [(name, "file.unknown")]
    assert why(parsed)[name].startswith("It has the headings of students.csv, which is there too.")
    assert parsed.records["students.csv"] == 3


@pytest.mark.parametrize("name", ["students_old.csv", "backup-students.csv", "students - Copy.csv", "STUDENTS.bak.txt"])
def test_a_copy_is_not_read_in_place_of_the_file_that_is_not_there(name: str) -> None:
    parsed = parse(without("students.csv") | {name: SMALLEST["students.csv"]}, load("clever"))
    assert [(one.file, one.code) for one in said(parsed.findings)] == [
        (name, "file.unknown"),
        ("students.csv", "file.missing"),
    ]
    assert "its name says that it is a copy" in why(parsed)[name]


def test_a_name_that_only_holds_such_letters_is_no_copy() -> None:
    parsed = parse(without("students.csv") | {"Golden Hills.csv": SMALLEST["students.csv"]}, load("clever"))
    assert [(one.file, one.code) for one in said(parsed.findings)] == [("Golden Hills.csv", "file.recognised")]


def test_attendance_of_another_name_is_not_read_as_enrollments() -> None:
    attendance = (
        b"Attendance_id,School_id,Student_id,Section_id,Attendance_date,Attendance_type,Attendance_status\n"
        b"d1,north,ann,alg,2026-10-01,section,present\n"
    )
    for beside in ({}, {"attendance.csv": attendance}):
        parsed = parse(without("enrollments.csv") | beside | {"week 40.csv": attendance}, load("clever"))
        assert ("week 40.csv", "file.unknown") in [(one.file, one.code) for one in said(parsed.findings)]
        assert any("attendance.csv" in detail for detail in parsed.findings["detail"])
        assert "enrollments.csv" not in {sheet.form.name for sheet in parsed.sheets}
        assert ("enrollments.csv", "file.missing") in [(one.file, one.code) for one in said(parsed.findings)]


def test_a_gradebook_of_another_name_is_not_read_as_courses() -> None:
    files = files_of("oneroster/good/bulk_1_1")
    files.pop("courses.csv", None)
    files.pop("manifest.csv", None)
    items = b"sourcedId,status,dateLastModified,title,description,assignDate,dueDate,classSourcedId,resultValueMin\n"
    parsed = parse(files | {"assignments.csv": items + b"i1,,,Essay,,,,k1,0\n"}, load("oneroster"))
    assert "assignments.csv" not in parsed.records
    assert ("assignments.csv", "file.unknown") in [(one.file, one.code) for one in said(parsed.findings)]


def test_headings_that_all_files_have_tell_nothing() -> None:
    files = files_of("oneroster/good/bulk_1_1")
    for name in ("demographics.csv", "manifest.csv"):
        del files[name]
    scales = b"sourcedId,status,dateLastModified,lineItemSourcedId,scoreScaleSourcedId\nl1,,,i1,c1\n"
    parsed = parse(files | {"scales.csv": scales}, load("oneroster"))
    assert [(one.file, one.code) for one in said(parsed.findings)] == [("scales.csv", "file.unknown")]


def test_a_file_of_another_name_is_meant_as_the_manifest_says_of_it() -> None:
    files = files_of("oneroster/good/delta")
    users = files.pop("users.csv")
    parsed = parse(files | {"people.csv": users}, load("oneroster"))
    assert {sheet.delta for sheet in parsed.sheets if sheet.name == "people.csv"} == {True}
    absent = files["manifest.csv"].replace(b"file.users,delta", b"file.users,absent")
    assert absent != files["manifest.csv"]
    parsed = parse(files | {"people.csv": users, "manifest.csv": absent}, load("oneroster"))
    assert "people.csv" not in parsed.records
    assert ("people.csv", "file.unexpected") in [(one.file, one.code) for one in said(parsed.findings)]


def test_custom_sections_are_not_passed_over_without_a_word() -> None:
    headings = SMALLEST["sections.csv"]
    for name in ("customsections.csv", "CustomSections.csv", "custom_sections.csv"):
        parsed = parse(without("sections.csv") | {name: headings}, load("clever"))
        assert said(parsed.findings)[0] == Said(name, None, "", "file.unknown", "note")
        assert "Put these sections into sections.csv" in why(parsed)[name]
        assert name not in parsed.records


# ---------------------------------------------------------------------------------------------------- named by hand


def test_a_file_is_read_as_it_is_set_whatever_its_headings_say() -> None:
    files = without("students.csv") | {"a.csv": SMALLEST["students.csv"], "b.csv": SMALLEST["students.csv"]}
    parsed = parse(files, load("clever"), {"A.csv": "Students.csv"})
    assert parsed.records["a.csv"] == 3
    assert [(one.file, one.code) for one in said(parsed.findings)] == [("b.csv", "file.unknown")]


def test_a_copy_that_is_meant_may_be_set() -> None:
    files = without("students.csv") | {"students_old.csv": SMALLEST["students.csv"]}
    assert not said(parse(files, load("clever"), {"students_old.csv": "students.csv"}).findings)


def test_a_wrong_pick_is_set_aside_and_said() -> None:
    files = SMALLEST | {"hr.csv": b"School_id,Staff_id,Staff_email,First_name,Last_name\nnorth,y,y@e.org,U,Yew\n"}
    assert parse(files, load("clever")).records["hr.csv"] == 1
    parsed = parse(files, load("clever"), {"hr.csv": "nothing"})
    assert [(one.file, one.code) for one in said(parsed.findings)] == [("hr.csv", "file.unknown")]
    assert why(parsed)["hr.csv"] == "The setting file.hr.csv of the district says so."
    assert "hr.csv" not in parsed.records


def test_a_file_under_its_own_name_may_be_set_aside_for_another() -> None:
    files = SMALLEST | {"new.csv": SMALLEST["students.csv"] + b"south,dan,Dan,Dew\n"}
    parsed = parse(files, load("clever"), {"new.csv": "students.csv", "students.csv": "nothing"})
    assert (parsed.records["new.csv"], "students.csv" in parsed.records) == (4, False)
    assert [(one.file, one.code) for one in said(parsed.findings)] == [("students.csv", "file.unknown")]


def test_a_file_that_is_set_beside_the_one_of_that_name_is_refused() -> None:
    parsed = parse(SMALLEST | {"new.csv": SMALLEST["students.csv"]}, load("clever"), {"new.csv": "students.csv"})
    assert [(one.file, one.code, one.severity) for one in said(parsed.findings)] == [
        ("new.csv", "file.repeated", "upload")
    ]


def test_a_pattern_names_the_files_of_every_day() -> None:
    files = without("students.csv") | {"export-20261124.csv": SMALLEST["students.csv"]}
    named = {"*.csv": "nothing", "export-*.csv": "students.csv"} | {name: name for name in SMALLEST}
    assert parse(files, load("clever"), named).records["export-20261124.csv"] == 3
    twice = files | {"export-20261125.csv": SMALLEST["students.csv"]}
    assert "file.repeated" in [one.code for one in said(parse(twice, load("clever"), named).findings)]


def test_a_whole_name_counts_before_any_pattern() -> None:
    files = without("students.csv") | {"b.csv": SMALLEST["students.csv"]}
    named = {"*b*.csv*": "nothing", "b.csv": "students.csv"}
    assert parse(files, load("clever"), named).records["b.csv"] == 3


def test_a_name_that_is_no_file_of_the_format_is_said() -> None:
    parsed = parse(SMALLEST | {"x.csv": b"a,b\n1,2\n"}, load("clever"), {"x.csv": "users.csv"})
    assert why(parsed)["x.csv"] == (
        "The setting file.x.csv of the district calls it users.csv, which is no file of Clever SFTP."
    )


def test_a_file_of_a_delta_that_is_set_is_a_delta() -> None:
    files = files_of("oneroster/good/delta")
    users = files.pop("users.csv")
    parsed = parse(files | {"x.csv": users}, load("oneroster"), {"x.csv": "users.csv"})
    assert {sheet.delta for sheet in parsed.sheets if sheet.name == "x.csv"} == {True}
