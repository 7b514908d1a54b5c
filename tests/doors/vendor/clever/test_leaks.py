"""Two vendors of different rights side by side: what is not shared is nowhere, not even as a number."""

import re
from dataclasses import replace

import pytest

from sftpingest.doors.vendor.clever.lists import KINDS, LISTS, ONES
from sftpingest.doors.vendor.clever.routes import routes
from sftpingest.roster.disclosed import Sight, sight
from sftpingest.roster.ids import record_id
from sftpingest.roster.kinds import Kind
from sftpingest.store import accounts
from sftpingest.store.spans import sought
from tests.doors.vendor.clever.conftest import EVERYTHING, FILES, Door

#: Words of the north side, which the vendor of the south side must not see; and of the south, fields without a grant.
WORDS = set(re.findall(r"\b[A-Za-z0-9-]+\b", "\n".join(FILES.values())))
HIDDEN = {word for word in WORDS if re.match(r"N(?!o\b|ame|umber)[a-z-]+|n[a-z]\d|NC-1", word)} | {"503-555-0111"}
NOT_GRANTED = {"Steam", "Sbus", "Sville", "2/3/2014", "2014-02-03", "Sue", "503-555-0222", "Slogin", "Suser"}
#: The home of Sia's section in the north: a school's id is seen where a person of it is (docs/sharing.md).
NORTH = {
    record_id("springfield", kind, key)
    for kind, key in [
        (Kind.SCHOOL, "n1"), (Kind.SECTION, "nc1"), (Kind.STUDENT, "ns1"), (Kind.TEACHER, "nt1"), (Kind.STAFF, "nf1"),
        (Kind.CONTACT, "ns1|nk1"),
    ]
}  # fmt: skip


def addresses(door: Door) -> list[str]:
    """Every address there is, with the id of every object of its collection that anybody sees, and lists once."""
    ids = {name: [one["id"] for one in door.read(f"/{name}")] for name in (*KINDS, "districts", "events")}
    out = []
    for route in routes():
        collection = route.path.split("/")[1]
        if "{id}" not in route.path:
            out.append(route.path)
        else:
            out += [route.path.replace("{id}", id_) for id_ in ids.get(collection, ids["schools"])]
    return out


def test_nothing_of_the_north_reaches_the_vendor_of_the_south(standing: Door) -> None:
    assert {"Nash", "Norwood", "N-17", "ns1", "Nteam"} <= HIDDEN
    asked = addresses(standing)
    assert len(asked) > 100
    for path in asked:
        answer = standing.get(f"/v3.{len(path) % 2}{path}", "south", limit=100, count="true")
        assert answer.status_code in {200, 404}, path
        words = set(re.findall(r"[A-Za-z0-9/-]+", answer.text))
        assert not words & (HIDDEN | NOT_GRANTED), path
        if any(id_ in path for id_ in NORTH):
            assert answer.status_code == 404, path
        else:
            assert not NORTH & set(re.findall("[0-9a-f]{24}", answer.text)), path


def test_counts_are_of_what_is_seen(standing: Door) -> None:
    def counted(vendor: str) -> dict[str, int]:
        return {name: standing.get(f"/v3.1/{name}", vendor, count="true", limit=1).json()["count"] for name in KINDS}

    assert counted("everything") == {"schools": 2, "sections": 2, "courses": 2, "terms": 2, "users": 9}
    assert counted("south") == {"schools": 1, "sections": 1, "courses": 1, "terms": 1, "users": 3}


@pytest.mark.parametrize("path", ["/v3.1/users/{}", "/v3.1/users/{}/sections", "/v3.1/users/{}/mycontacts"])
def test_a_person_who_is_not_shared_is_as_one_who_is_not_there(standing: Door, path: str) -> None:
    hidden, nobody = record_id("springfield", Kind.STUDENT, "ns1"), record_id("springfield", Kind.STUDENT, "nobody")
    first, second = (standing.get(path.format(id_), "south") for id_ in (hidden, nobody))
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert first.headers["content-length"] == second.headers["content-length"]


def test_a_token_of_one_district_reads_no_other(standing: Door) -> None:
    standing.in_store(lambda c: accounts.add_district(c, "shelbyville", "Shelbyville"))
    standing.upload(FILES, "shelbyville")
    standing.let("everything", EVERYTHING, "shelbyville")
    here, there = (
        {one["data"]["id"] for one in standing.get("/v3.1/users", slug=slug).json()["data"]}
        for slug in ("springfield", "shelbyville")
    )
    assert len(here) == len(there) == 9
    assert not here & there
    for id_ in there:
        assert standing.get(f"/v3.1/users/{id_}").status_code == 404
    told = standing.get("/v3.1/events", slug="shelbyville", limit=1000).json()["data"]
    assert told
    assert not any(one["data"]["data"]["object"]["id"] in here for one in told)


def test_the_disclosure_log_knows_who_saw_whom_in_a_page(standing: Door) -> None:
    standing.reads.clear()
    for vendor in ("everything", "south"):
        standing.get("/v3.1/users", vendor)
    # as a page of thousands is kept
    pages = [replace(read, ids=None, range=("0" * 24, "f" * 24), kinds=tuple(Kind)) for read in standing.reads]
    with standing.engine.connect() as c:
        in_north, in_south = (sought(c, "springfield", Kind.STUDENT, key) for key in ("ns1", "ss1"))
    assert [sight(page, in_north, page.at) for page in pages] == [Sight.SURE, None]
    assert [sight(page, in_south, page.at) for page in pages] == [Sight.SURE, Sight.SURE]
    before = replace(pages[0], sequence=0)  # a read that has none
    assert sight(before, in_north, before.at) is Sight.MAYBE


def test_every_list_beside_an_object_is_looked_at() -> None:
    paths = {route.path for route in routes()}
    assert {f"/{name}/{{id}}/{rel}" for name, its in LISTS.items() for rel in its} <= paths
    assert {f"/{name}/{{id}}/{rel}" for name, its in ONES.items() for rel in its} <= paths
