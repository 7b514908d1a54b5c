"""manifest.csv, line by line."""

import pytest

from tests.roster.conform.sets import files_of, found, manifest, only, whole, written
from tests.roster.uploads import Said


def with_lines(old: bytes, new: bytes) -> list[Said]:
    """A set with orgs in bulk, in whose manifest one text is another."""
    files = only("orgs")
    assert old in files["manifest.csv"]
    files["manifest.csv"] = files["manifest.csv"].replace(old, new)
    return found(files)


def about(row: int | None, column: str, code: str) -> Said:
    return Said("manifest.csv", row, column, code, "upload")


@pytest.mark.parametrize(
    ("header", "findings"),
    [
        (b"propertyName", [about(None, "value", "column.missing")]),
        (b"value,propertyName", [about(None, "value", "column.order")]),
        (b"propertyname,value", [about(None, "propertyname", "column.unknown")]),
        (b"propertyName,value,note", [about(None, "note", "column.unknown")]),
        (b"manifest.version,1.0", [about(None, name, "column.missing") for name in ("propertyName", "value")]),
    ],
)
def test_the_header_is_these_two_columns(header: bytes, findings: list[Said]) -> None:
    said = [one for one in with_lines(b"propertyName,value", header) if one.code != "row.malformed"]
    assert said[: len(findings)] == findings


def test_an_empty_manifest_says_nothing() -> None:
    assert found(only("orgs") | {"manifest.csv": b""}) == [about(None, "", "file.empty")]


def test_a_manifest_of_no_text_cannot_be_read() -> None:
    assert found(only("orgs") | {"manifest.csv": b"a\0b"}) == [about(None, "", "file.unreadable")]


def test_a_manifest_is_in_utf_8() -> None:
    assert with_lines(b"value\r\n", b"value\r\nsource.systemName,Schule \xfc\r\n") == [about(None, "", "file.encoding")]


def test_a_line_has_two_cells() -> None:
    assert with_lines(b"file.orgs,bulk", b"file.orgs,bulk,really") == [
        about(4, "", "row.malformed"),
        about(None, "", "property.missing"),
    ]


@pytest.mark.parametrize("name", ["manifest.version", "oneroster.version", "file.users", "file.roles"])
def test_every_property_must_be_there(name: str) -> None:
    files = only("orgs")
    lines = [line for line in files["manifest.csv"].split(b"\r\n") if not line.startswith(name.encode() + b",")]
    assert found(files | {"manifest.csv": b"\r\n".join(lines)}) == [about(None, "", "property.missing")]


def test_1_1_needs_no_lines_of_1_2() -> None:
    assert len(manifest("1.1", {})) == 1 + 2 + 13
    assert found({"manifest.csv": written(manifest("1.1", {}))}) == []


@pytest.mark.parametrize("name", ["file.orgs*", "file.Users", "file.courseResourses", "colour"])
def test_a_property_that_nobody_knows_is_said(name: str) -> None:
    assert with_lines(b"value\r\n", f"value\r\n{name},absent\r\n".encode()) == [
        about(2, "propertyName", "value.unknown")
    ]


def test_a_file_of_1_2_has_no_property_in_1_1() -> None:
    rows = [*manifest("1.1", {}), ["file.roles", "absent"]]
    assert found({"manifest.csv": written(rows)}) == [about(17, "propertyName", "value.unknown")]


def test_the_name_and_the_code_of_the_source_may_be_there() -> None:
    assert with_lines(b"value\r\n", b"value\r\nsource.systemName,Lake SIS\r\nsource.systemCode,7\r\n") == []


def test_a_property_stands_there_once() -> None:
    assert with_lines(b"value\r\n", b"value\r\nmanifest.version,1.0\r\n") == [about(3, "propertyName", "id.repeated")]


@pytest.mark.parametrize(
    ("old", "new", "row", "code"),
    [
        (b"manifest.version,1.0", b"manifest.version,2.0", 2, "value.unknown"),
        (b"oneroster.version,1.2", b"oneroster.version,1.3", 3, "value.unknown"),
        (b"oneroster.version,1.2", b"oneroster.version,", 3, "value.missing"),
        (b"file.users,absent", b"file.users,Absent", 13, "value.unknown"),
        (b"file.users,absent", b"file.users,none", 13, "value.unknown"),
        (b"file.users,absent", b"file.users,", 13, "value.missing"),
    ],
)
def test_a_value_is_one_of_those_that_there_are(old: bytes, new: bytes, row: int, code: str) -> None:
    assert with_lines(old, new) == [about(row, "value", code)]


def test_a_promised_file_that_is_not_there_refuses_the_set() -> None:
    files = only("orgs")
    del files["orgs.csv"]
    assert found(files) == [Said("orgs.csv", None, "", "file.missing", "upload")]


def test_a_file_that_is_called_absent_is_not_read() -> None:
    files = only("orgs") | {"users.csv": b"nonsense"}
    assert found(files) == [Said("users.csv", None, "", "file.unexpected", "file")]


def test_what_a_promised_file_would_hold_is_not_missed_too() -> None:
    files = files_of(whole())
    del files["categories.csv"]
    assert found(files) == [Said("categories.csv", None, "", "file.missing", "upload")]
