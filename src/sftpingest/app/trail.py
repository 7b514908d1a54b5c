"""The audit trail of one process that serves: events are kept at once, and entered into the store soon.

In:  events with their facts, from an event loop that must not wait for a disk or a database.
Out: entries in the store (store/audit.py), each once, whatever dies on the way.

Kept is an event in a file of the folder audit/ (app/entering.py); in memory, where that file cannot be written.
"""

import json
import os
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import Engine

from sftpingest.app.entering import PATIENCE, Book, Entering
from sftpingest.store import audit
from sftpingest.store.audit import Event
from sftpingest.store.chain import source
from sftpingest.store.tables import now

#: Entries of one transaction.
BATCH = 1_000
#: Longest text of one fact, and of a whole event; clients choose what they ask for.
_LONGEST, _LONGEST_LINE = 1_000, 16_000
#: Events in memory while the spool cannot be written.
_MOST_HELD = 10_000

log = structlog.get_logger()


class Trail(Entering[Event]):
    """Keeps events of this process. Made by `trail`; start it in the process that serves, after any fork."""

    def __init__(self, engine: Engine, data: Path) -> None:
        super().__init__(Book("audit", "audit", _event, audit.write_all, BATCH), engine, data)
        self._held: deque[Event] = deque()
        self._lost = 0
        self._holding = threading.Lock()

    def stop(self, seconds: float = PATIENCE) -> None:
        """Enter what is kept. What the store does not take within `seconds` waits in its file for the next start."""
        super().stop(seconds)
        if self._held or self._lost:
            log.error("audit.lost", count=len(self._held) + self._lost)

    def keep(self, event: str, facts: Mapping[str, object]) -> None:
        """Keep an event. Does not wait for a disk, and raises nothing."""
        at = now()
        try:
            self._spool.append(_line(event, facts, at))
        except OSError as fault:
            self._hold(Event(event, _short(facts), at), fault)
        self._news.set()

    def is_sound(self) -> bool:
        """Whether events can be kept. While they cannot, nobody new should be let in."""
        return not self._held

    def _hold(self, event: Event, fault: OSError) -> None:
        """Keep an event in memory: better than not at all."""
        with self._holding:
            if not self._held:
                log.error("audit.unsound", fault=os.strerror(fault.errno) if fault.errno else "disk full")
            if len(self._held) < _MOST_HELD:
                self._held.append(event)
            else:
                self._lost += 1

    def _take_in_more(self) -> None:
        """Enter what could not be spooled."""
        with self._holding:
            held, lost = list(self._held), self._lost
        if not held:
            return
        self._enter([*held, *([Event("audit.lost", {"count": lost})] if lost else [])])
        with self._holding:
            for _ in held:
                self._held.popleft()
            self._lost -= lost
        log.warning("audit.sound", held=len(held), lost=lost)


@contextmanager
def trail(engine: Engine, data: Path) -> Iterator[Trail]:
    """Keep the audit trail of this process for as long as the block lasts.

        with trail(engine, data) as kept:
            door = await serve(..., events=Events(kept.keep, sound=kept.is_sound))

    In each process that serves, after any fork, around the whole life of the door: sessions that `door.close` ends
    have their last events too. Leaving the block waits up to ten seconds for a busy store, so call it from where that
    does no harm. Raises OSError where the data folder cannot be written.
    """
    kept = Trail(engine, data)
    kept.start()
    try:
        yield kept
    finally:
        kept.stop()


def _line(event: str, facts: Mapping[str, object], at: datetime) -> bytes:
    told = {"at": at.isoformat(), "source": source(), "event": event, "facts": dict(facts)}
    line = json.dumps(told, default=str)
    if len(line) > _LONGEST_LINE:
        line = json.dumps(told | {"facts": _short(facts)}, default=str)
    return f"{line}\n".encode()


def _short(facts: Mapping[str, object]) -> dict[str, object]:
    """Facts cut to what an entry should hold. No event of ours is near that; names that clients make up may be."""
    return {
        name: value if value is None or isinstance(value, int | float) else str(value)[:_LONGEST]
        for name, value in list(facts.items())[:10]
    }


def _event(mark: str, line: bytes) -> Event:
    """Read a line back. One that cannot be read leaves an entry that says so."""
    try:
        told = json.loads(line)
        at = datetime.fromisoformat(told["at"])
        return Event(str(told["event"]), dict(told["facts"]), at, str(told["source"]), mark)
    except (ValueError, KeyError, TypeError):
        return Event("audit.unreadable", {"bytes": len(line), "spool": mark}, mark=mark)
