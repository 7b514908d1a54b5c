"""Records that OneRoster asks for and no district has: school years, the course of sections without one.

In:  a district as it is seen, its terms.
Out: their ids, the same every time; the year in which a school year ends.
"""

import hashlib
import re
from datetime import date

from sftpingest.store.reading import View

#: School years begin in August, as far as nobody says otherwise; as our CSV has it.
BEGINS = 8
_PREFIX, _DIGITS = 6, 18
#: What an id looks like: nothing else is looked for in the store, which does not take every text.
ID = re.compile(r"[0-9a-f]{24}")
SEAT_ID = re.compile(r"[0-9a-f]{24}-[0-9a-f]{24}-[st]")


def derived(district: str, what: str) -> str:
    """The id of a record that is made of nothing but its district."""
    return district[:_PREFIX] + hashlib.sha256(f"{district}\0{what}".encode()).hexdigest()[:_DIGITS]


def course_none(district: str) -> str:
    """The id of the course of sections that have none."""
    return derived(district, "no course")


def year_of(day: date) -> int:
    """The year in which the school year of a day ends; its last day is the first of August, which is outside."""
    return day.year + (day > date(day.year, BEGINS, 1))


def year_id(district: str, year: int) -> str:
    """The id of a school year."""
    return derived(district, f"school year {year}")


def newest_year(view: View) -> str:
    """The id of the school year of sections that have no term: that of the day of the edition."""
    return year_id(view.id, year_of(view.edition.at.date()))


def span(start: str, end: str, day: date) -> tuple[str, str]:
    """The dates of a term; for one that it does not say, that of its school year."""
    year = year_of(date.fromisoformat(start or end) if start or end else day)
    first, last = span_of_year(year)
    return start or first, end or last


def span_of_year(year: int) -> tuple[str, str]:
    """The dates of a school year."""
    return f"{year - 1:04}-0{BEGINS}-01", f"{year:04}-0{BEGINS}-01"
