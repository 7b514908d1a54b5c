"""A lone zip of a whole roster starts at once; anything else waits for the quiet time."""

from pathlib import Path

import pytest

from sftpingest import inbox
from sftpingest.work.early import is_whole
from tests.sync.packed import zipped

CLEVER = ("schools.csv", "teachers.csv", "students.csv", "sections.csv", "enrollments.csv")
WHOLE = zipped(dict.fromkeys(CLEVER, b""))


@pytest.mark.parametrize(
    ("files", "whole"),
    [
        ({"roster.zip": WHOLE}, True),
        ({"roster.ZIP": zipped({f"export/{name.upper()}": b"" for name in CLEVER})}, True),
        ({"roster.zip": zipped({"manifest.csv": b"", "users.csv": b""})}, True),
        ({"roster.zip": zipped(dict.fromkeys(CLEVER[1:], b""))}, False),
        ({"roster.zip": WHOLE, "notes.txt": b""}, False),
        ({"roster.zip": WHOLE, "more.zip": WHOLE}, False),
        ({"roster.zip": WHOLE[:-10]}, False),
        ({"roster.zip": b""}, False),
        ({"roster.csv": WHOLE}, False),
        ({}, False),
    ],
)
def test_one_zip_of_a_whole_roster_is_whole_by_itself(tmp_path: Path, files: dict[str, bytes], whole: bool) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    assert is_whole(tmp_path, inbox.look(tmp_path), 0.0) is whole


def test_a_zip_that_lay_there_before_is_not_what_came(tmp_path: Path) -> None:
    (tmp_path / "roster.zip").write_bytes(WHOLE)
    came = (tmp_path / "roster.zip").stat().st_ctime
    assert is_whole(tmp_path, inbox.look(tmp_path), came)
    assert not is_whole(tmp_path, inbox.look(tmp_path), came + 10)


def test_a_zip_that_is_gone_since_it_was_seen_is_not_whole(tmp_path: Path) -> None:
    (tmp_path / "roster.zip").write_bytes(WHOLE)
    seen = inbox.look(tmp_path)
    (tmp_path / "roster.zip").unlink()
    assert not is_whole(tmp_path, seen, 0.0)
