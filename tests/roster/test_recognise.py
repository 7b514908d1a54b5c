"""Formats and files are told by their headings."""

from pathlib import Path

import pytest

from sftpingest.roster.format import load
from sftpingest.roster.parse import parse
from sftpingest.roster.recognise import recognise
from tests.roster.uploads import said, upload

SMALLEST = upload()
CASES = Path(__file__).parent.parent / "formats"


def files_of(case: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (CASES / case).glob("*.csv") if "expected" not in path.name}


@pytest.mark.parametrize(
    ("case", "name"),
    [
        ("clever/good/smallest", "clever"),
        ("clever/good/old_names", "clever"),
        ("clever/good/utf16", "clever"),
        ("oneroster/good/bulk", "oneroster"),
        ("oneroster/good/bulk_1_1", "oneroster"),
        ("oneroster/good/delta", "oneroster"),
        ("oneroster/good/no_updates", "oneroster"),
    ],
)
def test_the_format_is_told_by_the_headings(case: str, name: str) -> None:
    seen = recognise(files_of(case))
    assert (seen.format, len(seen.findings)) == (name, 0)


def test_names_do_not_count() -> None:
    files = {f"export {at}.csv": content for at, content in enumerate(files_of("oneroster/good/bulk").values())}
    assert recognise(files).format == "oneroster"


@pytest.mark.parametrize("files", [{}, {"notes.csv": b"a,b\n1,2\n"}, {"students.csv": b"\0\1"}])
def test_what_is_no_roster_is_said_in_the_usual_words(files: dict[str, bytes]) -> None:
    assert recognise(files).format == "clever"


def test_two_formats_in_one_folder_are_refused() -> None:
    users = files_of("oneroster/good/bulk")["users.csv"]
    seen = recognise(SMALLEST | {"users.csv": users})
    assert seen.format == "clever"
    assert [(one.file, one.code, one.severity) for one in said(seen.findings)] == [
        ("users.csv", "file.foreign", "upload")
    ]


def test_a_file_of_another_name_is_read_where_its_headings_tell() -> None:
    files = {("pupils 2026.csv" if name == "students.csv" else name): content for name, content in SMALLEST.items()}
    parsed = parse(files, load("clever"))
    assert [(one.file, one.code) for one in said(parsed.findings)] == [("pupils 2026.csv", "file.recognised")]
    assert parsed.records["pupils 2026.csv"] == 3


def test_of_two_files_that_both_may_be_it_neither_is_taken() -> None:
    students = SMALLEST["students.csv"]
    rest = {name: content for name, content in SMALLEST.items() if name != "students.csv"}
    parsed = parse(rest | {"a.csv": students, "b.csv": students}, load("clever"))
    assert [(one.file, one.code) for one in said(parsed.findings)] == [
        ("a.csv", "file.unknown"),
        ("b.csv", "file.unknown"),
        ("students.csv", "file.missing"),
    ]
