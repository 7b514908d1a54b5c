"""Stage 2a: every cell against its column, by pandera; each rule is written once, as a check named by its code.

In: a sheet.
Out: its rows in our spelling, values that are dropped emptied, and a finding for each cell that is wrong.
"""

from collections.abc import Callable

import pandas as pd
import pandera.pandas as pandera
import pyarrow.compute as pc

from sftpingest.roster.columns import matches
from sftpingest.roster.damage import take_out_damaged, without_those
from sftpingest.roster.dates import date_reader, example
from sftpingest.roster.encoding import DAMAGED
from sftpingest.roster.finding import Code, Severity, found, shorten, together
from sftpingest.roster.format import Column, FileFormat
from sftpingest.roster.frames import arrow, blank, names
from sftpingest.roster.repeats import CONTACT_KEYS
from sftpingest.roster.sheet import Sheet
from sftpingest.roster.spelling import TYPES, is_email, read, read_words
from sftpingest.roster.why import WHY, day_first


def check_cells(sheet: Sheet) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows in our spelling (the index as it was), and findings.

    A cell that is dropped is '' in the rows. A row that is rejected is still there: its finding says so.
    """
    sheet, damaged = take_out_damaged(sheet)
    rows = sheet.rows.copy(deep=False)
    try:
        return schema(sheet.form, names(rows)).validate(rows, lazy=True, inplace=True), damaged
    except pandera.errors.SchemaErrors as errors:
        rows = pd.DataFrame(errors.data)
        failures = pd.DataFrame(errors.failure_cases)
        findings = without_those(_findings(sheet, failures), damaged)
        told = together([damaged, findings, _day_first(sheet, findings)])
        return _dropped(rows, failures, sheet.form), told


def schema(form: FileFormat, columns: list[str]) -> pandera.DataFrameSchema:
    """The checks of one file of a format, for those of its columns that an upload has."""
    there = {name: _checked(form.columns[name]) for name in columns if name in form.columns}
    own = {name: pandera.Column(checks=[_whole()], nullable=True) for name in columns if name not in form.columns}
    return pandera.DataFrameSchema(there | own)


def _checked(column: Column) -> pandera.Column:
    checks = [pandera.Check(lambda cells: cells != "", name=Code.VALUE_MISSING)] if column.required else []
    if column.name in KEYS:
        checks.append(pandera.Check(_short, name=_LONG))
    if column.pattern:
        checks.append(_matching(column.pattern))
    if column.type == "email":
        checks += [_whole(), pandera.Check(is_email, name=_EMAIL)]
        return pandera.Column(checks=checks, nullable=True)
    reader, fault = _reader(column)
    if reader is None:
        return pandera.Column(checks=[*checks, _whole()], nullable=True)
    checks.append(pandera.Check(lambda cells: cells.notna(), name=fault, ignore_na=False))
    return pandera.Column(parsers=pandera.Parser(reader), checks=checks, nullable=True)


def _reader(column: Column) -> tuple[Callable[[pd.Series], pd.Series] | None, Code]:
    """How the cells of a column are read, and the code for those that cannot be."""
    if column.words is not None:
        words = column.words
        return lambda cells: read_words(cells, words), Code.VALUE_UNKNOWN
    if column.type is not None:
        read_one = date_reader(column.date) if column.date else TYPES[column.type][0]
        return lambda cells: read(cells, read_one), Code.VALUE_MALFORMED
    return None, Code.VALUE_MALFORMED


#: The check for e-mail addresses has a name of its own, since such a cell is kept: a note, as Clever does it.
_EMAIL = "email"
#: So has the one for keys: they are in an index of the store, and PostgreSQL's take 2,704 bytes for all parts of one.
_LONG, LONGEST_KEY = "long", 255
#: And the one for a pattern: its message says another thing than that of damaged letters.
_PATTERN = "pattern"
#: The columns of which keys are made, beside those that refer.
KEYS = {"id", "course.number", "course.name", "term.name", *(f"contact.{one}" for key in CONTACT_KEYS for one in key)}


def _short(cells: pd.Series) -> pd.Series:
    """At most LONGEST_KEY bytes."""
    short = pc.less_equal(pc.binary_length(arrow(cells)), LONGEST_KEY)
    return pd.Series(short.to_numpy(zero_copy_only=False), index=cells.index)


def _matching(pattern: str) -> pandera.Check:
    """The whole cell is of the form that the district's mapping asks for, or empty."""

    def right(cells: pd.Series) -> pd.Series:
        fits = pc.or_(matches(arrow(cells), pattern), pc.equal(arrow(cells), ""))
        return pd.Series(fits.to_numpy(zero_copy_only=False), index=cells.index)

    return pandera.Check(right, name=_PATTERN)


def _whole() -> pandera.Check:
    """Every byte of the cell was text."""
    return pandera.Check(
        lambda cells: pd.Series(
            pc.invert(pc.match_substring(arrow(cells), DAMAGED)).to_numpy(zero_copy_only=False), index=cells.index
        ),
        name=Code.VALUE_MALFORMED,
    )


def _findings(sheet: Sheet, failures: pd.DataFrame) -> pd.DataFrame:
    parts = [
        _finding(sheet, str(column), str(check), pd.Index(places["index"].astype("int32")))
        for (column, check), places in failures.groupby(["column", "check"], sort=False)
    ]
    return together(parts)


def _finding(sheet: Sheet, name: str, check: str, rows: pd.Index) -> pd.DataFrame:
    """One check that failed, on all its rows."""
    column = sheet.form.columns.get(name)
    code = Code.VALUE_MALFORMED if check in {_EMAIL, _LONG, _PATTERN} else Code(check)
    cells = sheet.rows.loc[rows]
    return found(
        code,
        _severity(column, check),
        sheet.name,
        rows,
        column=sheet.heading(name) if column else sheet.headings[name],
        record=shorten(cells["id"]) if "id" in cells else "",
        value=shorten(cells[name]),
        detail=_expected(column, check) + _why(column, cells[name]),
    )


def _why(column: Column | None, cells: pd.Series) -> pd.Series:
    """Why each cell cannot be read, where that is plain."""
    if column is None or column.type not in WHY:
        return blank(len(cells), cells.index)
    return read(cells, WHY[column.type]).fillna("")


def _day_first(sheet: Sheet, findings: pd.DataFrame) -> pd.DataFrame:
    """A note on each column of dates that seem to have the day first, where some of them can be read otherwise."""
    malformed = set(findings["column"][(findings["code"] == Code.VALUE_MALFORMED.value).to_numpy(bool)])
    dates = [column.name for column in sheet.form.columns.values() if column.type == "date" and not column.date]
    columns = {name: sheet.heading(name) for name in dates if name in sheet.rows}
    told = {heading: day_first(sheet.rows[name]) for name, heading in columns.items() if heading in malformed}
    return together(
        found(
            Code.COLUMN_DAY_FIRST,
            Severity.NOTE,
            sheet.name,
            column=heading,
            value=dates.sure,
            detail=f"Others such as {dates.other} ({dates.others:,} in all)",
        )
        for heading, dates in told.items()
        if dates
    )


def _expected(column: Column | None, check: str) -> str:
    """What a cell could have been, for the message."""
    fixed = {
        _EMAIL: "an e-mail address; it was kept as it is",
        _LONG: f"short enough: it may have {LONGEST_KEY} letters, fewer where they have accents",
    }
    if check in fixed:
        return fixed[check]
    said = _expected_of(column, check) if column else ""
    return said or ("" if check == Code.VALUE_MISSING else "text: some of its letters are damaged")


def _expected_of(column: Column, check: str) -> str:
    """The same, as far as the column says it."""
    if check == Code.VALUE_MISSING:
        return _part(column)
    if check == _PATTERN:
        return column.says or f"of the form {column.pattern}"
    if column.words is not None and check == Code.VALUE_UNKNOWN:
        return ", ".join(dict.fromkeys(column.words.values()))
    return f"a date such as {example(column.date)}" if column.date else TYPES.get(column.type or "", (None, ""))[1]


def _part(column: Column) -> str:
    """Which part of a cell is meant, where the cell itself may have something in it."""
    shape = column.shape
    if not shape.split:
        return "All of these cells are needed." if shape.joined else ""
    part = "the last part" if shape.part == -1 else f"part {shape.part}"
    return f'Of each cell {part} is read; the parts stand between "{shape.split}".'


def _dropped(rows: pd.DataFrame, failures: pd.DataFrame, form: FileFormat) -> pd.DataFrame:
    """Cells that could not be read, emptied. Several columns may be read from one heading: only that one is."""
    for (name, check), places in failures.groupby(["column", "check"], sort=False):
        column = form.columns.get(str(name))
        if check != Code.VALUE_MISSING and _severity(column, str(check)) is not Severity.NOTE:
            cells = rows[name].fillna("")
            cells.loc[pd.Index(places["index"].astype("int32"))] = ""
            rows[name] = cells
    return rows


def _severity(column: Column | None, check: str) -> Severity:
    if check == _EMAIL:
        return Severity.NOTE
    return Severity.ROW if column and column.required else Severity.VALUE
