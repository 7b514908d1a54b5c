"""The audit trail: what happened, each entry sealed with the one before it. Entries are added, and never touched again.

In:  events with their facts, in the caller's transaction.
Out: rows of the table audit; the head of the chain (store/chain.py).
"""

import json
import math
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Index, String, Text, UniqueConstraint, select
from sqlmodel import Field, SQLModel

from sftpingest.store.chain import GENESIS, Chain, Head, Written, add, number, source, written
from sftpingest.store.tables import now, table

#: The event that removing old entries writes before it removes them: `upto` (id) and `hash` of the last that goes.
PURGED = "audit.purged"
_LARGEST = (1 << 63) - 1
#: What no database or terminal should be given: NUL, and halves of characters.
_UNKEPT = re.compile("[\x00\ud800-\udfff]")


class Audit(SQLModel, table=True):
    """One entry. It names districts and logins by text alone: it outlives them."""

    __table_args__ = (
        UniqueConstraint("mark", name="audit_mark_once"),
        Index("audit_event", "event", "id"),
        Index("audit_district", "district", "id"),
        Index("audit_username", "username", "id"),
    )

    id: int = Field(sa_column=number())  #: 1, 2, 3, without gaps
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
_NAMED = ("district", "username", "address", "file")


@dataclass(frozen=True)
class Event:
    """What happened, before it is an entry."""

    event: str
    facts: Mapping[str, object]
    at: datetime = field(default_factory=now)
    source: str = field(default_factory=source)
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)


def _start(c: Connection) -> Head:
    """What the oldest entry must be sealed with: nothing, or what the entry that purged the older ones says."""
    gone = (c.scalar(select(AUDIT.c.id).order_by(AUDIT.c.id).limit(1)) or 1) - 1
    purged = select(AUDIT.c.facts).where(AUDIT.c.event == PURGED).order_by(AUDIT.c.id.desc())
    said = [facts_of(text) for text in c.scalars(purged)] if gone else []
    matching = (Head(gone, str(facts.get("hash"))) for facts in said if facts.get("upto") == gone)
    return next(matching, Head(0, GENESIS))


def facts_of(text: str) -> dict[str, Any]:
    """The facts of an entry; none where somebody has made them unreadable, which `verify` says."""
    try:
        found = json.loads(text)
    except (ValueError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


TRAIL = Chain(AUDIT, "trail", 0x5F7B_0003, _start)


def write(c: Connection, event: str, **facts: object) -> None:
    """Add one entry, in the transaction of the change that it tells of (`engine.begin()`).

    Call it last: until the transaction ends nobody else can add an entry, and whoever first held other rows and then
    waited for us could wait for ever.
    """
    write_all(c, [Event(event, facts)])


def write_all(c: Connection, events: Sequence[Event]) -> Written:
    """Add entries for events, in their order, those left out whose mark is there already. As for `write`."""
    return add(c, TRAIL, [_row(event) for event in events])


def _row(event: Event) -> dict[str, Any]:
    """The values of an entry but for its id and hash."""
    facts = {str(name): clean(value) for name, value in event.facts.items()}
    size = facts.get("bytes")
    row: dict[str, Any] = {name: _text(facts.pop(name, None)) for name in _NAMED}
    row["bytes"] = facts.pop("bytes") if type(size) is int and 0 <= size <= _LARGEST else None
    kept = json.dumps(facts, ensure_ascii=False, sort_keys=True)
    own = {"event": event.event, "source": clean(event.source), "mark": event.mark}
    return {**row, **own, "at": written(event.at), "facts": kept}


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
