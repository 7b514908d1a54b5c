"""Stage 1: the bytes of an upload -> frames of text in our words, every row with its place in its file.

In: the uploaded files by name, and the district's format.
Out: a Sheet for each file that can be read, and findings about files, columns and rows of the wrong length.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pyarrow as pa

from sftpingest.roster.encoding import Unreadable, to_utf8
from sftpingest.roster.finding import Code, Severity, found, one_line, shorten, together
from sftpingest.roster.format import FileFormat, Format
from sftpingest.roster.frames import TEXT, text
from sftpingest.roster.headings import match, other_separator
from sftpingest.roster.lines import Record
from sftpingest.roster.secret import secret_places, without_secrets
from sftpingest.roster.sheet import Parsed, Sheet
from sftpingest.roster.table import Table, read

#: What spreadsheets save unless they are told to save CSV; what people fetch from us and upload with the rest.
WORKBOOKS, OURS = (".xlsx", ".xls", ".ods"), ("summary.txt", "rejections.csv", "report.html", "result.json")


def parse(files: Mapping[str, bytes], form: Format) -> Parsed:
    """Read every file that the format knows. Never raises on any bytes.

    `files` may read a file only when it is asked for: two at a time are in memory, each read in a thread of its own.
    """
    unknown = [_unknown(name, form) for name in sorted(files) if form.file(name) is None]
    with ThreadPoolExecutor(2) as readers:
        read_so = list(readers.map(lambda file: _file(_names(files, form, file), files, file), form.files))
    sheets = tuple(sheet for sheet, _ in read_so if sheet is not None)
    return Parsed(sheets, together([*unknown, *(findings for _, findings in read_so)]))


def _names(files: Mapping[str, bytes], form: Format, file: FileFormat) -> list[str]:
    return sorted(name for name in files if form.file(name) is file)


def _unknown(name: str, form: Format) -> pd.DataFrame:
    detail = f"Rename it if it is meant to be read: {', '.join(file.name for file in form.files)}."
    if name.lower().endswith(WORKBOOKS):
        detail = "It is a workbook: save each of its sheets as CSV UTF-8, and upload those."
    if name in OURS:
        detail = "It is a part of our report: delete it here."
    return found(Code.FILE_UNKNOWN, Severity.NOTE, one_line(text([name]))[0], detail=detail)


class _Refused(Exception):
    """The file cannot be used; carries the findings."""

    def __init__(self, *findings: pd.DataFrame) -> None:
        super().__init__()
        self.findings = together(findings)


def _file(names: list[str], files: Mapping[str, bytes], form: FileFormat) -> tuple[Sheet | None, pd.DataFrame]:
    """One file of the format, of which the upload holds `names`."""
    refused = Severity.UPLOAD if form.core else Severity.FILE
    try:
        return _one(_only(names, form, refused), files, form, refused) if names or form.core else (None, together([]))
    except _Refused as error:
        return None, error.findings


def _only(names: list[str], form: FileFormat, refused: Severity) -> str:
    """The one name there is. Raises _Refused."""
    if not names:
        raise _Refused(found(Code.FILE_MISSING, refused, form.name))
    if len(names) > 1:
        raise _Refused(found(Code.FILE_REPEATED, Severity.UPLOAD, names[0], detail=" and ".join(names[1:])))
    return names[0]


def _one(name: str, files: Mapping[str, bytes], form: FileFormat, refused: Severity) -> tuple[Sheet, pd.DataFrame]:
    """Read one file. Raises _Refused."""
    try:
        raw, encoding = to_utf8(files[name])
        table = read(raw)
        del raw  # a tenth of a gigabyte in a large district
    except Unreadable as error:
        raise _Refused(found(Code.FILE_UNREADABLE, refused, name, detail=str(error))) from None
    if not table.headings:
        raise _Refused(found(Code.FILE_EMPTY, refused, name))
    if parted := other_separator(table.headings):
        raise _Refused(found(Code.FILE_UNREADABLE, refused, name, detail=f"its cells are separated by {parted}"))
    said = [found(Code.FILE_ENCODING, Severity.NOTE, name, detail=encoding)] if encoding else []
    columns, about = match(table.headings, name, form, refused)
    findings = together([*said, about])
    if (findings["severity"] == refused.value).any():
        raise _Refused(findings)
    if not len(table.numbers) and not table.ragged:
        raise _Refused(findings, found(Code.FILE_EMPTY, refused, name))
    return _sheet(name, form, table, columns, findings)


def _sheet(
    name: str, form: FileFormat, table: Table, columns: dict[str, int], findings: pd.DataFrame
) -> tuple[Sheet, pd.DataFrame]:
    index = pd.Index(table.numbers)
    cells = {column: text(table.take_column(at), index) for column, at in columns.items()}
    shown = one_line(text(table.headings)).tolist()
    headings = {column: shown[at] for column, at in columns.items()}
    malformed = _malformed(table.ragged, columns)
    sheet = Sheet(name, form, headings, pd.DataFrame(cells, index=index), malformed)
    return sheet, together([findings, _about_malformed(sheet, table, columns.get("id"))])


def _malformed(ragged: tuple[Record, ...], columns: dict[str, int]) -> pd.DataFrame:
    """Rows of the wrong length, with the cell that stands under each heading."""
    index = pd.Index([record.at for record in ragged], dtype="int32")
    cells = {
        column: text(pa.array([_under(record.cells, at) for record in ragged], pa.string()), index)
        for column, at in columns.items()
    }
    return pd.DataFrame(cells, index=index, dtype=TEXT)


def _under(cells: list[str], at: int) -> str:
    return cells[at].strip() if at < len(cells) else ""


def _about_malformed(sheet: Sheet, table: Table, id_at: int | None) -> pd.DataFrame:
    width, secret = len(table.headings), secret_places(table.headings, sheet.form)
    why = [
        f"{len(record.cells)} cells instead of {width}" if record.closed else "a quotation mark that is never closed"
        for record in table.ragged
    ]
    rows = sheet.malformed.index
    at = width if id_at is None else id_at
    ids = [_under(without_secrets(record, secret, width), at) for record in table.ragged]
    return found(
        Code.ROW_MALFORMED, Severity.ROW, sheet.name, rows, record=shorten(text(ids, rows)), detail=text(why, rows)
    )
