"""Refusals, bans and open sessions of all processes of the doors.

In:  a Connection in the caller's transaction. Functions that change something are for a writer's (`briefly`, `begin`).
Out: rows, counts.
"""

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, func, insert, select, text
from sqlalchemy.dialects import postgresql, sqlite

from sftpingest.store.engine import BUSY_SECONDS, WRITES
from sftpingest.store.tables import table
from sftpingest.store.watched import BanRow, DoorProcess, OpenSession, Refusal

REFUSAL = table(Refusal)
BAN = table(BanRow)
PROCESS = table(DoorProcess)
SESSION = table(OpenSession)

#: rows of one statement: SQLite takes some thousands of parameters
_AT_ONCE = 500


@dataclass(frozen=True)
class Counts:
    """Open sessions by login and by origin."""

    logins: Mapping[str, int]
    origins: Mapping[str, int]


@contextmanager
def briefly(engine: Engine, seconds: float) -> Iterator[Connection]:
    """A transaction that writes, or fails when it cannot begin within `seconds`: a running sync may be the writer."""
    with engine.connect() as c:
        raw = c.connection.driver_connection
        if not isinstance(raw, sqlite3.Connection):
            with c.begin():
                c.execute(text(f"SET LOCAL lock_timeout = {round(seconds * 1000)}"))
                yield c
            return
        raw.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")
        try:
            with c.execution_options(**{WRITES: True}).begin():
                yield c
        finally:
            raw.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")


# -- refusals and bans -------------------------------------------------------------------------------------------------


def refused(c: Connection, times: Mapping[str, int], at: datetime) -> None:
    """Count refused proofs of some origins."""
    if times:
        c.execute(insert(REFUSAL), [{"origin": origin, "at": at, "times": count} for origin, count in times.items()])


def refusals(c: Connection, origins: Collection[str], since: datetime) -> dict[str, int]:
    """How many proofs of these origins were refused since then."""
    found: dict[str, int] = {}
    for some in _some(list(origins)):
        chosen = select(REFUSAL.c.origin, func.sum(REFUSAL.c.times)).where(
            REFUSAL.c.origin.in_(some), REFUSAL.c.at > since
        )
        found |= {origin: int(count) for origin, count in c.execute(chosen.group_by(REFUSAL.c.origin))}
    return found


def ban(c: Connection, origin: str, times: int, since: datetime, until: datetime) -> None:
    """Keep an origin out until then; its refusals count no longer. The longer of two bans holds."""
    row = {"origin": origin, "times": times, "since": since, "until": until}
    _put(c, BAN, row, only_if=lambda new: BAN.c.until < new.until)
    c.execute(delete(REFUSAL).where(REFUSAL.c.origin == origin))


def bans(c: Connection, since: datetime, most: int | None = None) -> list[BanRow]:
    """Bans that hold, or ended after `since`; the last to end first, and at most so many."""
    chosen = select(BAN).where(BAN.c.until > since).order_by(BAN.c.until.desc(), BAN.c.origin).limit(most)
    return [BanRow(**row._mapping) for row in c.execute(chosen)]  # noqa: SLF001  (SQLAlchemy's public name for it)


def lift(c: Connection, origin: str) -> bool:
    """Let an origin in again, as if nothing had been; whether it was banned."""
    c.execute(delete(REFUSAL).where(REFUSAL.c.origin == origin))
    return c.execute(delete(BAN).where(BAN.c.origin == origin)).rowcount > 0


def forget(c: Connection, refused_before: datetime, banned_before: datetime) -> None:
    """Remove what counts no longer."""
    c.execute(delete(REFUSAL).where(REFUSAL.c.at < refused_before))
    c.execute(delete(BAN).where(BAN.c.until < banned_before))


# -- sessions ----------------------------------------------------------------------------------------------------------


def sign(c: Connection, process: str, at: datetime) -> bool:
    """Give a sign of life; whether the process was known, with its sessions."""
    known = c.execute(select(PROCESS.c.seen).where(PROCESS.c.process == process)).first() is not None
    _put(c, PROCESS, {"process": process, "seen": at})
    return known


def entered(c: Connection, process: str, sessions: Sequence[Mapping[str, object]]) -> None:
    """Keep sessions of a process: dicts of number, username, origin, since. One that is kept already stays."""
    if sessions:
        made = _insert(c, SESSION).on_conflict_do_nothing()
        c.execute(made, [{"process": process, **one} for one in sessions])


def left(c: Connection, process: str, numbers: Collection[int]) -> None:
    """Remove sessions that have ended."""
    for some in _some(list(numbers)):
        c.execute(delete(SESSION).where(SESSION.c.process == process, SESSION.c.number.in_(some)))


def gone(c: Connection, processes: Collection[str]) -> None:
    """Remove processes that are no more, with their sessions."""
    for some in _some(list(processes)):
        c.execute(delete(PROCESS).where(PROCESS.c.process.in_(some)))


def processes(c: Connection) -> dict[str, datetime]:
    """Every process that is known, and its last sign of life."""
    return {row.process: row.seen for row in c.execute(select(PROCESS))}


def counts(c: Connection, processes: Collection[str]) -> Counts:
    """Open sessions of these processes."""
    return Counts(_counted(c, SESSION.c.username, processes), _counted(c, SESSION.c.origin, processes))


def latest(c: Connection, column: str, value: str, beyond: int, processes: Collection[str]) -> list[tuple[str, int]]:
    """Process and number of those sessions of a login (`username`) or an `origin` that came when `beyond` were in."""
    of = SESSION.c[column] == value
    chosen = select(SESSION.c.process, SESSION.c.number).where(of, SESSION.c.process.in_(processes))
    ordered = chosen.order_by(SESSION.c.since, SESSION.c.process, SESSION.c.number).offset(beyond).limit(1_000_000)
    return [(process, number) for process, number in c.execute(ordered)]


def _counted(c: Connection, column: Any, processes: Collection[str]) -> dict[str, int]:  # noqa: ANN401  (a Core column)
    chosen = select(column, func.count()).where(SESSION.c.process.in_(processes)).group_by(column)
    return {value: int(count) for value, count in c.execute(chosen)}


def _insert(c: Connection, into: Table) -> Any:  # noqa: ANN401  (two classes with the same methods)
    return (sqlite if c.dialect.name == "sqlite" else postgresql).insert(into)


def _put(c: Connection, into: Table, row: Mapping[str, object], only_if: Any = None) -> None:  # noqa: ANN401  (excluded row -> condition)
    """Add a row, or change the one that has its key."""
    made = _insert(c, into).values(**row)
    keys = list(into.primary_key.columns)
    changed = {name: made.excluded[name] for name in row if name not in into.primary_key.columns}
    where = only_if(made.excluded) if only_if else None
    c.execute(made.on_conflict_do_update(index_elements=keys, set_=changed, where=where))


def _some(of: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(of), _AT_ONCE):
        yield of[start : start + _AT_ONCE]
