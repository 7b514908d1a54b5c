"""A worker process for tests: works the queue of a store; a sync is two lines in a file with a nap between them.

In:  a store, a data folder, seconds to nap.
Out: lines `begin|end PID SYNC` in <data>/lines, an applied sync each, until it is killed.
"""

import os
import sys
import time
from pathlib import Path
from threading import Event

from sqlalchemy import Engine

from sftpingest.inbox import Folders
from sftpingest.store import journal
from sftpingest.store.engine import open_store
from sftpingest.store.tables import State, Sync
from sftpingest.work import work_forever

url, data, nap = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])


def write(word: str, sync: Sync) -> None:
    line = f"{word} {os.getpid()} {sync.id}\n"
    fd = os.open(data / "lines", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(fd, line.encode())  # one write: lines of two processes never mix
    os.close(fd)


def run(engine: Engine, folders: Folders, sync: Sync) -> None:
    write("begin", sync)
    time.sleep(nap)
    with engine.begin() as c:
        journal.finish(c, sync.id, sync.attempts, State.APPLIED)
        journal.reported(c, sync.id, "report")
    write("end", sync)


work_forever(open_store(url), data, run, Event())
