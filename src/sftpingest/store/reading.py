"""What doors read: the last edition of each district that a vendor sees, page by page.

In:  an Engine, a vendor, today.
Out: View, one a district; Key, which says where a record stands. Their rows are in rows.py.

Every door reads through this module, or through shared.py itself: there is no other way to a vendor's records.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, select

from sftpingest.roster.ids import district_id, record_id
from sftpingest.roster.kinds import Kind
from sftpingest.roster.rules import WrongSharing
from sftpingest.roster.sharing import Sharing, sharing_of
from sftpingest.store.editions import EDITION, KINDS, NUMBER, SEEN, Edition
from sftpingest.store.latest import latest
from sftpingest.store.shared import Shared
from sftpingest.store.tables import District, Sync, table
from sftpingest.store.unions import together
from sftpingest.store.wording import Numbers, at_numbers

#: A row as it is seen: `no`, `id` (the district's own) and the columns that are granted.
Row = dict[str, Any]


@dataclass(frozen=True)
class View:
    """One district as one vendor sees it in the last edition."""

    edition: Edition
    district: District
    sharing: Sharing
    #: an edition that is over (happened.py): `seen` does not tell of it, so the definition is asked
    past: bool = False

    @cached_property
    def shared(self) -> Shared:
        """By it records are selected; as they are now where no sync came after the edition, which is quicker."""
        head = self.edition.sync_id
        now = head == self.district.head and not self.past
        return Shared(self.sharing, self.district.id, None if now else head or 0)

    @cached_property
    def id(self) -> str:
        """The id of the district."""
        return district_id(self.slug)

    @cached_property
    def slug(self) -> str:
        """Its short name."""
        return self.district.slug

    def id_of(self, kind: Kind, key: str) -> str:
        """The id of the record of the district that has that key; '' for none."""
        return _id_of(self.slug, kind, key) if key else ""


#: Ten thousand students are of a few schools.
_id_of = lru_cache(maxsize=4_096)(record_id)


class Key(NamedTuple):
    """Where a record that is seen stands. A tuple, for ten thousand are made for a page."""

    id: str
    kind: Kind
    district_id: int
    no: int
    since: int  #: the edition since which it is seen
    changed: int  #: the edition in which it last changed
    schools: str  #: as Seen.schools


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction in which nothing moves: several statements see the same state of the store."""
    options: dict[str, Any] = {}
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect() as c:
        yield c.execution_options(**options)


def views(c: Connection, vendor_id: int, day: date, only: int | None = None) -> list[View]:
    """The districts of which a vendor sees something today, by id; `only` names the one district that is asked for.

    A district whose last edition is not of the sharing that decides is not there: better late than too much.
    """
    out = []
    for district, edition, terms in latest(c, vendor_id, only):
        sharing = _told_by(terms)
        if sharing and sharing.open_on(day):
            out.append(View(edition, district, sharing))
    return out


def _told_by(terms: dict[str, Any]) -> Sharing | None:
    """What a sharing says; one that is ended, or that only a later version of the program can read, shows nothing."""
    try:
        return sharing_of(terms) if terms else None
    except WrongSharing:
        return None


def synced_at(c: Connection, view: View) -> datetime | None:
    """When the sync was applied whose roster is seen."""
    its = table(Sync)
    at: datetime | None = c.scalar(select(its.c.finished_at).where(its.c.id == view.edition.sync_id))
    return at


def times_of(c: Connection, numbers: Collection[int]) -> dict[int, datetime]:
    """When those editions were made."""
    rows = c.execute(_TIMES, {"numbers": list(numbers)}).all()
    return {number: at for number, at in rows}  # noqa: C416  (rows, which dict() does not take)


_TIMES = select(EDITION.c.id, EDITION.c.at).where(at_numbers(EDITION.c.id, sa.bindparam("numbers", type_=Numbers())))


# --------------------------------------------------------------------------------------------------------------- keys


def page(
    c: Connection,
    of: Sequence[View],
    kinds: Collection[Kind],
    limit: int,
    *,
    after: str = "",
    before: str = "",
) -> list[Key]:
    """The next `limit` records of those kinds by ascending id, after an id; or the last ones before one.

    It takes the same time wherever it begins: the index is entered there.
    """
    if not of:
        return []
    place = "before" if before else "after" if after else ""
    given = _given(of) | {"limit": limit} | ({place: before or after} if place else {})
    rows = c.execute(_paged(tuple(kinds), place, one=len(of) == 1), given).all()
    return [key_of(row) for row in (reversed(rows) if before else rows)]


@lru_cache  # a statement that is there already is quicker to run: SQLAlchemy remembers what it said of it
def _paged(kinds: tuple[Kind, ...], place: str, *, one: bool) -> "sa.Select[Any]":
    id_: sa.ColumnElement[str] = sa.literal_column("id")
    parts = [_ordered(kind, place, one=one).limit(sa.bindparam("limit")) for kind in kinds]
    if len(parts) == 1:
        return parts[0]
    return together(parts).order_by(id_.desc() if place == "before" else id_).limit(sa.bindparam("limit"))


def _ordered(kind: Kind, place: str, *, one: bool) -> "sa.Select[Any]":
    chosen = _seen(kind, one=one)
    if place == "before":
        return chosen.where(SEEN.c.id < sa.bindparam("before")).order_by(SEEN.c.id.desc())
    return (chosen.where(SEEN.c.id > sa.bindparam("after")) if place else chosen).order_by(SEEN.c.id)


def _seen(kind: Kind, *, one: bool) -> "sa.Select[Any]":
    """The keys of a kind; of several districts, whose first digits differ, in one go."""
    its = (SEEN.c.vendor_id == sa.bindparam("vendor"), SEEN.c.kind == NUMBER[kind])
    chosen = select(SEEN).where(*its, SEEN.c.district_id.in_(sa.bindparam("districts", expanding=True)))
    if one:  # else an index of all districts is read to find the one
        chosen = chosen.where(SEEN.c.id >= sa.bindparam("first"), SEEN.c.id < sa.bindparam("end"))
    return chosen


def _given(of: Sequence[View]) -> dict[str, Any]:
    """The parameters of `_seen`."""
    first = of[0].id[:6]
    given = {"vendor": of[0].edition.vendor_id, "districts": [view.district.id for view in of]}
    return given | ({"first": first, "end": f"{first}g"} if len(of) == 1 else {})


def find(c: Connection, of: Sequence[View], kinds: Collection[Kind], id_: str) -> Key | None:
    """The record with that id, if it is seen and of one of those kinds."""
    if not of:
        return None
    numbers = [NUMBER[kind] for kind in kinds]
    within = [view.district.id for view in of]
    its = (SEEN.c.vendor_id == of[0].edition.vendor_id, SEEN.c.kind.in_(numbers), SEEN.c.id == id_)
    row = c.execute(select(SEEN).where(*its, SEEN.c.district_id.in_(within))).first()
    return None if row is None else key_of(row)


def count(c: Connection, of: Sequence[View], kinds: Collection[Kind]) -> int:
    """How many records of those kinds are seen."""
    if not of:
        return 0
    given = _given(of)
    return sum(c.execute(_counted(kind, one=len(of) == 1), given).scalar_one() for kind in kinds)


@lru_cache
def _counted(kind: Kind, *, one: bool) -> "sa.Select[Any]":
    return select(sa.func.count()).select_from(_seen(kind, one=one).subquery())


def key_of(row: sa.Row[Any]) -> Key:
    """A row of `seen` as a key."""
    _, district, kind, no, id_, since, changed, schools = tuple(row)  # by their names it would take three times as long
    return Key(id_, KINDS[kind], district, no, since, changed, schools)


def further_of(key: Key) -> tuple[str, ...]:
    """The district's ids of the further schools of a person's sections."""
    return tuple(map(str, json.loads(key.schools))) if key.schools else ()
