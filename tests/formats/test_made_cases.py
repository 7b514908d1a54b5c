"""Cases of the codes that no folder of CSV files can show: packed files, very long ones, files in two formats.

In:  uploads that are made here, and looked at as a district does at home.
Out: their findings in rejections.csv, each with its sentence.
"""

import csv
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from sftpingest.roster.finding import Code
from sftpingest.sync.check import check
from tests.formats.test_cases import HERE, NOT_IN_FILES, files_in

CLEVER, ONEROSTER = (files_in(HERE / case) for case in ("clever/good/smallest", "oneroster/good/bulk"))
#: Excel's last row, its header included (support.microsoft.com: specifications and limits).
LAST_ROW = 65_536
LONGEST_CELL = 32_767


def zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def enrolled(rows: int) -> bytes:
    """A file of enrollments that ends at that row of a sheet; only the first of its students is there."""
    head, first = CLEVER["enrollments.csv"].splitlines()[:2]
    return b"\n".join([head, first, *[first] * (rows - 2)])


def long_title() -> bytes:
    head, first, *rest = CLEVER["teachers.csv"].splitlines()
    return b"\n".join([head + b",Title", first + b"," + b"x" * LONGEST_CELL, *(row + b"," for row in rest)])


MADE: dict[Code, tuple[Mapping[str, bytes], bool, tuple[str, str]]] = {
    Code.FILE_FOREIGN: (CLEVER | {"orgs.csv": ONEROSTER["orgs.csv"]}, False, ("orgs.csv", "upload")),
    Code.FILE_CUT: (CLEVER | {"enrollments.csv": enrolled(LAST_ROW)}, False, ("enrollments.csv", "note")),
    Code.VALUE_CUT: (CLEVER | {"teachers.csv": long_title()}, False, ("teachers.csv", "note")),
    Code.FILE_UNPACKED: ({"roster.zip": zipped(CLEVER)}, False, ("roster.zip", "note")),
    Code.FILE_MISPLACED: (
        {"set.zip": zipped({f"set/{name}": content for name, content in ONEROSTER.items()})},
        True,
        ("set/manifest.csv", "file"),
    ),
}


@pytest.mark.parametrize("code", MADE)
def test_a_made_case_has_its_finding(tmp_path: Path, code: Code) -> None:
    files, strict, where = MADE[code]
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    path = tmp_path / "set.zip" if strict else tmp_path
    written = check(path, "auto", strict=strict).report["rejections.csv"].decode("utf-8-sig")
    rows = [row for row in csv.DictReader(io.StringIO(written, newline="")) if row["code"] == code]
    assert where in [(row["file"], row["severity"]) for row in rows]
    assert all(row["message"].endswith(".") for row in rows)


def test_every_code_has_a_case_in_a_folder_or_a_made_one() -> None:
    assert set(MADE) == NOT_IN_FILES - {Code.FILE_BROKEN_OFF}  # a connection that breaks: tests/flow/test_bad_files.py
