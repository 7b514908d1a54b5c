"""Removes snapshots that nobody needs any more.

In:  the store, a district's folders.
Out: less in uploads/.
"""

import time

from sqlalchemy import Engine

from sftpingest import inbox
from sftpingest.inbox import Folders
from sftpingest.store import journal


def tidy(engine: Engine, folders: Folders, *, grace: float | None = None) -> None:
    """Remove the snapshots of syncs that are over for good and reported.

    With `grace` also those that no sync knows and nobody has touched for so many seconds: a crash came between the
    snapshot and the queue. Younger ones may be on their way there.
    """
    there = inbox.snapshots(folders)
    if not there:
        return
    with engine.connect() as c:
        over = journal.over(c, there)
    for mark, touched in there.items():
        forgotten = mark not in over and grace is not None and touched <= time.time() - grace
        if forgotten or over.get(mark, False):
            inbox.drop_snapshot(folders, mark)
