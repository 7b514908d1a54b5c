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
from sftpingest.roster.table import Table, read


def rejected_rows(raw: bytes, rows: list[int], form: FileFormat | None) -> bytes:
    """The header and those rows."""
    try:
        table = read(to_utf8(raw)[0], as_it_came=True)
    except Unreadable:
        return b""
    width, secret, asked = len(table.headings), secret_places(table.headings, form), set(rows)
    wanted = [*_square(table, rows), *(record for record in table.ragged if record.at in asked)]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(table.headings)
    writer.writerows(without_secrets(record, secret, width) for record in sorted(wanted))
    return buffer.getvalue().replace(DAMAGED, "\ufffd").encode("utf-8", "replace")


def _square(table: Table, rows: list[int]) -> list[Record]:
    """The rows that have as many cells as there are headings."""
    places = np.flatnonzero(np.isin(table.numbers, np.array(rows, np.int32)))
    columns = [column.take(pa.array(places)).to_pylist() for column in table.cells]
    cells = zip(*columns, strict=True)
    return [Record(int(table.numbers[place]), list(row)) for place, row in zip(places, cells, strict=True)]
