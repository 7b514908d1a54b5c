"""The audit trail of one process that serves: events are kept at once, and entered into the store soon.

In:  events with their facts, from an event loop that must not wait for a disk or a database.
Out: entries in the store (store/audit.py), each once, whatever dies on the way.

The store may be busy for half a minute with a large roster. So `keep` appends an event to a spool file in the data
folder (audit/<pid>-<random>.jsonl), which outlives the process, and a thread enters what is there into the store and
removes the file. The mark of an event is its place in its file: entered twice it is there once.
"""

import json
import os
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import Engine

from sftpingest.app.spool import Leaf, Spool
from sftpingest.store import audit
from sftpingest.store.audit import Event
from sftpingest.store.tables import now

#: Entries of one transaction.
BATCH = 1_000
#: Seconds in which events gather for one transaction; until a store that failed is tried again; until we look whether
#: a process has died and left events; and for which a stop waits for a store that is busy.
GATHER, PAUSE, LOOK_AROUND, PATIENCE = 0.5, 2.0, 60.0, 10.0
#: Longest text of one fact, and of a whole event; clients choose what they ask for.
_LONGEST, _LONGEST_LINE = 1_000, 16_000
#: Events in memory while the spool cannot be written.
_MOST_HELD = 10_000

log = structlog.get_logger()


class Trail:
    """Keeps events of this process. Made by `trail`; start it in the process that serves, after any fork."""

    def __init__(self, engine: Engine, data: Path) -> None:
        self._engine = engine
        self._spool = Spool(data / "audit")
        self._full: Leaf | None = None
        self._held: deque[Event] = deque()
        self._lost = 0
        self._holding = threading.Lock()
        self._look_around = 0.0
        self._news, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)

    def start(self) -> None:
        """Make the folder, and begin to enter what is kept, that of dead processes too. Raises OSError."""
        self._spool.make()
        self._thread.start()

    def stop(self, seconds: float = PATIENCE) -> None:
        """Enter what is kept. What the store does not take within `seconds` waits in its file for the next start."""
        self._stopping.set()
        self._news.set()
        self._thread.join(seconds)
        if self._thread.is_alive():
            log.warning("audit.delayed", fault="busy")
        self._spool.close()
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

    # -- the thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        """Enter what is kept, again and again, and whatever fails try it again."""
        while True:
            last = self._stopping.is_set()
            try:
                self._take_in_all()
            except Exception as fault:  # noqa: BLE001  (a store fails in many ways, and this thread must outlive all)
                log.error("audit.delayed", fault=type(fault).__name__)  # noqa: TRY400  (a busy store is no error of ours)
                self._news.set()
                self._stopping.wait(PAUSE)
            if last:
                break
            self._news.wait(LOOK_AROUND)
            self._stopping.wait(GATHER)
            self._news.clear()
        if self._full is not None:  # for whoever starts next
            self._full.close()

    def _take_in_all(self) -> None:
        self._take_in_held()
        self._full = self._full or self._spool.turn()
        if self._full is not None:
            self._take_in(self._full)
            self._full = None
        if time.monotonic() >= self._look_around:
            self._look_around = time.monotonic() + LOOK_AROUND
            self._take_in_orphans()

    def _take_in_orphans(self) -> None:
        for orphan in self._spool.orphans():
            try:
                self._take_in(orphan)
            except BaseException:
                orphan.close()
                raise
            log.info("audit.adopted", spool=orphan.path.name)

    def _take_in(self, leaf: Leaf) -> None:
        leaf.flush()
        for batch in leaf.batches(BATCH):
            self._enter([_event(mark, line) for mark, line in batch])
        leaf.drop()

    def _take_in_held(self) -> None:
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

    def _enter(self, events: Iterable[Event]) -> None:
        with self._engine.begin() as connection:
            done = audit.write_all(connection, list(events))
        if done.head is not None and done.count:
            log.info("audit.written", count=done.count, id=done.head.id, head=done.head.hash)


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
    told = {"at": at.isoformat(), "source": audit.source(), "event": event, "facts": dict(facts)}
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
