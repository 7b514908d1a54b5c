"""The rejected rows of a file as they came, with the same headings, to mend at the source.

In: the bytes of the file, and the places of its rejected rows.
Out: CSV in UTF-8, CRLF; password cells are empty.
"""

import csv
import io

import numpy as np
import pyarrow as pa

from sftpingest.roster.encoding import DAMAGED, Unreadable, to_utf8
from sftpingest.roster.format import FileFormat
from sftpingest.roster.lines import Record
from sftpingest.roster.secret import secret_places, without_secrets
from sftpingest.roster.table import header, read


def rejected_rows(raw: bytes, rows: list[int], form: FileFormat | None) -> bytes:
    """The header and those rows."""
    try:
        raw = to_utf8(raw)[0]
    except Unreadable:
        return b""
    headings = [cell.strip() for cell in header(raw).cells]
    while headings and not headings[-1]:
        headings.pop()
    secret = secret_places(headings, form)
    wanted = _by_line(raw, rows) or _by_reading(raw, rows)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(headings)
    writer.writerows(without_secrets(record, secret, len(headings)) for record in sorted(wanted))
    return buffer.getvalue().replace(DAMAGED, "\ufffd").encode("utf-8", "replace")


def _by_line(raw: bytes, rows: list[int]) -> list[Record]:
    """Where no cell is quoted a row is a line, and millions of others need not be read; else none."""
    carriage, feed = raw.count(b"\r"), raw.count(b"\n")
    if b'"' in raw or (carriage and feed and raw.count(b"\r\n") != max(carriage, feed)):
        return []
    ends = np.flatnonzero(np.frombuffer(raw, np.uint8) == (ord("\n") if feed else ord("\r")))
    starts = np.concatenate([[0], ends + 1])
    stops = np.concatenate([ends, [len(raw)]])
    cut = ((row, raw[starts[row - 1] : stops[row - 1]].rstrip(b"\r").decode("utf-8", "replace")) for row in rows)
    return [Record(row, line.split(",")) for row, line in cut]


def _by_reading(raw: bytes, rows: list[int]) -> list[Record]:
    """Read the file again."""
    table, asked = read(raw, as_it_came=True), set(rows)
    places = np.flatnonzero(np.isin(table.numbers, np.array(rows, np.int32)))
    columns = [column.take(pa.array(places)).to_pylist() for column in table.cells]
    square = zip(table.numbers[places].tolist(), zip(*columns, strict=True), strict=True)
    return [Record(at, list(cells)) for at, cells in square] + [r for r in table.ragged if r.at in asked]
