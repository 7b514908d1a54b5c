"""Which enrollments a door finds: who is in which section, where both are seen, and who left it lately.

In:  a Connection, an Asking; its live meanings are not used: enrollments have values of their own, VALUES.
Out: a page of Joined, how many there are.

An enrollment has no id in the store: it is named by section, person and role, in that order.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import accumulate
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy import Connection

from sftpingest.roster.kinds import TEACHER, Kind
from sftpingest.store.asked import Asking, Condition, Sign
from sftpingest.store.asking import CHANGED, alike, by_index, held, of_time, within_id
from sftpingest.store.counted import LIMIT, OFFSET, UPTO, Counted, Cut, between, by_first_digits, counted
from sftpingest.store.editions import EDITION, NUMBER, SEEN
from sftpingest.store.seats import LETTERS, VALUES, Seat, last_sync, left_lately, school_of
from sftpingest.store.unions import together
from sftpingest.store.values import Where
from sftpingest.store.versions import VERSIONS
from sftpingest.store.wording import by_bytes

#: `seen` once more: an enrollment joins two of its records, and is at a school.
PERSON, SCHOOL = SEEN.alias("person"), SEEN.alias("school")


#: Where the district stands in a row.
_DISTRICT = 4
#: The kind of the person, by the role.
_KIND = sa.case((VERSIONS[Kind.ENROLLMENT].c.role == TEACHER, NUMBER[Kind.TEACHER]), else_=NUMBER[Kind.STUDENT])


class Joined(NamedTuple):
    """A person in a section. A tuple, for ten thousand are made for a page."""

    section: str
    person: str
    role: int
    position: int
    district_id: int
    changed: int  #: the edition since which it is seen so
    school: str  #: the id of its school; '' where that is not seen
    gone: bool

    @property
    def id(self) -> str:
        """The id under which vendors know it."""
        return f"{self.section}-{self.person}-{LETTERS[self.role]}"


def pages(asking: Asking) -> "sa.Select[Any] | None":
    """For all pages one select; None where there is nothing to ask."""
    order = _order(asking)
    parts = [
        _part(asking, seat).where(*between(seat.section.c.id)).order_by(*order).limit(UPTO) for seat in _seats(asking)
    ]
    if not parts:
        return None
    chosen = together(parts).order_by(*order) if len(parts) > 1 else parts[0]
    return chosen.limit(LIMIT).offset(OFFSET)


def page(c: Connection, asking: Asking, pages: "sa.Select[Any] | None", cut: Cut) -> list[Joined]:
    """The enrollments that stand there."""
    if pages is None:
        return []
    if asking.plain:
        by_index(c)
    return _made(c, asking, c.execute(pages, cut.facts).all())


def count(c: Connection, asking: Asking) -> Counted:
    """How many there are."""
    parts = (by_first_digits(_part(asking, seat), "section") for seat in _seats(asking))
    return counted((digits, many) for part in parts for digits, many in c.execute(part))


def find(c: Connection, asking: Asking, id_: str) -> Joined | None:
    """The enrollment with that id, which is written as one."""
    section, person, letter = id_.split("-")
    for seat in _seats(asking):
        where = (seat.section.c.id == section, seat.person.c.id == person)
        chosen = _part(asking, seat).where(*where, seat.its.c.role == LETTERS.index(letter))
        if found := _made(c, asking, c.execute(chosen).all()):
            return found[0]
    return None


# --------------------------------------------------------------------------------------------------------------- parts


def _seats(asking: Asking) -> list[Seat]:
    ways = (False, True) if asking.since and not asking.within else (False,)
    made = []
    for group in alike(asking.of):
        for gone in ways:
            tables = (SEEN, PERSON, SCHOOL, VERSIONS[Kind.ENROLLMENT])
            made.append(Seat(group, asking.vendor_id, *tables, gone, asking.since))
    return made


def _part(asking: Asking, seat: Seat) -> "sa.Select[Any]":
    section, person, school, its = seat.section, seat.person, seat.school, seat.its
    sits = (its.c.district_id == section.c.district_id, its.c.section_no == section.c.no)
    joined = sa.join(section, its, sa.and_(*sits)).join(person, _seen_as(seat, person, its.c.person_no, _KIND))
    joined = joined.outerjoin(school, _seen_as(seat, school, its.c.school_no, NUMBER[Kind.SCHOOL]))
    chosen = sa.select(*_columns(asking, seat)).select_from(joined).where(*within_id(section, Kind.SECTION, seat.of))
    return chosen.where(*(left_lately(seat) if seat.gone else held(its, seat.of)), _asked(asking, seat))


def _seen_as(seat: Seat, one: sa.FromClause, no: "sa.ColumnElement[int]", kind: Any) -> Where:  # noqa: ANN401  (a number, or what makes it)
    of = (one.c.vendor_id == seat.vendor_id, one.c.district_id == seat.its.c.district_id)
    return sa.and_(*of, one.c.kind == kind, one.c.no == no)


def _columns(asking: Asking, seat: Seat) -> list[Any]:
    its = seat.its.c
    order: Any = sa.literal(0)
    if asking.sort:
        order = _edition(seat) if asking.sort == CHANGED else by_bytes(VALUES[asking.sort](seat))
    named = {
        "section": seat.section.c.id,
        "person": seat.person.c.id,
        "role": its.role,
        "position": its.position,
        "district_id": its.district_id,
        "sync": seat.sync,
        "since": sa.case((seat.section.c.since > seat.person.c.since, seat.section.c.since), else_=seat.person.c.since),
        "school": school_of(seat),
        "gone": sa.literal(int(seat.gone)),
        "sorted_by": order,
    }
    return [column.label(name) for name, column in named.items()]


def _edition(seat: Seat) -> "sa.ColumnElement[int]":
    """The edition since which it is seen so."""
    its = EDITION.alias()
    first = sa.select(sa.func.min(its.c.id)).where(
        its.c.vendor_id == seat.vendor_id, its.c.district_id == seat.its.c.district_id, its.c.sync_id >= seat.sync
    )
    edition = first.correlate(seat.its).scalar_subquery()
    of = sa.case((seat.section.c.since > seat.person.c.since, seat.section.c.since), else_=seat.person.c.since)
    return sa.case((of > edition, of), else_=edition)


# --------------------------------------------------------------------------------------------------- where and order


def _asked(asking: Asking, seat: Seat) -> Where:
    each = [_changed(one, seat) if one.name == CHANGED else one.sql(VALUES[one.name](seat)) for one in asking.where]
    asked = (sa.or_ if asking.any_of else sa.and_)(*each) if each else sa.true()
    return sa.and_(asking.within(cast("Any", seat)), asked) if asking.within else asked


def _changed(one: Condition, seat: Seat) -> Where:
    """Whether it came to be, or went, after a time: a later sync, or an edition that showed more, did it."""
    match one.sign:
        case Sign.AFTER | Sign.NOT_BEFORE:
            editions = sa.select(EDITION.c.id).where(EDITION.c.vendor_id == seat.vendor_id, of_time(one))
            synced = seat.sync > seat.all_of(lambda view: last_sync(seat, view, sa.not_(of_time(one))))
            return (
                synced
                if seat.gone
                else sa.or_(synced, seat.section.c.since.in_(editions), seat.person.c.since.in_(editions))
            )
        case Sign.BEFORE:
            return sa.not_(_changed(Condition(one.name, Sign.NOT_BEFORE, one.value), seat))
        case Sign.NOT_AFTER:
            return sa.not_(_changed(Condition(one.name, Sign.AFTER, one.value), seat))
    both = [_changed(Condition(one.name, sign, one.value), seat) for sign in (Sign.NOT_BEFORE, Sign.NOT_AFTER)]
    return sa.and_(*both) if one.sign is Sign.IS else sa.not_(sa.and_(*both))


def _order(asking: Asking) -> list[Any]:
    ids: list[sa.ColumnElement[Any]] = [sa.literal_column(name) for name in ("section", "person", "role")]
    if not asking.sort:
        return [column.desc() for column in ids] if asking.descending else ids
    value: sa.ColumnElement[Any] = sa.literal_column("sorted_by")
    return [value.desc() if asking.descending else value, *ids]


def _made(c: Connection, asking: Asking, rows: Sequence[Any]) -> list[Joined]:
    editions = {number: _editions(c, asking, number) for number in {row[_DISTRICT] for row in rows}}
    changed = _since(editions)
    return [
        Joined(section, person, role, position, district, changed(district, sync, since, gone), school, gone == 1)
        for section, person, role, position, district, sync, since, school, gone, _ in rows
    ]


def _editions(c: Connection, asking: Asking, district_id: int) -> tuple[list[int], list[int]]:
    """Of a district the syncs of all editions, and the editions."""
    of = (EDITION.c.vendor_id == asking.vendor_id, EDITION.c.district_id == district_id)
    found = c.execute(sa.select(EDITION.c.sync_id, EDITION.c.id).where(*of).order_by(EDITION.c.id)).all()
    return list(accumulate((row.sync_id or 0 for row in found), max)), [row.id for row in found]


def _since(editions: Mapping[int, tuple[list[int], list[int]]]) -> Callable[[int, int, int, int], int]:
    """Since which edition it is seen so: that after its sync, or a later one that showed its section or person."""

    @cache
    def changed(district: int, sync: int, since: int, gone: int) -> int:
        syncs, numbers = editions[district]
        synced = numbers[min(bisect_left(syncs, sync), len(numbers) - 1)]
        return synced if gone else max(synced, since)

    return changed
