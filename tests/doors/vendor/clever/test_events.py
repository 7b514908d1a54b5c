"""Events: what a vendor is told, and that whoever follows them has what a full read gives."""

import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine

from sftpingest.app.web import parts
from sftpingest.roster.ids import record_id
from sftpingest.roster.kinds import Kind
from sftpingest.roster.sharing import Group, Mode, Sharing
from sftpingest.store import accounts, vendors
from tests.doors.vendor.clever.conftest import EVERYTHING, FILES, SOUTH, Door, new_door
from tests.doors.vendor.conftest import Web
from tests.roster.strategies import LAW, MORE

COLLECTIONS = ("schools", "sections", "courses", "terms", "users")
Copy = dict[str, dict[str, Any]]


@pytest.fixture
def door(light: Web) -> Door:
    return new_door(light.engine, light.keys)


def told(door: Door, vendor: str, after: str = "") -> list[dict[str, Any]]:
    return door.read("/events", vendor, **({"starting_after": after} if after else {}))


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


# ------------------------------------------------------------------------------------------------------------- the law


@dataclass
class Follower:
    """A vendor's program that read everything once, and then only events."""

    vendor: str
    copy: Copy = field(default_factory=dict)
    last: str = ""

    def follow(self, door: Door) -> None:
        for event in told(door, self.vendor, self.last):
            kind, _, what = event["type"].partition(".")
            one = event["data"]["object"]
            if what == "deleted":
                del self.copy[f"{kind}/{one['id']}"]
            else:
                assert (f"{kind}/{one['id']}" in self.copy) == (what == "updated")
                self.copy[f"{kind}/{one['id']}"] = one
            self.last = event["id"]


def full(door: Door, vendor: str) -> Copy:
    """All that a vendor reads; nothing where the district shares nothing with it."""
    if door.get("/v3.1/districts", vendor).status_code == 404:
        return {}
    return {f"{name}/{one['id']}": one for name in COLLECTIONS for one in door.read(f"/{name}", vendor)}


LINES = [(name, line) for name, text in FILES.items() for line in text.splitlines()[1:]]
SHARINGS = [
    None,
    EVERYTHING,
    SOUTH,
    Sharing(Mode.EVERYTHING),
    Sharing(Mode.SECTIONS, sections=("nc1",), groups=frozenset({Group.DEMOGRAPHICS, Group.CONTACTS})),
    Sharing(Mode.SCHOOLS, schools=("n1",), staff=True, groups=frozenset({Group.OTHER, Group.ADDRESSES})),
]
_numbers = itertools.count(1)


def following(engine: Engine, keys: Path) -> type[RuleBasedStateMachine]:
    """Syncs, returns to earlier rosters and changes of sharing, in any order; two vendors that follow."""

    class Following(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            self.slug = f"f{next(_numbers)}"
            self.door = Door(engine, keys, parts(keys))
            self.door.slug = self.slug
            self.followers = [Follower(f"{self.slug}-a"), Follower(f"{self.slug}-b")]
            with engine.begin() as c:
                accounts.add_district(c, self.slug, self.slug)
                for one in self.followers:
                    vendors.add_vendor(c, one.vendor)
            self.door.upload(FILES, self.slug)
            self.door.let(self.followers[0].vendor, EVERYTHING, self.slug)

        @rule(
            chosen=st.lists(st.sampled_from(LINES[2:]), max_size=3), word=st.sampled_from(["Nash", "Nanotech", "Sol"])
        )
        def sync(self, chosen: list[tuple[str, str]], word: str) -> None:
            """An upload without some lines, and with one word changed."""
            gone = {line for _, line in chosen}
            files = {
                name: "\n".join(line for line in text.splitlines() if line not in gone) + "\n"
                for name, text in FILES.items()
            }
            self.door.upload({name: text.replace(word, f"{word}x") for name, text in files.items()}, self.slug)

        @rule(sharing=st.sampled_from(SHARINGS), whose=st.sampled_from([0, 1]))
        def share(self, sharing: Sharing | None, whose: int) -> None:
            self.door.let(self.followers[whose].vendor, sharing, self.slug)

        @invariant()
        def the_copies_are_what_a_full_read_gives(self) -> None:
            for one in self.followers:
                one.follow(self.door)
                assert one.copy == full(self.door, one.vendor)

    return Following


def test_whoever_follows_the_events_has_what_a_full_read_gives(lasting: Engine, tmp_path: Path) -> None:
    how = settings(LAW, max_examples=2 * MORE, stateful_step_count=8, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(following(lasting, tmp_path), settings=how)
