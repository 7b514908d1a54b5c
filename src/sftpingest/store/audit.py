"""The audit trail: what happened, each entry sealed with the one before it. Entries are added, and never touched again.

In:  events with their facts, in the caller's transaction.
Out: rows of the table audit; the head of the chain. How an entry is sealed stands in docs/audit.md, for whoever checks
     it with a program of their own.
"""

import hashlib
import json
import math
import os
import platform
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    insert,
    select,
    text,
)
from sqlmodel import Field, SQLModel

from sftpingest.store.tables import now, table

#: What the first entry is sealed with.
GENESIS = "0" * 64
#: The event that removing old entries writes before it removes them: `upto` (id) and `hash` of the last that goes.
PURGED = "audit.purged"
#: The advisory lock under which PostgreSQL's entries are added one batch after the other.
_CHAINING = 0x5F7B_0002
_LARGEST = (1 << 63) - 1
#: What no database or terminal should be given: NUL, and halves of characters.
_UNKEPT = re.compile("[\x00\ud800-\udfff]")
_NUMBER = BigInteger().with_variant(Integer, "sqlite")  # SQLite's own row number; 2^31 entries are a busy year


class Audit(SQLModel, table=True):
    """One entry. It names districts and logins by text alone: it outlives them."""

    __table_args__ = (
        UniqueConstraint("mark", name="audit_mark_once"),
        Index("audit_event", "event", "id"),
        Index("audit_district", "district", "id"),
        Index("audit_username", "username", "id"),
    )

    id: int = Field(sa_column=Column("id", _NUMBER, primary_key=True, autoincrement=False))  #: 1, 2, 3, without gaps
    at: str = Field(sa_type=Text)  #: when it happened: UTC, as 2026-11-24T03:15:02.123456Z
    source: str = Field(sa_type=Text)  #: machine and process that saw it
    event: str = Field(sa_type=Text)
    district: str | None = Field(default=None, sa_type=Text)  #: its slug
    username: str | None = Field(default=None, sa_type=Text)  #: the login that did it, or that it was done to
    address: str | None = Field(default=None, sa_type=Text)
    file: str | None = Field(default=None, sa_type=Text)
    bytes: int | None = Field(default=None, sa_type=BigInteger)
    facts: str = Field(sa_type=Text)  #: what else is known, as JSON
    mark: str = Field(sa_type=Text)  #: names this event, so that it is kept once however often it is told
    hash: str = Field(sa_type=String(64))


AUDIT = table(Audit)
#: What is sealed, in this order.
SEALED = tuple(column for column in AUDIT.c if column.name != "hash")
_NAMED = ("district", "username", "address", "file")


@dataclass(frozen=True)
class Head:
    """The newest entry of a chain. Noted elsewhere it proves what was there."""

    id: int
    hash: str


def source() -> str:
    """Name this machine and process, as entries have it."""
    return f"{platform.node()}:{os.getpid()}"


@dataclass(frozen=True)
class Event:
    """What happened, before it is an entry."""

    event: str
    facts: Mapping[str, object]
    at: datetime = field(default_factory=now)
    source: str = field(default_factory=source)
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True)
class Written:
    """What one call has added: how many entries, and where the chain ends now."""

    count: int
    head: Head | None


def write(c: Connection, event: str, **facts: object) -> None:
    """Add one entry, in the transaction of the change that it tells of (`engine.begin()`).

    Call it last: until the transaction ends nobody else can add an entry, and whoever first held other rows and then
    waited for us could wait for ever.
    """
    write_all(c, [Event(event, facts)])


def write_all(c: Connection, events: Sequence[Event]) -> Written:
    """Add entries for events, in their order, those left out whose mark is there already. As for `write`."""
    last = _last(c)
    told = {event.mark: event for event in events}
    there = set(c.scalars(select(AUDIT.c.mark).where(AUDIT.c.mark.in_(told)))) if told else set()
    rows: list[dict[str, Any]] = []
    for event in (event for mark, event in told.items() if mark not in there):
        row = {"id": last.id + 1, **_row(event)}
        last = Head(row["id"], seal(last.hash, [row[column.name] for column in SEALED]))
        rows.append({**row, "hash": last.hash})
    if rows:
        c.execute(insert(AUDIT), rows)
    return Written(len(rows), last if last.id else None)


def _last(c: Connection) -> Head:
    """The end of the chain, which nobody else can move before our transaction ends.

    On SQLite `engine.begin()` has seen to that already: there is one writer at a time.
    """
    if c.dialect.name == "postgresql":
        c.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAINING})
    row = c.execute(select(AUDIT.c.id, AUDIT.c.hash).order_by(AUDIT.c.id.desc()).limit(1)).first()
    return Head(0, GENESIS) if row is None else Head(row.id, row.hash)


def seal(previous: str, values: Sequence[object]) -> str:
    """The hash of an entry: of the hash before it, and of its own values in the order of SEALED."""
    canonical = json.dumps(list(values), separators=(",", ":"), default=lambda value: {"not text": repr(value)})
    return hashlib.sha256(f"{previous}\n{canonical}".encode()).hexdigest()


def _row(event: Event) -> dict[str, Any]:
    """The values of an entry but for its id and hash."""
    facts = {str(name): clean(value) for name, value in event.facts.items()}
    size = facts.get("bytes")
    row: dict[str, Any] = {name: _text(facts.pop(name, None)) for name in _NAMED}
    row["bytes"] = facts.pop("bytes") if type(size) is int and 0 <= size <= _LARGEST else None
    kept = json.dumps(facts, ensure_ascii=False, sort_keys=True)
    own = {"event": event.event, "source": clean(event.source), "mark": event.mark}
    return {**row, **own, "at": written(event.at), "facts": kept}


def written(at: datetime) -> str:
    """A time as entries have it. Equally long whatever it is, so that text in order is time in order."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def clean(value: object) -> Any:  # noqa: ANN401  (what JSON can hold)
    """The same as JSON and both stores can hold it."""
    match value:
        case None | bool() | int():
            return value
        case str():
            return _UNKEPT.sub("\N{REPLACEMENT CHARACTER}", value)
        case float() if math.isfinite(value):
            return value
        case Mapping():
            return {clean(str(name)): clean(inner) for name, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [clean(inner) for inner in value]
    return clean(str(value))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
