"""Back to an earlier roster, as a sync of its own.

In:  a district and one of its applied syncs.
Out: the roster as that sync left it; history goes on, nothing is erased.
"""

import uuid
from collections.abc import Callable

from sqlalchemy import Engine

from sftpingest.inbox import Folders
from sftpingest.store import StoreError, accounts, journal
from sftpingest.store.restore import restore_versions
from sftpingest.store.tables import State, Sync

_DOOR = "restore:"


class NotRestorable(StoreError):
    """Sync {sync_id} of "{slug}" was never applied: there is no roster to go back to. See `sftpingest syncs {slug}`."""


def restore(
    engine: Engine, folders: Folders, slug: str, sync_id: int, record: Callable[..., None] | None = None
) -> int:
    """Queue the way back to the roster as `sync_id` left it; returns the id of the new sync.

    `record` enters it into the audit trail, in the same transaction: its arguments are those of store.audit.write.
    Raises NoSuchDistrict, NoSuchSync, NotRestorable.
    """
    folders.make()
    with engine.begin() as c:
        district = accounts.district(c, slug)
        then = journal.sync(c, sync_id)
        if then.state is not State.APPLIED or then.district_id != district.id:
            raise NotRestorable(sync_id=sync_id, slug=slug)
        made = journal.queue(c, district.id, uuid.uuid4().hex, f"{_DOOR}{sync_id}", None)
        if record:
            record(c, "sync.restored", district=slug, sync=made, then=sync_id)
        return made


def is_restore(sync: Sync) -> bool:
    """Whether this sync brings no files but goes back."""
    return sync.door.startswith(_DOOR)


def run_restore(engine: Engine, sync: Sync) -> None:
    """Do it. A person asked for it, so it is never held."""
    then = int(sync.door.removeprefix(_DOOR))
    with engine.begin() as c:
        district = accounts.district_of(c, sync.district_id)
        journal.replace_held(c, sync.district_id, sync.id)
        kinds = restore_versions(c, sync.district_id, sync.id, then)
        reason = f"Went back to the roster as sync {then} left it."
        journal.finish(c, sync.id, sync.attempts, State.APPLIED, base=district.head, reason=reason, kinds=kinds)
