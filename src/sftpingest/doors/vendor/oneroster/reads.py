"""One request: what it reads, in one transaction.

In:  a Reader, a Query, the store.
Out: pages of shapes and single ones; what was disclosed by them.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property

from sqlalchemy import Connection

from sftpingest.doors.vendor.disclosing import Disclosed
from sftpingest.doors.vendor.oneroster import people, shapes
from sftpingest.doors.vendor.oneroster.derived import ID, course_none
from sftpingest.doors.vendor.oneroster.query import Query
from sftpingest.doors.vendor.oneroster.remembered import Remembered
from sftpingest.doors.vendor.oneroster.shapes import Make, Shape, Shaping, said_at
from sftpingest.doors.vendor.oneroster.sorts import Sort
from sftpingest.doors.vendor.oneroster.words import Release
from sftpingest.roster.kinds import PEOPLE, PERSON, ROLES, Kind
from sftpingest.roster.sharing import Group
from sftpingest.store import asking, named, since
from sftpingest.store.asked import Asking, Extra, Within
from sftpingest.store.counted import Counted, Cut
from sftpingest.store.found import MADE, Found, found_at
from sftpingest.store.joined import Joined
from sftpingest.store.named import Rows
from sftpingest.store.reading import View, find, times_of, views
from sftpingest.store.tokens import Reader
from sftpingest.store.values import OWN
from sftpingest.store.within import naming_none

#: Records that went are shown as tobedeleted for so many days.
DAYS = 30
USERS = (*PEOPLE, Kind.CONTACT)
#: What rows of a kind name beside schools, so that it can be told whether it is seen.
_NAMES = {
    Kind.CONTACT: {"student_id": Kind.STUDENT},
    Kind.SECTION: {"course_id": Kind.COURSE, "term_id": Kind.TERM},
}
Shown = tuple[list[Shape], int]


@dataclass
class Reading:
    """What one request reads."""

    c: Connection
    reader: Reader
    release: Release
    root: str
    path: str  #: what is read, for what is remembered
    query: Query
    remembered: Remembered
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    shown: list[Found] = field(default_factory=list)  #: what the answer has in it
    seats: list[Joined] = field(default_factory=list)  #: the enrollments in it

    @cached_property
    def views(self) -> list[View]:
        """The districts that are seen today."""
        return views(self.c, self.reader.vendor_id, self.now.date(), only=self.reader.district_id)

    @cached_property
    def state(self) -> tuple[int, datetime, int, bytes, int]:
        """The vendor, the day since when deleted records are shown, the last edition, what is seen, the first edition.

        What editions tell is the same until there is another one; of a district that is seen no more, too. What is
        seen is in short, for it is kept with each answer, and districts may be thousands.
        """
        vendor, day = self.reader.vendor_id, since.days_ago(self.now, DAYS)
        seen = repr([(view.edition.id, view.district.head) for view in self.views])
        its = (vendor, day, since.last(self.c, vendor), hashlib.sha256(seen.encode()).digest())
        return (*its, self.remembered.once("since", its, lambda: since.first_since(self.c, vendor, day)))

    @property
    def since(self) -> int:
        """The first edition whose deleted records are shown."""
        return self.state[-1]

    @cached_property
    def went(self) -> int:
        """The same; 0 where none was deleted since."""
        first, asked = self.since, self.state
        if not first:
            return 0
        any_went = lambda: since.any_went(self.c, self.reader.vendor_id, first)  # noqa: E731
        return first if self.remembered.once("went", asked, any_went) else 0

    @cached_property
    def first_editions(self) -> Mapping[int, int]:
        """The first edition of each district."""
        vendor = self.reader.vendor_id
        return self.remembered.once("first", self.state, lambda: since.first_editions(self.c, vendor))

    @property
    def question(self) -> tuple[object, ...]:
        """What is asked, and of which state: what is remembered of it is good as long as both are the same."""
        return (*self.state, self.path, self.query.asked)

    def times(self, changed: Iterable[int]) -> Mapping[int, datetime]:
        """When those editions were made."""
        asked = frozenset(changed)
        return self.remembered.once("times", asked, lambda: times_of(self.c, asked))

    def shaping(self, changed: Iterable[int]) -> Shaping:
        """What shapes are made with."""
        of = {view.district.id: view for view in self.views}
        return Shaping(self.release, self.root, of, {number: said_at(at) for number, at in self.times(changed).items()})

    def asking(self, sort: Sort, of: Sequence[View], within: Within | None = None) -> Asking:
        """The question, as the store takes it."""
        query = self.query
        return Asking(
            of,
            self.reader.vendor_id,
            sort.live,
            sort.gone if of or sort.show is not people.demographics else {},
            since=self.went,
            where=query.where,
            any_of=query.any_of,
            within=within,
            sort=query.sort,
            descending=query.descending,
        )

    @property
    def disclosed(self) -> Iterator[Disclosed]:
        """What the answer tells: nothing of records that went, and of a record made for OneRoster."""
        told: dict[tuple[int, Kind], list[str]] = {}
        for one in self.shown:
            if not one.gone and one.no != MADE:
                told.setdefault((one.district_id, one.kind), []).append(one.id)
        for seat in self.seats:
            told.setdefault((seat.district_id, PERSON[ROLES[seat.role]]), []).append(seat.person)
            told.setdefault((seat.district_id, Kind.SECTION), []).append(seat.section)
        of = {view.district.id: view for view in self.views}
        return (Disclosed(of[district], kind, ids) for (district, kind), ids in told.items())

    # ------------------------------------------------------------------------------------------------------ pages

    def page(self, sort: Sort, of: Sequence[View], within: Within | None = None, extra: Sequence[Extra] = ()) -> Shown:
        """A page of users, courses, sections or demographics."""
        asked = replace(self.asking(sort, of, within), extra=tuple(extra))
        counted = self.counted(lambda: asking.count(self.c, asked))
        pages = self.remembered.once("pages", self.question, lambda: asking.pages(asked))
        return self.show(sort, asking.page(self.c, pages, self.cut(counted))), counted.total

    def counted(self, count: Callable[[], Counted]) -> Counted:
        """How many there are in all."""
        return self.remembered.once("counted", self.question, count)

    def cut(self, counted: Counted) -> Cut:
        """Where the page stands."""
        query = self.query
        by_id = not (query.sort or query.descending)
        return counted.cut(query.limit, query.offset) if by_id else Cut(query.limit, query.offset)

    def show(self, sort: Sort, found: Sequence[Found]) -> list[Shape]:
        """Records in their shapes."""
        of = self.shaping(one.changed for one in found)
        rows = named.rows(self.c, self.views, found)
        self._look_up(of, sort, rows)
        self.shown += found
        return list(_shapes(of, sort, found, rows))

    def _look_up(self, of: Shaping, sort: Sort, rows: Mapping[tuple[int, Kind], Rows]) -> None:
        """Find which of the records that rows name are seen."""
        for (district, kind), its in rows.items():
            around = of.around[district]
            around.ids[Kind.SCHOOL] = self._schools(around.view)
            for column, other in _NAMES.get(kind, {}).items():
                named.named(self.c, around, other, its.column(column))
            if kind is Kind.STUDENT and sort.show is people.user:
                of.agents[district] = self._contacts(around.view, its)

    def _schools(self, view: View) -> dict[str, str]:
        """All schools of a district, of which there are few."""
        asked = (view.edition.id, view.district.head)
        return self.remembered.once("schools", asked, lambda: named.all_named(self.c, view, Kind.SCHOOL))

    def _contacts(self, view: View, students: Rows) -> dict[str, list[str]]:
        asked = (view.edition.id, view.district.head)
        any_seen = self.remembered.once("contacts", asked, lambda: named.any_seen(self.c, view, Kind.CONTACT))
        if not any_seen or Group.CONTACTS not in view.sharing.groups:
            return {}
        return named.contacts_of(self.c, view, students.column("id"))

    # --------------------------------------------------------------------------------------------------- single ones

    def one(self, sort: Sort, id_: str, of: Sequence[View]) -> Shape | None:
        """A single record, seen or gone."""
        if not ID.fullmatch(id_):
            return None
        key = find(self.c, of, sort.kinds, id_)
        found = found_at(key) if key else asking.gone_with(self.c, self.asking(sort, of), id_)
        return self.show(sort, [found])[0] if found else None

    def courseless(self, of: Sequence[View], within: Within | None = None) -> list[Extra]:
        """The course of sections that have none, in districts where there are such sections."""
        none, first = naming_none("course_id", Kind.COURSE), self.first_editions
        asked = (*(self.question if within else self.state), *(view.district.id for view in of if within))
        find = lambda: named.districts_with(self.c, of, Kind.SECTION, none, within)  # noqa: E731
        its, times = self.remembered.once("courseless", asked, find), self.times(first.values())
        return [self._courseless(view, first[view.district.id], times) for view in of if view.district.id in its]

    def _courseless(self, view: View, edition: int, times: Mapping[int, datetime]) -> Extra:
        id_ = course_none(view.id)
        said = shapes.NO_COURSE | {"sourcedId": id_, "status": "active", "org.sourcedId": view.id}
        return Extra(id_, Kind.COURSE, view.district.id, edition, times[edition], said)


def _shapes(of: Shaping, sort: Sort, found: Iterable[Found], rows: Mapping[tuple[int, Kind], Rows]) -> Iterator[Shape]:
    """One by one. How rows of a kind are shown is made ready once, and again for those with columns of their own."""
    ready: dict[tuple[int, Kind, bool], Make] = {}
    for one in found:
        if one.gone:
            yield sort.went(of, one)
        elif one.no == MADE:
            yield shapes.course_none(of, one)
        else:
            its = rows[one.district_id, one.kind]
            row = its.of[one.no]
            place = (one.district_id, one.kind, bool(row[OWN]))
            if place not in ready:
                ready[place] = sort.show(of, one.kind, its.cells(of.around[one.district_id], own=place[2]))
            yield ready[place](one, row)
