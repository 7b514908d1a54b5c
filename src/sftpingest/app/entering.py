"""What one process keeps in files at once, and a thread enters into the store soon.

In:  facts of one sort (a Book says which), from whoever must not wait for the store.
Out: entries in the store, each once, whatever dies on the way.

The store may be busy for half a minute with a large roster. So a fact is first a line of a spool file in the data
folder (<folder>/<pid>-<random>.jsonl), which outlives the process, and a thread enters what is there into the store
and removes the file. The mark of a fact is its place in its file: entered twice it is there once.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import structlog
from sqlalchemy import Connection, Engine

from sftpingest.app.spool import Leaf, Spool
from sftpingest.store.chain import Written

#: Seconds in which facts gather for one transaction; until a store that failed is tried again; until we look whether
#: a process has died and left some; and for which a stop waits for a store that is busy.
GATHER, PAUSE, LOOK_AROUND, PATIENCE = 0.5, 2.0, 60.0, 10.0

log = structlog.get_logger()

Fact = TypeVar("Fact")


@dataclass(frozen=True)
class Book(Generic[Fact]):
    """One sort of facts, and how they become entries."""

    #: the first word of what the log says of them
    name: str
    #: where their files lie, in the data folder
    folder: str
    #: a line, and its mark, read back. One that cannot be read gives a fact that says so
    read: Callable[[str, bytes], Fact]
    write: Callable[[Connection, Sequence[Fact]], Written]
    #: entries of one transaction
    batch: int

    def says(self, what: str) -> str:
        """The event in the log."""
        return f"{self.name}.{what}"


class Entering(Generic[Fact]):
    """Enters what this process keeps. Start it in the process that serves, after any fork."""

    def __init__(self, book: Book[Fact], engine: Engine, data: Path) -> None:
        self._book = book
        self._engine = engine
        self._spool = Spool(data / book.folder)
        self._full: Leaf | None = None
        self._look_around = 0.0
        self._news, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=book.name, daemon=True)

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
            log.warning(self._book.says("delayed"), fault="busy")
        self._spool.close()

    def _take_in_more(self) -> None:
        """Enter what is kept elsewhere than in files."""

    # -- the thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        """Enter what is kept, again and again, and whatever fails try it again."""
        while True:
            last = self._stopping.is_set()
            try:
                self._take_in_all()
            except Exception as fault:  # noqa: BLE001  (a store fails in many ways, and this thread must outlive all)
                log.error(self._book.says("delayed"), fault=type(fault).__name__)  # noqa: TRY400  (no error of ours)
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
        self._take_in_more()
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
            log.info(self._book.says("adopted"), spool=orphan.path.name)

    def _take_in(self, leaf: Leaf) -> None:
        leaf.flush()
        for batch in leaf.batches(self._book.batch):
            self._enter([self._book.read(mark, line) for mark, line in batch])
        leaf.drop()

    def _enter(self, facts: Sequence[Fact]) -> None:
        with self._engine.begin() as connection:
            done = self._book.write(connection, facts)
        if done.head is not None and done.count:
            log.info(self._book.says("written"), count=done.count, id=done.head.id, head=done.head.hash)
