"""CSV read line by line, for files in which a quotation mark may have swallowed what follows.

In: UTF-8 bytes.
Out: lines, and the records in them; a record that is never closed ends with its line.
"""

import csv
from collections.abc import Iterator
from typing import NamedTuple

#: An unclosed quotation mark is searched for its end in at most so many lines.
_LONGEST_RECORD = 50


def lines(raw: bytes) -> list[str]:
    """Lines without their ends, which may be CRLF, LF or CR. Not str.splitlines: that splits at form feeds too."""
    body = raw.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return body.removesuffix("\n").split("\n") if body else []


class Record(NamedTuple):
    """One record and its place in the file; the header is 1."""

    at: int
    cells: list[str]
    closed: bool = True  #: whether its quotation marks are; if not, the cells are what stands between commas


def records(rows: list[str]) -> Iterator[Record]:
    """Every record. One that a quotation mark never closes is its first line alone: what follows is read again."""
    at = place = 0
    while place < len(rows):
        at += 1
        line = rows[place]
        cells, used = (line.split(","), 1) if '"' not in line else _quoted(rows, place)
        yield Record(at, cells or line.split(","), bool(cells))
        place += used


def one_line(record: str) -> list[str] | None:
    """The cells of a record that is surely one line; None where a quotation mark makes that doubtful."""
    if '"' not in record:
        return record.split(",")
    return None if "\n" in record or "\r" in record or _open(record) else _split(record, strict=True)


def _quoted(rows: list[str], place: int) -> tuple[list[str] | None, int]:
    """The record that starts at this line, and how many lines it takes; no cells where it is never closed."""
    line = rows[place]
    if not _open(line):
        return _split(line, strict=False), 1
    for end in range(place + 2, min(place + _LONGEST_RECORD, len(rows)) + 1):
        joined = "\n".join(rows[place:end])
        if not _open(joined):
            # closed by a mark that stands where one may: a stray one further down hardly ever does
            cells = _split(joined, strict=True)
            return cells, end - place if cells else 1
    return None, 1


def _open(record: str) -> bool:
    """Whether a quotation mark is still open at the end."""
    try:
        next(csv.reader([record], strict=True))
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def _split(record: str, *, strict: bool) -> list[str] | None:
    """Cells by Python's csv module; None where it refuses (a cell too long for it, or marks out of place)."""
    try:
        return next(csv.reader([record], strict=strict))
    except csv.Error:
        return None
