"""One request: what it reads, in one transaction.

In:  a Reader, a Query, the store.
Out: pages of shapes and single ones; what was disclosed by them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from sftpingest.doors.vendor.disclosing import Disclosed
from sftpingest.doors.vendor.oneroster import people, shapes
from sftpingest.doors.vendor.oneroster.derived import ID, course_none
from sftpingest.doors.vendor.oneroster.meaning import DEMOGRAPHICS, DEMOGRAPHICS_GONE, GONE, LIVE
from sftpingest.doors.vendor.oneroster.query import Query
from sftpingest.doors.vendor.oneroster.remembered import Remembered
from sftpingest.doors.vendor.oneroster.shapes import Shape, Shaping, said_at
from sftpingest.doors.vendor.oneroster.words import Release
from sftpingest.roster.kinds import PEOPLE, PERSON, ROLES, Kind
from sftpingest.roster.sharing import Group
from sftpingest.store import asking, named, since
from sftpingest.store.asked import Asking, Extra, Meaning, Within
from sftpingest.store.asking import MADE, Found
from sftpingest.store.joined import Joined
from sftpingest.store.reading import Row, View, find, views
from sftpingest.store.tokens import Reader
from sftpingest.store.within import naming_none

#: Records that went are shown as tobedeleted for so many days.
DAYS = 30
USERS = (*PEOPLE, Kind.CONTACT)
#: What rows of a kind name, so that it can be told whether it is seen.
_NAMES = {
    Kind.STUDENT: {"school_id": Kind.SCHOOL},
    Kind.TEACHER: {"school_id": Kind.SCHOOL},
    Kind.STAFF: {"school_id": Kind.SCHOOL},
    Kind.CONTACT: {"student_id": Kind.STUDENT},
    Kind.SECTION: {"school_id": Kind.SCHOOL, "course_id": Kind.COURSE, "term_id": Kind.TERM},
}
Shown = tuple[list[Shape], int]


@dataclass(frozen=True)
class Sort:
    """How records of one sort are found and shown."""

    kinds: tuple[Kind, ...]
    live: Mapping[Kind, Meaning]
    gone: Mapping[Kind, Meaning]
    show: shapes.Live
    went: shapes.Went


def sort_of(kinds: Sequence[Kind], release: Release) -> Sort:
    """Of users, courses or sections."""
    show, went = {
        Kind.COURSE: (shapes.course, shapes.course_gone),
        Kind.SECTION: (shapes.section, shapes.section_gone),
    }.get(kinds[0], (people.user, people.user_gone))
    live, gone = LIVE[release], GONE[release]
    return Sort(tuple(kinds), {kind: live[kind] for kind in kinds}, {kind: gone[kind] for kind in kinds}, show, went)


def demographics(release: Release) -> Sort:
    """Of demographics."""
    its, gone = {Kind.STUDENT: DEMOGRAPHICS[release]}, {Kind.STUDENT: DEMOGRAPHICS_GONE[release]}
    return Sort((Kind.STUDENT,), its, gone, people.demographics, people.demographics_gone)


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
    in_a_row: bool = False  #: it is all there is between the first and the last id

    @cached_property
    def views(self) -> list[View]:
        """The districts that are seen today."""
        return views(self.c, self.reader.vendor_id, self.now.date(), only=self.reader.district_id)

    @cached_property
    def since(self) -> int:
        """The first edition whose deleted records are shown."""
        return since.edition_since(self.c, self.reader.vendor_id, since.days_ago(self.now, DAYS))

    @cached_property
    def went(self) -> int:
        """The same; 0 where none was deleted since."""
        first = self.since
        return first if first and since.any_went(self.c, self.reader.vendor_id, first) else 0

    @cached_property
    def question(self) -> tuple[object, ...]:
        """What is asked, and of which state: what is remembered of it is good as long as both are the same."""
        state = tuple((view.edition.id, view.district.head) for view in self.views)
        day: date = self.now.date()
        asked = (self.reader.token_hash, self.release, self.path, self.query.asked)
        return (*asked, since.last_edition_of(self.c, self.reader.vendor_id), self.since, hash(state), day)

    def shaping(self, changed: Iterable[int]) -> Shaping:
        """What shapes are made with."""
        of = {view.district.id: view for view in self.views}
        times = since.times_of(self.c, {*changed})
        return Shaping(self.release, self.root, of, {number: said_at(at) for number, at in times.items()})

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
        of = {view.district.id: view for view in self.views}
        for one in self.shown:
            if not one.gone and one.key.no != MADE:
                yield Disclosed(of[one.key.district_id], one.key.kind, [one.key.id])
        for seat in self.seats:
            view, role = of[seat.district_id], ROLES[seat.role]
            yield Disclosed(view, Kind.SECTION, [seat.section])
            yield Disclosed(view, PERSON[role], [seat.person])

    # ------------------------------------------------------------------------------------------------------ pages

    def page(self, sort: Sort, of: Sequence[View], within: Within | None = None, extra: Sequence[Extra] = ()) -> Shown:
        """A page of users, courses, sections or demographics."""
        asked = replace(self.asking(sort, of, within), extra=tuple(extra))
        found = self.paged(
            lambda limit, at, after: asking.page(self.c, asked, limit, at, after), lambda one: one.key.id
        )
        return self.show(sort, found), self.total(lambda: asking.total(self.c, asked))

    def paged(self, page: Callable[[int, int, str], list[Any]], id_of: Callable[[Any], str]) -> list[Any]:
        """A page from its offset on; entered by an id where that is remembered."""
        query = self.query
        by_id = not query.sort and not query.descending
        after = self.remembered.beginning(self.question, query.offset) if by_id and query.offset else None
        found = page(query.limit, 0, after) if after else page(query.limit, query.offset, "")
        if by_id and len(found) == query.limit:
            self.remembered.begins(self.question, query.offset + query.limit, id_of(found[-1]))
        return found

    def total(self, count: Callable[[], int]) -> int:
        """How many there are in all."""
        known = self.remembered.total(self.question)
        if known is None:
            known = count()
            self.remembered.found(self.question, known)
        return known

    def show(self, sort: Sort, found: Sequence[Found]) -> list[Shape]:
        """Records in their shapes."""
        of = self.shaping(one.key.changed for one in found)
        rows = named.rows(self.c, self.views, [one for one in found if one.key.no != MADE])
        self._look_up(of, sort, rows)
        self.shown += found
        return [self._shape(of, sort, one, rows) for one in found]

    def _shape(self, of: Shaping, sort: Sort, one: Found, rows: Mapping[tuple[int, Kind, int], Row]) -> Shape:
        if one.gone:
            return sort.went(of, one)
        if one.key.no == MADE:
            return shapes.course_none(of, one)
        return sort.show(of, one, rows[one.key.district_id, one.key.kind, one.key.no])

    def _look_up(self, of: Shaping, sort: Sort, rows: Mapping[tuple[int, Kind, int], Row]) -> None:
        """Find which of the records that rows name are seen."""
        keys: dict[tuple[int, Kind], set[str]] = {}
        for (district, kind, _), row in rows.items():
            for column, other in _NAMES.get(kind, {}).items():
                keys.setdefault((district, other), set()).add(row.get(column, ""))
        further = {Kind.SCHOOL} if sort.show is people.user else set[Kind]()
        for district in {district for district, _, _ in rows}:
            for kind in further:
                self._all_of(of, district, kind)
        for (district, kind), named_keys in keys.items():
            named.named(self.c, of.around[district], kind, named_keys)
        self._agents(of, sort, rows)

    def _all_of(self, of: Shaping, district: int, kind: Kind) -> None:
        """All schools of a district: people may be at further ones."""
        around = of.around[district]
        around.ids[kind] = named.all_named(self.c, around.view, kind)

    def _agents(self, of: Shaping, sort: Sort, rows: Mapping[tuple[int, Kind, int], Row]) -> None:
        if sort.show is not people.user:
            return
        for district, view in of.views.items():
            students = [row["id"] for (at, kind, _), row in rows.items() if at == district and kind is Kind.STUDENT]
            if students and Group.CONTACTS in view.sharing.groups:
                its = named.contacts_of(self.c, view, students)
                of.agents.update({(district, student): ids for student, ids in its.items()})

    # --------------------------------------------------------------------------------------------------- single ones

    def one(self, sort: Sort, id_: str, of: Sequence[View]) -> Shape | None:
        """A single record, seen or gone."""
        if not ID.fullmatch(id_):
            return None
        key = find(self.c, of, sort.kinds, id_)
        found = Found(key) if key else asking.gone_with(self.c, self.asking(sort, of), id_)
        return self.show(sort, [found])[0] if found else None

    def courseless(self, of: Sequence[View], within: Within | None = None) -> list[Extra]:
        """The course of sections that have none, in districts where there are such sections."""
        none = naming_none("course_id", Kind.COURSE)
        its = named.districts_with(self.c, of, Kind.SECTION, none, within)
        first = since.first_editions(self.c, self.reader.vendor_id)
        times = since.times_of(self.c, first.values())
        return [self._courseless(view, first[view.district.id], times) for view in of if view.district.id in its]

    def _courseless(self, view: View, edition: int, times: Mapping[int, datetime]) -> Extra:
        id_ = course_none(view.id)
        said = shapes.NO_COURSE | {"sourcedId": id_, "status": "active", "org.sourcedId": view.id}
        return Extra(id_, Kind.COURSE, view.district.id, edition, times[edition], said)
