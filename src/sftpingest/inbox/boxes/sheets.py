"""A process of its own that reads one workbook: it may run out of memory, or be stopped, and nobody else is.

In:  the workbook on standard input; what it may use, and which sheets are files, as its argument.
Out: on standard output, what workbook.py takes: lines of JSON, each followed by as many bytes as it says.

    python -m sftpingest.inbox.boxes.sheets '{"stem": "students", "known": [], "memory": 1000000000, "seconds": 60}'
"""

import csv
import io
import json
import sys
from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import islice

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from sftpingest.inbox.boxes.styles import Shown, shown

if sys.platform != "win32":
    import resource

_ROWS = 5000
#: From here on a spreadsheet writes numbers with an exponent, and keeps no more digits.
_LARGE = 10**15


class _Wrong(Exception):
    """Why the workbook cannot be taken."""


def main() -> None:
    """Read it, and answer."""
    asked = json.loads(sys.argv[1])
    if sys.platform != "win32":  # there, only `check` runs: whoever does reads a workbook of their own
        resource.setrlimit(resource.RLIMIT_AS, (asked["memory"], asked["memory"]))
        resource.setrlimit(resource.RLIMIT_CPU, (asked["seconds"], asked["seconds"]))
    raw = sys.stdin.buffer.read()
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(raw)) as book:
            for name, sheet in _chosen(book, asked["stem"], set(asked["known"])):
                _say(sheet=f"{name}.csv")
                for chunk in _csv(sheet, shown(raw, sheet.name)):
                    _say(bytes=len(chunk))
                    sys.stdout.buffer.write(chunk)
                _say(end=name)
    except _Wrong as wrong:
        _say(wrong=str(wrong))
    except CalamineError:
        _say(wrong="the workbook is damaged")
    else:
        _say(done=True)
    sys.stdout.buffer.flush()


def _say(**what: object) -> None:
    sys.stdout.buffer.write(json.dumps(what).encode() + b"\n")


def _chosen(book: CalamineWorkbook, stem: str, known: set[str]) -> Iterator[tuple[str, CalamineSheet]]:
    """The sheets to take, by the names of their files. What a clerk does not see is none."""
    seen = [
        one.name
        for one in book.sheets_metadata
        if one.visible is SheetVisibleEnum.Visible and one.typ is SheetTypeEnum.WorkSheet
    ]
    filled = [sheet for sheet in map(book.get_sheet_by_name, seen) if sheet.height]
    called = {sheet.name: sheet.name.strip().removesuffix(".csv") for sheet in filled}
    ours = [sheet for sheet in filled if called[sheet.name].casefold() in known]
    if not filled:
        raise _Wrong("all its sheets are empty")
    if len(filled) == 1 and (not ours or stem.casefold() in known):
        yield stem, filled[0]
        return
    if not ours:
        names = ", ".join(called.values())
        raise _Wrong(f"none of its sheets ({names}) is called like a file of the roster, such as students")
    yield from ((called[sheet.name], sheet) for sheet in ours)


def _csv(sheet: CalamineSheet, differently: Shown) -> Iterator[bytes]:
    """The sheet as CSV, row by row; a blank row is a blank line, so that rows count as in the sheet."""
    rows = enumerate(sheet.iter_rows())
    left = sheet.start[1] if sheet.start else 0
    while taken := list(islice(rows, _ROWS)):
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\r\n")
        for at, cells in taken:
            written = [_written(cell, differently.get((at, left + column))) for column, cell in enumerate(cells)]
            writer.writerow(written if any(written) else [])
        yield buffer.getvalue().encode("utf-8", "replace")


def _written(cell: object, differently: str | int | None) -> str:
    """A cell as a clerk sees it. `differently`: how many digits a number is shown with, or the fault that it shows."""
    if isinstance(differently, str):
        return differently
    match cell:
        case bool():
            return "TRUE" if cell else "FALSE"
        case int() | float():
            return _number(float(cell)).zfill(differently or 0)
        case datetime():
            midnight = cell.time() == time()
            return cell.date().isoformat() if midnight else cell.isoformat(sep=" ", timespec="seconds")
        case date() | time():
            return cell.isoformat()
    return _one_line(str(cell))


def _one_line(text: str) -> str:
    """A cell may go on over lines; a line of CSV that does is doubtful."""
    return " ".join(text.splitlines()) if "\n" in text or "\r" in text else text


def _number(value: float) -> str:
    """Fifteen digits, as spreadsheets show them: 12345.0 is 12345, and 0.1 + 0.2 is 0.3."""
    if value == int(value) and abs(value) < _LARGE:
        return str(int(value))
    return f"{value:.15G}"


if __name__ == "__main__":
    main()
