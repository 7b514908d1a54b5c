"""Stage 2a: why a date or a number cannot be read, where a spreadsheet's hand is plain to see.

In: cells that cannot be read as their type, and all cells of their column.
Out: what to add to the message, and whether a column has the day before the month throughout.

Nothing is read on such a guess: 1/8/2015 stays the eighth of January, as in the formats that we know. It is said.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
import pyarrow.compute as pc

from sftpingest.roster.frames import arrow

_PARTS = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})", re.ASCII)
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?", re.ASCII)
_TIME = re.compile(r".*\d[ T]\d{1,2}:\d\d\b.*", re.ASCII)
_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
#: The day before Excel's first, and its number for the last of 2099; the first of five digits is in 1927.
_EPOCH, _LAST = date(1899, 12, 30), 73_050
_MONTHS = 12
_DAYS = 31


def _why_no_date(cell: str) -> str:
    if (serial := _SERIAL.fullmatch(cell)) and int(serial[1]) <= _LAST:
        day = _EPOCH + timedelta(int(serial[1]))
        return f", but Excel's number for the day {day}: format the column as a date, and export again"
    if _order(cell) == "day":
        return ": the day stands before the month"
    return ": leave the time out" if _TIME.fullmatch(cell) else ""


def _why_no_number(cell: str) -> str:
    return ": write a point in the place of the comma" if _COMMA.fullmatch(cell) else ""


#: By type, what to add to a message; '' where nothing is plain.
WHY: dict[str, Callable[[str], str]] = {"date": _why_no_date, "number": _why_no_number}


def _order(cell: str) -> str:
    """Which part of a date surely stands first: `day` or `month`; `either` where both would do, '' where none."""
    parts = _PARTS.fullmatch(cell)
    first, second = (int(parts[1]), int(parts[3])) if parts else (0, 0)
    if not first or not second or max(first, second) > _DAYS or min(first, second) > _MONTHS:
        return ""
    if max(first, second) > _MONTHS:
        return "day" if first > second else "month"
    return "either" if first != second else ""


@dataclass(frozen=True)
class DayFirst:
    """A column of which the dates seem to have the day before the month."""

    sure: str  #: the first that surely has
    others: int  #: how many may have, and are read with the month first
    other: str  #: the first of them


def day_first(cells: pd.Series) -> DayFirst | None:
    """None where more dates surely have the month first, or where none is read the other way round."""
    counted = pc.value_counts(arrow(cells))
    said: dict[str, list[tuple[str, int]]] = {"day": [], "month": [], "either": [], "": []}
    for one in zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True):
        said[_order(one[0])].append(one)
    either = [one for one in said["either"] if "/" in one[0]]
    if not either or _sum(said["day"]) <= _sum(said["month"]):
        return None
    return DayFirst(said["day"][0][0], _sum(either), either[0][0])


def _sum(counted: list[tuple[str, int]]) -> int:
    return sum(count for _, count in counted)
