"""What a manifest says, and what it leaves in doubt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sftpingest.roster.manifest import MODES, Manifest, read_manifest
from tests.roster.uploads import Said, said

FILES = ("users.csv", "lineItems.csv")
HEAD = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\n"


def manifest(text: str) -> Manifest:
    return read_manifest(text.encode(), "manifest.csv", FILES)


def about(text: str) -> list[Said]:
    return said(manifest(text).findings)


def test_each_file_has_a_mode() -> None:
    read = manifest(HEAD + "file.users,delta\nfile.lineItems,absent\n")
    assert (read.version, read.modes) == ("1.2", {"users.csv": "delta", "lineItems.csv": "absent"})
    assert len(read.findings) == 0


def test_case_and_the_order_of_the_columns_do_not_hide_a_delta() -> None:
    read = manifest("VALUE,PROPERTYNAME\n1.2,OneRoster.Version\nDELTA,File.Users\n")
    assert (read.version, read.modes) == ("1.2", {"users.csv": "delta"})


@pytest.mark.parametrize(
    ("line", "finding"),
    [
        ("file.users,delta,x", Said("manifest.csv", 4, "", "row.malformed", "upload")),
        ('file.users,"delta', Said("manifest.csv", 4, "", "row.malformed", "upload")),
        ("file.users,full", Said("manifest.csv", 4, "value", "value.unknown", "upload")),
        ("file.users,", Said("manifest.csv", 4, "value", "value.missing", "upload")),
        ("file.users,bulk\nfile.users,delta", Said("manifest.csv", 5, "value", "value.malformed", "upload")),
        ("file.users,bulk\nFILE.users,BULK", Said("manifest.csv", 5, "propertyName", "id.repeated", "note")),
        ("file.pets,bulk", Said("manifest.csv", 4, "propertyName", "value.unknown", "note")),
    ],
)
def test_a_line_that_is_in_doubt_is_said(line: str, finding: Said) -> None:
    assert about(HEAD + line + "\n") == [finding]


def test_a_version_that_is_none_of_ours_is_a_note() -> None:
    assert about("propertyName,value\noneroster.version,9.9\n") == [
        Said("manifest.csv", 2, "value", "value.unknown", "note")
    ]
    assert about("propertyName,value\nmanifest.version,1.0\n") == [
        Said("manifest.csv", None, "oneroster.version", "value.missing", "note")
    ]


def test_a_manifest_without_its_headings_refuses_the_upload() -> None:
    assert [(one.column, one.severity) for one in about("file.users,bulk\n")] == [
        ("propertyName", "upload"),
        ("value", "upload"),
    ]


@given(st.text(alphabet='abd,"\n .files', max_size=60), st.binary(max_size=20))
def test_no_bytes_at_all_make_it_fail(text: str, tail: bytes) -> None:
    read = read_manifest(HEAD.encode() + text.encode() + tail, "manifest.csv", FILES)
    assert set(read.modes.values()) <= {*MODES, ""}
