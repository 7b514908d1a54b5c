"""Schools, courses and sections -> orgs.csv, courses.csv, classes.csv.

In: a Book.
Out: cells.
"""

import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.frames import arrow
from sftpingest.roster.kinds import Kind
from sftpingest.roster.write.book import Book
from sftpingest.roster.write.ids import made
from sftpingest.roster.write.lines import Cells
from sftpingest.roster.write.rendered import Asked, or_else
from sftpingest.roster.write.sessions import stand_in, together, year_id

_YEAR = "schoolYearSourcedId"


def orgs(book: Book) -> Cells:
    """The district, and the schools in it."""
    name = " ".join(book.about.name.split()) or "District"
    district = {"sourcedId": book.root, "name": name, "type": "district"}
    parts: list[Cells] = [{heading: pa.array([cell]) for heading, cell in district.items()}]
    if len(wanted := book.wanted(Kind.SCHOOL)):
        size = len(wanted["id"])
        fixed = {"type": pa.repeat("school", size), "parentSourcedId": pa.repeat(book.root, size)}
        more = {"sourcedId": arrow(book.ids[Kind.SCHOOL])}
        parts.append(book.cells(book.reading(Kind.SCHOOL, "orgs.csv"), wanted, Asked(fixed=fixed), more))
    return together(parts)


def no_course() -> str:
    """The id of the course that stands in where a section has none."""
    return made(Kind.COURSE, "")


def courses(book: Book, *, none: bool) -> Cells:
    """The courses, of the district as a whole; `none`: and one for the sections that have none."""
    form, wanted = book.reading(Kind.COURSE, "courses.csv"), book.wanted(Kind.COURSE)
    parts = []
    if size := len(wanted["id"]):
        more = {"sourcedId": arrow(book.ids[Kind.COURSE])}
        if (name := f"ext.{_YEAR}") in wanted:
            more[_YEAR] = _school_years(book, wanted[name])
        more |= _codes(wanted, wanted.get("ext.subjects"))
        title = or_else(wanted["number"], "Course")
        asked = Asked(fixed={"orgSourcedId": pa.repeat(book.root, size)}, else_={"title": title})
        parts.append(book.cells(form, wanted, asked, more))
    if none:
        cells = {"sourcedId": no_course(), "title": "No course", "orgSourcedId": book.root}
        parts.append(stand_in(book, Kind.COURSE, "courses.csv", cells))
    return together(parts)


def _school_years(book: Book, years: pa.Array) -> pa.Array:
    """Sessions that are school years; a course may name no other ones."""
    terms = book.wanted(Kind.TERM)
    types = terms["ext.type"] if "ext.type" in terms else pa.repeat("", len(terms["id"]))
    those = arrow(book.ids[Kind.TERM]).filter(pc.equal(types, "schoolYear"))
    named = book.named(Kind.TERM, years)
    return pc.if_else(pc.is_in(named, value_set=those), named, "")


def _codes(wanted: Cells, subjects: "pa.Array | None") -> Cells:
    """Codes of subjects, where there is one for each: else OneRoster does not allow them."""
    codes = wanted.get("ext.subjectCodes")
    if codes is None or subjects is None:
        return {}
    sizes = [pc.count_substring(cells, ",") for cells in (codes, subjects)]
    both = pc.or_(pc.equal(subjects, ""), pc.equal(*sizes))
    return {"subjectCodes": pc.if_else(both, codes, "")}


def classes(book: Book) -> Cells:
    """The sections."""
    form, wanted = book.reading(Kind.SECTION, "classes.csv"), book.wanted(Kind.SECTION)
    if not len(wanted["id"]):
        return {}
    more = {"sourcedId": arrow(book.ids[Kind.SECTION])}
    terms = wanted["term_id"]
    if (name := "ext.termSourcedIds") in wanted:
        terms = or_else(book.listed(Kind.TERM, wanted[name]), terms)
    more["termSourcedIds"] = terms
    subjects = wanted["subject"]
    more |= _codes(wanted, or_else(wanted["ext.subjects"], subjects) if "ext.subjects" in wanted else subjects)
    named = or_else(or_else(wanted["given_name"], wanted["number"]), "Class")
    else_ = {"title": named, "courseSourcedId": no_course(), "termSourcedIds": year_id()}
    return book.cells(form, wanted, Asked(else_=else_), more)
