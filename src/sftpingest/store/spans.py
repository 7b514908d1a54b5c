"""When a district held a person, that is, from when to when a vendor may have seen it.

In:  a district, the kind of a person, the district's own id of it.
Out: Sought, for questions to the disclosure log.
"""

from datetime import datetime

import sqlalchemy as sa

from sftpingest.roster.disclosed import Sought, Span
from sftpingest.roster.ids import record_id
from sftpingest.roster.kinds import Kind
from sftpingest.store import accounts
from sftpingest.store.tables import Sync, UtcTime, table
from sftpingest.store.versions import VERSIONS


def sought(c: sa.Connection, slug: str, kind: Kind, key: str) -> Sought:
    """Whom to look for. Of a district that was removed nobody can tell any more when it held whom."""
    try:
        district = accounts.district(c, slug)
    except accounts.NoSuchDistrict:
        return Sought(kind, frozenset({record_id(slug, kind, key)}))
    spans = _spans(c, district.id, kind, key)
    ids = {record_id(slug, kind, one) for one in (key, *(key for key, _ in spans))}
    return Sought(kind, frozenset(ids), tuple(span for _, span in spans), district.created_at)


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
