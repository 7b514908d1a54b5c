"""Headings: all of them, spelt so, in that order."""

import pytest

from tests.roster.conform.sets import Rows, files_of, found, whole
from tests.roster.uploads import Said

EVERY = [
    (version, file, column) for version in ("1.1", "1.2") for file, rows in whole(version).items() for column in rows[0]
]


def orgs(*headings: str) -> list[Said]:
    """Orgs with these headings, and cells that lie under them."""
    values = {"sourcedId": "lake", "name": "Lake", "type": "district"}
    return found(files_of({"orgs": [list(headings), [values.get(heading, "") for heading in headings]]}))


def about(column: str, code: str) -> Said:
    return Said("orgs.csv", None, column, code, "file")


RIGHT = ("sourcedId", "status", "dateLastModified", "name", "type", "identifier", "parentSourcedId")


def without(rows: Rows, column: str) -> Rows:
    at = rows[0].index(column)
    return [[cell for place, cell in enumerate(row) if place != at] for row in rows]


@pytest.mark.parametrize(("version", "file", "column"), EVERY)
def test_every_column_must_be_there_the_optional_ones_too(version: str, file: str, column: str) -> None:
    rows = without(whole(version, "delta")[file], column)
    assert found(files_of({file: rows}, version, "delta")) == [
        Said(f"{file}.csv", None, column, "column.missing", "file")
    ]


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("file", list(whole("1.2")))
def test_the_order_of_the_columns_counts(version: str, file: str) -> None:
    sheets = whole(version, "delta")
    if file in sheets:
        turned = [[*row[:-2], row[-1], row[-2]] for row in sheets[file]]
        last = sheets[file][0][-1]
        assert found(files_of({file: turned}, version, "delta")) == [
            Said(f"{file}.csv", None, last, "column.order", "file")
        ]


@pytest.mark.parametrize("heading", ["Type", " type", "TYPE"])
def test_a_heading_in_other_letters_is_unknown_and_not_missing_too(heading: str) -> None:
    assert orgs(*RIGHT[:4], heading, *RIGHT[5:]) == [about(heading, "column.unknown")]


@pytest.mark.parametrize(
    "heading", ["colour", "ext_colour", "Metadata.colour", "metadata.", "metadata_colour", "metadata"]
)
def test_a_heading_of_the_own_district_begins_with_metadata(heading: str) -> None:
    assert orgs(*RIGHT, heading) == [about(heading, "column.unknown")]


def test_a_column_without_a_heading_is_unknown() -> None:
    assert orgs(*RIGHT, "") == [about("8 (it has no heading)", "column.unknown")]


def test_columns_of_the_own_district_stand_at_the_right() -> None:
    assert orgs(*RIGHT[:4], "metadata.colour", *RIGHT[4:]) == [about("metadata.colour", "column.order")]


@pytest.mark.parametrize("heading", ["name", "metadata.colour"])
def test_a_heading_stands_there_once(heading: str) -> None:
    assert orgs(*RIGHT, "metadata.colour", heading) == [about(heading, "column.repeated")]


def test_a_column_of_another_version_is_unknown() -> None:
    sheets = whole()
    for row, cell in zip(sheets["users"], ["orgSourcedIds", "north", "north", "north"], strict=True):
        row.insert(4, cell)
    assert found(files_of(sheets)) == [Said("users.csv", None, "orgSourcedIds", "column.unknown", "file")]


def test_a_record_in_place_of_the_header_is_not_shown() -> None:
    rows = whole()["users"][1:]
    said = found(files_of({"users": rows}))
    assert [one.code for one in said] == ["column.missing"] * 22 + ["file.alone"]
    assert not {"ann", "Ann", "Ash"} & {one.column for one in said}
