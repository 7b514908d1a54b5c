"""Stage 2a: every cell against its column, by pandera; each rule is written once, as a check named by its code.

In: a sheet.
Out: its rows in our spelling, values that are dropped emptied, and a finding for each cell that is wrong.
"""

from collections.abc import Callable

import pandas as pd
import pandera.pandas as pandera
import pyarrow.compute as pc

from sftpingest.roster.damage import take_out_damaged, without_those
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
        findings = without_those(_findings(sheet, pd.DataFrame(errors.failure_cases)), damaged)
        return _dropped(rows, findings, sheet), together([damaged, findings, _day_first(sheet, findings)])


def schema(form: FileFormat, columns: list[str]) -> pandera.DataFrameSchema:
    """The checks of one file of a format, for those of its columns that an upload has."""
    there = {name: _checked(form.columns[name]) for name in columns if name in form.columns}
    own = {name: pandera.Column(checks=[_whole()], nullable=True) for name in columns if name not in form.columns}
    return pandera.DataFrameSchema(there | own)


def _checked(column: Column) -> pandera.Column:
    checks = [pandera.Check(lambda cells: cells != "", name=Code.VALUE_MISSING)] if column.required else []
    if column.name in KEYS:
        checks.append(pandera.Check(_short, name=_LONG))
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
        read_one, _ = TYPES[column.type]
        return lambda cells: read(cells, read_one), Code.VALUE_MALFORMED
    return None, Code.VALUE_MALFORMED


#: The check for e-mail addresses has a name of its own, since such a cell is kept: a note, as Clever does it.
_EMAIL = "email"
#: So has the one for keys: they are in an index of the store, and PostgreSQL's take 2,704 bytes for all parts of one.
_LONG, LONGEST_KEY = "long", 250
#: The columns of which keys are made, beside those that refer.
KEYS = {"id", "course.number", "course.name", "term.name", *(f"contact.{one}" for key in CONTACT_KEYS for one in key)}


def _short(cells: pd.Series) -> pd.Series:
    """At most LONGEST_KEY bytes."""
    short = pc.less_equal(pc.binary_length(arrow(cells)), LONGEST_KEY)
    return pd.Series(short.to_numpy(zero_copy_only=False), index=cells.index)


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
    code = Code.VALUE_MALFORMED if check in {_EMAIL, _LONG} else Code(check)
    severity = Severity.NOTE if check == _EMAIL else Severity.ROW if column and column.required else Severity.VALUE
    cells = sheet.rows.loc[rows]
    return found(
        code,
        severity,
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
    dates = [column.name for column in sheet.form.columns.values() if column.type == "date"]
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
    if check == _EMAIL:
        return "an e-mail address; it was kept as it is"
    if check == _LONG:
        return f"short enough: it may have {LONGEST_KEY} letters, fewer where they have accents"
    if column and column.words is not None and check == Code.VALUE_UNKNOWN:
        return ", ".join(dict.fromkeys(column.words.values()))
    if column and column.type in TYPES:
        return TYPES[column.type][1]
    return "text: some of its letters are damaged"


def _dropped(rows: pd.DataFrame, findings: pd.DataFrame, sheet: Sheet) -> pd.DataFrame:
    """Cells that could not be read, emptied."""
    headings = {
        sheet.heading(name) if name in sheet.form.columns else sheet.headings[name]: name for name in names(rows)
    }
    dropped = findings[(findings["code"] != Code.VALUE_MISSING.value) & (findings["severity"] != Severity.NOTE.value)]
    for heading, places in dropped.groupby("column", sort=False)["row"]:
        name = headings[str(heading)]
        cells = rows[name].fillna("")
        cells.loc[pd.Index(places.astype("int32"))] = ""
        rows[name] = cells
    return rows
