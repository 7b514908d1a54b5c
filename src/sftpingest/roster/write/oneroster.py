"""A roster -> a OneRoster set.

In: a roster, whose it is, a version.
Out: the files of the set, the manifest first.
"""

from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.frames import arrow, blank
from sftpingest.roster.kinds import Kind, Roster
from sftpingest.roster.write.book import About, Book, book
from sftpingest.roster.write.joins import enrollments
from sftpingest.roster.write.lines import Cells, Written, csv
from sftpingest.roster.write.people import demographics, users
from sftpingest.roster.write.places import classes, courses, orgs
from sftpingest.roster.write.sessions import sessions
from sftpingest.roster.write.spec import FILES, HEADINGS, Version


def write_oneroster(roster: Roster, about: About, version: Version) -> Iterator[Written]:
    """A whole set: `bulk` in every file that has records, `absent` the others."""
    made = _made(book(roster, about, version))
    there = {name: cells for name, cells in made.items() if cells}
    yield csv("manifest.csv", _manifest(version, there))
    for name in list(there):
        yield csv(name, _in_spec_order(version, name, there.pop(name)))


def _made(of: Book) -> dict[str, Cells]:
    people, roles = users(of)
    sections = of.roster[Kind.SECTION]
    courseless, timeless = (_any_empty(arrow(sections[name])) for name in ("course_id", "term_id"))
    return {
        "orgs.csv": orgs(of),
        "academicSessions.csv": sessions(of, year=timeless),
        "courses.csv": courses(of, none=courseless),
        "classes.csv": classes(of),
        "users.csv": people,
        "roles.csv": roles,
        "enrollments.csv": enrollments(of),
        "demographics.csv": demographics(of),
    }


def _any_empty(cells: pa.Array) -> bool:
    return bool(pc.any(pc.equal(cells, "")).as_py())


def _manifest(version: Version, there: Mapping[str, Cells]) -> Cells:
    said = {"manifest.version": "1.0", "oneroster.version": version.value}
    said |= {f"file.{name}": "bulk" if f"{name}.csv" in there else "absent" for name in FILES[version]}
    said["source.systemName"] = "sftpingest"
    return {"propertyName": pa.array(said.keys(), pa.string()), "value": pa.array(said.values(), pa.string())}


def _in_spec_order(version: Version, name: str, cells: Cells) -> Cells:
    """The columns of the specification, all of them, and to their right those of our own that say anything."""
    none = arrow(blank(len(next(iter(cells.values())))))
    asked = HEADINGS[version][name]
    own = sorted(heading for heading in cells if heading not in asked and _says_anything(cells[heading]))
    return {heading: cells.get(heading, none) for heading in (*asked, *own)}


def _says_anything(cells: pa.Array) -> bool:
    return bool(pc.any(pc.not_equal(cells, "")).as_py())
