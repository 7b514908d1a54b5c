"""Who works on a district: whoever has its lock, and nobody else.

In:  the store, the folder of locks.
Out: the sync that comes next, with the lock of its district.

The lock is taken back by the kernel (SQLite: flock) or by the server (PostgreSQL: advisory lock of a session) when its
worker dies, however it dies. So a row that says `running` to whoever gets the lock says that its worker died. There are
no leases, no heartbeats and no clocks. A worker that lost its lock and lives on is caught by `journal.Overtaken`.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError

from sftpingest.store import accounts, journal
from sftpingest.store.tables import District, Sync, now

#: The class of our advisory locks; the district's id is the other half of the key.
_CLASS = 0x5F7B


@contextmanager
def claim(engine: Engine, locks: Path, only: str | None = None) -> Iterator[Sync | None]:
    """The oldest due sync whose district's lock this process got, until the end of the block; None where none is due.

    `only` is the slug of the one district to look at.
    """
    for district in _districts(engine, only):
        with lock(engine, locks, district) as got:
            # Looked up again under the lock: until then another worker may have had its turn.
            sync = _next(engine, district.id) if got else None
            if sync is not None:
                yield sync
                return
    yield None


def _districts(engine: Engine, only: str | None) -> list[District]:
    """Those with a sync that may be worked on, the oldest sync first."""
    with engine.connect() as c:
        waiting = journal.waiting(c, now())
        found = [accounts.district_of(c, sync.district_id) for sync in waiting]
    return [district for district in found if only in {None, district.slug}]


def _next(engine: Engine, district_id: int) -> Sync | None:
    with engine.connect() as c:
        return next(iter(journal.waiting(c, now(), district_id)), None)


@contextmanager
def lock(engine: Engine, locks: Path, district: District) -> Iterator[bool]:
    """Try to get the lock of a district for the length of the block; says whether it was got. Never waits."""
    kind = _advisory(engine, district.id) if engine.dialect.name == "postgresql" else _flock(locks, district.slug)
    with kind as got:
        yield got


@contextmanager
def _flock(locks: Path, slug: str) -> Iterator[bool]:
    locks.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The file is never removed: two workers could then hold locks on two files of one name.
    fd = os.open(locks / f"{slug}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(fd)


@contextmanager
def _advisory(engine: Engine, district_id: int) -> Iterator[bool]:
    # On a connection of its own, outside of any transaction: it is held for as long as the sync takes.
    with engine.connect() as c:
        c.execution_options(isolation_level="AUTOCOMMIT")
        got = bool(c.scalar(select(func.pg_try_advisory_lock(_CLASS, district_id))))
        try:
            yield got
        finally:
            try:
                if got:
                    c.scalar(select(func.pg_advisory_unlock(_CLASS, district_id)))
            except DBAPIError:
                c.invalidate()  # the connection broke, and the lock is gone with it
