"""How the cells of a column are to be read: as dates of one kind, as our words, as e-mail addresses.

In: our column, and the one it is read from.
Out: what stands beside the heading in a format, and what a person should look at.
"""

from typing import Any

from sftpingest.roster.dates import date_reader
from sftpingest.roster.guess.known import DATES, EMAILS, GRADES, WORDS_OF
from sftpingest.roster.guess.look import SeenColumn
from sftpingest.roster.spelling import read_date

_MOST = 0.95
_WAYS = (
    "month first",
    "day first",
    "year first",
    "%Y%m%d",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%Y-%m-%dT%H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
)


def settings_of(name: str, column: SeenColumn) -> tuple[dict[str, Any], str]:
    """Settings, and a remark."""
    own = name.rpartition(".")[2]
    if name in DATES or own in DATES:
        return _dates(column)
    if own in EMAILS:
        return {"type": "email"}, ""
    if own == "graduation_year":
        return {"type": "year"}, ""
    if own in WORDS_OF:
        return {"words": WORDS_OF[own], **_values(own, column)}, ""
    return {}, ""


def _dates(column: SeenColumn) -> tuple[dict[str, Any], str]:
    """The way in which most of the dates can be read; the usual ones first."""
    cells = column.sample
    if not cells or _share(cells, read_date) >= _MOST:
        both = cells and _share(cells, date_reader("day first")) >= _MOST
        return {"type": "date"}, "no day is above 12: the month may stand first or the day" if both else ""
    best = max(_WAYS, key=lambda way: _share(cells, date_reader(way)))
    return {"date": best}, ""


def _share(cells: list[str], reader: Any) -> float:  # noqa: ANN401
    return sum(reader(cell) is not None for cell in cells) / len(cells)


def _values(own: str, column: SeenColumn) -> dict[str, Any]:
    """Codes of grades that are no spellings of ours. Of other words none is guessed, and none is shown."""
    if own not in {"grade", "low_grade", "high_grade"}:
        return {}
    values = {cell: GRADES[cell.casefold()] for cell in sorted(column.sample) if cell.casefold() in GRADES}
    return {"values": values} if values else {}
