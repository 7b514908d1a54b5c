"""When a district held a person, that is, from when to when a vendor may have seen it.

In:  a district, the kind of a person, the district's own id of it.
Out: Sought, for questions to the disclosure log.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

import sqlalchemy as sa

from sftpingest.roster.disclosed import Shown, Sought, Span
from sftpingest.roster.ids import record_id
from sftpingest.roster.kinds import Kind
from sftpingest.store import accounts
from sftpingest.store.editions import EVENT, NUMBER, Happened
from sftpingest.store.tables import Sync, UtcTime, table
from sftpingest.store.vendors import vendors
from sftpingest.store.versions import VERSIONS


def sought(c: sa.Connection, slug: str, kind: Kind, key: str) -> Sought:
    """Whom to look for. Of a district that was removed nobody can tell any more when it held whom."""
    try:
        district = accounts.district(c, slug)
    except accounts.NoSuchDistrict:
        return Sought(kind, frozenset({record_id(slug, kind, key)}))
    spans = _spans(c, district.id, kind, key)
    ids = {record_id(slug, kind, one) for one in (key, *(key for key, _ in spans))}
    shown = _shown(c, kind, ids)
    return Sought(kind, frozenset(ids), tuple(span for _, span in spans), district.created_at, shown)


def _shown(c: sa.Connection, kind: Kind, ids: Collection[str]) -> dict[str, Shown]:
    """What each vendor that there is saw of these records, by its events."""
    events: dict[int, dict[str, list[tuple[int, int]]]] = {}
    chosen = sa.select(EVENT.c.vendor_id, EVENT.c.id, EVENT.c.sequence, EVENT.c.happened)
    chosen = chosen.where(EVENT.c.kind == NUMBER[kind], EVENT.c.id.in_(ids)).order_by(EVENT.c.sequence)
    for vendor, id_, sequence, happened in c.execute(chosen):
        events.setdefault(vendor, {}).setdefault(id_, []).append((sequence, happened))
    return {
        one.name: Shown(one.created_at, tuple(span for told in events.get(one.id, {}).values() for span in _seen(told)))
        for one in vendors(c)
    }


def _seen(told: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int | None]]:
    """From which event to before which a record was seen."""
    first: int | None = None
    for sequence, happened in told:
        if happened == Happened.DELETED and first is not None:
            yield first, sequence
            first = None
        elif first is None:
            first = sequence
    if first is not None:
        yield first, None


def _spans(c: sa.Connection, district_id: int, kind: Kind, key: str) -> list[tuple[str, Span]]:
    """The key and the times of every version; of a contact also of those under its own id beside a student's."""
    its, begun, ended = VERSIONS[kind], table(Sync).alias(), table(Sync).alias()
    named = its.c.id == key
    if kind is Kind.CONTACT:
        named |= (its.c.own_id == key) | (its.c.sis_id == key)
    chosen = (
        sa.select(its.c.id, _end_of(begun), _end_of(ended))
        .join(begun, begun.c.id == its.c.first_sync)
        .outerjoin(ended, ended.c.id == its.c.end_sync)
        .where(its.c.district_id == district_id, named)
    )
    return [(own, Span(since, until)) for own, since, until in c.execute(chosen)]


def _end_of(sync: sa.FromClause) -> "sa.ColumnElement[datetime]":
    return sa.func.coalesce(sync.c.finished_at, sync.c.created_at, type_=UtcTime)
