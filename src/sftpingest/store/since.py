"""Editions by time: which is the first since a day.

In:  a Connection, a vendor.
Out: numbers of editions.
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from sftpingest.store.editions import EDITION, EVENT, Happened

#: Built once, for every request asks it. It goes back from the newest one, and soon finds one of the vendor.
_LAST = (
    sa.select(EDITION.c.id).where(EDITION.c.vendor_id == sa.bindparam("vendor")).order_by(EDITION.c.id.desc()).limit(1)
)


def last(c: Connection, vendor_id: int) -> int:
    """The last edition of a vendor, of whatever district; 0 where there is none."""
    return c.execute(_LAST, {"vendor": vendor_id}).scalar() or 0


def first_since(c: Connection, vendor_id: int, at: datetime) -> int:
    """The first edition of a vendor since then, of whatever district; 0 where there is none."""
    its = (EDITION.c.vendor_id == vendor_id, EDITION.c.at >= at)
    return c.execute(sa.select(sa.func.min(EDITION.c.id)).where(*its)).scalar_one() or 0


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
