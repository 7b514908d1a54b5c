"""Stage 1a: the bytes of one file -> a table, whatever a spreadsheet has made of it.

In: the bytes, and the format of the file.
Out: Opened: the table, and notes about how it had to be read; or encoding.Unreadable.
"""

from dataclasses import dataclass

import pandas as pd

from sftpingest.roster.damage import looks_damaged
from sftpingest.roster.encoding import Unreadable, to_utf8
from sftpingest.roster.finding import Code, Severity, found, together
from sftpingest.roster.format import FileFormat
from sftpingest.roster.headings import other_separator
from sftpingest.roster.separators import COMMA, OTHERS, parted
from sftpingest.roster.table import Table, read

#: How many rows a sheet can have, in today's Excel and in that of 2003: a file that ends just there may go on.
_MOST_ROWS = {1_048_576: "1,048,576", 65_536: "65,536"}


@dataclass(frozen=True)
class Opened:
    """One file, as text in cells."""

    table: Table
    damaged: bool  #: a spreadsheet may have damaged cells of it
    findings: pd.DataFrame  #: notes


def open_file(raw: bytes, name: str, form: FileFormat) -> Opened:
    """Read it. Raises Unreadable."""
    raw, encoding = to_utf8(raw)
    raw, parted_by = parted(raw, form.by_heading)
    table = read(raw, parted_by=parted_by)
    if signs := other_separator(table.headings):
        raise Unreadable(f"its cells are separated by {signs}")
    notes = [
        (Code.FILE_ENCODING, encoding),
        (Code.FILE_SEPARATOR, "" if parted_by == COMMA else OTHERS[parted_by]),
        (Code.FILE_CUT, _MOST_ROWS.get(_last_row(table), "")),
    ]
    said = [found(code, Severity.NOTE, name, detail=detail) for code, detail in notes if detail]
    return Opened(table, looks_damaged(raw), together(said))


def _last_row(table: Table) -> int:
    ragged = table.ragged[-1].at if table.ragged else 0
    return max(ragged, int(table.numbers[-1]) if len(table.numbers) else 0)
