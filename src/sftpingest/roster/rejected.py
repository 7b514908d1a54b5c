"""The rejected rows of a file as they came, with the same headings, to mend at the source.

In: the bytes of the file, and the places of its rejected rows.
Out: CSV in UTF-8, CRLF, parted as the file was; password cells are empty.
"""

import csv
import io

import numpy as np
import pyarrow as pa

from sftpingest.roster.encoding import DAMAGED, Unreadable, to_utf8
from sftpingest.roster.format import FileFormat
from sftpingest.roster.lines import Record
from sftpingest.roster.secret import secret_places, without_secrets
from sftpingest.roster.separators import parted
from sftpingest.roster.table import header, read


def rejected_rows(raw: bytes, rows: list[int], form: FileFormat | None) -> bytes:
    """The header and those rows."""
    try:
        raw, parted_by = parted(to_utf8(raw)[0], form.by_heading if form else None)
    except Unreadable:
        return b""
    headings = [cell.strip() for cell in header(raw, parted_by).cells]
    while headings and not headings[-1]:
        headings.pop()
    secret = secret_places(headings, form)
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=parted_by, lineterminator="\r\n")
    writer.writerow(headings)
    lines = _lines(raw, sorted(rows))
    if lines and not secret:  # nothing is quoted and nothing is to be hidden: as they stand
        buffer.writelines(f"{line}\r\n" for line in lines)
    else:
        wanted = [Record(*one) for one in zip(sorted(rows), (line.split(parted_by) for line in lines), strict=False)]
        wanted = wanted or sorted(_by_reading(raw, rows, parted_by))
        writer.writerows(without_secrets(record, secret, len(headings)) for record in wanted)
    return buffer.getvalue().replace(DAMAGED, "\ufffd").encode("utf-8", "replace")


def _lines(raw: bytes, rows: list[int]) -> list[str]:
    """Those lines. Where no cell is quoted a row is a line, and millions of others need not be read; else none."""
    carriage, feed = raw.count(b"\r"), raw.count(b"\n")
    if b'"' in raw or (carriage and feed and raw.count(b"\r\n") != max(carriage, feed)):
        return []
    ends = np.flatnonzero(np.frombuffer(raw, np.uint8) == (ord("\n") if feed else ord("\r")))
    at = np.array(rows)
    starts = np.concatenate([[0], ends + 1])[at - 1].tolist()
    stops = np.concatenate([ends, [len(raw)]])[at - 1].tolist()
    return [raw[a:b].rstrip(b"\r").decode("utf-8", "replace") for a, b in zip(starts, stops, strict=True)]


def _by_reading(raw: bytes, rows: list[int], parted_by: str) -> list[Record]:
    """Read the file again."""
    table, asked = read(raw, parted_by=parted_by, as_it_came=True), set(rows)
    places = np.flatnonzero(np.isin(table.numbers, np.array(rows, np.int32)))
    columns = [column.take(pa.array(places)).to_pylist() for column in table.cells]
    square = zip(table.numbers[places].tolist(), zip(*columns, strict=True), strict=True)
    return [Record(at, list(cells)) for at, cells in square] + [r for r in table.ragged if r.at in asked]
