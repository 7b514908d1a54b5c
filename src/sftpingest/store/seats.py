"""Where enrollments are looked for in SQL, and their values.

In:  districts as they are seen.
Out: Seat; VALUES by our words; which enrollments ended lately.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from sftpingest.roster.kinds import TEACHER, Kind
from sftpingest.store.asking import held
from sftpingest.store.editions import EDITION, NUMBER, SEEN
from sftpingest.store.reading import View
from sftpingest.store.values import Text, Where
from sftpingest.store.versions import OPEN, VERSIONS

#: How the role stands in the id, by its number.
LETTERS = ("s", "t")


@dataclass(frozen=True)
class Seat:
    """Where enrollments are looked for in SQL."""

    of: tuple[View, ...]
    vendor_id: int
    section: sa.FromClause  #: as `seen` has it
    person: sa.FromClause  #: the same
    school: sa.FromClause  #: the school that it names, if that is seen
    its: sa.FromClause  #: the versions
    gone: bool
    since: int

    def all_of(self, made: Callable[[View], Any]) -> Any:  # noqa: ANN401
        """For each district what is said of it."""
        cases = [(self.section.c.district_id == view.district.id, made(view)) for view in self.of]
        return cases[0][1] if len(cases) == 1 else sa.case(*cases)

    @property
    def sync(self) -> "sa.ColumnElement[int]":
        """The sync by which it last came to be, or went."""
        column: sa.ColumnElement[int] = self.its.c.end_sync if self.gone else self.its.c.first_sync
        return column


def _letter(seat: Seat) -> Text:
    return sa.case((seat.its.c.role == TEACHER, LETTERS[TEACHER]), else_=LETTERS[0])


def school_of(seat: Seat) -> Text:
    """The school that it names; else that of the section; where neither is seen, none."""
    other, school, section = SEEN.alias(), VERSIONS[Kind.SCHOOL].alias(), VERSIONS[Kind.SECTION].alias()
    of = (other.c.vendor_id == seat.vendor_id, other.c.kind == NUMBER[Kind.SCHOOL])
    second = sa.select(sa.func.min(other.c.id)).where(*of, other.c.district_id == seat.its.c.district_id)
    second = second.where(
        school.c.district_id == other.c.district_id,
        school.c.no == other.c.no,
        school.c.id == section.c.school_id,
        section.c.district_id == other.c.district_id,
        section.c.no == seat.its.c.section_no,
        *held(school, seat.of),
        *held(section, seat.of),
    )
    return sa.func.coalesce(seat.school.c.id, second.correlate(seat.its).scalar_subquery(), "")


#: What enrollments are asked for by, in our words.
VALUES: Mapping[str, Callable[[Seat], Text]] = {
    "id": lambda seat: seat.section.c.id.concat("-").concat(seat.person.c.id).concat("-").concat(_letter(seat)),
    "section": lambda seat: seat.section.c.id,
    "person": lambda seat: seat.person.c.id,
    "role": lambda seat: sa.case((seat.its.c.role == TEACHER, "teacher"), else_="student"),
    "primary": lambda seat: sa.case(
        (seat.its.c.role != TEACHER, ""), (seat.its.c.position == 1, "true"), else_="false"
    ),
    "school": lambda seat: sa.func.coalesce(sa.func.nullif(school_of(seat), ""), seat.all_of(lambda view: view.id)),
    "status": lambda seat: sa.literal("tobedeleted" if seat.gone else "active"),
}


def left_lately(seat: Seat) -> list[Where]:
    """Those that ended lately, were seen before, and did not come back."""
    its, later = seat.its, VERSIONS[Kind.ENROLLMENT].alias()
    same = [later.c[name] == its.c[name] for name in ("district_id", "section_no", "person_no", "role")]
    head = seat.all_of(lambda view: sa.literal(view.edition.sync_id or 0))
    again = sa.exists().where(*same, later.c.end_sync > its.c.end_sync, later.c.first_sync <= head)
    until = EDITION.alias()
    before = sa.select(sa.func.max(until.c.sync_id)).where(
        until.c.vendor_id == seat.vendor_id, until.c.district_id == its.c.district_id, until.c.sync_id < its.c.end_sync
    )
    last = before.where(until.c.id >= seat.section.c.since, until.c.id >= seat.person.c.since)
    shown = last.correlate(its, seat.section, seat.person).scalar_subquery() >= its.c.first_sync
    start = seat.all_of(lambda view: last_sync(seat, view, EDITION.c.id < seat.since))
    return [its.c.end_sync != OPEN, its.c.end_sync <= head, its.c.end_sync > start, ~again, shown]


def last_sync(seat: Seat, view: View, which: Where) -> "sa.ColumnElement[int]":
    """The last sync of those editions of a district."""
    chosen = sa.select(sa.func.coalesce(sa.func.max(EDITION.c.sync_id), 0)).where(
        EDITION.c.vendor_id == seat.vendor_id, EDITION.c.district_id == view.district.id, which
    )
    return chosen.scalar_subquery()
