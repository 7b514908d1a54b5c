"""What is asked for: a district that the vendor sees, as of a sync; and what a file of it is called.

In:  a Connection on which nothing moves, who reads, words of the address.
Out: Asked, Disclosed. Unknown, not shared and not of this district are one and the same refusal.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version

import sqlalchemy as sa

from sftpingest.doors.vendor.export.written import REVISION
from sftpingest.doors.vendor.refused import Refused
from sftpingest.doors.vendor.seen import seen
from sftpingest.roster.exported import exported
from sftpingest.roster.kinds import Kind
from sftpingest.store.editions import EDITION, last_sequence
from sftpingest.store.journal import SYNC
from sftpingest.store.reading import View
from sftpingest.store.tables import State
from sftpingest.store.tokens import Reader

_NOTHING = "There is nothing at this address."


@dataclass(frozen=True)
class Asked:
    """A district as a vendor sees it, and the sync as of which it is asked for."""

    vendor: str
    view: View
    sequence: int  #: of the vendor's last event
    as_of: int | None = None  #: an earlier sync
    since: int | None = None  #: of changes the sync from which on they are told

    @property
    def sync(self) -> int:
        """The sync that it is of."""
        return self.as_of or self.view.edition.sync_id or 0

    @property
    def of(self) -> str:
        """How the names of its files begin: nobody may read them once the vendor has another edition."""
        return beginning(self.view.edition.vendor_id, self.view.district.id, self.view.edition.id)

    def tag(self, what: str, shape: str) -> str:
        """Stands for the bytes of a file: who sees what of which state, written by which program."""
        its = self.view.edition
        groups = ",".join(sorted(self.view.sharing.groups))
        facts = (its.vendor_id, its.id, self.sync, self.since, groups, what, shape, REVISION, version("sftpingest"))
        return hashlib.sha256("\0".join(map(str, facts)).encode()).hexdigest()[:32]

    @property
    def headers(self) -> dict[str, str]:
        """What every answer says; an earlier state and events do not join."""
        now_ = {"X-Sequence": str(self.sequence)} if self.as_of is None else {}
        return {"X-Sync": str(self.sync)} | now_


@dataclass(frozen=True)
class Disclosed:
    """What a vendor is about to get."""

    vendor_id: int
    vendor: str
    district: str  #: its short name
    kinds: tuple[str, ...]
    fields: tuple[str, ...]  #: names of columns
    rows: int
    people: int
    sync: int
    sequence: int  #: 0 where it is of an earlier state: events do not tell of that
    shape: str
    whole: bool = True  #: all that is seen of these kinds; else what has changed
    part: bool = False  #: only some bytes were asked for


def asked(c: sa.Connection, reader: Reader, district: str, as_of: int | None = None, since: int | None = None) -> Asked:
    """The district of that short name or id. Raises Refused."""
    view = next((view for view in seen(c, reader) if district in {view.district.slug, view.id}), None)
    if view is None or not all(_left_a_roster(c, view, sync) for sync in (as_of, since) if sync is not None):
        raise Refused(404, _NOTHING)
    return Asked(reader.vendor, view, last_sequence(c, reader.vendor_id), as_of, since)


def _left_a_roster(c: sa.Connection, view: View, sync: int) -> bool:
    """Whether it is one of the district that was applied, and that the vendor could read under the sharing of today.

    Of earlier rosters it would see who had left before it came, and fields that were not granted then.
    """
    its = EDITION.c
    under = (its.vendor_id == view.edition.vendor_id, its.district_id == view.district.id)
    first = c.scalar(sa.select(sa.func.min(its.sync_id)).where(*under, its.sharing_id == view.edition.sharing_id))
    of = (SYNC.c.id == sync, SYNC.c.district_id == view.district.id, SYNC.c.state == State.APPLIED)
    known = first is not None and first <= sync <= (view.edition.sync_id or 0)
    return known and c.execute(sa.select(SYNC.c.id).where(*of)).first() is not None


def granted(view: View) -> list[Kind]:
    """The kinds of which anything can be seen."""
    return [kind for kind in Kind if exported(kind, view.sharing.groups)]


def beginning(vendor_id: int, district_id: int, edition: int) -> str:
    """How the names of files of an edition begin."""
    return f"{vendor_id}-{district_id}-{edition}"


def last_editions(c: sa.Connection) -> Iterator[tuple[int, int, int]]:
    """The last edition of each vendor and district, and as of district 0 of each vendor."""
    its = EDITION.c
    for by in ((its.vendor_id, its.district_id), (its.vendor_id, sa.literal(0))):
        groups = by if by[1] is its.district_id else by[:1]
        yield from (tuple(row) for row in c.execute(sa.select(*by, sa.func.max(its.id)).group_by(*groups)))


def names(kinds: Iterable[Kind], view: View) -> tuple[str, ...]:
    """The columns of kinds, each once."""
    return tuple(dict.fromkeys(one.name for kind in kinds for one in exported(kind, view.sharing.groups)))
