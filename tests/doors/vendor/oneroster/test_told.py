"""Whose contacts are in a page."""

from tests.doors.vendor.oneroster.conftest import FILES, Lake


def test_contacts_are_found_by_keys_that_have_any_sign_in_them(each: Lake) -> None:
    for key in ("s|p", "s\\p", "s}p|"):
        each.upload({name: text.replace("sp1", key) for name, text in FILES.items()})
        (student,) = each.all_of("/students", filter="givenName='Sam'")
        (contact,) = each.all_of("/users", filter="givenName='Sue'")
        assert [one["sourcedId"] for one in student["agents"]] == [contact["sourcedId"]]
        assert [one["sourcedId"] for one in contact["agents"]] == [student["sourcedId"]]
