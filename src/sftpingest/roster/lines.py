"""CSV read line by line, for files in which a quotation mark may have swallowed what follows.

In: UTF-8 bytes.
Out: lines, and the records in them; a record that is never closed ends with its line.
"""

import csv
from collections.abc import Iterator
from typing import NamedTuple

#: An unclosed quotation mark is searched for its end in at most so many lines.
_LONGEST_RECORD = 1000
#: Python's csv module refuses cells of more than 131,072 letters unless it is told otherwise; pyarrow reads them.
csv.field_size_limit(2**31 - 1)


def lines(raw: bytes) -> list[str]:
    """Lines without their ends, which may be CRLF, LF or CR. Not str.splitlines: that splits at form feeds too."""
    body = raw.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return body.removesuffix("\n").split("\n") if body else []


class Record(NamedTuple):
    """One record and its place in the file; the header is 1."""

    at: int
    cells: list[str]
    closed: bool = True  #: whether its quotation marks are; if not, the cells are what stands between separators

    def fault(self, width: int) -> str:
        """Why it is no row of a file with so many headings, for the message."""
        return f"{len(self.cells)} cells instead of {width}" if self.closed else "a quotation mark that is never closed"


def records(rows: list[str], width: int = 0, parted_by: str = ",") -> Iterator[Record]:
    """Every record. One that a quotation mark never closes is its first line alone: what follows is read again.

    `width`, where it is known: how many cells a record has. A mark that only closes after whole records is a stray one.
    """
    at = place = 0
    while place < len(rows):
        at += 1
        line = rows[place]
        cells, used = (line.split(parted_by), 1) if '"' not in line else _quoted(rows, place, width, parted_by)
        yield Record(at, cells or line.split(parted_by), bool(cells))
        place += used


def one_line(record: str, parted_by: str = ",") -> list[str] | None:
    """The cells of a record that is surely one line; None where a quotation mark makes that doubtful."""
    if '"' not in record:
        return record.split(parted_by)
    doubtful = "\n" in record or "\r" in record or _open(record, parted_by)
    return None if doubtful else _split(record, parted_by, strict=True)


def _quoted(rows: list[str], place: int, width: int, parted_by: str) -> tuple[list[str] | None, int]:
    """The record that starts at this line, and how many lines it takes; no cells where it is never closed."""
    line = rows[place]
    if not _open(line, parted_by):
        return _split(line, parted_by, strict=False), 1
    for end in range(place + 2, min(place + _LONGEST_RECORD, len(rows)) + 1):
        if '"' in rows[end - 1] and not _open(joined := "\n".join(rows[place:end]), parted_by):
            # closed by a mark that stands where one may: a stray one further down hardly ever does
            cells = _split(joined, parted_by, strict=True)
            if cells and not _swallows(rows[place:end], cells, width, parted_by):
                return cells, end - place
            break
    return None, 1


def _swallows(taken: list[str], cells: list[str], width: int, parted_by: str) -> bool:
    """Whether lines of one record look like records of their own: two stray marks would delete those between.

    A cell that goes on over lines seldom has as many separators as a whole record: the first line and the last both,
    or one between them. Where the record has the wrong length anyway, one line that looks whole is enough.
    """
    if not any(map(str.strip, cells[width:])):
        width = max(width, len(cells))  # empty cells at the end stand in every line of such a file
    whole = [width > 1 and line.count(parted_by) + 1 >= width for line in taken]
    return (whole[0] and whole[-1]) or any(whole[1:-1]) or (len(cells) != width and any(whole[1:]))


def _open(record: str, parted_by: str) -> bool:
    """Whether a quotation mark is still open at the end."""
    try:
        next(csv.reader([record], delimiter=parted_by, strict=True))
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def _split(record: str, parted_by: str, *, strict: bool) -> list[str] | None:
    """Cells by Python's csv module; None where it refuses (a cell too long for it, or marks out of place)."""
    try:
        return next(csv.reader([record], delimiter=parted_by, strict=strict))
    except csv.Error:
        return None
