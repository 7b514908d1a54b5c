"""Small uploads for the tests of the pure middle.

In:  CSV text by file, laid over the smallest good upload.
Out: what parse and validate say of it, findings as plain tuples.
"""

from typing import NamedTuple

import pandas as pd

from sftpingest.roster.format import load
from sftpingest.roster.judge import refuse
from sftpingest.roster.parse import parse
from sftpingest.roster.sheet import Parsed, Validated
from sftpingest.roster.validate import validate

FORM = load("clever")

#: Headings of the smallest files that can be read.
SCHOOL = "School_id,School_name"
TEACHER = "School_id,Teacher_id,First_name,Last_name"
STUDENT = "School_id,Student_id,First_name,Last_name"
SECTION = "School_id,Section_id,Teacher_id,Teacher_2_id,Course_name,Term_name"
ENROLLMENT = "School_id,Section_id,Student_id"
CONTACTS = f"{STUDENT},Contact_sis_id,Contact_name"
STAFF = "School_id,Staff_id,Staff_email,First_name,Last_name"


class Said(NamedTuple):
    """One finding, as far as rejections.csv has columns for it; row None is about the file."""

    file: str
    row: int | None
    column: str
    code: str
    severity: str


def lines(*rows: str) -> str:
    """CSV text with LF."""
    return "".join(f"{row}\n" for row in rows)


#: Two schools, two teachers, three students, two sections; ids are words, so that a test reads as a sentence.
SMALLEST: dict[str, str] = {
    "schools.csv": lines(SCHOOL, "north,North School", "south,South School"),
    "teachers.csv": lines(TEACHER, "north,oak,Tia,Oak", "south,elm,Tom,Elm"),
    "students.csv": lines(STUDENT, "north,ann,Ann,Ash", "north,bob,Bob,Bay", "south,cid,Cid,Cob"),
    "sections.csv": lines(SECTION, "north,alg,oak,,Algebra,Fall", "south,bio,elm,oak,Biology,Fall"),
    "enrollments.csv": lines(ENROLLMENT, "north,alg,ann", "north,alg,bob", "south,bio,cid"),
}


def upload(**files: str | bytes | None) -> dict[str, bytes]:
    """The smallest upload, with these files in their place (`students=` is students.csv); None takes one away."""
    texts = dict[str, str | bytes | None](SMALLEST) | {f"{name}.csv": text for name, text in files.items()}
    return {name: _bytes(text) for name, text in texts.items() if text is not None}


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def read(**files: str | bytes | None) -> Parsed:
    """The smallest upload with these files, parsed."""
    return parse(upload(**files), FORM)


def judged(**files: str | bytes | None) -> Validated:
    """The smallest upload with these files, parsed and validated; it must not be one that is refused."""
    parsed = read(**files)
    assert refuse(parsed.findings) is None, said(parsed.findings)
    return validate(parsed)


def said(findings: pd.DataFrame | Parsed | Validated) -> list[Said]:
    """What was found, in the order in which it was."""
    frame = findings if isinstance(findings, pd.DataFrame) else findings.findings
    columns = [frame[name].tolist() for name in ("file", "row", "column", "code", "severity")]
    return [
        Said(str(file), None if pd.isna(row) else int(row), str(column), str(code), str(severity))
        for file, row, column, code, severity in zip(*columns, strict=True)
    ]


def rows_of(frame: pd.DataFrame, *columns: str) -> list[tuple[str, ...]]:
    """The cells of those columns, a tuple a row."""
    return [tuple(str(cell) for cell in row) for row in zip(*(frame[name] for name in columns), strict=True)]


def cells_of(frame: pd.DataFrame, column: str) -> list[str]:
    """The cells of one column."""
    return [str(cell) for cell in frame[column]]
