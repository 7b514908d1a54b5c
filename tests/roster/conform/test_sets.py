"""What is right is not found fault with, in either version."""

import pytest

from sftpingest.roster.conform import conform
from tests.roster.conform.sets import files_of, found, manifest, only, spoilt, whole, written


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("mode", ["bulk", "delta"])
def test_a_whole_set_is_right(version: str, mode: str) -> None:
    assert found(files_of(whole(version, mode), version, mode)) == []


@pytest.mark.parametrize(("version", "files"), [("1.1", 13), ("1.2", 21)])
def test_every_file_of_a_version_is_read_and_counted(version: str, files: int) -> None:
    sheets = whole(version)
    counted = conform(files_of(sheets, version)).records
    assert counted == {f"{name}.csv": len(rows) - 1 for name, rows in sheets.items()}
    assert len(counted) == files


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_manifest_alone_says_that_nothing_is_new(version: str) -> None:
    assert found({"manifest.csv": written(manifest(version, {}))}) == []


def test_bulk_and_delta_may_be_mixed_and_a_delta_names_what_is_held() -> None:
    sheets = whole()
    modes = {"orgs": "bulk", "courses": "delta"}
    files = {f"{name}.csv": written(rows) for name, rows in {"manifest": manifest("1.2", modes), **sheets}.items()}
    taken = {name: files[name] for name in ("manifest.csv", "orgs.csv")}
    taken["courses.csv"] = written(whole(mode="delta")["courses"])
    assert found(taken) == []


def test_a_byte_order_mark_and_lines_that_end_with_a_feed_alone_are_right() -> None:
    files = {name: b"\xef\xbb\xbf" + raw.replace(b"\r\n", b"\n") for name, raw in files_of(whole()).items()}
    assert found(files) == []


def test_a_heading_that_only_the_first_edition_of_1_2_has_may_be_there() -> None:
    sheets = whole()
    at = sheets["users"][0].index("userMasterIdentifier") + 1
    for row, cell in zip(sheets["users"], ["resourceSourcedIds", "book", "", ""], strict=True):
        row.insert(at, cell)
    assert found(files_of(sheets)) == []


def test_columns_of_the_own_district_at_the_right_are_right() -> None:
    sheets = whole()
    for row, cells in zip(
        sheets["orgs"], [["metadata.colour", "metadata.clever.zip"], ["blue", ""], ["", ""]], strict=True
    ):
        row.extend(cells)
    assert found(files_of(sheets)) == []


@pytest.mark.parametrize(
    ("file", "column", "value"),
    [
        ("orgs", "type", "ext:academy"),
        ("academicSessions", "type", "ext:block_2"),
        ("classes", "classType", "ext:lab"),
        ("roles", "role", "ext:nurse.1"),
        ("results", "scoreStatus", "ext:late-in"),
        ("demographics", "sex", "ext:x"),
        ("resources", "roles", "student,teacher,ext:club"),
        ("lineItemLearningObjectiveIds", "source", "ext:ours"),
        ("enrollments", "role", "ext:guest"),
    ],
)
def test_words_of_the_own_district_are_right_in_1_2(file: str, column: str, value: str) -> None:
    assert found(spoilt(file, column, value)) == []


def test_the_second_spelling_of_a_file_in_the_specification_is_read() -> None:
    files = only("orgs", "academicSessions", "courses", "resources", "courseResources")
    files["courseResourses.csv"] = files.pop("courseResources.csv")
    assert found(files) == []
    assert "courseResourses.csv" in conform(files).records
