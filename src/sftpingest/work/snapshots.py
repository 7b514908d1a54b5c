"""Removes what nobody needs any more: snapshots, old reports, uploads that broke off long ago.

In:  the store, a district's folders.
Out: less in uploads/, reports/ and staging/. Never an error: what cannot be removed is logged and tried again later.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import Engine

from sftpingest import inbox
from sftpingest.inbox import Folders
from sftpingest.store import journal
from sftpingest.store.tables import now
from sftpingest.work.fault import fault

log = structlog.get_logger()


def tidy(engine: Engine, folders: Folders, *, grace: float | None = None) -> None:
    """Remove the snapshots of syncs that are over for good and reported.

    With `grace` also those that no sync knows and nobody has touched for so many seconds: a crash came between the
    snapshot and the queue. Younger ones may be on their way there.
    """
    with _spared(folders):
        there = inbox.snapshots(folders)
        if not there:
            return
        with engine.connect() as c:
            over = journal.over(c, there)
        for mark, touched in there.items():
            forgotten = mark not in over and grace is not None and touched <= time.time() - grace
            if forgotten or over.get(mark, False):
                inbox.drop_snapshot(folders, mark)


def prune(folders: Folders, keep_days: int) -> None:
    """Remove reports, and uploads that broke off, that are older than the retention time of the district."""
    with _spared(folders):
        inbox.prune(folders, keep_days, now())
    with _spared(folders):
        dropped = inbox.drop_broken_off(folders, keep_days, now())
        if dropped:
            log.info("partials.dropped", district=folders.root.name, files=len(dropped))


@contextmanager
def _spared(folders: Folders) -> Iterator[None]:
    """Whoever tidies up has done, or is about to do, what matters more: that must not fail for this."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  (one district, or the removal of what is done, must not stop the others)
        log.error("tidying.failed", district=folders.root.name, fault=fault(error))  # noqa: TRY400  (never the message)
