"""Whether a chain of sealed entries is whole: the audit trail, the disclosure log.

In:  the store; a Chain; heads of it that were noted elsewhere.
Out: a Verdict that names the first entry that does not fit.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select

from sftpingest.store.chain import Chain, Head, seal
from sftpingest.store.drivers import sqlite

#: Entries that are looked at in one go: some megabytes.
_BATCH = 5_000


@dataclass(frozen=True)
class Verdict:
    """What became of a look at every entry: `wrong` says which is the first that does not fit, and is else None."""

    entries: int
    first: str | None = None  #: when the oldest entry happened
    last: str | None = None  #: when the newest happened
    head: Head | None = None
    wrong: str | None = None
    wrong_id: int | None = None


def verify(
    engine: Engine, chain: Chain, heads: Iterable[Head] = (), progress: Callable[[int], None] | None = None
) -> Verdict:
    """Look at every entry from the oldest to the newest. `progress` is told how many were looked at so far.

    Reads some thousand entries at a time, each in a transaction of its own: entries that are added meanwhile are
    looked at too. `heads` must be among the entries.
    """
    with engine.connect() as c, any_text(c):
        start = chain.start(c)
    look = _Look(chain, start, {head.id: head.hash for head in heads})
    while rows := _next(engine, chain, look.last.id):
        for row in rows:
            look.at(row)
            if look.wrong:
                return look.verdict()
        if progress:
            progress(look.count)
    look.at_the_end()
    return look.verdict()


def total(engine: Engine, chain: Chain) -> int:
    """How many entries there are."""
    with engine.connect() as c:
        return c.scalar(select(func.count()).select_from(chain.table)) or 0


class _Look:
    """How far a look at the chain has come, and what it found."""

    def __init__(self, chain: Chain, start: Head, noted: dict[int, str]) -> None:
        self._chain = chain
        self.last = self._start = start
        self.count = 0
        self.wrong: str | None = None
        self._wrong_id: int | None = None
        self._noted = noted
        self._first_at: str | None = None
        self._last_at: str | None = None

    def at(self, row: Row[Any]) -> None:
        """Look at the next entry."""
        values, hash_ = row[:-1], row.hash
        expected = self.last.id + 1
        if row.id != expected:
            self._say(expected, _missing(expected, row.id - 1))
        elif seal(self.last.hash, values) != hash_:
            self._say(row.id, f"entry {row.id} is not as it was written, or what stood before it was changed")
        elif self._noted.pop(row.id, hash_) != hash_:
            anew = f"the {self._chain.called} was written anew"
            self._say(row.id, f"entry {row.id} has not the hash that you noted: {anew}")
        else:
            self.last, self.count = Head(row.id, hash_), self.count + 1
            self._first_at, self._last_at = self._first_at or row.at, row.at

    def at_the_end(self) -> None:
        """Say which noted heads were never met."""
        for id_ in sorted(self._noted):
            if id_ > self.last.id:
                self._say(self.last.id + 1, _missing(self.last.id + 1, id_))
            elif id_ != self._start.id or self._noted[id_] != self._start.hash:
                self._say(id_, f"entry {id_} was removed as too old; give a head from {self._start.id} on")
            if self.wrong:
                return

    def verdict(self) -> Verdict:
        """What was found so far."""
        head = self.last if self.count else None
        return Verdict(self.count, self._first_at, self._last_at, head, self.wrong, self._wrong_id)

    def _say(self, id_: int, wrong: str) -> None:
        self._wrong_id, self.wrong = id_, wrong


def _missing(first: int, last: int) -> str:
    if last < first:
        return f"entry {first} does not stand where it stood"
    return f"entry {first} is missing" if first == last else f"entries {first} to {last} are missing"


def _next(engine: Engine, chain: Chain, after: int) -> list[Row[Any]]:
    its = chain.table.c
    chosen = select(*chain.sealed, its.hash).where(its.id > after).order_by(its.id).limit(_BATCH)
    with engine.connect() as c, any_text(c):
        return list(c.execute(chosen))


@contextmanager
def any_text(c: Connection) -> Iterator[None]:
    """SQLite keeps what is no text in a column of text; whoever put it there shall not stop the look at it."""
    if c.dialect.name != "sqlite":
        yield
        return
    raw = sqlite(c)
    before, raw.text_factory = raw.text_factory, lambda text: text.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        raw.text_factory = before
