"""Editions by time: which is the first since a day, when was one made.

In:  a Connection, a vendor.
Out: numbers of editions, and times.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from sftpingest.store.editions import EDITION, EVENT, Happened
from sftpingest.store.tables import UtcTime

#: Built once, for every request asks it.
_LATELY = sa.case((EDITION.c.at >= sa.bindparam("at", type_=UtcTime()), EDITION.c.id))
_LAST_AND_SINCE = sa.select(sa.func.max(EDITION.c.id), sa.func.min(_LATELY)).where(
    EDITION.c.vendor_id == sa.bindparam("vendor", type_=sa.Integer())
)


def last_and_since(c: Connection, vendor_id: int, at: datetime) -> tuple[int, int]:
    """The last edition of a vendor, of whatever district, and the first since then; 0 where there is none."""
    last, first = c.execute(_LAST_AND_SINCE, {"vendor": vendor_id, "at": at}).one()
    return last or 0, first or 0


def times_of(c: Connection, editions: Collection[int]) -> dict[int, datetime]:
    """When those editions were made."""
    chosen = sa.select(EDITION.c.id, EDITION.c.at).where(EDITION.c.id.in_(sorted(editions)))
    return {row.id: row.at for row in c.execute(chosen)}


def any_went(c: Connection, vendor_id: int, since: int) -> bool:
    """Whether an event since an edition told of a record as deleted."""
    deleted: sa.ColumnElement[int] = sa.literal_column(str(int(Happened.DELETED)))
    its = (EVENT.c.vendor_id == vendor_id, EVENT.c.happened == deleted, EVENT.c.edition_id >= since)
    return c.execute(sa.select(EVENT.c.id).where(*its).limit(1)).first() is not None


def first_editions(c: Connection, vendor_id: int) -> dict[int, int]:
    """The first edition of each district."""
    chosen = sa.select(EDITION.c.district_id, sa.func.min(EDITION.c.id).label("id"))
    chosen = chosen.where(EDITION.c.vendor_id == vendor_id).group_by(EDITION.c.district_id)
    return {row.district_id: row.id for row in c.execute(chosen)}


def days_ago(now: datetime, days: int) -> datetime:
    """The beginning of that day."""
    day = now.astimezone(UTC) - timedelta(days=days)
    return day.replace(hour=0, minute=0, second=0, microsecond=0)
