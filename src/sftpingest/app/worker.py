"""A worker as a process of its own. It alone needs what reads rosters: a second to start, and 100 MB.

In:  the settings.
Out: every queued sync, done, until SIGTERM or SIGINT.
"""

import os
import signal
import threading

import pyarrow as pa
import structlog

from sftpingest import work
from sftpingest.app.installation import open_installation
from sftpingest.settings import Settings
from sftpingest.sync.flow import run
from sftpingest.sync.reports import rereport

log = structlog.get_logger()


def serve_worker(settings: Settings) -> None:
    """Work the queue until SIGTERM or SIGINT; the running sync is finished first."""
    stop = stopped_by_signals()
    engine = open_installation(settings)
    log.info("worker.started", pid=os.getpid())
    work.work_forever(engine, settings.data, run, stop, rereport=rereport)
    log.info("worker.stopped", pid=os.getpid())


def stopped_by_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set, for code that is no event loop."""
    pa.enable_signal_handlers(enable=False)  # else Arrow takes them as a wish to break off the file it is reading
    stop = threading.Event()

    def asked(*_: object) -> None:
        # in a thread: the main one, which runs this, may hold the lock of the event just now
        threading.Thread(target=stop.set, name="stop").start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, asked)
    return stop
