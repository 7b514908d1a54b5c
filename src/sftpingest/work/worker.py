"""The worker: takes the next sync, has it done, and says what happens when that fails.

In:  the store, the data folder, and the function that does one sync.
Out: every sync at an end state, once; reports that a crash left unwritten.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event

import structlog
from sqlalchemy import Engine

from sftpingest import inbox
from sftpingest.inbox import Folders
from sftpingest.store import accounts, journal
from sftpingest.store.tables import State, Sync, now
from sftpingest.sync.publishing import publish_due
from sftpingest.work.claims import claim, lock
from sftpingest.work.fault import fault
from sftpingest.work.snapshots import tidy

#: Does one upload, from `running` to its end state and its report; or writes the report of one that has ended.
#: Raises on our own fault.
Run = Callable[[Engine, Folders, Sync], object]

#: So many tries, and the seconds between them. They go on for thirteen minutes.
DELAYS = (5, 30, 150, 600)
ATTEMPTS = len(DELAYS) + 1
GIVEN_UP = (
    f"An error of ours, met {ATTEMPTS} times. Your files are fine and nothing was changed. "
    "The people who run this service find the cause in its log; upload again when they have mended it."
)
#: Seconds between two looks at an empty queue, after the store could not be reached, and at unwritten reports.
POLL, STUMBLED, REPORTS = 0.5, 5.0, 10.0
#: Seconds between two looks whether a vendor is to be told something: a sharing began today, or a worker died.
PUBLISH = 60.0

log = structlog.get_logger()


def work_once(engine: Engine, data: Path, run: Run, *, rereport: Run | None = None, only: str | None = None) -> bool:
    """Do the next sync that is due, if there is one this process may have; says whether there was.

    `run` gets the sync as `running`, with its attempt, under the lock of its district. `only` names the one district
    to work for. `rereport` writes the reports of the district that are missing after it: of a sync that `run` could
    not end or report, of held ones that it replaced.
    """
    with claim(engine, data / "locks", only) as sync:
        if sync is None:
            return False
        with engine.connect() as c:
            slug = accounts.district_of(c, sync.district_id).slug
        folders = inbox.folders(data, slug)
        with structlog.contextvars.bound_contextvars(district=slug, sync=sync.id):
            _do(engine, folders, sync, run)
            if rereport is not None:
                _report(engine, folders, sync.district_id, rereport)
            tidy(engine, folders)
    return True


def _do(engine: Engine, folders: Folders, sync: Sync, run: Run) -> None:
    """One attempt."""
    try:
        if sync.state is State.RUNNING and sync.attempts >= ATTEMPTS:  # it kills its workers
            _give_up(engine, sync)
            return
        with engine.begin() as c:
            begun = journal.begin(c, sync)
    except journal.Overtaken:
        log.info("sync.overtaken")
        return
    log.info("sync.started", attempt=begun.attempts)
    try:
        run(engine, folders, begun)
    except journal.Overtaken:
        log.warning("sync.overtaken", attempt=begun.attempts)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is ours, and must not end the worker)
        log.error("sync.failed", attempt=begun.attempts, fault=fault(error))  # noqa: TRY400  (never the message)
        _after(engine, begun, error)


def _after(engine: Engine, begun: Sync, error: Exception) -> None:
    """Try again later, or give up."""
    try:
        if begun.attempts >= ATTEMPTS:
            _give_up(engine, begun)
            return
        delay = timedelta(seconds=DELAYS[begun.attempts - 1])
        with engine.begin() as c:
            journal.retry(c, begun.id, begun.attempts, now() + delay, type(error).__name__)
    except journal.Overtaken:
        pass  # it had ended before the fault: only its report is missing


def _give_up(engine: Engine, sync: Sync) -> None:
    with engine.begin() as c:
        journal.finish(c, sync.id, sync.attempts, State.FAILED, reason=GIVEN_UP)
    log.error("sync.given_up", attempt=sync.attempts)


def _report(engine: Engine, folders: Folders, district_id: int, rereport: Run) -> None:
    """Write the reports of syncs that have ended without one. Under the lock of their district."""
    with engine.connect() as c:
        missing = [sync for sync in journal.unreported(c) if sync.district_id == district_id]
    for sync in missing:
        try:
            rereport(engine, folders, sync)
        except Exception as error:  # noqa: BLE001  (one report must not stop the others)
            log.error("report.failed", sync=sync.id, fault=fault(error))  # noqa: TRY400  (never the message)


def report_unwritten(engine: Engine, data: Path, rereport: Run) -> None:
    """Write the reports that a crash left unwritten; not those whose worker lives and is about to."""
    with engine.connect() as c:
        behind = {sync.district_id for sync in journal.unreported(c)}
        districts = [district for district in accounts.districts(c) if district.id in behind]
    for district in districts:
        with lock(engine, data / "locks", district) as got:
            if got:
                folders = inbox.folders(data, district.slug)
                _report(engine, folders, district.id, rereport)
                tidy(engine, folders)


def work_forever(engine: Engine, data: Path, run: Run, stop: Event, *, rereport: Run | None = None) -> None:
    """Work until `stop` is set; the sync that is being done then is done to its end.

    Begins with the reports that a crash left unwritten, where `rereport` is given.
    """
    reports_at = publish_at = time.monotonic()
    while not stop.is_set():
        try:
            if time.monotonic() >= publish_at:
                publish_at = time.monotonic() + PUBLISH
                publish_due(engine)
            if rereport is not None and time.monotonic() >= reports_at:
                reports_at = time.monotonic() + REPORTS
                report_unwritten(engine, data, rereport)
            busy = work_once(engine, data, run, rereport=rereport)
        except Exception as error:  # noqa: BLE001  (the store is away for a while: go on when it is back)
            log.error("worker.stumbled", fault=fault(error))  # noqa: TRY400  (never the message)
            stop.wait(STUMBLED)
            continue
        if not busy:
            stop.wait(POLL)
