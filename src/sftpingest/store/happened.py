"""Events: what came, changed and went for a vendor, one after the other.

In:  a Connection, a vendor, the districts that it sees today.
Out: Happening, one an event, in the order of their numbers; what the record looked like then.

An event shows its record as today's sharing would show it as of the sync of its edition, and never a field that the
sharing of that edition did not grant. So what a district takes away is gone from old events too, and nobody reads in
them what he could not have read then.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection, select

from sftpingest.roster.kinds import Kind
from sftpingest.store.editions import EDITION, EVENT, KINDS, NUMBER, SEEN, Edition, Happened, edition_of, numbers_of
from sftpingest.store.reading import View
from sftpingest.store.vendors import sharing_of_version
from sftpingest.store.wording import one_of


@dataclass(frozen=True)
class Happening:
    """One event."""

    sequence: int
    happened: Happened
    kind: Kind
    id: str
    no: int
    edition: int
    district_id: int
    at: datetime


def happenings(  # noqa: PLR0913  (a page is told by so much)
    c: Connection,
    vendor_id: int,
    limit: int,
    *,
    after: int = 0,
    before: int | None = None,
    until: int | None = None,
    only: int | None = None,
    kinds: Collection[Kind] = (),
) -> list[Happening]:
    """The next events after a number, up to and with `until`; or the last ones before one.

    `only` of one district, and of those kinds.
    """
    joined = sa.join(EVENT, EDITION, EDITION.c.id == EVENT.c.edition_id)
    columns = (*EVENT.c, EDITION.c.district_id, EDITION.c.at)
    chosen = select(*columns).select_from(joined).where(EVENT.c.vendor_id == vendor_id, EVENT.c.sequence > after)
    if before is not None:
        chosen = chosen.where(EVENT.c.sequence < before)
    if until is not None:
        chosen = chosen.where(EVENT.c.sequence <= until)
    if only is not None:
        chosen = chosen.where(EDITION.c.district_id == only)
    if kinds:
        chosen = chosen.where(EVENT.c.kind.in_(numbers_of(kinds)))
    order = EVENT.c.sequence if before is None else EVENT.c.sequence.desc()
    rows = c.execute(chosen.order_by(order).limit(limit)).all()
    return [_happening(row) for row in (rows if before is None else reversed(rows))]


def _happening(row: "sa.Row[tuple[object, ...]]") -> Happening:
    of = row._mapping  # noqa: SLF001  (SQLAlchemy's public name for it)
    its = {name: of[name] for name in ("sequence", "id", "no", "district_id", "at")}
    return Happening(**its, happened=Happened(of["happened"]), kind=KINDS[of["kind"]], edition=of["edition_id"])


class Then:
    """How districts looked in the editions of events, as far as today's sharing shows it."""

    def __init__(self, c: Connection, vendor_id: int, today: Iterable[View]) -> None:
        self._c, self._vendor_id = c, vendor_id
        self._today = {view.district.id: view for view in today}
        self._known: dict[int, tuple[View | None, View | None]] = {}

    def views(self, one: Happening) -> tuple[View | None, View | None]:
        """The district in the edition of an event, and in the one before it; None where nothing is to be shown."""
        if one.edition not in self._known:
            self._known[one.edition] = self._views(one)
        return self._known[one.edition]

    def _views(self, one: Happening) -> tuple[View | None, View | None]:
        today = self._today.get(one.district_id)
        if today is None:
            return None, None
        of = (EDITION.c.vendor_id == self._vendor_id, EDITION.c.district_id == one.district_id)
        two = select(EDITION).where(*of, EDITION.c.id <= one.edition).order_by(EDITION.c.id.desc()).limit(2)
        found = [self._view(today, edition_of(row)) for row in self._c.execute(two)]
        return found[0], found[1] if len(found) > 1 else None

    def _view(self, today: View, edition: Edition) -> View | None:
        if edition.sharing_id is None:
            return None
        granted = sharing_of_version(self._c, edition.sharing_id).groups & today.sharing.groups
        return View(edition, today.district, replace(today.sharing, groups=granted), past=True)


def by_edition(events: Sequence[Happening]) -> dict[tuple[int, Kind], list[Happening]]:
    """Events of one edition and kind together: their records are read in one go."""
    out: dict[tuple[int, Kind], list[Happening]] = {}
    for one in events:
        out.setdefault((one.edition, one.kind), []).append(one)
    return out


def since_of(c: Connection, vendor_id: int, kind: Kind, ids: Collection[str]) -> dict[str, int]:
    """By id the edition since which a record is seen; those that are not seen any more are not there."""
    its = (SEEN.c.vendor_id == vendor_id, SEEN.c.kind == NUMBER[kind])
    chosen = select(SEEN.c.id, SEEN.c.since).where(*its, one_of(SEEN.c.id, sa.literal(json.dumps(list(ids)))))
    return {row.id: row.since for row in c.execute(chosen)}
