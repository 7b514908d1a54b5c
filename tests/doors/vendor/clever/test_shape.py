"""The Clever-shaped API: what objects, lists and errors look like, as Clever's own answers do."""

import re
from pathlib import Path

import pytest
from sqlalchemy import Engine

from sftpingest.doors.vendor.clever.lists import KINDS
from sftpingest.roster.ids import record_id
from sftpingest.roster.kinds import Kind
from sftpingest.store import vendors
from tests.doors.vendor.clever.conftest import FILES, Door, new_door
from tests.doors.vendor.conftest import bearing

ID = re.compile("[0-9a-f]{24}")


def its(kind: Kind, key: str) -> str:
    return record_id("springfield", kind, key)


def test_a_student_has_all_that_is_granted(standing: Door) -> None:
    body = standing.get(f"/v3.1/users/{its(Kind.STUDENT, 'ns1')}").json()
    one = body["data"]
    assert one["name"] == {"first": "Nia", "middle": "", "last": "Nash"}
    assert one["email"] == "nia@n.example"
    role = one["roles"]["student"]
    assert (role["sis_id"], role["student_number"], role["grade"], role["gender"]) == ("ns1", "N-17", "5", "F")
    assert (role["dob"], role["iep_status"], role["location"]["city"]) == ("1/20/2015", "Y", "Nville")
    assert role["school"] == its(Kind.SCHOOL, "n1")
    assert role["schools"] == [its(Kind.SCHOOL, "n1")]
    assert role["ext"] == {"team": "Nteam"}
    assert role["credentials"] == {"district_username": ""}
    assert "Nlogin" not in str(body)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", one["last_modified"])
    assert {link["rel"] for link in body["links"]} == {
        "self", "district", "schools", "sections", "mycontacts", "mystudents", "myteachers",
    }  # fmt: skip


def test_a_student_of_a_section_elsewhere_is_of_two_schools(standing: Door) -> None:
    role = standing.get(f"/v3.1/users/{its(Kind.STUDENT, 'ss2')}").json()["data"]["roles"]["student"]
    assert role["schools"] == [its(Kind.SCHOOL, "s1"), its(Kind.SCHOOL, "n1")]
    south = standing.get(f"/v3.1/users/{its(Kind.STUDENT, 'ss2')}", "south").json()["data"]["roles"]["student"]
    assert south["schools"] == [its(Kind.SCHOOL, "s1")]


def test_a_section_names_who_is_in_it_and_has_the_name_that_clever_makes(standing: Door) -> None:
    one = standing.get(f"/v3.0/sections/{its(Kind.SECTION, 'nc1')}").json()["data"]
    assert one["name"] == "Nanotech - Nott - 1"
    assert one["teacher"] == its(Kind.TEACHER, "nt1")
    assert one["teachers"] == [its(Kind.TEACHER, "nt1")]
    assert one["students"] == sorted([its(Kind.STUDENT, "ns1"), its(Kind.STUDENT, "ss2")])
    assert (one["subject"], one["period"], one["school"]) == ("science", "1", its(Kind.SCHOOL, "n1"))
    course = standing.get(f"/v3.1/sections/{one['id']}/course").json()["data"]
    assert course == {"id": one["course"], "district": one["district"], "name": "Nanotech", "number": "NC-1"}
    term = standing.get(f"/v3.1/sections/{one['id']}/term").json()["data"]
    assert (term["id"], term["start_date"], term["end_date"]) == (one["term_id"], "2026-08-31", "2027-01-15")


def test_a_list_ascends_by_id_and_its_links_lead_through_all_of_it_and_back(standing: Door) -> None:
    whole = [one["id"] for one in standing.read("/users")]
    assert whole == sorted(whole)
    assert len(whole) == 3 + 2 + 2 + 2  # students, teachers, staff, contacts
    assert [one["id"] for one in standing.read("/users", limit=2)] == whole
    body = standing.get("/v3.1/users", limit=2, starting_after=whole[3]).json()
    links = {link["rel"]: link["uri"] for link in body["links"]}
    assert links["self"] == f"/v3.1/users?limit=2&starting_after={whole[3]}"
    before = standing.get(links["prev"]).json()
    assert [one["data"]["id"] for one in before["data"]] == whole[2:4]
    assert [one["uri"] for one in before["data"]] == [f"/v3.1/users/{id_}" for id_ in whole[2:4]]
    first = standing.get("/v3.1/users", ending_before=whole[1]).json()
    assert [link["rel"] for link in first["links"]] == ["self", "next"]
    assert standing.get("/v3.1/users", count="true", limit=1).json()["count"] == len(whole)
    assert standing.get("/v3.1/users", starting_after=whole[-1]).json()["data"] == []


@pytest.mark.parametrize("role", ["student", "teacher", "staff", "contact"])
def test_users_are_chosen_by_role(standing: Door, role: str) -> None:
    found = standing.read("/users", role=role)
    assert found
    assert all(list(one["roles"]) == [role] for one in found)


def test_what_belongs_to_an_object(standing: Door) -> None:
    school, section = its(Kind.SCHOOL, "n1"), its(Kind.SECTION, "nc1")
    teacher, student = its(Kind.TEACHER, "nt1"), its(Kind.STUDENT, "ns1")
    other, contact = its(Kind.STUDENT, "ss2"), standing.read("/users", role="contact")
    mother = next(one["id"] for one in contact if one["name"]["last"] == "Nan Nash")
    expected = {
        f"/schools/{school}/sections": {section},
        f"/schools/{school}/users": {teacher, student, other, its(Kind.STAFF, "nf1")},
        f"/schools/{school}/users?primary=true": {teacher, student, its(Kind.STAFF, "nf1")},
        f"/schools/{school}/users?role=teacher": {teacher},
        f"/sections/{section}/users": {teacher, student, other},
        f"/sections/{section}/users?role=student": {student, other},
        f"/users/{teacher}/mystudents": {student, other},
        f"/users/{teacher}/sections": {section},
        f"/users/{other}/myteachers": {teacher},
        f"/users/{other}/schools": {school, its(Kind.SCHOOL, "s1")},
        f"/users/{other}/schools?primary=true": {its(Kind.SCHOOL, "s1")},
        f"/users/{student}/mycontacts": {mother},
        f"/users/{mother}/mystudents": {student},
        f"/users/{student}/mystudents": set(),
        f"/users/{student}/resources": set(),
    }
    courses = standing.read(f"/schools/{school}/courses")
    expected |= {f"/courses/{courses[0]['id']}/sections": {section}, f"/courses/{courses[0]['id']}/schools": {school}}
    for path, ids in expected.items():
        assert {one["id"] for one in standing.read(path)} == ids, path
    assert standing.get(f"/v3.1/users/{student}/district").json()["data"]["name"] == "Springfield Public Schools"


def test_the_district_says_when_its_roster_came(standing: Door) -> None:
    one = standing.read("/districts")[0]
    assert (one["name"], one["sis_type"], one["state"]) == ("Springfield Public Schools", "sftp", "success")
    assert ID.fullmatch(one["id"])
    assert one["last_sync"]
    assert standing.get(f"/v3.1/districts/{one['id']}").json()["data"] == one


def test_version_3_0_is_without_what_3_1_brought(standing: Door) -> None:
    path = f"users/{its(Kind.STUDENT, 'ns1')}"
    old, new = (standing.get(f"/v3.{minor}/{path}").json()["data"]["roles"]["student"] for minor in (0, 1))
    assert new.keys() - old.keys() == {
        "gifted_status",
        "section_504_status",
        "disability",
        "home_language_code",
        "preferred_name",
    }


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v3.1/users?limit=0", 400),
        ("/v3.1/users?limit=ten", 400),
        ("/v3.1/users?limit=10001", 413),
        ("/v3.1/users?limit=1&limit=2", 400),
        ("/v3.1/users?role=wizard", 400),
        ("/v3.1/users?starting_after=x", 400),
        ("/v3.1/users/000000000000000000000000", 404),
        ("/v3.1/users/x", 404),
        ("/v3.1/users/%00", 404),
        ("/v3.1/wizards", 404),
        ("/v3.1/resources/000000000000000000000000", 404),
        ("/v3.1/events?record_type=wizards", 400),
        ("/v3.1/events/x", 400),
        ("/v3.1/events/0000000000000000000fffff", 404),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(standing: Door, path: str, status: int) -> None:
    answer = standing.get(path)
    assert answer.status_code == status
    assert list(answer.json()) == ["message"]


def test_without_a_token_nothing_is_told(standing: Door) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        answer = standing("GET", "/v3.1/users", headers=headers)
        assert (answer.status_code, list(answer.json())) == (401, ["message"])


def test_an_access_token_shows_what_its_scopes_say(standing: Door) -> None:
    vendor, secret = standing.in_store(lambda c: vendors.rotate(c, "everything"))

    def birth_dates(*scopes: str) -> set[str] | int:
        asked = " ".join(f"https://purl.imsglobal.org/spec/or/v1p2/scope/{one}" for one in scopes)
        token = standing.access((vendor.client_id, secret), asked).json()["access_token"]
        answer = standing("GET", "/v3.1/users?role=student", headers=bearing(token))
        events = standing("GET", "/export/events.ndjson", headers=bearing(token))
        assert answer.status_code == events.status_code
        if answer.status_code != 200:
            return answer.status_code
        found = {one["data"]["roles"]["student"]["dob"] for one in answer.json()["data"]}
        assert all(day in events.text for day in found)
        assert ("1/20/2015" in events.text) == ("1/20/2015" in found)
        return found

    assert birth_dates("roster-core.readonly") == 403
    assert birth_dates("roster.readonly") == {""}
    assert birth_dates("roster.readonly", "roster-demographics.readonly") == {"1/20/2015", "2/3/2014", "2/4/2014"}


def test_primary_leaves_out_only_schools_and_people(standing: Door) -> None:
    section, student = its(Kind.SECTION, "nc1"), its(Kind.STUDENT, "ns1")
    for path in (f"/sections/{section}/users", f"/users/{student}/sections", f"/users/{student}/mycontacts"):
        assert standing.read(path, primary="true") == standing.read(path) != []


def test_every_answer_says_what_is_left_of_the_minute(standing: Door) -> None:
    answer = standing.get("/v3.1/schools")
    assert answer.headers["x-ratelimit-bucket"] == "bearer"
    assert int(answer.headers["x-ratelimit-remaining"]) < int(answer.headers["x-ratelimit-limit"]) == 1200


def test_what_was_read_is_noted_before_it_is_answered(standing: Door) -> None:
    standing.reads.clear()
    standing.get(f"/v3.1/users/{its(Kind.STUDENT, 'ss1')}", "south")
    (read,) = standing.reads
    assert (read.vendor, read.district, read.request) == ("south", "springfield", "GET /v3.1/users/{id}")
    assert (read.ids, read.people, read.kinds, read.fields) == ((its(Kind.STUDENT, "ss1"),), 1, (Kind.STUDENT,), ())


def test_a_file_of_a_whole_kind_is_noted_too(standing: Door) -> None:
    standing.reads.clear()
    answer = standing.get("/export/springfield/student.csv", "south")
    assert answer.status_code == 200
    (read,) = standing.reads
    assert (read.door, read.whole, read.people, read.kinds) == ("export", True, 2, (Kind.STUDENT,))
    assert read.request == "GET /export/{district}/{file}"
    assert read.sequence == int(answer.headers["x-sequence"])


@pytest.mark.parametrize("path", ["/v3.1/users", "/export/springfield/student.csv", "/export/events.ndjson"])
def test_what_cannot_be_noted_is_not_answered(standing: Door, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    def full(_: object) -> None:
        raise OSError

    monkeypatch.setattr(standing, "reads", type("Full", (), {"append": staticmethod(full)})())
    answer = standing.get(path)
    assert (answer.status_code, list(answer.json())) == (503, ["message"])


def test_until_vendors_are_told_of_a_sync_they_read_the_roster_before_it(engine: Engine, tmp_path: Path) -> None:
    door = new_door(engine, tmp_path / "keys")
    before = {name: door.read(f"/{name}") for name in KINDS}
    left = {name: text.replace("s1,sc1,ss1", "s1,sc1,ss2").replace("Sage", "Salt") for name, text in FILES.items()}
    door.apply(left)
    assert {name: door.read(f"/{name}") for name in KINDS} == before
    door.upload(left)
    after = {name: door.read(f"/{name}") for name in KINDS}
    assert {name for name in KINDS if after[name] != before[name]} == {"sections", "users"}
