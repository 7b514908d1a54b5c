"""What another file says of a person: a part that is rejected, and deltas of roles, take nothing back."""

import copy
import json
from collections.abc import Callable

import pytest

from sftpingest.roster.format import load
from sftpingest.roster.kinds import Kind
from sftpingest.roster.parse import parse
from tests.roster.district import District
from tests.roster.test_oneroster import files_of, once, taken, with_line
from tests.roster.uploads import Said, said

NOW = "2026-11-01T00:00:00.000Z"
FILE = "enrollments.csv", 2
USERS, ROLES = (files_of("bulk")[name].decode().splitlines()[0] for name in ("users.csv", "roles.csv"))


@pytest.fixture
def lake() -> District:
    return copy.deepcopy(once())


def delta(users: str = "", roles: str = "") -> dict[str, bytes]:
    """A delta of people; a user's line is `id,status,first,last`, a role's `id,status,person,rank,role,school`."""
    names = {"users": users, "roles": roles}
    manifest = files_of("no_updates")["manifest.csv"].decode()
    files = {}
    for name, lines in names.items():
        if lines:
            manifest = manifest.replace(f"file.{name},absent", f"file.{name},delta")
            made = [(user if name == "users" else role)(*line.split(",")) for line in lines.split()]
            files[f"{name}.csv"] = "\n".join([USERS if name == "users" else ROLES, *made]).encode()
    return files | {"manifest.csv": manifest.encode()}


def user(key: str, status: str, first: str, last: str) -> str:
    return f"{key},{status},{NOW},true,{key},,{first},{last}" + "," * (USERS.count(",") - 7)


def role(key: str, status: str, person: str, rank: str, word: str, school: str) -> str:
    return f"{key},{status},{NOW},{person},{rank},{word},,,{school},"


def test_a_rejected_row_of_demographics_leaves_the_student_as_held(lake: District) -> None:
    before = lake.record(Kind.STUDENT, "p1")
    spoilt = with_line(files_of("bulk"), "demographics.csv", "p1,,,2011-02-03", "p1,,,,,,,,,,,,,,,,,,,,x,2011-02-03")
    lake.take_files(spoilt)
    assert lake.record(Kind.STUDENT, "p1") == before


def test_a_row_of_demographics_of_nobody_knows_whom_leaves_every_student_without_one_as_held(lake: District) -> None:
    before = lake.record(Kind.STUDENT, "p1")
    lake.take_files(with_line(files_of("bulk"), "demographics.csv", "p1,,,2011-02-03,", ",,,2011-02-03,"))
    assert lake.record(Kind.STUDENT, "p1") == before


def test_a_rejected_role_at_a_further_school_leaves_the_student_there(lake: District) -> None:
    lake.take_files(with_line(files_of("bulk"), "roles.csv", "p2,secondary,student", "p2,secondary,pupil"))
    assert json.loads(lake.record(Kind.STUDENT, "p2")["more_school_ids"]) == ["s2"]


def test_people_of_a_delta_whose_roles_did_not_change_keep_their_schools_and_what_they_do(lake: District) -> None:
    people = "p1,active,Ada,Ash p2,active,Bo,Beech w1,active,Una,Yarrow"
    lake.take_files(delta(people, "r1,active,p1,primary,student,s1"))
    student, staff = lake.record(Kind.STUDENT, "p2"), lake.record(Kind.STAFF, "w1")
    assert (student["last_name"], student["school_id"], student["more_school_ids"]) == ("Beech", "s1", '["s2"]')
    assert (staff["last_name"], staff["role"]) == ("Yarrow", "districtAdministrator")


def test_a_new_role_of_a_delta_is_one_more_school(lake: District) -> None:
    lake.take_files(delta("p1,active,Ada,Ash", "r8,active,p1,secondary,student,s2"))
    student = lake.record(Kind.STUDENT, "p1")
    assert (student["school_id"], student["more_school_ids"]) == ("s1", '["s2"]')


def test_a_role_that_goes_takes_its_school_alone(lake: District) -> None:
    lake.take_files(delta("p2,active,Bo,Birch", "r2,tobedeleted,p2,secondary,student,s2"))
    student = lake.record(Kind.STUDENT, "p2")
    assert (student["school_id"], student["more_school_ids"]) == ("s1", "")


def test_who_becomes_a_teacher_is_no_student_any_more(lake: District) -> None:
    lake.take_files(delta("p1,active,Ada,Ash", "r1,tobedeleted,p1,primary,student,s1 r8,active,p1,primary,teacher,s2"))
    assert (lake.ids(Kind.STUDENT), lake.ids(Kind.TEACHER)) == (["p2"], ["p1", "x1", "x2"])


@pytest.mark.parametrize("status", ["active", "tobedeleted"])
@pytest.mark.parametrize("users", ["", "p2,active,Bo,Birch"])
def test_a_role_without_the_row_of_its_person_is_not_taken_and_said(lake: District, status: str, users: str) -> None:
    before = lake.record(Kind.STUDENT, "p1")
    result = lake.take_files(delta(users, f"r1,{status},p1,primary,student,s2"))
    assert said(result.validated) == [Said("roles.csv", 2, "userSourcedId", "reference.unknown", "row")]
    assert lake.record(Kind.STUDENT, "p1") == before


# ---------------------------------------------------------------------------------------------- files that are refused


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda raw: raw.splitlines()[0], id="no records"),
        pytest.param(lambda raw: b"\0" + raw, id="a NUL"),
        pytest.param(lambda raw: raw.replace(b"userSourcedId", b"who"), id="a heading is missing"),
    ],
)
@pytest.mark.parametrize("name", ["enrollments.csv", "demographics.csv", "roles.csv"])
def test_a_file_that_is_refused_takes_nothing_back(
    lake: District, name: str, content: Callable[[bytes], bytes]
) -> None:
    before = lake.whole()
    files = files_of("bulk")
    spoilt = files[name].replace(b"sourcedId", b"who") if name == "demographics.csv" else content(files[name])
    lake.take_files(files | {name: spoilt})
    assert lake.whole() == before


# ----------------------------------------------------------------------------------------------- deltas of other files


def changed(name: str, *lines: str) -> dict[str, bytes]:
    """A delta of one file alone."""
    head = files_of("bulk")[f"{name}.csv"].decode().splitlines()[0]
    manifest = files_of("no_updates")["manifest.csv"].decode().replace(f"file.{name},absent", f"file.{name},delta")
    return {f"{name}.csv": "\n".join([head, *lines]).encode(), "manifest.csv": manifest.encode()}


def test_a_delta_of_demographics_leaves_those_whom_it_does_not_name(lake: District) -> None:
    before = lake.record(Kind.STUDENT, "p1")
    lake.take_files(changed("demographics", f"p2,active,{NOW},2010-05-06,male,,,,,,,,,,,"))
    assert lake.record(Kind.STUDENT, "p1") == before
    assert lake.record(Kind.STUDENT, "p2")["birth_date"] == "2010-05-06"


def test_the_same_demographics_again_as_a_delta_change_nothing(lake: District) -> None:
    same = files_of("bulk")["demographics.csv"].decode().splitlines()[1].replace("p1,,,", f"p1,active,{NOW},")
    before = lake.whole()
    lake.take_files(changed("demographics", same))
    assert lake.whole() == before


def test_demographics_that_go_leave_an_empty_student(lake: District) -> None:
    lake.take_files(changed("demographics", f"p1,tobedeleted,{NOW},,,,,,,,,,,,,"))
    student = lake.record(Kind.STUDENT, "p1")
    assert [student[name] for name in ("birth_date", "gender", "race", "hispanic", "ext")] == [""] * 5
    assert lake.ids(Kind.STUDENT) == ["p1", "p2"]


def test_a_school_that_goes_while_sections_are_in_it_stays_and_is_said(lake: District) -> None:
    before = lake.whole()
    result = lake.take_files(changed("orgs", f"s1,tobedeleted,{NOW},Lake School,school,101,d1"))
    assert ("orgs.csv", None, "record.kept", "note") in [
        (f, row, code, cost) for f, row, _, code, cost in said(result.validated)
    ]
    assert lake.whole() == before


@pytest.mark.parametrize(
    ("line", "finding"),
    [
        (f"e1,deleted,{NOW},k1,s1,p1,student,,,", Said(*FILE, "status", "value.unknown", "row")),
        (
            f"e1,tobedeleted,{NOW},,s1,p1,student,,,",
            Said("enrollments.csv", 2, "classSourcedId", "value.missing", "row"),
        ),
    ],
)
def test_a_row_of_a_delta_of_which_nobody_knows_what_goes_is_rejected(lake: District, line: str, finding: Said) -> None:
    before = lake.whole()
    result = lake.take_files(changed("enrollments", line))
    assert said(result.validated) == [finding]
    assert lake.whole() == before


# ------------------------------------------------------------------------------------------------------ whole files


def test_a_rejected_role_beside_a_good_one_is_not_the_end_of_the_other_person(lake: District) -> None:
    more = files_of("bulk")["roles.csv"] + b"r8,,,x1,secondary,aide,,,s1,\n"
    lake.take_files(files_of("bulk") | {"roles.csv": more})
    assert "x1" in lake.ids(Kind.STAFF)
    lake.take_files(files_of("bulk") | {"roles.csv": more.replace(b"aide", b"aidee")})
    assert "x1" in lake.ids(Kind.STAFF)


def test_a_teacher_whose_role_in_a_class_is_no_word_goes_on_teaching_it(lake: District) -> None:
    before = lake.teachers("k1")
    lake.take_files(with_line(files_of("bulk"), "enrollments.csv", "x2,teacher,false", "x2,ext:coteacher,false"))
    assert lake.teachers("k1") == before


def test_a_contact_with_a_rejected_row_stays() -> None:
    old = taken(files_of("bulk_1_1"))
    before = old.ids(Kind.CONTACT)
    old.take_files(with_line(files_of("bulk_1_1"), "users.csv", "Gil,Ash", "Gil,"))
    assert before
    assert old.ids(Kind.CONTACT) == before


def test_a_further_school_that_is_nothing_is_said_and_a_rejected_one_stays() -> None:
    old = taken(files_of("bulk_1_1"))
    assert old.record(Kind.STUDENT, "p2")["more_school_ids"] == '["s2"]'
    result = old.take_files(with_line(files_of("bulk_1_1"), "orgs.csv", "s2,,,Shore School", "s2,,,"))
    assert old.record(Kind.STUDENT, "p2")["more_school_ids"] == '["s2"]'
    assert ("users.csv", "reference.rejected", "value") in [
        (f, code, cost) for f, _, _, code, cost in said(result.validated)
    ]


def test_two_manifests_refuse_the_upload() -> None:
    files = files_of("bulk") | {"Manifest.csv": files_of("no_updates")["manifest.csv"]}
    assert ("manifest.csv", "file.repeated", "upload") in [
        (f, code, cost) for f, _, _, code, cost in said(parse(files, load("oneroster")))
    ]
