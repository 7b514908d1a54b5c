"""The journal: every sync, every change of its state; findings.py keeps its findings.

In:  a Connection in the caller's transaction, so that roster, journal and findings commit together.
Out: Sync, Transition.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import Connection, Row, case, func, insert, or_, select, update

from sftpingest.store import StoreError
from sftpingest.store.tables import (
    ENDED,
    OVER,
    TRANSITIONS,
    District,
    State,
    Sync,
    Transition,
    now,
    table,
)

DISTRICT = table(District)
SYNC = table(Sync)
TRANSITION = table(Transition)


class NoSuchSync(StoreError):
    """There is no sync {sync_id}. `sftpingest syncs SLUG` shows those of a district."""


class NotHeld(StoreError):
    """Sync {sync_id} is {state}, not held. Only a held sync can be released or discarded."""


class Moved(StoreError):
    """The roster has changed since sync {sync_id} was held, so it cannot be released. Upload again."""


class Overtaken(StoreError):
    """Sync {sync_id} was taken over by another worker, which finishes it. Nothing is to be done."""


class Facts(TypedDict, total=False):
    """What a sync leaves in its row when it ends."""

    base: int | None
    fingerprint: str | None
    digest: str | None
    reason: str
    files: dict[str, Any]
    kinds: dict[str, Any]
    findings: dict[str, int]


def queue(c: Connection, district_id: int, mark: str, door: str, signature: str | None) -> int:
    """Queue a snapshotted upload; returns the id of its sync. A mark that is there already is an IntegrityError."""
    fresh = Sync(district_id=district_id, mark=mark, door=door, signature=signature, state=State.QUEUED)
    facts = fresh.model_dump(exclude={"id"})
    sync_id = int(c.execute(insert(SYNC).values(facts).returning(SYNC.c.id)).scalar_one())
    _note(c, sync_id, None, State.QUEUED)
    return sync_id


def sync(c: Connection, sync_id: int) -> Sync:
    """The sync of that id. Raises NoSuchSync."""
    row = c.execute(select(SYNC).where(SYNC.c.id == sync_id)).first()
    if row is None:
        raise NoSuchSync(sync_id=sync_id)
    return _sync(row)


def syncs(c: Connection, slug: str, limit: int = 50) -> list[Sync]:
    """The newest syncs of a district, newest first."""
    chosen = select(SYNC).join(DISTRICT).where(DISTRICT.c.slug == slug).order_by(SYNC.c.id.desc()).limit(limit)
    return [_sync(row) for row in c.execute(chosen)]


def transitions(c: Connection, sync_id: int) -> list[Transition]:
    """Every change of state of a sync, in order."""
    chosen = select(TRANSITION).where(TRANSITION.c.sync_id == sync_id).order_by(TRANSITION.c.id)
    return [Transition(**row._mapping) for row in c.execute(chosen)]  # noqa: SLF001  (a public name)


def _sync(row: Row[Any]) -> Sync:
    return Sync(**row._mapping)  # noqa: SLF001  (SQLAlchemy's public name for it)


def waiting(c: Connection, at: datetime, district_id: int | None = None) -> list[Sync]:
    """What may be worked on: of each district the one that comes next, if it is due; oldest first.

    A running one comes before all others of its district (its worker may have died), then the oldest. One that waits
    for its next try makes younger ones of its district wait too: an older roster must never follow a newer one.
    """
    first = case((SYNC.c.state == State.RUNNING, 0), else_=1)
    place = func.row_number().over(partition_by=SYNC.c.district_id, order_by=(first, SYNC.c.id)).label("place")
    going = select(SYNC, place).where(SYNC.c.state.in_([State.QUEUED, State.RUNNING]))
    if district_id is not None:
        going = going.where(SYNC.c.district_id == district_id)
    nexts = going.subquery()
    due = or_(nexts.c.state == State.RUNNING, nexts.c.not_before.is_(None), nexts.c.not_before <= at)
    columns = [nexts.c[column.name] for column in SYNC.c]
    return [_sync(row) for row in c.execute(select(*columns).where(nexts.c.place == 1, due).order_by(nexts.c.id))]


def begin(c: Connection, of: Sync) -> Sync:
    """Queued or running -> running, one attempt more. Raises Overtaken where another began it meanwhile.

    Only for whoever holds the lock of the district (work.claim).
    """
    note = "its worker died; tried again" if of.state is State.RUNNING else ""
    _move(
        c,
        of.id,
        of.state,
        State.RUNNING,
        of.attempts,
        note,
        attempts=of.attempts + 1,
        started_at=now(),
        not_before=None,
    )
    return sync(c, of.id)


def finish(c: Connection, sync_id: int, attempt: int, state: State, **facts: Unpack[Facts]) -> None:
    """Running -> an end state, with its facts; an applied sync becomes the head of its district.

    Raises Overtaken when the row is not running with that attempt: the caller must roll back all it wrote.
    """
    if state not in ENDED:
        raise ValueError(f"{state} is no end")
    _move(c, sync_id, State.RUNNING, state, attempt, "", **facts, finished_at=now(), report=None)
    if state is State.APPLIED:
        its = select(SYNC.c.district_id).where(SYNC.c.id == sync_id).scalar_subquery()
        c.execute(update(DISTRICT).where(DISTRICT.c.id == its).values(head=sync_id))


def retry(c: Connection, sync_id: int, attempt: int, not_before: datetime, note: str) -> None:
    """Running -> queued, to be tried again at `not_before`. Raises Overtaken."""
    _move(c, sync_id, State.RUNNING, State.QUEUED, attempt, note, not_before=not_before)


def release(c: Connection, sync_id: int) -> None:
    """Held -> queued: a person has looked at it and wants it applied. Raises NoSuchSync, NotHeld, Moved."""
    held = sync(c, sync_id)
    head = c.scalar(select(DISTRICT.c.head).where(DISTRICT.c.id == held.district_id))
    if held.state is State.HELD and held.base != head:
        raise Moved(sync_id=sync_id)
    _decide(c, sync_id, State.QUEUED, "released", release=True, not_before=None, finished_at=None)


def discard(c: Connection, sync_id: int) -> None:
    """Held -> discarded: a person does not want it. Raises NoSuchSync, NotHeld."""
    _put_aside(c, sync_id, "discarded", "A person discarded it.")


def replace_held(c: Connection, district_id: int, by_sync_id: int) -> list[int]:
    """Older held syncs of the district -> discarded; returns their ids."""
    older = (SYNC.c.district_id == district_id, SYNC.c.state == State.HELD, SYNC.c.id < by_sync_id)
    gone = list(c.scalars(select(SYNC.c.id).where(*older).order_by(SYNC.c.id).with_for_update()))
    for sync_id in gone:
        _put_aside(c, sync_id, f"replaced by sync {by_sync_id}", f"Upload {by_sync_id} took its place.")
    return gone


def _put_aside(c: Connection, sync_id: int, note: str, why: str) -> None:
    """Held -> discarded; its report, written anew, says why before why it was held."""
    reason = f"{why} {sync(c, sync_id).reason}".strip()
    _decide(c, sync_id, State.DISCARDED, note, reason=reason, finished_at=now(), report=None)


def _decide(c: Connection, sync_id: int, after: State, note: str, **facts: object) -> None:
    of = sync(c, sync_id)
    try:
        _move(c, sync_id, State.HELD, after, of.attempts, note, **facts)
    except Overtaken:
        raise NotHeld(sync_id=sync_id, state=of.state) from None


def _move(c: Connection, sync_id: int, before: State, after: State, attempt: int, note: str, **facts: object) -> None:
    """The one place where a state changes: only from the state and attempt that the caller believes it has."""
    if after not in TRANSITIONS[before]:
        raise ValueError(f"{before} is never followed by {after}")
    believed = (SYNC.c.id == sync_id, SYNC.c.state == before, SYNC.c.attempts == attempt)
    if c.execute(update(SYNC).where(*believed).values(state=after, **facts)).rowcount != 1:
        raise Overtaken(sync_id=sync_id)
    _note(c, sync_id, before, after, note)


def _note(c: Connection, sync_id: int, before: State | None, after: State, note: str = "") -> None:
    c.execute(insert(TRANSITION).values(sync_id=sync_id, at=now(), before=before, after=after, note=note))


def unreported(c: Connection) -> list[Sync]:
    """Syncs that ended and have no report yet, oldest first."""
    chosen = select(SYNC).where(SYNC.c.state.in_(ENDED), SYNC.c.report.is_(None)).order_by(SYNC.c.id)
    return [_sync(row) for row in c.execute(chosen)]


def reported(c: Connection, sync_id: int, folder: str) -> None:
    """The report of a sync is in that folder."""
    c.execute(update(SYNC).where(SYNC.c.id == sync_id).values(report=folder))


def last_signature(c: Connection, district_id: int) -> str | None:
    """What home looked like when it was last snapshotted; None where it never was."""
    known = (SYNC.c.district_id == district_id, SYNC.c.signature.is_not(None))
    signature: str | None = c.scalar(select(SYNC.c.signature).where(*known).order_by(SYNC.c.id.desc()).limit(1))
    return signature


def over(c: Connection, marks: Collection[str]) -> dict[str, bool]:
    """For each of these marks that the store knows: whether its sync is over for good and reported.

    The snapshot of such a one is not needed any more.
    """
    chosen = select(SYNC.c.mark, SYNC.c.state, SYNC.c.report).where(SYNC.c.mark.in_(marks))
    return {row.mark: row.state in OVER and row.report is not None for row in c.execute(chosen)}
