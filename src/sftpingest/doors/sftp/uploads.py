"""What the door tells the watcher: who is writing, and when something last changed.

In: uploads that start and end, as the sessions report them. Out: counts, times, and a wake-up.

The sessions of one process report here; each process of the door tells the same on to where the watcher runs, which
counts those of all processes in one of these.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from enum import StrEnum


class Event(StrEnum):
    """What may be told of a district's uploads."""

    #: one was opened
    STARTED = "started"
    #: one could not be opened after all
    WITHDRAWN = "withdrawn"
    #: one was published, given up or broken off
    ENDED = "ended"
    #: published files changed
    TOUCHED = "touched"


#: Hears of one event, and the district's slug.
Tell = Callable[[Event, str], None]


class Uploads:
    """Open uploads and last changes of every district, kept by the event loop that runs the door.

    Read it from the same event loop, or from any thread: each answer is one look-up in a dictionary.
    """

    def __init__(self, tell: Tell | None = None) -> None:
        self._tell: Tell = tell or (lambda *_: None)
        self._open: Counter[str] = Counter()
        self._changed: dict[str, float] = {}
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def writing(self, slug: str) -> int:
        """How many uploads of this district are open now."""
        return self._open[slug]

    async def idle(self) -> None:
        """Sleep until no upload of any district is open."""
        await self._idle.wait()

    def changed(self, slug: str) -> float | None:
        """When an upload of this district last ended, or a file was renamed or removed, as `time.monotonic()`."""
        return self._changed.get(slug)

    async def wait(self) -> None:
        """Sleep until something has changed since the last `wait`. For one watcher: news is told once."""
        await self._news.wait()
        self._news.clear()

    def started(self, slug: str) -> None:
        """Count an upload that was opened."""
        self._count(slug, 1)
        self._tell(Event.STARTED, slug)

    def withdrawn(self, slug: str) -> None:
        """Take back an upload that could not be opened: nothing has changed."""
        self._count(slug, -1)
        self._tell(Event.WITHDRAWN, slug)

    def ended(self, slug: str) -> None:
        """Count an upload that was published, given up or broken off: the quiet time starts anew."""
        self._count(slug, -1)
        self._change(slug)
        self._tell(Event.ENDED, slug)

    def touched(self, slug: str) -> None:
        """Note that published files of this district changed."""
        self._change(slug)
        self._tell(Event.TOUCHED, slug)

    def _change(self, slug: str) -> None:
        self._changed[slug] = time.monotonic()
        self._news.set()

    def _count(self, slug: str, step: int) -> None:
        self._open[slug] += step
        if self._open.total():
            self._idle.clear()
        else:
            self._idle.set()
