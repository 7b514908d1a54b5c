"""Entries that are sealed, each with the one before it: what the audit trail and the disclosure log have in common.

In:  a Chain, and the values of new entries, in the caller's transaction.
Out: rows of its table; the head. How an entry is sealed stands in docs/audit.md, for whoever checks it with a program
     of their own.
"""

import hashlib
import json
import os
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Connection, Integer, Table, insert, select, text

#: What the first entry is sealed with.
GENESIS = "0" * 64
_NUMBER = BigInteger().with_variant(Integer, "sqlite")  # SQLite's own row number; 2^31 entries are a busy year


@dataclass(frozen=True)
class Head:
    """The newest entry of a chain. Noted elsewhere it proves what was there."""

    id: int
    hash: str


@dataclass(frozen=True)
class Written:
    """What one call has added: how many entries, and where the chain ends now."""

    count: int
    head: Head | None


def _from_the_first(c: Connection) -> Head:  # noqa: ARG001  (a chain from which nothing was ever removed asks nobody)
    return Head(0, GENESIS)


@dataclass(frozen=True)
class Chain:
    """A table of entries: columns `id` (1, 2, 3, without gaps), `at`, `mark` (names an entry) and `hash`."""

    table: Table
    #: what messages call it
    called: str
    #: the advisory lock under which PostgreSQL's entries are added one batch after the other
    lock: int
    #: what the oldest entry that is there must be sealed with
    start: Callable[[Connection], Head] = _from_the_first

    @property
    def sealed(self) -> tuple["ColumnElement[Any]", ...]:
        """What is sealed, in this order."""
        return tuple(column for column in self.table.c if column.name != "hash")


def add(c: Connection, chain: Chain, rows: Iterable[dict[str, Any]]) -> Written:
    """Add entries, in their order, those left out whose mark is there already; `rows` lack `id` and `hash`.

    Call it last: until the transaction (`engine.begin()`) ends nobody else can add an entry, and whoever first held
    other rows and then waited for us could wait for ever.
    """
    last = _last(c, chain)
    told = {row["mark"]: row for row in rows}
    mark = chain.table.c.mark
    there = set(c.scalars(select(mark).where(mark.in_(told)))) if told else set()
    names = [column.name for column in chain.table.c if column.name != "hash"]
    new: list[dict[str, Any]] = []
    for row in (row for mark_, row in told.items() if mark_ not in there):
        numbered = {"id": last.id + 1, **row}
        last = Head(last.id + 1, seal(last.hash, [numbered[name] for name in names]))
        new.append({**numbered, "hash": last.hash})
    if new:
        c.execute(insert(chain.table), new)
    return Written(len(new), last if last.id else None)


def _last(c: Connection, chain: Chain) -> Head:
    """The end of the chain, which nobody else can move before our transaction ends.

    On SQLite `engine.begin()` has seen to that already: there is one writer at a time.
    """
    if c.dialect.name == "postgresql":
        c.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": chain.lock})
    its = chain.table.c
    row = c.execute(select(its.id, its.hash).order_by(its.id.desc()).limit(1)).first()
    return Head(0, GENESIS) if row is None else Head(row.id, row.hash)


def seal(previous: str, values: Sequence[object]) -> str:
    """The hash of an entry: of the hash before it, and of its own values in the order of `sealed`."""
    canonical = json.dumps(list(values), separators=(",", ":"), default=lambda value: {"not text": repr(value)})
    return hashlib.sha256(f"{previous}\n{canonical}".encode()).hexdigest()


def number() -> "Column[int]":
    """The column `id` of a chain."""
    return Column("id", _NUMBER, primary_key=True, autoincrement=False)


def source() -> str:
    """Name this machine and process, as entries have it."""
    return f"{platform.node()}:{os.getpid()}"


def written(at: datetime) -> str:
    """A time as entries have it. Equally long whatever it is, so that text in order is time in order."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
