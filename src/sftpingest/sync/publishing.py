"""Tell vendors what is new: the next edition of each whose district has changed, or whose sharing begins or ends today.

In:  the store, after a sync was applied, or now and then.
Out: editions; a line in the log for each. One that fails stops no other, and is tried again.
"""

import time
from datetime import date

import structlog
from sqlalchemy import Engine

from sftpingest.store import accounts, sql_file
from sftpingest.store.due import due
from sftpingest.store.publish import get_ready, publish
from sftpingest.store.tables import now

log = structlog.get_logger()


def publish_due(engine: Engine, district_id: int | None = None) -> None:
    """Make every edition that is due, of one district or of all. Raises only where the store cannot be reached."""
    day = now().date()
    with engine.connect() as c:
        waiting = due(c, day, district_id)
    if waiting:
        get_ready(engine)
    for vendor_id, its_district in waiting:
        try:
            _publish(engine, vendor_id, its_district, day)
        except Exception as fault:  # noqa: BLE001  (the roster is applied: a vendor who is told late must not undo that)
            log.error("edition.failed", vendor=vendor_id, fault=type(fault).__name__)  # noqa: TRY400  (never the message)
    _refresh(engine, day)


def _refresh(engine: Engine, day: date) -> None:
    """The files of SQLite that vendors have asked for."""
    try:
        for vendor_id in sql_file.refresh(engine, day):
            log.info("sql_file.made", vendor=vendor_id)
    except Exception as fault:  # noqa: BLE001  (as above; it is tried again)
        log.error("sql_file.failed", fault=type(fault).__name__)  # noqa: TRY400


def _publish(engine: Engine, vendor_id: int, district_id: int, day: date) -> None:
    began = time.monotonic()
    with engine.begin() as c:
        district = accounts.district_of(c, district_id)
        made = publish(c, vendor_id, district, day)
    if made is not None:
        log.info(
            "edition.published",
            vendor=vendor_id,
            district=district.slug,
            edition=made.id,
            events=made.last_event - made.first_event + 1,
            seconds=round(time.monotonic() - began, 3),
        )
