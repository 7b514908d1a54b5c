"""What the disclosure log is told of a page, and whose contacts are in it."""

from typing import cast

from sftpingest.doors.vendor.oneroster.door import apart
from sftpingest.roster.disclosed import MOST_IDS
from sftpingest.roster.kinds import Kind
from sftpingest.store.reading import View
from tests.doors.vendor.oneroster.conftest import FILES, Lake


def test_a_page_of_enrollments_tells_more_records_than_one_read_may_name() -> None:
    view, half = cast("View", None), MOST_IDS // 2 + 1
    people = (view, Kind.STUDENT, [f"{number:024x}" for number in range(half)])
    sections = (view, Kind.SECTION, [f"{number:024x}" for number in range(half)])
    reads = list(apart([people, sections]))
    assert [{one.kind for one in read} for read in reads] == [{Kind.STUDENT}, {Kind.SECTION}]
    assert [len(read) for read in apart([people])] == [half]
    assert [len(read) for read in apart([])] == [0]


def test_contacts_are_found_by_keys_that_have_any_sign_in_them(each: Lake) -> None:
    for key in ("s|p", "s\\p", "s}p|"):
        each.upload({name: text.replace("sp1", key) for name, text in FILES.items()})
        (student,) = each.all_of("/students", filter="givenName='Sam'")
        (contact,) = each.all_of("/users", filter="givenName='Sue'")
        assert [one["sourcedId"] for one in student["agents"]] == [contact["sourcedId"]]
        assert [one["sourcedId"] for one in contact["agents"]] == [student["sourcedId"]]
