"""Tells the other processes of the door what this one sees, and learns what they see.

In: refusals, bans and sessions, told at once and kept in memory. Out: the same in the store, a moment later.

The store may be busy for half a minute (SQLite has one writer, and a sync may be it) or be gone. Nobody waits for it
here: reading and writing have a thread each, what could not be written is kept and tried again, and what was read last
holds until it can be read again.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog

from sftpingest.doors.sftp.guarding.guests import Guest, Guests
from sftpingest.doors.sftp.guarding.refusals import Refusals
from sftpingest.doors.sftp.guarding.watching import Ban, Inside, Known, News, Watchlist

#: seconds between two looks at the store; from news to writing it, so that a flood is one write; until a sign of life
_LOOK, _GATHER, _SIGN = 1.0, 0.25, 15.0
#: seconds to wait for the store at the end
_LAST = 3.0
#: addresses of which unwritten refusals, and bans, are kept while the store cannot be written
_MOST = 20_000

_T = TypeVar("_T")

log = structlog.get_logger()


class Exchange:
    """Without a watchlist this process is alone."""

    def __init__(self, refusals: Refusals, guests: Guests, watchlist: Watchlist | None) -> None:
        self._refusals, self._guests, self._watchlist = refusals, guests, watchlist
        self._threads: ThreadPoolExecutor | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._known = Known()
        self._refused: Counter[str] = Counter()
        #: our own bans, and when they were written: until a look at the store that began later they hold from here
        self._bans: dict[str, tuple[Ban, float | None]] = {}
        self._entered: dict[int, Inside] = {}
        self._left: set[int] = set()
        self._news = asyncio.Event()
        self._failing = False

    async def open(self, surplus: Callable[[Guest], None]) -> None:
        """Look once, then begin to exchange. `surplus` is told of our sessions that came too late."""
        if self._watchlist is None:
            return
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="sftp-guard")
        await self._look(self._watchlist, surplus)
        self._tasks = [
            asyncio.create_task(self._look_on(self._watchlist, surplus)),
            asyncio.create_task(self._write_on(self._watchlist)),
        ]

    async def close(self) -> None:
        """Write what is left, and take our sessions back. Waits for a moment only."""
        for task in self._tasks:
            task.cancel()
        if self._watchlist is None or self._threads is None:
            return
        with contextlib.suppress(Exception):  # a store that is gone does not hold up our end
            await asyncio.wait_for(self._write(self._watchlist), _LAST)
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._in_thread(self._watchlist.close), _LAST)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def refused(self, origin: str) -> None:
        """Tell of a refusal."""
        if origin in self._refused or len(self._refused) < _MOST:
            self._refused[origin] += 1
        self._news.set()

    def banned(self, origin: str, ban: Ban) -> None:
        """Tell of a ban."""
        self._bans[origin] = (ban, None)
        if len(self._bans) > _MOST:
            del self._bans[next(iter(self._bans))]
        self._news.set()

    def entered(self, inside: Inside) -> None:
        """Tell of a session."""
        self._entered[inside.number] = inside
        self._news.set()

    def left(self, number: int) -> None:
        """Tell of its end. One that was not even told of is forgotten."""
        if self._entered.pop(number, None) is None:
            self._left.add(number)
        self._news.set()

    def of_login(self, username: str) -> int:
        """Connections through which a login is in, over all processes."""
        return self._guests.logins[username] + self._known.logins.get(username, 0)

    def of_origin(self, origin: str) -> int:
        """The same by address."""
        return self._guests.origins[origin] + self._known.origins.get(origin, 0)

    async def _look_on(self, watchlist: Watchlist, surplus: Callable[[Guest], None]) -> None:
        while True:
            await asyncio.sleep(_LOOK)
            await self._look(watchlist, surplus)

    async def _look(self, watchlist: Watchlist, surplus: Callable[[Guest], None]) -> None:
        began = time.monotonic()
        try:
            self._known = await self._in_thread(watchlist.read)
        except Exception as fault:  # noqa: BLE001 - whatever the store says: what we know holds on
            self._tell_of("read", fault)
            return
        self._failing = False
        self._bans = {o: (ban, at) for o, (ban, at) in self._bans.items() if at is None or at >= began}
        self._refusals.learn({**self._known.bans, **{o: ban for o, (ban, _) in self._bans.items()}})
        if self._known.surplus:
            numbers = set(self._known.surplus)
            for guest in [guest for guest, _ in self._guests.inside() if guest.number in numbers]:
                surplus(guest)

    async def _write_on(self, watchlist: Watchlist) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), _SIGN)
            await asyncio.sleep(_GATHER)
            self._news.clear()
            try:
                await self._write(watchlist)
            except Exception as fault:  # noqa: BLE001 - it is kept, and tried again
                self._tell_of("write", fault)
                self._news.set()
                await asyncio.sleep(_LOOK)

    async def _write(self, watchlist: Watchlist) -> None:
        """Write what there is; without any, a sign of life where somebody is in. What fails is kept."""
        bans = {origin: ban for origin, (ban, at) in self._bans.items() if at is None}
        news = News(self._refused, bans, tuple(self._entered.values()), tuple(self._left))
        if not news and not self._guests.logins:
            return
        self._refused, self._entered, self._left = Counter(), {}, set()
        try:
            totals = await self._in_thread(lambda: watchlist.write(news))
        except BaseException:
            self._take_back(news)
            raise
        done = time.monotonic()
        self._bans |= {o: (ban, done) for o, ban in bans.items() if self._bans.get(o) == (ban, None)}
        self._refusals.told(totals, time.time())

    def _take_back(self, news: News) -> None:
        self._refused.update(news.refused)
        for inside in news.entered:
            self._entered[inside.number] = inside  # where it has left meanwhile, both are written: no harm
        self._left.update(news.left)

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _tell_of(self, operation: str, fault: Exception) -> None:
        if not self._failing:
            log.error("guard.failed", operation=operation, fault=type(fault).__name__)
        self._failing = True
