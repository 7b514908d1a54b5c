"""Stage 1c: a line at the end of a file that only counts the others.

In: a table and where its columns stand.
Out: the table without such lines, and a finding for each: they are no records, so nobody's id is unreadable in them.

Only where that is certain: it is the last record, its first filled cell says so and all others are numbers, it could
not have been accepted, and what stands under the id is no id.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from sftpingest.roster.finding import Code, Severity, found, shorten, together
from sftpingest.roster.format import FileFormat
from sftpingest.roster.frames import text
from sftpingest.roster.lines import Record
from sftpingest.roster.table import Table

#: At most so many of them stand below each other: a count, the time, the end.
_MOST = 3

_RECORDS = (
    "(?:rows?|records?|lines?|entries|items|students?|pupils|teachers?|staff|schools?|sections?|classes|enrollments?"
    "|users?|orgs|courses?|count)"
)
_NUMBER = r"\d[\d,. ]*"
_WORDS = re.compile(
    rf"(?:grand |sub ?)?totals?(?: (?:number )?(?:of )?{_RECORDS})?(?: count)?\s*[:=-]?\s*(?:{_NUMBER})?\s*{_RECORDS}?"
    rf"|(?:(?:row|record|line)s? ?count|count|(?:number of )?{_RECORDS})\s*[:=]\s*(?:{_NUMBER})?"
    rf"|\(?{_NUMBER}(?:rows?|records?|lines?)(?:\(s\))?"
    r"(?: in set| (?:affected|selected|returned|exported|written|fetched))?[).]*"
    r"|[-*=#\s<]*(?:end of (?:file|report|data|list|export)|eof)[-*=#\s>.]*"
    r"|completion time: .*",
    re.IGNORECASE,
)
_COUNT = re.compile(rf"{_NUMBER}%?|{_RECORDS}", re.IGNORECASE)
_KEYS = ("id", "section_id", "person_id")


def without_totals(table: Table, name: str, form: FileFormat, columns: Mapping[str, int]) -> tuple[Table, pd.DataFrame]:
    """The table without lines that only count, and a finding for each. `columns`: where each of ours stands."""
    said: list[pd.DataFrame] = []
    while len(said) < _MOST and (last := _last(table)) and _is_total(last, table, form, columns):
        said.append(found(Code.ROW_TOTALS, Severity.ROW, name, [last.at], value=shorten(text([_filled(last)[0]]))))
        table = _without_last(table, last)
    return table, together(reversed(said))


def _last(table: Table) -> Record | None:
    """The last record, if there is one."""
    square = int(table.numbers[-1]) if len(table.numbers) else 0
    if table.ragged and table.ragged[-1].at > square:
        return table.ragged[-1]
    return Record(square, [cells[len(cells) - 1].as_py() for cells in table.cells]) if square else None


def _filled(record: Record) -> list[str]:
    return [cell.strip() for cell in record.cells if cell.strip()]


def _is_total(record: Record, table: Table, form: FileFormat, columns: Mapping[str, int]) -> bool:
    first, *rest = _filled(record)
    if not _WORDS.fullmatch(first) or not all(map(_COUNT.fullmatch, rest)):
        return False

    def under(name: str) -> str:
        at = columns[name]
        return record.cells[at].strip() if at < len(record.cells) else ""

    needed = [name for name in columns if name in form.columns and form.columns[name].required]
    whole = len(record.cells) == len(table.headings) and all(map(under, needed))
    others = str(len(table.numbers) + len(table.ragged) - 1)
    no_id = {"", first, others, f"{int(others):,}"}
    return not whole and any(under(name) in no_id for name in _KEYS if name in columns)


def _without_last(table: Table, last: Record) -> Table:
    if table.ragged and table.ragged[-1] is last:
        return replace(table, ragged=table.ragged[:-1])
    return replace(table, cells=[cells.slice(0, len(cells) - 1) for cells in table.cells], numbers=table.numbers[:-1])
