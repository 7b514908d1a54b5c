"""The watcher: sees when the files in a district's home have settled, snapshots them and queues a sync.

In:  the folders of all districts; what the door knows of open uploads.
Out: snapshots, and rows in the queue.

The scan is the truth: of all homes at start and every few seconds, of single homes when the door says that something
happened there or when a quiet time is over. Files that came by other ways wait for the next scan (docs/decisions/0007).
"""

import asyncio
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

import structlog
from sqlalchemy import Engine

from sftpingest import inbox
from sftpingest.inbox import Folders, Seen, Sight
from sftpingest.store import accounts, journal
from sftpingest.store.tables import SFTP, District
from sftpingest.work.early import is_whole
from sftpingest.work.fault import fault
from sftpingest.work.snapshots import prune, tidy

#: Seconds between two scans of all homes, between two looks at one that is not yet settled, between two passes at
#: least, and between two removals of what nobody needs any more.
SCAN, AGAIN, BREATH, TIDY = 3.0, 0.25, 0.05, 600.0
#: A snapshot that no sync knows is removed when it is older than so many seconds.
GRACE = 60.0

log = structlog.get_logger()


class Uploads(Protocol):
    """What a door knows of the uploads of districts. Called in the event loop of `watch` only."""

    def writing(self, slug: str) -> int:
        """How many uploads are open."""

    def changed(self, slug: str) -> float | None:
        """`time.monotonic()` of the last close, rename or removal of a file; None where there was none."""

    async def wait(self) -> None:
        """Return when something has happened since the last call."""


async def watch(engine: Engine, data: Path, uploads: Uploads, quiet_seconds: float, stop: asyncio.Event) -> None:
    """Snapshot and queue every upload that settles, until `stop` is set.

    `quiet_seconds` holds for districts that have set none of their own. One watcher a data folder.
    """
    watcher = _Watcher(engine, data, uploads, quiet_seconds)
    (data / "districts").mkdir(mode=0o700, parents=True, exist_ok=True)
    wakers = [asyncio.create_task(w) for w in (watcher.hear(), watcher.hear_stop(stop))]
    try:
        while not stop.is_set():
            await watcher.sleep(await watcher.work())
    finally:
        for waker in wakers:
            waker.cancel()
        await asyncio.gather(*wakers, return_exceptions=True)


@dataclass
class _Home:
    """What is known of one home."""

    sight: Sight | None = None
    changed: float | None = None  #: what the door said when it was last looked at
    due: float | None = None  #: when to look again, before the next scan of all
    #: the files last snapshotted or found to be snapshotted already, and what the door said then
    taken: tuple[tuple[Seen, ...], float | None] | None = None
    fault: str = ""  #: why it could not be read the last time


@dataclass
class _Watcher:
    engine: Engine
    data: Path
    uploads: Uploads
    quiet: float
    homes: dict[int, _Home] = field(default_factory=dict)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    scan_at: float = 0.0  #: when to scan all homes
    tidy_at: float = 0.0

    # what wakes it

    async def hear(self) -> None:
        while True:
            await self.uploads.wait()
            self.woken.set()
            await asyncio.sleep(BREATH)

    async def hear_stop(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self.woken.set()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(BREATH)
        with suppress(TimeoutError):
            await asyncio.wait_for(self.woken.wait(), max(seconds, 0.0))
        self.woken.clear()

    # what it does

    async def work(self) -> float:
        """One pass; gives the seconds until the next one is due."""
        try:
            await self._pass()
        except Exception as error:  # noqa: BLE001  (the store is away for a while: go on when it is back)
            log.error("watcher.stumbled", fault=fault(error))  # noqa: TRY400  (never the message)
            return SCAN
        dues = [home.due for home in self.homes.values() if home.due is not None]
        return min([self.scan_at, *dues]) - time.monotonic()

    async def _pass(self) -> None:
        at, districts = time.monotonic(), await asyncio.to_thread(self._districts)
        self.homes = {district.id: self.homes.get(district.id, _Home()) for district in districts}
        if at >= self.tidy_at:
            self.tidy_at = at + TIDY
            await asyncio.to_thread(self._tidy, districts)
        every = at >= self.scan_at
        if every:
            self.scan_at = at + SCAN
        chosen = [district for district in districts if every or self._stirred(district, at)]
        for district, seen in await asyncio.to_thread(self._look, chosen):
            try:
                await self._visit(district, seen)
            except Exception as error:  # noqa: BLE001  (one district must not stop the others)
                log.error("upload.failed", district=district.slug, fault=fault(error))  # noqa: TRY400

    def _districts(self) -> list[District]:
        with self.engine.connect() as c:
            return accounts.districts(c)

    def _tidy(self, districts: Iterable[District]) -> None:
        for district in districts:
            tidy(self.engine, self._folders(district), grace=GRACE)
            prune(self._folders(district), accounts.district_settings(district).retention_days)

    def _folders(self, district: District) -> Folders:
        return inbox.folders(self.data, district.slug)

    def _stirred(self, district: District, at: float) -> bool:
        home = self.homes[district.id]
        return self.uploads.changed(district.slug) != home.changed or (home.due is not None and at >= home.due)

    def _look(self, districts: Iterable[District]) -> list[tuple[District, tuple[Seen, ...] | None]]:
        return [(district, self._seen(district)) for district in districts]

    def _seen(self, district: District) -> tuple[Seen, ...] | None:
        """The files in a home; None where it cannot be read, which is said when it begins."""
        home = self.homes[district.id]
        try:
            seen = inbox.look(self._folders(district).home)
        except OSError as error:
            before, home.fault = home.fault, fault(error)
            if before != home.fault:
                log.error("home.unreadable", district=district.slug, fault=home.fault)  # noqa: TRY400
            return None
        home.fault = ""
        return seen

    async def _visit(self, district: District, seen: tuple[Seen, ...] | None) -> None:
        at, home = time.monotonic(), self.homes[district.id]
        home.changed, home.due = self.uploads.changed(district.slug), None
        if seen is None:
            return
        home.sight = inbox.sight(home.sight, seen, at)
        settings = accounts.district_settings(district)
        if not seen or home.taken == (seen, home.changed) or settings.paused(datetime.now().astimezone().date()):
            return
        quiet = self.quiet if settings.quiet_seconds is None else settings.quiet_seconds
        writing = self.uploads.writing(district.slug)
        if not writing and await asyncio.to_thread(self._is_whole, district, seen, home.changed):
            quiet = 0.0
        if inbox.settled(home.sight, writing=writing, changed=home.changed, at=at, quiet=quiet):
            await self._take(district, home, seen)
        elif not writing:  # the close of what is being written wakes us
            home.due = max(at + AGAIN, inbox.settles_at(home.sight, home.changed, quiet))

    def _is_whole(self, district: District, seen: tuple[Seen, ...], changed: float | None) -> bool:
        """Whether nothing more is to be waited for; only of what the door has seen closed."""
        if changed is None:
            return False
        return is_whole(self._folders(district).home, seen, time.time() - (time.monotonic() - changed))

    async def _take(self, district: District, home: _Home, seen: tuple[Seen, ...]) -> None:
        """Snapshot and queue what has settled, if it is a new upload."""
        changed, signature = home.changed, inbox.signature(seen)
        if await self._is_known(district, home, signature):
            home.taken = (seen, changed)
            return
        folders, mark = self._folders(district), uuid.uuid4().hex
        if not await asyncio.to_thread(_snapshot, folders, mark, seen) or self._moved(district, changed):
            await asyncio.to_thread(inbox.drop_snapshot, folders, mark)
            home.due = time.monotonic() + AGAIN
            return
        sync_id = await asyncio.to_thread(self._queue, district, mark, signature)
        home.taken = (seen, changed)
        log.info("upload.queued", district=district.slug, sync=sync_id, files=len(seen))

    async def _is_known(self, district: District, home: _Home, signature: str) -> bool:
        """Whether these files were snapshotted already, and none was uploaded or removed since.

        Equal signatures alone do not say so: a client that deletes a file, uploads it anew and sets its old time gets
        the same inode back from the file system as often as not. After a restart they are all there is to go by.
        """
        news = home.changed is not None and (home.taken is None or home.taken[1] != home.changed)
        return not news and signature == await asyncio.to_thread(self._last_signature, district)

    def _last_signature(self, district: District) -> str | None:
        with self.engine.connect() as c:
            return journal.last_signature(c, district.id)

    def _moved(self, district: District, changed: float | None) -> bool:
        return self.uploads.writing(district.slug) > 0 or self.uploads.changed(district.slug) != changed

    def _queue(self, district: District, mark: str, signature: str) -> int:
        try:
            with self.engine.begin() as c:
                return journal.queue(c, district.id, mark, SFTP, signature)
        except BaseException:
            inbox.drop_snapshot(self._folders(district), mark)
            raise


def _snapshot(folders: Folders, mark: str, seen: tuple[Seen, ...]) -> bool:
    """Snapshot home; whether that caught exactly the files that had settled."""
    folders.make()
    caught = inbox.look(inbox.snapshot(folders, mark))
    return [_facts(s) for s in caught] == [_facts(s) for s in seen] and inbox.look(folders.home) == seen


def _facts(of: Seen) -> tuple[str, int, int]:
    return of.name, of.size, of.mtime_ns  # a copy, where links cannot be made, has another inode
