"""Which vendors have something new to be told: where the last edition is not of the roster and sharing that hold.

In:  a Connection, today.
Out: pairs of vendor and district, for publish.py.
"""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, select

from sftpingest.roster.rules import WrongSharing
from sftpingest.roster.sharing import sharing_of
from sftpingest.store.accounts import DISTRICT
from sftpingest.store.editions import EDITION
from sftpingest.store.vendors import DECIDES, VENDOR, VERSION


def due(c: Connection, day: date, district_id: int | None = None) -> list[tuple[int, int]]:
    """Vendor and district of each edition that is to be made, of one district or of all."""
    decides = select(sa.func.max(VERSION.c.id).label("id")).where(VERSION.c.state.in_([one.value for one in DECIDES]))
    decides = decides.group_by(VERSION.c.vendor_id, VERSION.c.district_id)
    last = select(sa.func.max(EDITION.c.id)).group_by(EDITION.c.vendor_id, EDITION.c.district_id)
    edition = select(EDITION).where(EDITION.c.id.in_(last)).subquery()
    pair = (edition.c.vendor_id == VERSION.c.vendor_id, edition.c.district_id == VERSION.c.district_id)
    joined = sa.join(VERSION, DISTRICT, DISTRICT.c.id == VERSION.c.district_id)
    joined = joined.join(VENDOR, VENDOR.c.id == VERSION.c.vendor_id).outerjoin(edition, sa.and_(*pair))
    columns = (VERSION.c.id, VERSION.c.vendor_id, VERSION.c.district_id, VERSION.c.terms, DISTRICT.c.head)
    told = (edition.c.id.label("edition"), edition.c.sync_id, edition.c.sharing_id)
    chosen = select(*columns, *told).select_from(joined).where(VERSION.c.id.in_(decides), VENDOR.c.removed_at.is_(None))
    if district_id is not None:
        chosen = chosen.where(VERSION.c.district_id == district_id)
    return [(row.vendor_id, row.district_id) for row in c.execute(chosen.order_by(VERSION.c.id)) if _is_due(row, day)]


def _is_due(row: Any, day: date) -> bool:  # noqa: ANN401  (a row of that select)
    try:
        is_open = bool(row.terms) and sharing_of(row.terms).open_on(day)
    except WrongSharing:  # of a later version of the program: for this vendor `publish` says so, and the others go on
        return True
    if row.edition is None:
        return is_open
    return (row.sync_id, row.sharing_id) != (row.head, row.id if is_open else None)
