"""Who may stay: sessions that nobody uses, and sessions whose login is no longer what it was, are ended.

In: those who are in, and a gate that knows their logins. Out: connections ended with a sentence.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog

from sftpingest.doors.sftp.entrance.entry import Entry, Gate
from sftpingest.doors.sftp.events import Events
from sftpingest.doors.sftp.guarding.farewell import BY_APPLICATION, NOT_ALLOWED
from sftpingest.doors.sftp.guarding.guests import Guest, Guests
from sftpingest.doors.sftp.rules import Rules

#: seconds between two questions to the gate, and between two looks at who moves (less where the limit is short)
_ASK, _LOOK = 2.0, 1.0

_IDLE = "Nothing was asked for {minutes} minutes. Log in again when you need to."

#: for each entry with its client's address: None while it may stay, else the sentence why not
Still = Callable[[Sequence[tuple[Entry, str]]], Sequence[str | None]]

log = structlog.get_logger()


class Staying:
    """Looks after those who are in."""

    def __init__(self, rules: Rules, guests: Guests) -> None:
        self._rules, self._guests = rules, guests
        self._events = Events()
        self._tasks: list[asyncio.Task[None]] = []
        self._thread: ThreadPoolExecutor | None = None

    def open(self, events: Events, gate: Gate) -> None:
        """Begin. A gate that cannot say who may stay is not asked."""
        self._events = events
        self._tasks = [asyncio.create_task(self._look_on())]
        still: Still | None = getattr(gate, "still", None)
        if still is not None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="sftp-staying")
            self._tasks.append(asyncio.create_task(self._ask_on(still)))

    async def close(self) -> None:
        """End."""
        for task in self._tasks:
            task.cancel()
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def _ask_on(self, still: Still) -> None:
        failing = False
        while True:
            await asyncio.sleep(_ASK)
            try:
                await self._ask(still)
            except Exception as fault:  # noqa: BLE001 - a store that does not answer ends nobody's session
                if not failing:
                    log.error("guard.failed", operation="still", fault=type(fault).__name__)  # noqa: TRY400 - no traceback
                failing = True
            else:
                failing = False

    async def _ask(self, still: Still) -> None:
        inside = self._guests.inside()
        if not inside:
            return
        asked = [(entry, guest.connection.address) for guest, entry in inside]
        answers = await asyncio.get_running_loop().run_in_executor(self._thread, still, asked)
        for (guest, entry), sentence in zip(inside, answers, strict=True):
            if sentence is not None:
                self._end(guest, entry, "account", NOT_ALLOWED, sentence)

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(min(_LOOK, self._rules.idle_seconds / 4))
            now = time.monotonic()
            for guest, entry in self._guests.inside():
                if guest.connection.moved != guest.moved:
                    guest.moved, guest.moved_at = guest.connection.moved, now
                elif now - guest.moved_at > self._rules.idle_seconds:
                    minutes = max(1, round(self._rules.idle_seconds / 60))
                    self._end(guest, entry, "idle", BY_APPLICATION, _IDLE.format(minutes=minutes))

    def _end(self, guest: Guest, entry: Entry, reason: str, code: int, sentence: str) -> None:
        if self._guests.of(guest.connection) is None:  # has left by itself
            return
        facts = {"district": entry.slug, "username": entry.username, "address": guest.connection.address}
        self._events.warn("session.closed", reason=reason, **facts)
        with contextlib.suppress(OSError):
            guest.connection.disconnect(code, sentence)
