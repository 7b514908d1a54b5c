"""What records and refusals look like, by the official OpenAPI file where it is there, and in our own words."""

import json
from typing import Any

import pytest

from sftpingest.doors.vendor.scopes import CORE, DEMOGRAPHICS, PREFIX_1_1, PREFIX_1_2, ROSTER
from sftpingest.roster.ids import district_id, record_id
from sftpingest.roster.kinds import Kind
from tests.conftest import NO_ONEROSTER, ONEROSTER
from tests.doors.vendor.conftest import bearing
from tests.doors.vendor.oneroster.conftest import COLLECTIONS, PATHS, V1_1, V1_2, Lake, addresses
from tests.doors.vendor.oneroster.openapi import schema_of, spec, wrong

needs_the_file = pytest.mark.skipif(not ONEROSTER.is_file(), reason=NO_ONEROSTER)


def _id(kind: Kind, key: str) -> str:
    return record_id("lake", kind, key)


def all_ids(door: Lake) -> dict[str, list[str]]:
    return {name: door.ids(f"/{name}") for name in COLLECTIONS}


# ------------------------------------------------------------------------------------------------- the OpenAPI file


@needs_the_file
def test_the_paths_are_those_of_the_file_with_their_scopes(lake: Lake) -> None:
    assert sorted(PATHS) == sorted(spec()["paths"])
    assert len(PATHS) == 41
    for scope in (CORE, ROSTER, DEMOGRAPHICS):
        token = lake.access(lake.clients["everything"], PREFIX_1_2 + scope).json()["access_token"]
        for path, its in spec()["paths"].items():
            opens = PREFIX_1_2 + scope in its["get"]["security"][0]["OAuth2CC"]
            concrete = path.replace("{", "").replace("}", "")
            answer = lake("GET", V1_2 + concrete, headers=bearing(token))
            assert (answer.status_code != 403) is opens, (path, scope)
            if not opens:
                assert [*wrong(answer.json(), schema_of(path, 403))] == []


@needs_the_file
def test_every_answer_with_records_is_as_the_file_says(lake: Lake) -> None:
    ids = {name: its[:2] for name, its in all_ids(lake).items()}
    filled = set()
    for path in PATHS:
        for address in addresses(ids, path):
            answer = lake.ask(address)
            assert [*wrong(answer.json(), schema_of(path, answer.status_code))] == [], address
            if answer.status_code == 200 and any(answer.json().values()):
                filled.add(path)
    assert filled == set(PATHS)


@needs_the_file
@pytest.mark.parametrize(
    "asked", [{"limit": "-1"}, {"filter": "x"}, {"sort": "x"}, {"fields": "x"}, {"filter": "x='1'"}]
)
def test_a_refusal_is_as_the_file_says(lake: Lake, asked: dict[str, str]) -> None:
    answer = lake.ask("/users", **asked)
    assert answer.status_code == 400
    assert [*wrong(answer.json(), schema_of("/users", 400))] == []


# -------------------------------------------------------------------------------------------------- in our own words


def _one(door: Lake, path: str, place: str = V1_2) -> dict[str, Any]:
    answer = door.ask(path, place=place)
    assert answer.status_code == 200, answer.text
    (found,) = answer.json().values()
    return dict(found)


def test_a_student_in_1_2(lake: Lake) -> None:
    student = _one(lake, f"/students/{_id(Kind.STUDENT, 'np1')}")
    assert student.pop("dateLastModified")
    school = {
        "href": f"http://roster.example.org{V1_2}/orgs/{_id(Kind.SCHOOL, 'n1')}",
        "sourcedId": _id(Kind.SCHOOL, "n1"),
        "type": "org",
    }
    (agent,) = student.pop("agents")
    assert agent["sourcedId"] in lake.ids("/users", filter="roles.role='parent'")
    assert student == {
        "sourcedId": _id(Kind.STUDENT, "np1"),
        "status": "active",
        "metadata": {"sftpingest.id": "np1"},
        "username": "nia@n.example",
        "enabledUser": "true",
        "givenName": "Nia",
        "familyName": "Nash",
        "preferredFirstName": "Nini",
        "identifier": "N-17",
        "email": "nia@n.example",
        "grades": ["09"],
        "roles": [{"roleType": "primary", "role": "student", "org": school}],
        "primaryOrg": school,
    }


def test_a_student_who_has_a_class_elsewhere_is_at_both_schools(lake: Lake) -> None:
    student = _one(lake, f"/users/{_id(Kind.STUDENT, 'sp2')}", V1_1)
    assert [org["sourcedId"] for org in student["orgs"]] == [_id(Kind.SCHOOL, "s1"), _id(Kind.SCHOOL, "n1")]
    assert student["role"] == "student"
    assert student["username"] == student["sourcedId"]  # never what it logs in with elsewhere
    assert "roles" not in student


def test_a_contact_and_its_student_name_each_other(lake: Lake) -> None:
    student = _one(lake, f"/users/{_id(Kind.STUDENT, 'sp1')}")
    (agent,) = student["agents"]
    contact = _one(lake, f"/users/{agent['sourcedId']}")
    assert [one["sourcedId"] for one in contact["agents"]] == [student["sourcedId"]]
    assert (contact["roles"][0]["role"], contact["phone"]) == ("relative", "503-555-0333")


def test_staff_have_the_role_that_the_district_says_and_1_1_has_fewer(lake: Lake) -> None:
    (found,) = lake.all_of("/users", filter="givenName='Sal'")
    assert (found["roles"][0]["role"], found["enabledUser"]) == ("principal", "false")
    (found,) = lake.all_of("/users", place=V1_1, filter="givenName='Sal'")
    assert found["role"] == "administrator"


def test_a_class_names_its_course_school_and_term(lake: Lake) -> None:
    found = _one(lake, f"/classes/{_id(Kind.SECTION, 'sk1')}")
    assert found["course"]["sourcedId"] == _id(Kind.COURSE, "sc1")
    assert found["school"]["sourcedId"] == _id(Kind.SCHOOL, "s1")
    assert [term["sourcedId"] for term in found["terms"]] == [_id(Kind.TERM, "st1")]
    shown = {name: found[name] for name in ("title", "classCode", "classType", "location", "grades", "periods")}
    assert shown == {
        "title": "Sculpture 1",
        "classCode": "SK-1",
        "classType": "homeroom",
        "location": "Sroom",
        "grades": ["09"],
        "periods": ["2"],
    }


def test_demographics_are_those_of_the_student(lake: Lake) -> None:
    found = _one(lake, f"/demographics/{_id(Kind.STUDENT, 'sp1')}")
    assert found["sourcedId"] == _id(Kind.STUDENT, "sp1")
    assert (found["birthDate"], found["sex"], found["white"], found["asian"]) == ("2014-02-03", "male", "true", "false")
    assert (found["hispanicOrLatinoEthnicity"], found["cityOfBirth"]) == ("true", "Ston")


def test_sessions_lie_in_the_school_years_of_the_district_or_in_made_ones(lake: Lake) -> None:
    sessions = {one["sourcedId"]: one for one in lake.all_of("/academicSessions")}
    assert sessions[_id(Kind.TERM, "sg1")]["parent"]["sourcedId"] == _id(Kind.TERM, "st1")
    assert sessions[_id(Kind.TERM, "st1")]["parent"]["sourcedId"] == _id(Kind.TERM, "y1")
    made = sessions[record_id("bare", Kind.TERM, "bt")]["parent"]["sourcedId"]
    assert sessions[made] | {"sourcedId": "", "dateLastModified": ""} == {
        "sourcedId": "",
        "status": "active",
        "dateLastModified": "",
        "title": "2026-2027",
        "startDate": "2026-08-01",
        "endDate": "2027-08-01",
        "type": "schoolYear",
        "schoolYear": "2027",
    }
    for one in sessions.values():
        assert one.get("parent", {"sourcedId": one["sourcedId"]})["sourcedId"] in sessions


def test_every_reference_is_to_a_record_that_can_be_read(lake: Lake) -> None:
    for vendor in ("everything", "south"):
        for place in (V1_1, V1_2):
            seen = json.dumps([lake.all_of(f"/{name}", vendor, place) for name in COLLECTIONS[:-1]])
            named = {one.split('"')[0] for one in seen.split('"href": "http://roster.example.org')[1:]}
            assert len(named) > 5
            for address in sorted(named)[::3]:
                assert lake.ask(address, vendor, place="").status_code == 200, address


def test_the_district_is_an_org_and_schools_are_its_children(lake: Lake) -> None:
    orgs = {one["sourcedId"]: one for one in lake.all_of("/orgs")}
    assert orgs[district_id("lake")]["type"] == "district"
    assert orgs[_id(Kind.SCHOOL, "s1")]["parent"]["sourcedId"] == district_id("lake")
    assert district_id("lake") not in lake.ids("/schools")
    assert lake.ask(f"/schools/{district_id('lake')}").status_code == 404


# ------------------------------------------------------------------------------------------------------------- tokens


def test_1_1_is_opened_by_scopes_of_both_releases_and_1_2_by_its_own(lake: Lake) -> None:
    old = lake.access(lake.clients["everything"], PREFIX_1_1 + ROSTER).json()["access_token"]
    new = lake.access(lake.clients["everything"], PREFIX_1_2 + ROSTER).json()["access_token"]
    asked = [lake("GET", f"{place}/orgs", headers=bearing(token)) for place in (V1_1, V1_2) for token in (old, new)]
    assert [answer.status_code for answer in asked] == [200, 200, 403, 200]


def test_without_a_token_or_with_one_of_a_district_nothing_is_read(lake: Lake) -> None:
    answer = lake("GET", f"{V1_2}/orgs")
    assert answer.status_code == 401
    minor = answer.json()["imsx_CodeMinor"]["imsx_codeMinorField"][0]["imsx_codeMinorFieldValue"]
    assert minor == "unauthorisedrequest"
    of_district = lake.token("everything", "lake")
    assert lake("GET", f"{V1_2}/orgs", headers=bearing(of_district)).status_code == 403
    assert lake("GET", f"{V1_1}/orgs").json()["statusInfoSet"][0]["imsx_CodeMinor"] == "unauthorized"
