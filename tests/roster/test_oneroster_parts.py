"""What another file says of a person: a part that is rejected, and deltas of roles, take nothing back."""

import json

import pytest

from sftpingest.roster.kinds import Kind
from tests.roster.district import District
from tests.roster.test_oneroster import files_of, taken, with_line
from tests.roster.uploads import Said, said

NOW = "2026-11-01T00:00:00.000Z"
USERS, ROLES = (files_of("bulk")[name].decode().splitlines()[0] for name in ("users.csv", "roles.csv"))


@pytest.fixture
def lake() -> District:
    return taken(files_of("bulk"))


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
