"""Records in Clever's shape, many at once: one statement a kind, not one a record.

In:  a view, numbers of records that are seen in it.
Out: by number an object.
"""

from collections.abc import Collection, Iterator, Mapping

import orjson
from sqlalchemy import Connection

from sftpingest.doors.vendor.clever import objects
from sftpingest.doors.vendor.clever.objects import Class, Object, Refers, Stamp
from sftpingest.doors.vendor.clever.people import NAMES, users
from sftpingest.roster.kinds import Kind
from sftpingest.store.reading import Row, View
from sftpingest.store.rows import plain_rows, rows
from sftpingest.store.seated import students_of, teachers_of

_PLAIN = {Kind.SCHOOL: objects.school, Kind.COURSE: objects.course, Kind.TERM: objects.term}
#: The position of the primary teacher of a section.
_FIRST = 1


def shaped(c: Connection, view: View, kind: Kind, stamps: Mapping[int, Stamp], version: str) -> dict[int, Object]:
    """Those that are seen; in a view of the past there may be fewer than were asked for."""
    return {no: orjson.loads(text) for no, text in written(c, view, kind, stamps, version)}


def written(
    c: Connection, view: View, kind: Kind, stamps: Mapping[int, Stamp], version: str
) -> Iterator[tuple[int, str]]:
    """The same as JSON, one after the other in any order, with their numbers."""
    if kind in NAMES:
        return users(view, kind, plain_rows(c, view, kind, stamps), stamps, version)
    found = rows(c, view, kind, stamps)
    if kind is Kind.SECTION:
        classes = _classes(c, view, found)
        made = ((no, _section(view, row, stamps[no], classes[no])) for no, row in found.items())
    else:
        made = ((no, _PLAIN[kind](view, row, stamps[no])) for no, row in found.items())
    return ((no, orjson.dumps(one).decode()) for no, one in made)


def _section(view: View, row: Row, stamp: Stamp, people: Class) -> Object:
    named = ((Kind.SCHOOL, "school_id"), (Kind.COURSE, "course_id"), (Kind.TERM, "term_id"))
    refers = Refers(*(view.id_of(kind, row[column]) for kind, column in named))
    return objects.section(view, row, stamp, people, refers)


def _classes(c: Connection, view: View, sections: Collection[int]) -> dict[int, Class]:
    students, first = students_of(c, view, sections), dict[int, str]()
    teachers: dict[int, list[str]] = {}
    for section, position, id_ in teachers_of(c, view, sections):
        teachers.setdefault(section, []).append(id_)
        if position == _FIRST:
            first[section] = id_
    return {no: Class(first.get(no), teachers.get(no, []), students.get(no, [])) for no in sections}
