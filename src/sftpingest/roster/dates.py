"""How a district writes its dates, where it says so in its format.

In: `day first`, `month first`, `year first`, or a pattern such as %d.%m.%Y.
Out: a reader of one cell, an example for messages, or what is wrong with the pattern.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime

#: The order of the numbers, whatever stands between them.
ORDERS = {"day first": "dmy", "month first": "mdy", "year first": "ymd"}
_MARKS = r"[-./ ]"
#: Two-digit years from here on are 19xx, those below are 20xx: the rule of POSIX, as Python reads %y.
_CENTURY_TURNS = 69
#: What a pattern may have, and what it must have one of each of.
_KNOWN = frozenset("dmYybBHIMSpfjA%a")
_NEEDED = (("%d", "the day"), ("%m %b %B", "the month"), ("%Y %y", "the year"))
_SHOWN = date(2026, 8, 31)


def date_reader(way: str) -> Callable[[str], str | None]:
    """What reads a cell that is written so as YYYY-MM-DD; None for anything else."""
    return _in_order(ORDERS[way]) if way in ORDERS else lambda cell: _by_pattern(cell, way)


def example(way: str) -> str:
    """One date, written so."""
    shown = {"day first": "31/8/2026", "month first": "8/31/2026", "year first": "2026-08-31"}
    return shown.get(way) or _SHOWN.strftime(way)


def wrong_way(way: str) -> str:
    """What is wrong with a way of writing dates, in words; '' where nothing is."""
    if way in ORDERS:
        return ""
    for needed, what in _NEEDED:
        if not any(mark in way for mark in needed.split()):
            return f"{what} is missing in it ({needed.replace(' ', ' or ')})"
    if strange := [mark for mark in re.findall(r"%(.?)", way) if mark not in _KNOWN or not mark]:
        return f"%{strange[0]} is not known in it"
    return "" if _by_pattern(_SHOWN.strftime(way), way) == _SHOWN.isoformat() else "no date can be read by it"


def _in_order(order: str) -> Callable[[str], str | None]:
    number = {"d": r"(?P<d>\d{1,2})", "m": r"(?P<m>\d{1,2})", "y": r"(?P<y>\d{4}|\d{2})"}
    first, second, third = (number[mark] for mark in order)
    written = re.compile(rf"{first}(?P<mark>{_MARKS}){second}(?P=mark){third}", re.ASCII)

    def read(cell: str) -> str | None:
        found = written.fullmatch(cell)
        return _iso(found["y"], int(found["m"]), int(found["d"])) if found else None

    return read


def _iso(year: str, month: int, day: int) -> str | None:
    full = int(year)
    if len(year) == len("YY"):
        full += 1900 if full >= _CENTURY_TURNS else 2000
    try:
        return date(full, month, day).isoformat()
    except ValueError:
        return None


def _by_pattern(cell: str, way: str) -> str | None:
    try:
        return datetime.strptime(cell, way).replace(tzinfo=UTC).date().isoformat()
    except (ValueError, re.error):
        return None
