"""Terms -> academicSessions.csv. OneRoster asks for dates and a school year, which a term need not have.

In: a Book.
Out: cells; what stands in for a date that nobody said is marked as such.
"""

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.kinds import Kind
from sftpingest.roster.read_back import REALLY
from sftpingest.roster.write.book import Book
from sftpingest.roster.write.ids import made
from sftpingest.roster.write.lines import Cells
from sftpingest.roster.write.rendered import Asked

NAME = "academicSessions.csv"
_PARENT = "parentSourcedId"
#: School years begin in August, as far as nobody says otherwise.
_BEGINS = 8


def sessions(book: Book, *, year: bool) -> Cells:
    """The terms; `year`: and a school year for the classes that have none."""
    form, wanted = book.reading(Kind.TERM, NAME), book.wanted(Kind.TERM)
    parts = []
    if len(wanted["id"]):
        dates = zip(wanted["start_date"].to_pylist(), wanted["end_date"].to_pylist(), strict=True)
        spans = [_span(start, end, book.about.day) for start, end in dates]
        years = _years(spans)
        starts, ends = (pa.array([span[at] for span in spans], pa.string()) for at in (0, 1))
        asked = Asked(else_={"title": "Term", "startDate": starts, "endDate": ends, "schoolYear": years})
        written = pa.array(book.ids[Kind.TERM])
        more = {"sourcedId": written}
        if (name := f"ext.{_PARENT}") in wanted:
            parents = book.listed(Kind.TERM, wanted[name])
            more[_PARENT] = pc.if_else(pc.equal(parents, written), "", parents)
        parts.append(book.cells(form, wanted, asked, more))
    return together([*parts, *([_year(book)] if year else [])])


def _years(spans: list[tuple[str, str]]) -> pa.Array:
    """The year in which the school year ends, by the dates of a term."""
    return pa.array([f"{_ends(date.fromisoformat(end)):04}" for _, end in spans], pa.string())


def _ends(day: date) -> int:
    """The year in which the school year of a day ends; its last day is the first of August, which is outside."""
    return day.year + (day > date(day.year, _BEGINS, 1))


def _span(start: str, end: str, day: date) -> tuple[str, str]:
    """The dates of a term; for one that it does not say, that of its school year."""
    year = _ends(date.fromisoformat(start or end) if start or end else day)
    return start or f"{year - 1:04}-0{_BEGINS}-01", end or f"{year:04}-0{_BEGINS}-01"


def year_id() -> str:
    """The id of the school year that stands in for a term."""
    return made(Kind.TERM, "")


def _year(book: Book) -> Cells:
    starts = [start for start in book.roster[Kind.TERM]["start_date"] if start]
    start, end = _span(max(starts, default=""), "", book.about.day)
    year = {"title": "School year", "type": "schoolYear", "startDate": start, "endDate": end, "schoolYear": end[:4]}
    return stand_in(book, Kind.TERM, NAME, {"sourcedId": year_id()} | year)


def stand_in(book: Book, kind: Kind, name: str, cells: dict[str, str]) -> Cells:
    """A record that only the specification asks for; whoever reads it back is told so."""
    really = book.reading(kind, name).columns[REALLY].heading
    return {heading: pa.array([cell], pa.string()) for heading, cell in (cells | {really: "id="}).items()}


def together(parts: list[Cells]) -> Cells:
    """Parts of a file, one below the other; a column that one of them has not is empty there."""
    parts = [part for part in parts if part]
    headings = dict.fromkeys(heading for part in parts for heading in part)
    sizes = [len(next(iter(part.values()))) for part in parts]
    return {
        heading: pa.concat_arrays([_whole(part.get(heading), size) for part, size in zip(parts, sizes, strict=True)])
        for heading in headings
    }


def _whole(cells: "pa.Array | pa.ChunkedArray | None", size: int) -> pa.Array:
    if cells is None:
        return pa.repeat(pa.scalar("", pa.string()), size)
    return cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
