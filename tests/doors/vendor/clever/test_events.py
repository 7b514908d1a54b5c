"""Events: what a vendor is told. That whoever follows them has what a full read gives is in test_law.py."""

import json

import pytest

from sftpingest.roster.ids import record_id
from sftpingest.roster.kinds import Kind
from sftpingest.roster.sharing import Group, Mode, Sharing
from tests.doors.vendor.clever.conftest import COLLECTIONS, FILES, SOUTH, Door, new_door, told
from tests.doors.vendor.conftest import Web


@pytest.fixture
def door(light: Web) -> Door:
    return new_door(light.engine, light.keys)


def newest(door: Door, vendor: str = "everything") -> str:
    (last,) = door.get("/v3.1/events", vendor, ending_before="last", limit=1).json()["data"]
    return str(last["data"]["id"])


def changed(name: str, old: str, new: str) -> dict[str, str]:
    assert old in FILES[name]
    return FILES | {name: FILES[name].replace(old, new)}


def test_the_first_events_tell_of_all_that_is_seen_without_gaps(door: Door) -> None:
    events = told(door, "everything")
    assert {event["type"] for event in events} == {f"{name}.created" for name in COLLECTIONS}
    assert [int(event["id"], 16) for event in events] == list(range(1, len(events) + 1))
    one = next(event for event in events if event["data"]["object"].get("email") == "nia@n.example")
    assert one["data"]["object"] == door.get(f"/v3.1/users/{one['data']['object']['id']}").json()["data"]
    assert "previous_attributes" not in one["data"]


def test_a_change_has_the_object_as_it_is_and_what_it_was(door: Door) -> None:
    last = newest(door)
    door.upload(changed("students.csv", "ns1,N-17,Nia,Nash,5,F", "ns1,N-17,Nia,Nashville,6,F"))
    (event,) = told(door, "everything", last)
    assert event["type"] == "users.updated"
    assert event["data"]["object"]["name"]["last"] == "Nashville"
    assert event["data"]["previous_attributes"] == {"name": {"last": "Nash"}, "roles": {"student": {"grade": "5"}}}
    assert told(door, "south", newest(door, "south")) == []


def test_an_enrollment_is_told_as_a_change_of_its_section(door: Door) -> None:
    last = newest(door)
    door.upload(changed("enrollments.csv", "n1,nc1,ss2", "n1,nc1,ss2\nn1,nc1,ss1"))
    events = told(door, "everything", last)
    section = next(event for event in events if event["type"] == "sections.updated")
    new = record_id("springfield", Kind.STUDENT, "ss1")
    assert set(section["data"]["object"]["students"]) - set(section["data"]["previous_attributes"]["students"]) == {new}
    user = next(event for event in events if event["type"] == "users.updated")  # of a second school from now on
    assert user["data"]["object"]["id"] == new


def test_who_left_is_told_with_what_was_seen_last(door: Door) -> None:
    last = newest(door)
    files = changed("students.csv", FILES["students.csv"].splitlines()[2] + "\n", "")
    files["enrollments.csv"] = files["enrollments.csv"].replace("s1,sc1,ss1\n", "s1,sc1,ss2\n")
    door.upload(files)
    gone = [event for event in told(door, "everything", last) if event["type"] == "users.deleted"]
    assert {event["data"]["object"]["name"]["first"] for event in gone} == {"Sam", ""}  # and the contact of his
    shown = [event for event in told(door, "south") if event["type"] == "users.deleted"]
    assert [event["data"]["object"]["roles"]["student"]["dob"] for event in shown] == [""]  # no more than was granted


def test_a_section_is_told_with_those_who_were_in_it_though_they_left(door: Door) -> None:
    last = newest(door)
    files = changed("students.csv", FILES["students.csv"].splitlines()[2] + "\n", "")
    files["enrollments.csv"] = files["enrollments.csv"].replace("s1,sc1,ss1\n", "s1,sc1,ss2\n")
    files["teachers.csv"] = files["teachers.csv"].replace("s1,st1,Saul", "s1,st2,Sophy")
    files["sections.csv"] = files["sections.csv"].replace("s1,sc1,st1", "s1,sc1,st2")
    door.upload(files)
    (section,) = [event["data"] for event in told(door, "everything", last) if event["type"] == "sections.updated"]
    student, teacher = record_id("springfield", Kind.STUDENT, "ss1"), record_id("springfield", Kind.TEACHER, "st1")
    was = section["previous_attributes"]
    assert (was["students"], was["teachers"], was["teacher"]) == ([student], [teacher], teacher)


def test_what_is_taken_away_is_gone_from_old_events_too(door: Door) -> None:
    door.let("everything", SOUTH)
    events = told(door, "everything")
    text = str(events)
    assert "Sam" in text
    for word in ("Nash", "Norwood", "nia@", "Sville", "2/3/2014", "Steam", "555-0222"):
        assert word not in text, word
    gone = [event["data"]["object"] for event in events if event["type"] == "users.deleted"]
    nia = record_id("springfield", Kind.STUDENT, "ns1")
    assert {"id": nia, "district": gone[0]["district"], "roles": {"student": {}}} in gone
    door.let("everything", None)
    assert "Sam" not in str(told(door, "everything"))
    assert [int(event["id"], 16) for event in told(door, "everything")] == list(
        range(1, len(told(door, "everything")) + 1)
    )


def test_events_are_noted_with_all_that_was_in_them(door: Door) -> None:
    door.let("south", Sharing(Mode.SCHOOLS, schools=("s1",), groups=frozenset({Group.DEMOGRAPHICS})))
    door.reads.clear()
    events = told(door, "south")
    (read,) = door.reads
    assert read.fields == ("demographics",)  # the first edition granted nothing
    assert read.sequence == int(events[-1]["id"], 16)
    assert read.records == len({event["data"]["object"]["id"] for event in events}) < len(events)
    door.let("south", None)
    door.reads.clear()
    told(door, "south")
    assert door.reads == []  # nothing but ids of a district that is not seen


def test_events_are_chosen_by_what_they_are_of(door: Door) -> None:
    events = told(door, "everything")
    chosen = door.read("/events", record_type=["schools", "terms"])
    assert chosen == [event for event in events if event["type"].partition(".")[0] in {"schools", "terms"}]
    assert door.read("/events", record_type="districts") == []
    one = door.get(f"/v3.1/events/{events[3]['id']}").json()
    assert one["data"] == events[3]


def test_the_same_events_stand_in_plain_lines(door: Door) -> None:
    door.upload(changed("students.csv", "Nia,Nash", "Nia,Nashville"))
    events = told(door, "everything")
    answer = door.get("/export/events.ndjson")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line.pop("sequence") for line in lines] == list(range(1, len(events) + 1))
    assert lines == events
    assert answer.headers["x-sequence"] == str(len(events))
    rest = door.get("/export/events.ndjson", after=len(events) - 2, limit=1).text.splitlines()
    assert [json.loads(line)["sequence"] for line in rest] == [len(events) - 1]
    assert door.get("/export/events.ndjson", after=len(events)).text == ""
    assert door.get("/export/events.ndjson", after="-1").status_code == 400
    assert door.reads[-1].door == "events"
