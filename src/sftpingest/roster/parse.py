"""Stage 1: the bytes of an upload -> frames of text in our words, every row with its place in its file.

In: the uploaded files by name, and the district's format.
Out: a Sheet for each file that can be read, and findings about files, columns and rows of the wrong length.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from types import MappingProxyType

import pandas as pd
import pyarrow as pa

from sftpingest.roster.encoding import Unreadable
from sftpingest.roster.expected import Expected, expect, not_rostered
from sftpingest.roster.finding import Code, Severity, found, one_line, shorten, together
from sftpingest.roster.format import FileFormat, Format
from sftpingest.roster.frames import TEXT, text
from sftpingest.roster.headings import match
from sftpingest.roster.lines import Record
from sftpingest.roster.opening import open_file
from sftpingest.roster.secret import secret_places, without_secrets
from sftpingest.roster.shaped import shaped
from sftpingest.roster.sheet import Parsed, Sheet
from sftpingest.roster.table import Table
from sftpingest.roster.totals import without_totals

#: What spreadsheets save unless they are told to save CSV; what people fetch from us and upload with the rest.
WORKBOOKS, PACKED = (".xlsx", ".xls", ".ods"), (".tar", ".tgz", ".bz2", ".xz", ".7z", ".rar")
OURS = ("summary.txt", "rejections.csv", "report.html", "result.json")


def parse(files: Mapping[str, bytes], form: Format, named: Mapping[str, str] = MappingProxyType({})) -> Parsed:
    """Read every file that the format knows; `named`: what a district has set of its files. Never raises on any bytes.

    `files` may read a file only when it is asked for: two at a time are in memory, each read in a thread of its own.
    """
    expected = expect(files, form, named)
    unknown = [
        _unknown(name, form, expected.doubts.get(name, "")) for name in sorted(files) if not expected.knows(name)
    ]
    with ThreadPoolExecutor(2) as readers:
        read_so = list(readers.map(lambda name: _file(name, files, form, expected), form.names))
    all_sheets = [sheet for read in read_so for sheet in read.sheets]
    checked = tuple(sheet for sheet in all_sheets if sheet.form in form.checked)
    sheets = [sheet for sheet in all_sheets if sheet.form not in form.checked]
    whole = [sheet.form for sheet in sheets if not sheet.delta]
    return Parsed(
        sheets=tuple(sheet for sheet in sheets if sheet.form is not form.roles),
        findings=together([expected.findings, *unknown, *(read.findings for read in read_so), *_beside(read_so, form)]),
        records={read.sheets[0].name: read.records for read in read_so if read.sheets} | expected.counted,
        partial=expected.partial or any(sheet.delta for sheet in sheets) or (bool(form.manifest) and _lacks(read_so)),
        adds=tuple(file for file in form.files if file.adds and file not in whole),
        roles=next((sheet for sheet in sheets if sheet.form is form.roles), None),
        checked=checked,
    )


def _lacks(read_so: "Sequence[_Read]") -> bool:
    """Whether a file was refused: of what it might have said nothing is taken back."""
    return any(not read.sheets and (read.findings["severity"] == Severity.FILE.value).any() for read in read_so)


def _unknown(name: str, form: Format, doubt: str) -> pd.DataFrame:
    unread = {own.casefold(): sentence for own, sentence in form.unread.items()}
    detail = doubt or unread.get(name.casefold()) or f"Rename it if it is meant to be read: {', '.join(form.names)}."
    if name.lower().endswith(WORKBOOKS):
        detail = "It is a workbook: save each of its sheets as CSV UTF-8, and upload those."
    if name.lower().endswith(".xlsx"):
        detail += " Or have workbooks read: `sftpingest district set SLUG xlsx on`, by those who run this server."
    if name.lower().endswith(PACKED):
        detail = "It is packed in a way that is not opened here: make a zip of the CSV files."
    if name in OURS:
        detail = "It is a part of our report: delete it here."
    return found(Code.FILE_UNKNOWN, Severity.NOTE, one_line(text([name]))[0], detail=detail)


def _beside(read_so: "Sequence[_Read]", form: Format) -> list[pd.DataFrame]:
    """A note for each file that is judged and is no part of the roster."""
    return [
        not_rostered(read.sheets[0].name, read.records)
        for read in read_so
        if read.sheets and read.sheets[0].form in form.checked
    ]


class _Refused(Exception):
    """The file cannot be used; carries the findings."""

    def __init__(self, *findings: pd.DataFrame) -> None:
        super().__init__()
        self.findings = together(findings)


@dataclass(frozen=True)
class _Read:
    """One file, read."""

    sheets: tuple[Sheet, ...]
    findings: pd.DataFrame
    records: int = 0


def _file(name: str, files: Mapping[str, bytes], form: Format, expected: Expected) -> _Read:
    """The file of that name in the format, which may be there under another one, or twice."""
    readings = form.readings(name)
    there = sorted(each for each in files if expected.names.get(each) == name and each not in expected.left_out)
    if alone := bool(form.roles and not form.roles.core and form.roles.name not in expected.names.values()):
        readings = tuple(replace(reading, roles=False) for reading in readings)
    refused = Severity.UPLOAD if readings[0].core else Severity.FILE
    if not there and not readings[0].core:
        return _Read((), together([]))
    try:
        return _one(_only(there, readings[0], refused), files, readings, refused, expected)
    except _Refused as error:
        return _Read((), _alone(error.findings, form, name, refused) if alone else error.findings)


def _alone(findings: pd.DataFrame, form: Format, name: str, refused: Severity) -> pd.DataFrame:
    """One finding for a file that says nowhere who people are: the file of roles is more likely lost than columns."""
    reading = form.readings(name)[0]
    elsewhere = {column.heading for column in reading.columns.values() if column.name in reading.elsewhere}
    missing = findings["column"][(findings["code"] == Code.COLUMN_MISSING.value).to_numpy(bool)]
    if not (form.roles and elsewhere and elsewhere <= set(missing)):
        return findings
    said = found(Code.FILE_ALONE, refused, str(findings["file"].iloc[0]), detail=form.roles.name)
    return together([said, findings[~findings["column"].isin(elsewhere).to_numpy(bool)]])


def _only(names: list[str], form: FileFormat, refused: Severity) -> str:
    """The one name there is. Raises _Refused."""
    if not names:
        raise _Refused(found(Code.FILE_MISSING, refused, form.name))
    if len(names) > 1:
        raise _Refused(found(Code.FILE_REPEATED, Severity.UPLOAD, names[0], detail=" and ".join(names[1:])))
    return names[0]


def _one(
    name: str, files: Mapping[str, bytes], readings: tuple[FileFormat, ...], refused: Severity, expected: Expected
) -> _Read:
    """Read one file. Raises _Refused."""
    try:
        opened = open_file(files[name], name, readings[0])
    except Unreadable as error:
        raise _Refused(found(Code.FILE_UNREADABLE, refused, name, detail=str(error))) from None
    table = opened.table
    if not table.headings:
        raise _Refused(found(Code.FILE_EMPTY, refused, name))
    columns, about = zip(*(match(table.headings, name, reading, refused) for reading in readings), strict=True)
    findings = together([opened.findings, _of_all(about)])
    if (findings["severity"] == refused.value).any():
        raise _Refused(findings)
    records = len(table.numbers) + len(table.ragged)
    main = next((at for at, reading in enumerate(readings) if not reading.derived), 0)
    table, totals = without_totals(table, name, readings[main], columns[main])
    if not len(table.numbers) and not table.ragged:
        raise _Refused(findings, totals, found(Code.FILE_EMPTY, refused, name))
    sheets = _sheets(name, readings, table, columns, delta=name in expected.deltas, damaged=opened.damaged)
    told = _about_malformed(sheets[main], table, columns[main].get("id"))
    return _Read(sheets, together([findings, totals, told]), records)


def _of_all(about: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """What all readings of a file say of its headings: one is unknown where each of them passes it over."""
    if len(about) == 1:
        return about[0]
    every = together(about)
    times = every.groupby(["code", "column"])["file"].transform("size").to_numpy()
    unknown = (every["code"] == Code.COLUMN_UNKNOWN.value).to_numpy(bool)
    everywhere: pd.DataFrame = every[~unknown | (times == len(about))].drop_duplicates(["code", "column"])
    return everywhere


def _sheets(
    name: str,
    readings: tuple[FileFormat, ...],
    table: Table,
    columns: Sequence[dict[str, int]],
    *,
    delta: bool,
    damaged: bool,
) -> tuple[Sheet, ...]:
    """The file as each of its readings sees it; the cells are shared."""
    index = pd.Index(table.numbers)
    places = sorted({at for places in columns for at in places.values()})
    cells = {at: text(table.take_column(at), index) for at in places}
    shown = one_line(text(table.headings)).tolist()
    out = []
    for form, places_of in zip(readings, columns, strict=True):
        rows = pd.DataFrame({column: cells[at] for column, at in places_of.items()}, index=index)
        headings = {column: shown[at] for column, at in places_of.items() if not column.startswith("join.")}
        malformed = shaped(_malformed(table.ragged, places_of), form)
        out.append(Sheet(name, form, headings, shaped(rows, form), malformed, delta, damaged))
    return tuple(out)


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
    why = [record.fault(width) for record in table.ragged]
    rows = sheet.malformed.index
    at = width if id_at is None else id_at
    ids = [_under(without_secrets(record, secret, width), at) for record in table.ragged]
    return found(
        Code.ROW_MALFORMED, Severity.ROW, sheet.name, rows, record=shorten(text(ids, rows)), detail=text(why, rows)
    )
