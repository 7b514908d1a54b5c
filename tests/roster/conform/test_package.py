"""Names of files, and what lies where in the zip."""

import pytest

from tests.roster.conform.sets import files_of, found, only, whole
from tests.roster.uploads import Said


def test_a_set_without_a_manifest_is_refused() -> None:
    files = only("orgs")
    del files["manifest.csv"]
    assert found(files) == [Said("manifest.csv", None, "", "file.missing", "upload")]


def test_nothing_at_all_is_a_set_without_a_manifest() -> None:
    assert found({}) == [Said("manifest.csv", None, "", "file.missing", "upload")]


def test_without_a_manifest_the_files_are_judged_as_far_as_that_goes() -> None:
    files = files_of(whole("1.1"), "1.1")
    del files["manifest.csv"]
    assert [one.code for one in found(files)] == ["file.missing"]
    files["orgs.csv"] = files["orgs.csv"].replace(b"district", b"District")
    assert [one.code for one in found(files)] == ["file.missing", "value.unknown"]


@pytest.mark.parametrize("name", ["notes.csv", "Orgs.csv", "orgs.txt"])
def test_a_file_that_is_none_of_the_version_is_not_expected(name: str) -> None:
    assert found(only("orgs") | {name: b"x"}) == [Said(name, None, "", "file.unknown", "file")]


def test_a_file_of_1_2_is_none_of_1_1() -> None:
    files = files_of(whole("1.1"), "1.1") | {"roles.csv": only("roles")["roles.csv"]}
    assert found(files) == [Said("roles.csv", None, "", "file.unknown", "file")]


def test_one_file_under_both_spellings_is_there_twice() -> None:
    files = files_of(whole())
    files["courseResourses.csv"] = files["courseResources.csv"]
    assert found(files) == [Said("courseResourses.csv", None, "", "file.repeated", "upload")]


@pytest.mark.parametrize(
    "name", ["set/orgs.csv", "set/", "set\\orgs.csv", "../orgs.csv", "/orgs.csv", "C:\\orgs.csv", " "]
)
def test_what_is_no_file_at_the_top_of_the_zip_is_misplaced(name: str) -> None:
    (one,) = found(only("orgs"), "manifest.csv", "orgs.csv", name)
    assert one[2:] == ("", "file.misplaced", "file")
    assert one.file == name or not name.strip()


def test_two_members_of_one_name_are_the_same_file() -> None:
    assert found(only("orgs"), "manifest.csv", "orgs.csv", "orgs.csv") == [
        Said("orgs.csv", None, "", "file.repeated", "upload")
    ]
