"""Two vendors of different rights side by side: what is not shared is nowhere, be it asked for by filter or order."""

import itertools
import re
from functools import partial
from typing import Any

import pytest

from sftpingest.doors.vendor.oneroster.entities import CLASS, COURSE, ENROLLMENT, ORG, SESSION, USER, Entity
from sftpingest.doors.vendor.oneroster.words import Release
from sftpingest.roster.ids import record_id
from sftpingest.roster.kinds import Kind
from sftpingest.roster.sharing import Group, Mode, Sharing
from sftpingest.store.asked import Condition, Sign
from tests.doors.vendor.oneroster.conftest import (
    BARE,
    COLLECTIONS,
    EVERYTHING,
    FILES,
    PATHS,
    V1_1,
    V1_2,
    Lake,
    addresses,
)

#: Words of the north side and of the other district; and of the south, what no group grants.
_WORDS = set(re.findall(r"[A-Za-z0-9-]+", "\n".join([*FILES.values(), *BARE.values()])))
HIDDEN = {word for word in _WORDS if re.fullmatch(r"N(?!ame|n$)[a-z]{2,}|n[a-z]\d|N[A-Z]?-\d+|b[a-z]|B[a-z]+", word)}
HIDDEN -= {"birthDate", "Birth"}
HIDDEN |= {"503-555-0111"}
NOT_GRANTED = {"503-555-0222", "503-555-0333", "Slogin", "Steach", "Sammy", "2014-02-03", "Sue", "Sal", "Sroom", "Ston"}
_KEYS = {
    Kind.SCHOOL: "n1", Kind.SECTION: "nk1", Kind.STUDENT: "np1", Kind.TEACHER: "nx1", Kind.COURSE: "nc1",
    Kind.TERM: "nt1",
}  # fmt: skip
NORTH = {record_id("lake", kind, key) for kind, key in _KEYS.items()}
OPEN = [(USER, "users"), (CLASS, "classes"), (COURSE, "courses"), (ENROLLMENT, "enrollments"), (ORG, "orgs")]
OPEN += [(SESSION, "academicSessions")]


def ids_of(door: Lake, vendor: str) -> dict[str, list[str]]:
    return {name: door.ids(f"/{name}", vendor) for name in COLLECTIONS}


def test_nothing_of_the_north_reaches_the_vendor_of_the_south(lake: Lake) -> None:
    assert {"Nash", "Norwood", "N-17", "np1", "Nini", "NK-1", "Bea", "bp"} <= HIDDEN
    every, own = ids_of(lake, "everything"), ids_of(lake, "south")
    hidden = {id_ for ids in every.values() for id_ in ids} - {id_ for ids in own.values() for id_ in ids}
    assert hidden > NORTH
    first = {name: [*ids[:1], *[one for one in every[name] if one in hidden][:1]] for name, ids in own.items()}
    nobody = {place: lake.ask("/users/nobody", "south", place).content for place in (V1_2, V1_1)}
    for path, place in zip(PATHS, itertools.cycle([V1_2, V1_1]), strict=False):
        for address in addresses(first, path):
            answer = lake.ask(address, "south", place)
            assert not set(re.findall(r"[A-Za-z0-9-]+", answer.text)) & (HIDDEN | NOT_GRANTED), address
            assert not {id_ for id_ in hidden if id_ in answer.text}, address
            if any(id_ in address for id_ in hidden):
                assert answer.status_code == 404, address
                assert answer.content == nobody[place], address


def test_demographics_are_there_only_where_they_are_granted(lake: Lake) -> None:
    assert lake.ids("/demographics", "south") == []
    assert len(lake.ids("/demographics")) == 4
    for student in lake.ids("/students", "south"):
        assert lake.ask(f"/demographics/{student}", "south").status_code == 404


def test_a_school_that_is_not_seen_is_not_named(lake: Lake) -> None:
    """Sia's class in the north is not shared, nor is its school."""
    sia = record_id("lake", Kind.STUDENT, "sp2")
    roles = lake.ask(f"/users/{sia}", "south").json()["user"]["roles"]
    assert [role["org"]["sourcedId"] for role in roles] == [record_id("lake", Kind.SCHOOL, "s1")]
    assert lake.ids(f"/students/{sia}/classes", "south") == []


# ------------------------------------------------------------------------------------------------ filters and orders


def _text(shape: Any, name: str) -> str:
    """What stands in a record under a name, as a filter sees it."""
    for part in name.split("."):
        shape = shape[0] if isinstance(shape, list) and shape else shape
        shape = shape.get(part, "") if isinstance(shape, dict) else ""
    return str(shape[0] if isinstance(shape, list) and shape else shape or "")


_SIGNS = itertools.cycle(sign for sign in Sign)


def _probe(shapes: list[dict[str, Any]], name: str) -> str:
    """A value that somebody has, be it hidden from the one who asks."""
    return max(_text(one, name) for one in shapes)


@pytest.mark.parametrize(("entity", "collection"), OPEN, ids=[name for _, name in OPEN])
def test_filters_tell_what_is_shown_and_nothing_else(lake: Lake, entity: Entity, collection: str) -> None:
    """A record is found by what it shows: a value that is hidden is as an empty one for everybody."""
    every = lake.all_of(f"/{collection}")
    for vendor in ("everything", "south"):
        shown = lake.all_of(f"/{collection}", vendor)
        for name in sorted(entity.names(Release.V1_2).values):
            asked = Condition(name, next(_SIGNS), _probe(every, name))
            said = f"{name}{asked.sign}'{asked.value}'"
            expected = [one["sourcedId"] for one in shown if asked.holds(_text(one, name))]
            assert lake.ids(f"/{collection}", vendor, filter=said) == expected, (vendor, said)


@pytest.mark.parametrize(("entity", "collection"), OPEN, ids=[name for _, name in OPEN])
def test_orders_tell_what_is_shown_and_nothing_else(lake: Lake, entity: Entity, collection: str) -> None:
    shown = {vendor: lake.all_of(f"/{collection}", vendor) for vendor in ("everything", "south")}
    ways = itertools.cycle([("everything", "asc"), ("south", "desc"), ("everything", "desc"), ("south", "asc")])
    for name, (vendor, way) in zip(sorted(entity.names(Release.V1_2).values - {"sourcedId"}), ways, strict=False):
        expected = sorted(shown[vendor], key=partial(_text, name=name), reverse=way == "desc")
        ids = lake.ids(f"/{collection}", vendor, sort=name, orderBy=way)
        assert ids == [one["sourcedId"] for one in expected], (vendor, name)


def test_or_does_not_reach_beyond_what_is_shared(lake: Lake) -> None:
    asked = "givenName='Nia' OR status='active'"
    assert lake.ids("/users", "south", filter=asked) == lake.ids("/users", "south")
    school = record_id("lake", Kind.SCHOOL, "s1")
    asked = "title='Nanotech 1' OR title~'sculpture'"
    assert len(lake.ids(f"/schools/{school}/classes", filter=asked)) == 2


def test_each_district_is_read_by_its_own_grants(moving: Lake) -> None:
    moving.join("mixed")
    moving.let("mixed", EVERYTHING, "bare")
    moving.let("mixed", Sharing(Mode.EVERYTHING, staff=True, groups=frozenset({Group.CONTACTS})), "lake")
    assert moving.ids("/demographics", "mixed") == [record_id("bare", Kind.STUDENT, "bp")]
    assert moving.ids("/demographics", "mixed", filter="sex='male' OR cityOfBirth='Ston'") == []
    assert moving.ids("/users", "mixed", filter="preferredFirstName='Sammy'") == []
    assert moving.ids("/users", "mixed", filter="enabledUser='false'") == []  # what the district says is not granted
    assert len(moving.ids("/users", "mixed", filter="phone='503-555-0333'")) == 1  # a contact's own number is
    everybody = moving.ids("/users", "mixed")
    assert moving.ids("/users", "mixed", sort="preferredFirstName") == everybody
    assert moving.ids("/academicSessions", "mixed", filter="type='gradingPeriod'") == []
    assert len(moving.ids("/terms", "mixed")) == 5  # all are terms to who does not see what else they are


ALIKE = (
    "/users?filter=roles.role!%3D'student'&sort=primaryOrg.sourcedId&orderBy=desc",
    "/users?filter=phone>'5'+OR+grades<%3D'09'&sort=preferredFirstName",
    "/users?filter=enabledUser%3D'FALSE'",
    "/students?filter=email~'EXAMPLE'+AND+identifier<'sz'&sort=email",
    "/classes?filter=course.sourcedId>'2'+AND+terms.sourcedId!%3D'x'&sort=title",
    "/classes?filter=school.sourcedId<'9'+AND+classType%3D'homeroom'",
    "/courses?filter=title>%3D'b'&sort=dateLastModified",
    "/demographics?filter=white%3D'true'+OR+sex%3D'female'&sort=birthDate",
    "/enrollments?filter=role%3D'teacher'+AND+school.sourcedId>'0'&sort=primary&orderBy=desc",
    "/enrollments?filter=dateLastModified>'2020-01-01'+OR+primary%3D'x'&sort=dateLastModified",
    "/orgs?filter=type%3D'school'&sort=name",
)


def test_both_stores_find_the_same_in_the_same_order(lake: Lake, on_postgresql: Lake) -> None:
    found = [[door.ids(path) for path in ALIKE] for door in (lake, on_postgresql)]
    assert found[0] == found[1]
    for path in ("users/%00", "enrollments/%00-%00-s", "demographics/%00", "orgs/%00", "schools/%00/terms"):
        assert on_postgresql.ask(f"/{path}").status_code == 404  # what PostgreSQL would not take as a text
    assert all(found[0])
