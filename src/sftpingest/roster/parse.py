"""Stage 1: the bytes of an upload -> frames of text in our words, every row with its place in its file.

In: the uploaded files by name, and the district's format.
Out: a Sheet for each file that can be read, and findings about files, columns and rows of the wrong length.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pyarrow as pa

from sftpingest.roster.encoding import Unreadable, to_utf8
from sftpingest.roster.finding import Code, Severity, found, shorten, together
from sftpingest.roster.format import FileFormat, Format, fold
from sftpingest.roster.frames import TEXT, text
from sftpingest.roster.lines import Record
from sftpingest.roster.secret import is_secret, secret_places, without_secrets
from sftpingest.roster.sheet import Parsed, Sheet
from sftpingest.roster.table import Table, read


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
    known = ", ".join(file.name for file in form.files)
    return found(Code.FILE_UNKNOWN, Severity.NOTE, name, detail=known)


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
    said = [found(Code.FILE_ENCODING, Severity.NOTE, name, detail=encoding)] if encoding else []
    columns, about = _headings(table.headings, name, form, refused)
    findings = together([*said, about])
    if (findings["severity"] == refused.value).any():
        raise _Refused(findings)
    if not len(table.numbers) and not table.ragged:
        raise _Refused(findings, found(Code.FILE_EMPTY, refused, name))
    return _sheet(name, form, table, columns, findings)


def _headings(
    headings: tuple[str, ...], name: str, form: FileFormat, refused: Severity
) -> tuple[dict[str, int], pd.DataFrame]:
    """Our column -> position, and what is wrong with the headings."""
    known = form.by_heading
    columns: dict[str, int] = {}
    unknown, findings = [], []
    for at, heading in enumerate(headings):
        folded = fold(heading)
        column = known[folded].name if folded in known else _extension(folded, form)
        if column is None:
            unknown += [] if is_secret(heading, form) else [heading or f"{at + 1} (it has no heading)"]
        elif column in columns:
            findings.append(found(Code.COLUMN_REPEATED, refused, name, column=heading))
        else:
            columns[column] = at
    missing = [column for column in form.columns.values() if column.required and column.name not in columns]
    findings += [found(Code.COLUMN_MISSING, refused, name, column=column.heading) for column in missing]
    if any(
        name in form.columns for name in columns
    ):  # Without one heading that we know, this is no header but a record: never shown as headings.
        findings += [found(Code.COLUMN_UNKNOWN, Severity.NOTE, name, column=heading) for heading in unknown]
    return columns, together(findings)


def _extension(folded: str, form: FileFormat) -> str | None:
    """Our name of a column of the district's own (`ext.nickname`), where the format has such."""
    prefix = form.extensions
    own = prefix and folded.startswith(prefix) and folded != prefix and not is_secret(folded, form)
    return f"ext.{folded.removeprefix(prefix)}" if own else None


def _sheet(
    name: str, form: FileFormat, table: Table, columns: dict[str, int], findings: pd.DataFrame
) -> tuple[Sheet, pd.DataFrame]:
    index = pd.Index(table.numbers)
    cells = {column: text(table.take_column(at), index) for column, at in columns.items()}
    headings = {column: table.headings[at] for column, at in columns.items()}
    malformed = _malformed(table.ragged, columns)
    sheet = Sheet(name, form, headings, pd.DataFrame(cells, index=index), malformed)
    return sheet, together([findings, _about_malformed(sheet, table)])


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


def _about_malformed(sheet: Sheet, table: Table) -> pd.DataFrame:
    width, secret = len(table.headings), secret_places(table.headings, sheet.form)
    why = [
        f"{len(record.cells)} cells instead of {width}" if record.closed else "a quotation mark that is never closed"
        for record in table.ragged
    ]
    rows = sheet.malformed.index
    heading = sheet.headings.get("id")
    at = table.headings.index(heading) if heading else width
    ids = [_under(without_secrets(record, secret, width), at) for record in table.ragged]
    return found(
        Code.ROW_MALFORMED, Severity.ROW, sheet.name, rows, record=shorten(text(ids, rows)), detail=text(why, rows)
    )
