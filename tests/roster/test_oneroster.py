"""What OneRoster's files become, and what a delta leaves alone."""

import copy
import json
from functools import cache
from pathlib import Path

import pytest

from sftpingest.roster.format import load
from sftpingest.roster.kinds import Kind
from tests.roster.district import District, Enrolled
from tests.roster.uploads import said

CASES = Path(__file__).parent.parent / "formats" / "oneroster" / "good"


def files_of(case: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (CASES / case).glob("*.csv") if "expected" not in path.name}


def taken(*uploads: dict[str, bytes]) -> District:
    district = District(form=load("oneroster"))
    for files in uploads:
        district.take_files(files)
    return district


@cache
def once() -> District:
    """The district that most tests begin with: it takes a second to make."""
    return taken(files_of("bulk"))


@pytest.fixture
def lake() -> District:
    return copy.deepcopy(once())


def test_schools_are_rostered_and_other_organisations_are_not(lake: District) -> None:
    assert lake.ids(Kind.SCHOOL) == ["s1", "s2"]
    assert lake.record(Kind.SCHOOL, "s1")["number"] == "101"


def test_terms_and_courses_keep_what_our_columns_cannot_say(lake: District) -> None:
    assert json.loads(lake.record(Kind.TERM, "y1")["ext"]) == {"schoolYear": "2027", "type": "schoolYear"}
    assert json.loads(lake.record(Kind.TERM, "t1")["ext"]) == {"parentSourcedId": "y1", "schoolYear": "2027"}
    course = lake.record(Kind.COURSE, "c1")
    assert (course["number"], course["name"]) == ("MA1", "Algebra")
    assert json.loads(course["ext"])["grades"] == "08,09"


def test_a_class_is_a_section_with_the_first_of_its_lists(lake: District) -> None:
    first, second = (lake.record(Kind.SECTION, key) for key in ("k1", "k2"))
    assert (first["name"], first["course_id"], first["term_id"], first["grade"]) == ("Algebra 1", "c1", "t1", "9")
    assert json.loads(first["ext"]) == {"location": "Room 3", "subjectCodes": "SC02", "subjects": "Math"}
    assert (second["term_id"], second["grade"], second["subject"], second["period"]) == ("t1", "9", "math", "1,2")
    assert json.loads(second["ext"]) == {
        "classType": "homeroom",
        "grades": "09,10",
        "subjects": "Math,Logic",
        "termSourcedIds": "t1,y1",
    }


def test_who_people_are_stands_in_their_roles(lake: District) -> None:
    assert lake.ids(Kind.STUDENT) == ["p1", "p2"]
    assert lake.ids(Kind.TEACHER) == ["x1", "x2"]
    assert lake.ids(Kind.STAFF) == ["w1"]
    assert lake.record(Kind.STAFF, "w1")["role"] == "districtAdministrator"
    assert lake.record(Kind.STAFF, "w1")["school_id"] == ""


def test_the_primary_role_names_the_school_and_the_others_further_ones(lake: District) -> None:
    student = lake.record(Kind.STUDENT, "p2")
    assert (student["school_id"], student["more_school_ids"]) == ("s1", '["s2"]')
    assert json.loads(student["ext"]) == {"preferredGivenName": "Bobo"}


def test_in_1_1_the_first_school_among_the_organisations_counts(lake: District) -> None:
    old = taken(files_of("bulk_1_1"))
    assert old.record(Kind.STUDENT, "p1")["school_id"] == "s1"
    assert old.record(Kind.STUDENT, "p2")["more_school_ids"] == '["s2"]'
    assert old.ids(Kind.TEACHER) == lake.ids(Kind.TEACHER)
    assert old.enrolled() == lake.enrolled()


def test_demographics_are_columns_of_the_student(lake: District) -> None:
    student = lake.record(Kind.STUDENT, "p1")
    seen = {name: student[name] for name in ("birth_date", "gender", "race", "hispanic")}
    assert seen == {"birth_date": "2011-02-03", "gender": "F", "race": "Two or More Races", "hispanic": "N"}
    assert json.loads(student["ext"])["cityOfBirth"] == "Lake"


def test_a_guardian_is_a_contact_of_the_student_who_names_it(lake: District) -> None:
    (key,) = lake.ids(Kind.CONTACT)
    contact = lake.record(Kind.CONTACT, key)
    assert (contact["own_id"], contact["student_id"], contact["type"]) == ("g1", "p1", "Parent/Guardian")
    assert (contact["phone"], contact["last_name"]) == ("555-0101", "Ash")


def test_the_primary_teacher_has_the_first_place(lake: District) -> None:
    assert lake.teachers("k1") == [(1, "x1"), (2, "x2")]
    assert lake.learners("k1") == ["p1", "p2"]


def test_a_grade_that_is_none_is_dropped_though_its_heading_is_read_twice(lake: District) -> None:
    files = files_of("bulk")
    files["classes.csv"] = files["classes.csv"].replace(b",09,c1", b",K-12,c1")
    taken = lake.work_out(files)
    assert [(one.column, one.code) for one in said(taken.findings)][1:] == [("grades", "value.unknown")]
    lake.take_files(files)
    assert lake.record(Kind.SECTION, "k1")["grade"] == ""


def test_a_guardian_with_an_address_that_is_none_is_said_where_roles_have_a_file_of_their_own(lake: District) -> None:
    files = files_of("bulk")
    files["users.csv"] = files["users.csv"].replace(b"gil@example.org", b"gil at example")
    assert [(one.column, one.severity) for one in said(lake.work_out(files).findings)][1:] == [("email", "note")]


def test_the_same_set_again_changes_nothing(lake: District) -> None:
    assert lake.work_out(files_of("bulk")).touched() == 0


# ------------------------------------------------------------------------------------------------------------- deltas


def test_a_delta_changes_what_it_names_and_leaves_the_rest(lake: District) -> None:
    before = lake.whole()
    lake.take_files(files_of("delta"))
    after = lake.whole()
    assert lake.ids(Kind.STUDENT) == ["p1"]
    student = lake.record(Kind.STUDENT, "p1")
    assert (student["last_name"], student["grade"], student["birth_date"]) == ("Ash-Elm", "10", "2011-02-03")
    same = ("school", "term", "course", "section", "teacher", "staff", "contact")
    assert [after[kind] for kind in same] == [before[kind] for kind in same]
    assert lake.enrolled() == [
        Enrolled("k1", "p1", "student", "s1", 0),
        Enrolled("k1", "x1", "teacher", "s1", 1),
        Enrolled("k2", "p1", "student", "s1", 0),
        Enrolled("k2", "x2", "teacher", "s1", 1),
    ]


def test_a_manifest_alone_changes_nothing(lake: District) -> None:
    assert lake.work_out(files_of("no_updates")).touched() == 0


def test_a_bulk_set_deletes_only_within_the_files_it_holds(lake: District) -> None:
    """Users come whole, without one student; sections and courses are not in the set."""
    files = files_of("bulk")
    kept = {name: files[name] for name in ("orgs.csv", "users.csv", "roles.csv")}
    kept["users.csv"] = b"\n".join(line for line in kept["users.csv"].split(b"\n") if not line.startswith(b"p2,"))
    kept["roles.csv"] = b"\n".join(line for line in kept["roles.csv"].split(b"\n") if b",p2," not in line)
    taken = lake.work_out(kept)
    assert taken.counts(Kind.STUDENT) == (0, 0, 1, 1)  # demographics did not come: what they said stays
    assert [taken.counts(kind)[2] for kind in (Kind.SECTION, Kind.COURSE, Kind.TERM)] == [0, 0, 0]
    assert taken.counts(Kind.ENROLLMENT)[2] == 1


def test_a_row_of_a_delta_that_is_rejected_leaves_what_is_held(lake: District) -> None:
    files = files_of("delta")
    files["users.csv"] = files["users.csv"].replace(b"Ada,Ash-Elm", b",Ash-Elm")
    taken = lake.work_out(files)
    assert [one.code for one in said(taken.findings)][:1] == ["value.missing"]
    lake.take_files(files)
    assert lake.record(Kind.STUDENT, "p1")["last_name"] == "Ash"


def test_a_course_that_goes_while_a_class_names_it_is_kept_and_said(lake: District) -> None:
    heading = files_of("bulk")["courses.csv"].split(b"\n")[0]
    row = b"c1,tobedeleted,2026-11-01T00:00:00.000Z,y1,Algebra,MA1,,d1,,"
    manifest = files_of("no_updates")["manifest.csv"].replace(b"file.courses,absent", b"file.courses,delta")
    taken = lake.work_out({"manifest.csv": manifest, "courses.csv": heading + b"\n" + row + b"\n"})
    assert [one.code for one in said(taken.findings)] == ["record.kept"]
    assert taken.touched() == 0


def test_a_rejected_teacher_row_keeps_its_place(lake: District) -> None:
    files = files_of("bulk")
    files["enrollments.csv"] = files["enrollments.csv"].replace(b"e4,,,k1,s1,x1,teacher", b"e4,,,k1,s9,x1,teacher")
    files["users.csv"] = files["users.csv"].replace(b"x1,,,true,tia,,Tia", b"x1,,,true,tia,,")
    lake.take_files(files)
    assert lake.teachers("k1") == [(1, "x1"), (2, "x2")]


def test_a_value_that_is_dropped_is_empty_where_two_columns_are_read_from_its_heading() -> None:
    files = files_of("bulk_1_1")
    files["users.csv"] = files["users.csv"].replace(b",09,", b",K-12,")
    district = District(form=load("oneroster"))
    taken = district.take_files(files)
    assert [(one.column, one.code) for one in said(taken.validated)] == [("grades", "value.unknown")]
    assert district.record(Kind.STUDENT, "p1")["grade"] == ""
    assert not any(frame.isna().any(axis=None) for frame in taken.validated.roster.values())


# ------------------------------------------------------------------------------------------------- dropped references


def with_line(files: dict[str, bytes], name: str, old: str, new: str) -> dict[str, bytes]:
    """The same files with one piece of text replaced, which must be there."""
    assert old.encode() in files[name]
    return files | {name: files[name].replace(old.encode(), new.encode())}


def test_a_class_that_names_a_rejected_course_keeps_the_one_it_has(lake: District) -> None:
    spoilt = with_line(files_of("bulk"), "courses.csv", "y1,Algebra,MA1", "y1,,MA1")
    lake.take_files(spoilt)
    assert lake.record(Kind.SECTION, "k1")["course_id"] == "c1"
    assert lake.record(Kind.COURSE, "c1")["name"] == "Algebra"


def test_the_course_that_a_class_keeps_does_not_go_either(lake: District) -> None:
    moved = with_line(files_of("bulk"), "courses.csv", "c1,,,y1,Algebra", "c2,,,y1,")
    moved |= {"classes.csv": moved["classes.csv"].replace(b",c1,", b",c2,")}
    lake.take_files(moved)
    assert lake.record(Kind.SECTION, "k1")["course_id"] == "c1"
    assert lake.ids(Kind.COURSE) == ["c1"]


def test_a_class_that_names_no_course_at_all_has_none(lake: District) -> None:
    lake.take_files(with_line(files_of("bulk"), "classes.csv", "k1,,,Algebra 1,09,c1", "k1,,,Algebra 1,09,zz"))
    assert lake.record(Kind.SECTION, "k1")["course_id"] == ""
    assert lake.record(Kind.SECTION, "k2")["course_id"] == "c1"
