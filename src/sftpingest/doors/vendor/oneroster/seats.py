"""Enrollments in the shape of OneRoster.

In:  a Reading.
Out: pages and single ones.
"""

from collections.abc import Sequence
from dataclasses import replace

from sftpingest.doors.vendor.oneroster.derived import SEAT_ID
from sftpingest.doors.vendor.oneroster.entities import SEATS
from sftpingest.doors.vendor.oneroster.reads import Reading, Shown
from sftpingest.doors.vendor.oneroster.shapes import Shape, Shaping, district_of
from sftpingest.roster.kinds import ROLES, TEACHER
from sftpingest.store import joined
from sftpingest.store.asked import Asking, Within
from sftpingest.store.joined import Joined

_ROLES = {role: kind.value for role, kind in enumerate(ROLES)}


def page(reading: Reading, within: Within | None = None) -> Shown:
    """A page of enrollments."""
    asked = _asking(reading, within)
    counted = reading.counted(lambda: joined.count(reading.c, asked))
    pages = reading.remembered.once("seats", reading.question, lambda: joined.pages(asked))
    return _shown(reading, joined.page(reading.c, asked, pages, reading.cut(counted))), counted.total


def one(reading: Reading, id_: str) -> Shape | None:
    """A single enrollment."""
    found = joined.find(reading.c, _asking(reading, None), id_) if SEAT_ID.fullmatch(id_) else None
    return _shown(reading, [found])[0] if found else None


def _asking(reading: Reading, within: Within | None) -> Asking:
    query = reading.query
    where = tuple(replace(each, name=SEATS.get(each.name, each.name)) for each in query.where)
    return Asking(
        reading.views,
        reading.reader.vendor_id,
        {},
        since=reading.since,
        where=where,
        any_of=query.any_of,
        within=within,
        sort=SEATS.get(query.sort, query.sort),
        descending=query.descending,
    )


def _shown(reading: Reading, found: Sequence[Joined]) -> list[Shape]:
    of = reading.shaping(each.changed for each in found)
    reading.seats += found
    return [_shape(of, each) for each in found]


def _shape(of: Shaping, its: Joined) -> Shape:
    out = of.record(its.id, its.changed, gone=its.gone)
    out["user"] = of.reference("user", its.person)
    out["class"] = of.reference("class", its.section)
    out["school"] = of.reference("org", its.school or district_of(its.section))
    out["role"] = _ROLES[its.role]
    if its.role == TEACHER:
        out["primary"] = "true" if its.position == 1 else "false"
    return out
