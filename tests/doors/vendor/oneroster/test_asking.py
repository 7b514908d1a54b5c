"""Pages, order, filters, fields; what went, and when something changed."""

import re
from typing import Any

import pytest
import sqlalchemy as sa

from sftpingest.doors.vendor.oneroster import mounts
from sftpingest.roster.ids import district_id, record_id
from sftpingest.roster.kinds import Kind
from sftpingest.store.tables import now
from tests.conftest import ONEROSTER
from tests.doors.vendor.oneroster.conftest import EVERYTHING, FILES, SOUTH, V1_1, V1_2, Lake, changed
from tests.doors.vendor.oneroster.openapi import schema_of, wrong


def _links(answer: Any) -> dict[str, str]:
    found = re.findall(r'<([^>]*)>; rel="([a-z]+)"', answer.headers["link"])
    return {name: address.removeprefix("http://roster.example.org") for address, name in found}


def walk(door: Lake, path: str, **asked: Any) -> list[str]:
    """The ids of all pages, as a client follows the links."""
    answer = door.ask(path, **asked)
    out: list[str] = []
    while True:
        (records,) = answer.json().values()
        out += [one["sourcedId"] for one in records]
        following = _links(answer).get("next")
        if following is None:
            return out
        answer = door.ask(following, place="")


@pytest.mark.parametrize(
    "asked",
    [{}, {"orderBy": "desc"}, {"sort": "status"}, {"filter": "status='active'"}, {"sort": "dateLastModified"}],
    ids=str,
)
def test_pages_follow_each_other_without_gaps(lake: Lake, asked: dict[str, str]) -> None:
    for path in ("/courses", "/enrollments", "/orgs"):
        whole = lake.ids(path, **asked)
        assert walk(lake, path, limit=2, **asked) == whole
        assert len(whole) == len(set(whole)) > 2


def test_a_page_that_nobody_asked_the_way_to_is_the_same(lake: Lake) -> None:
    whole = lake.ids("/enrollments")
    lake.ask("/enrollments", limit=3)  # now it is remembered where the offset 3 begins
    for offset in (0, 3, 4, len(whole), len(whole) + 5):
        (found,) = lake.ask("/enrollments", limit=3, offset=offset).json().values()
        assert [one["sourcedId"] for one in found] == whole[offset : offset + 3]


def test_links_and_the_total_are_of_the_collection(lake: Lake) -> None:
    answer = lake.ask("/users", limit=4, offset=4, filter="status='active'")
    assert answer.headers["x-total-count"] == "10"
    links = {name: address.rpartition("&offset=") for name, address in _links(answer).items()}
    assert {name: int(offset) for name, (_, _, offset) in links.items()} == {
        "first": 0,
        "prev": 0,
        "next": 8,
        "last": 8,
    }
    assert {rest for rest, _, _ in links.values()} == {f"{V1_2}/users?filter=status%3D%27active%27&limit=4"}


@pytest.mark.parametrize(
    "asked",
    [
        "limit=-1", "limit=0", "limit=abc", "limit=1e3", "limit=", "limit=1&limit=2", "offset=-1", "offset=1.5",
        "offset=99999999999", "orderBy=up", "filter=", "filter=givenName", "filter=nothing%3D%27x%27",
        "filter=givenName%3D%27a%00%27", "filter=givenName%3D%27a%27%20AND%20",
        "filter=a%3D%27b%27%20XOR%20c%3D%27d%27",
        "filter=dateLastModified%3E%27yesterday%27", "filter=dateLastModified%3E%270000-01-01%27",
        "filter=dateLastModified~%272026%27", "filter=givenName%3D%27" + "a" * 300 + "%27", "fields=", "fields=nothing",
        "sort=nothing", "sort=metadata",
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused(lake: Lake, asked: str) -> None:
    answer = lake.ask(f"/users?{asked}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["imsx_severity"] == "error"


def test_an_id_that_is_none_is_unknown(lake: Lake) -> None:
    for id_ in ("x", "%00", "ö", "0" * 24, "a-b-s", "-", "a" * 5000):
        for path in ("users", "classes", "enrollments", "orgs", "academicSessions", "demographics"):
            assert lake.ask(f"/{path}/{id_}").status_code == 404, (path, id_)
        assert lake.ask(f"/schools/{id_}/students").status_code == 404


def test_a_quote_is_doubled_and_letters_count_without_their_size(lake: Lake) -> None:
    assert len(lake.ids("/users", filter="familyName='NASH'")) == 2
    assert lake.ids("/users", filter="familyName='O''Brian'") == []
    assert len(lake.ids("/users", filter="familyName~'as'")) == 2
    assert len(lake.ids("/users", filter="familyName='nash' AND givenName='nia'")) == 1
    assert len(lake.ids("/users", filter="familyName='nash' OR givenName='sam'")) == 3


def test_fields_choose_what_is_told(lake: Lake) -> None:
    for asked in ("fields=sourcedId,givenName", "fields=sourcedId&fields=givenName"):
        (found,) = lake.ask(f"/users?{asked}&limit=1").json().values()
        assert [list(one) for one in found] == [["sourcedId", "givenName"]]
    student = lake.ids("/students")[0]
    assert list(lake.ask(f"/students/{student}", fields="status").json()["user"]) == ["status"]


@pytest.mark.parametrize(
    ("asked", "minor"), [("sort=nothing", "invalid_sort_field"), ("fields=nothing", "invalid_selection_field")]
)
def test_1_1_answers_and_warns_where_a_name_is_unknown(lake: Lake, asked: str, minor: str) -> None:
    answer = lake.ask(f"/users?{asked}", place=V1_1)
    assert answer.status_code == 200
    assert answer.json()["users"] == lake.ask("/users", place=V1_1).json()["users"]
    (status,) = answer.json()["statusInfoSet"]
    assert (status["imsx_CodeMinor"], status["imsx_severity"], status["imsx_codeMajor"]) == (
        minor,
        "warning",
        "success",
    )


@pytest.mark.parametrize(
    ("path", "status", "minor"),
    [
        ("/users?fields=", 400, "invalid_blank_selection_field"),
        ("/users?filter=nothing%3D%271%27", 400, "invalid_filter_field"),
        ("/users?limit=x", 400, "invalid data"),
        ("/users/x", 404, "unknown object"),
    ],
)
def test_1_1_says_what_is_wrong_in_its_own_words(lake: Lake, path: str, status: int, minor: str) -> None:
    answer = lake.ask(path, place=V1_1)
    assert answer.status_code == status
    assert answer.json()["statusInfoSet"][0]["imsx_CodeMinor"] == minor


# ---------------------------------------------------------------------------------------------- what went and changed


def _id(kind: Kind, key: str) -> str:
    return record_id("lake", kind, key)


def _modified(door: Lake, path: str) -> str:
    (found,) = door.ask(path).json().values()
    return str(found["dateLastModified"])


def _all(door: Lake, vendor: str = "everything") -> dict[str, dict[str, Any]]:
    names = ("users", "classes", "courses", "orgs", "academicSessions", "enrollments", "demographics")
    return {f"{name}/{one['sourcedId']}": one for name in names for one in door.all_of(f"/{name}", vendor)}


def _without(files: dict[str, str], *keys: str) -> dict[str, str]:
    """The files without the rows that name one of these."""
    return {
        name: "".join(line for line in text.splitlines(keepends=True) if not {*re.split("[,\n]", line)} & {*keys})
        for name, text in files.items()
    }


def test_what_went_is_said_for_thirty_days_and_tells_nothing_else(moving: Lake) -> None:
    before, since = _all(moving), now().isoformat()
    moving.upload(_without(FILES, "np1", "nk1", "nc1", "nx1", "ng1", "n1", "nt1", "r1", "r4", "r6"))
    after = _all(moving)
    went = {key: one for key, one in after.items() if one["status"] == "tobedeleted"}
    assert {key.split("/")[0] for key in went} == {*(key.split("/")[0] for key in before)} - {"enrollments"}
    assert before.keys() - after.keys() == {key for key in before if key.startswith("enr")} - after.keys()
    hidden = ("Nia", "Nash", "Nanotech", "Norwood", "nia@n", "N-17", "NK-1", "Nfall", "Nell")
    for key, one in went.items():
        assert not [word for word in hidden if word in str(one)], key
        answer = moving.ask(f"/{key}")
        assert [*answer.json().values()] == [one]
        if ONEROSTER.is_file():
            name = key.split("/")[0]
            assert [*wrong(answer.json(), schema_of(f"/{name}/{{sourcedId}}", 200))] == []
    assert went[f"users/{_id(Kind.STUDENT, 'np1')}"]["roles"][0]["org"]["sourcedId"] == district_id("lake")
    asked = f"status='tobedeleted' AND dateLastModified>='{since}'"
    assert {f"users/{one}" for one in moving.ids("/users", filter=asked)} == {key for key in went if key[:5] == "users"}
    with moving.engine.begin() as c:
        c.execute(sa.text("UPDATE edition SET at = :at"), {"at": f"{now().year - 1}-01-01 00:00:00"})
    moving.parts = mounts()  # the door of another day, which remembers nothing of this one
    made_anew = {key for key in _all(moving) if not key.startswith("academic")}  # another year has another school year
    assert made_anew == {key for key in after.keys() - went.keys() if not key.startswith("academic")}
    assert moving.ask(f"/users/{_id(Kind.STUDENT, 'np1')}").status_code == 404


def test_who_comes_back_is_no_longer_said_to_be_gone(moving: Lake) -> None:
    student = f"/users/{_id(Kind.STUDENT, 'np1')}"
    moving.upload(_without(FILES, "np1", "ng1", "r1", "r4"))
    assert moving.ask(student).json()["user"]["status"] == "tobedeleted"
    moving.upload(FILES)
    assert moving.ask(student).json()["user"]["status"] == "active"
    assert len(moving.ids("/users")) == 10


def test_what_is_no_longer_shared_is_gone_without_a_trace(moving: Lake) -> None:
    moving.let("everything", SOUTH, "lake")
    text = moving.ask(f"/users/{_id(Kind.STUDENT, 'np1')}").text
    assert "tobedeleted" in text
    assert "Nia" not in text
    moving.let("everything", None, "lake")
    moving.let("everything", None, "bare")
    assert {one["status"] for one in _all(moving).values()} == {"tobedeleted"}
    assert moving.all_of("/demographics") == []  # nobody grants them any more
    moving.let("everything", EVERYTHING, "lake")
    assert moving.ask(f"/users/{_id(Kind.STUDENT, 'np1')}").json()["user"]["givenName"] == "Nia"


def test_who_leaves_a_class_is_an_enrollment_that_went(each: Lake) -> None:
    seat = f"{_id(Kind.SECTION, 'sk2')}-{_id(Kind.STUDENT, 'sp1')}-s"
    assert each.ask(f"/enrollments/{seat}").json()["enrollment"]["status"] == "active"
    since = now().isoformat()
    each.upload(changed("e7,,,sk2,s1,sp1,student,,,\n", "", "enrollments"))
    found = each.ask(f"/enrollments/{seat}").json()["enrollment"]
    assert (found["status"], found["user"]["sourcedId"]) == ("tobedeleted", _id(Kind.STUDENT, "sp1"))
    for vendor in ("everything", "south"):
        assert each.ids("/enrollments", vendor, filter=f"dateLastModified>'{since}'") == [seat]
        assert each.ids("/enrollments", vendor, filter="status='tobedeleted'") == [seat]
    each.join("late")
    each.let("late", EVERYTHING, "lake")
    assert each.ids("/enrollments", "late", filter="status='tobedeleted'") == []  # it never saw it
    each.upload(FILES)
    assert each.ask(f"/enrollments/{seat}").json()["enrollment"]["status"] == "active"
    assert len(each.ids("/enrollments")) == 9


def test_a_record_counts_as_modified_when_what_it_is_in_changes(each: Lake) -> None:
    student, school = f"/students/{_id(Kind.STUDENT, 'sp1')}", f"/schools/{_id(Kind.SCHOOL, 's1')}"
    before = _modified(each, student), _modified(each, school)
    since = now().isoformat()
    each.upload(changed("e2,", "e8,,,nk1,n1,sp1,student,,,\ne2,", "enrollments"))
    assert _modified(each, student) > before[0]
    assert _modified(each, school) == before[1]
    asked = f"dateLastModified>'{since}'"
    assert each.ids("/students", filter=asked) == [_id(Kind.STUDENT, "sp1")]
    assert each.ids("/classes", filter=asked) == [_id(Kind.SECTION, "nk1")]
    assert each.ids("/enrollments", filter=asked) == [f"{_id(Kind.SECTION, 'nk1')}-{_id(Kind.STUDENT, 'sp1')}-s"]
    last = _modified(each, student)
    assert each.ids("/students", filter=f"dateLastModified>'{last}'") == []
    assert each.ids("/students", filter=f"dateLastModified>='{last}'") == [_id(Kind.STUDENT, "sp1")]
    assert each.ids("/students", filter=f"dateLastModified='{last}'") == [_id(Kind.STUDENT, "sp1")]
    assert len(each.ids("/students", filter="dateLastModified>'2020-01-01'")) == 4


def test_classes_without_a_course_or_term_are_given_what_stands_in(moving: Lake) -> None:
    files = changed(",sc1,SK-2,scheduled,,s1,sg1,", ",,SK-2,scheduled,,s1,,", "classes")
    moving.upload(files)
    found = moving.ask(f"/classes/{_id(Kind.SECTION, 'sk2')}")
    for name in ("course", "terms"):
        named = found.json()["class"][name]
        one = named[0] if isinstance(named, list) else named
        assert moving.ask(one["href"].removeprefix("http://roster.example.org"), place="").status_code == 200
