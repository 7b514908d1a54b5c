"""Only those records that have to do with another one: the classes of a school, the students of a class.

In:  a district, and the key or number of the other record, which is seen.
Out: conditions on a Place (values.py) or a Seat (seats.py).
"""

import sqlalchemy as sa

from sftpingest.roster.kinds import Kind
from sftpingest.store.asked import Within
from sftpingest.store.asking import held, within_id
from sftpingest.store.editions import SEEN
from sftpingest.store.reading import View
from sftpingest.store.related import ROLE
from sftpingest.store.seats import Seat
from sftpingest.store.values import Place, Text, Where
from sftpingest.store.versions import VERSIONS
from sftpingest.store.wording import lists


def naming(column: str, key: str) -> Within:
    """Those that name a record in a column."""

    def where(place: Place) -> Where:
        return place.column(column) == key

    return where


def naming_none(column: str, kind: Kind) -> Within:
    """Those that name none there, or one that is not seen."""

    def where(place: Place) -> Where:
        seen, its = SEEN.alias(), VERSIONS[kind].alias()
        same = (its.c.district_id == seen.c.district_id, its.c.no == seen.c.no, *held(its, place.of))
        known = sa.select(its.c.id).select_from(sa.join(seen, its, sa.and_(*same)))
        known = known.where(*within_id(seen, kind, place.of))
        return place.column(column).not_in(known)

    return where


def both(*parts: Within) -> Within:
    """Those of which all of it is so."""

    def where(place: Place) -> Where:
        return sa.and_(*(part(place) for part in parts))

    return where


def people_in(view: View, section_no: int) -> Within:
    """The people of one role in a section."""

    def where(place: Place) -> Where:
        its = VERSIONS[Kind.ENROLLMENT].alias()
        of = (its.c.district_id == view.district.id, its.c.section_no == section_no, its.c.role == ROLE[place.kind])
        return place.seen.c.no.in_(sa.select(its.c.person_no).where(*of, *held(its, (view,))))

    return where


def sections_of(view: View, kind: Kind, person_no: int) -> Within:
    """The sections in which a person is."""

    def where(place: Place) -> Where:
        its = VERSIONS[Kind.ENROLLMENT].alias()
        of = (its.c.district_id == view.district.id, its.c.person_no == person_no, its.c.role == ROLE[kind])
        return place.seen.c.no.in_(sa.select(its.c.section_no).where(*of, *held(its, (view,))))

    return where


def at_school(key: str) -> Within:
    """The people at a school, or in one of its sections."""

    def where(place: Place) -> Where:
        more = [place.seen.c.schools, *_further(place)]
        further = (sa.and_(schools != "", lists(schools, sa.literal(key))) for schools in more)
        return sa.or_(place.column("school_id") == key, *further)

    return where


def _further(place: Place) -> list[Text]:
    return [place.column("more_school_ids")] if place.kind in {Kind.STUDENT, Kind.STAFF} else []


def named_at_school(view: View, column: str, key: str) -> Within:
    """The courses or terms that the seen sections of a school name."""

    def where(place: Place) -> Where:
        seen, its = SEEN.alias(), VERSIONS[Kind.SECTION].alias()
        same = (its.c.district_id == seen.c.district_id, its.c.no == seen.c.no, *held(its, (view,)))
        of = sa.select(its.c[column]).select_from(sa.join(seen, its, sa.and_(*same)))
        of = of.where(*within_id(seen, Kind.SECTION, (view,)), its.c.school_id == key)
        return place.column("id").in_(of)

    return where


def seats_in(view: View, section_no: int) -> Within:
    """The enrollments of a section."""

    def where(seat: Seat) -> Where:
        return sa.and_(seat.section.c.district_id == view.district.id, seat.section.c.no == section_no)

    return where  # type: ignore[return-value]


def seats_at(view: View, key: str) -> Within:
    """The enrollments of the sections of a school."""

    def where(seat: Seat) -> Where:
        its = VERSIONS[Kind.SECTION].alias()
        of = sa.select(its.c.no).where(its.c.district_id == view.district.id, its.c.school_id == key)
        return seat.section.c.no.in_(of.where(*held(its, (view,))))

    return where  # type: ignore[return-value]
