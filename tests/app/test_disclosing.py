"""The disclosure log of a process: no read that was answered is lost, none is there twice, and none waits."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from structlog.testing import capture_logs

from sftpingest.app import entering
from sftpingest.app.disclosing import Disclosing, _line, disclosing
from sftpingest.app.spool import Spool
from sftpingest.roster.disclosed import MOST_IDS, Door, Read
from sftpingest.roster.kinds import Kind
from sftpingest.store.disclosures import LOG, Asked, Kept, reads
from sftpingest.store.whole import verify

AT = datetime(2026, 11, 24, 3, 15, 2, 123456, UTC)
READ = Read(
    AT,
    "quiz-whiz",
    "north",
    Door.ONEROSTER,
    "GET /ims/oneroster/v1p1/users",
    (Kind.STUDENT, Kind.TEACHER),
    ("demographics",),
    3,
    4,
    5,
    range=("0" * 24, "f" * 24),
)

#: Keeps reads as fast as it can, and answers each that is kept: by a byte in a pipe, which outlives it.
_KEEPS = """
import os, sys
from dataclasses import replace
from pathlib import Path
from sftpingest import log as logging
from sftpingest.app import entering
from sftpingest.app.disclosing import disclosing
from sftpingest.store.engine import open_store
from tests.app.test_disclosing import READ

logging.set_up("json")  # to standard error
entering.GATHER = 0.01  # killed at whatever it does: keeping, entering, removing what is entered
with disclosing(open_store(sys.argv[1]), Path(sys.argv[2])) as log:
    for n in range(10**9):
        log.keep(replace(READ, sequence=n))
        os.write(1, b".")
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entering, "GATHER", 0.02)
    monkeypatch.setattr(entering, "PAUSE", 0.05)


def entered(engine: Engine) -> list[Kept]:
    with engine.connect() as c:
        return reads(c, Asked("north"), 10**6)


def spooled(data: Path) -> list[Path]:
    return sorted((data / "disclosures").glob("*"))


def test_what_is_kept_is_entered_as_it_was(engine: Engine, tmp_path: Path) -> None:
    many = tuple(f"{n:024x}" for n in range(MOST_IDS))
    kept = [READ, replace(READ, range=None, whole=True), replace(READ, range=None, ids=many)]
    with capture_logs() as logged, disclosing(engine, tmp_path) as log:
        for one in kept:
            log.keep(one)
    assert [one.read for one in entered(engine)] == kept
    assert entered(engine)[0].source.endswith(f":{os.getpid()}")
    assert spooled(tmp_path) == []
    head = verify(engine, LOG).head
    assert head
    last = [line for line in logged if line["event"] == "disclosure.written"][-1]
    assert (last["id"], last["head"]) == (head.id, head.hash)


def test_no_id_of_anybody_is_in_the_log_of_the_program(engine: Engine, tmp_path: Path) -> None:
    with capture_logs() as logged, disclosing(engine, tmp_path) as log:
        log.keep(replace(READ, range=None, ids=("a" * 24,)))
    assert "a" * 24 not in str(logged)


@contextlib.contextmanager
def busy(engine: Engine) -> Iterator[None]:
    """A store that takes no entries: somebody writes for long."""
    with engine.begin() as c:
        if engine.dialect.name == "postgresql":
            c.execute(sa.text("LOCK TABLE disclosure IN EXCLUSIVE MODE"))
        yield


def test_no_vendor_waits_for_a_busy_store(engine: Engine, tmp_path: Path) -> None:
    with disclosing(engine, tmp_path) as log, busy(engine):
        for n in range(20):
            log.keep(replace(READ, sequence=n))  # a waiting store would make this fail after half a minute
        assert log.is_sound()
        assert entered(engine) == []
    assert [one.read.sequence for one in entered(engine)] == list(range(20))


def test_threads_keep_at_the_same_time(engine: Engine, tmp_path: Path) -> None:
    with disclosing(engine, tmp_path) as log:

        def answer(vendor: str) -> None:
            for n in range(15):
                log.keep(replace(READ, vendor=vendor, sequence=n))

        threads = [threading.Thread(target=answer, args=[name]) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    found = Counter((one.read.vendor, one.read.sequence) for one in entered(engine))
    assert found == Counter((name, n) for name in "abcd" for n in range(15))


def test_a_killed_process_loses_nothing_that_it_answered_and_the_next_start_enters_it(
    engine: Engine, store_url: str, tmp_path: Path
) -> None:
    words = [sys.executable, "-c", _KEEPS, store_url, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout
        answered = len(child.stdout.read(150))
        child.send_signal(signal.SIGKILL)
        answered += len(child.stdout.read())
    with disclosing(engine, tmp_path):
        pass
    found = [one.read.sequence for one in entered(engine)]
    assert sorted(found) == list(range(len(found)))
    assert answered <= len(found) <= answered + 1  # one may be kept and not yet answered
    assert verify(engine, LOG).wrong is None
    assert spooled(tmp_path) == []


def test_a_stop_while_the_store_is_busy_leaves_reads_for_the_next_start(engine: Engine, tmp_path: Path) -> None:
    first = Disclosing(engine, tmp_path)
    with busy(engine):
        first.start()
        first.keep(READ)
        first.stop(0.2)
        assert spooled(tmp_path)
    first._thread.join(40)
    with disclosing(engine, tmp_path):
        pass
    assert [one.read for one in entered(engine)] == [READ]
    assert spooled(tmp_path) == []


def test_what_cannot_be_read_back_is_entered_as_anybodys(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "disclosures").mkdir()
    spoilt = [b"no json\n", b"\xff\n", b"[1]\n", _line(READ).replace(b"oneroster", b"onerosters", 1)]
    spoilt += [_line(READ).replace(b'"student"', b'"pupil"'), _line(READ).replace(b'"people":3', b'"people":null')]
    half = _line(READ)[:-9]
    (tmp_path / "disclosures" / "1-a.jsonl").write_bytes(b"".join([*spoilt, _line(READ), half]))
    with capture_logs() as logged, disclosing(engine, tmp_path):
        pass
    found = [one.read for one in entered(engine)]
    assert [one.door for one in found] == [Door.UNREADABLE] * len(spoilt) + [Door.ONEROSTER]
    assert [one.request for one in found[:2]] == ["1-a-0", "1-a-1"]
    assert sum(line["event"] == "disclosure.unreadable" for line in logged) == len(spoilt)


#: A disk is full for this process alone: no file of its may be larger than so.
_FULL = """
import resource, signal, sys
from pathlib import Path
from sftpingest import log as logging
from sftpingest.app.disclosing import disclosing
from sftpingest.store.engine import open_store
from tests.app.test_disclosing import READ

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
logging.set_up("json")
with disclosing(open_store(sys.argv[1]), Path(sys.argv[2])) as log:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
    try:
        log.keep(READ)
    except OSError:
        print("refused", log.is_sound(), log.is_sound(), flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(log.is_sound(), flush=True)
    log.keep(READ)
"""


def test_what_cannot_be_kept_is_refused_until_there_is_room(postgres_url: str, tmp_path: Path) -> None:
    from sftpingest.store.engine import migrate, open_store

    engine = open_store(postgres_url)
    migrate(engine)
    words = [sys.executable, "-c", _FULL, postgres_url, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["refused", "False", "False", "True"], done.stderr
    assert [done.stderr.count(f'"disclosure.{what}"') for what in ("unsound", "sound")] == [1, 1]
    assert [one.read for one in entered(engine)] == [READ]
    engine.dispose()


def test_trying_whether_there_is_room_leaves_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "disclosures")
    spool.make()
    spool.append_for_good(_line(READ))
    assert spool.try_out(10_000)
    assert spooled(tmp_path)[0].read_bytes() == _line(READ)
    spool.close()


def test_a_process_that_died_is_taken_over_while_others_go_on(
    engine: Engine, tmp_path: Path, wait_for: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entering, "LOOK_AROUND", 0.1)
    with disclosing(engine, tmp_path):
        dead = Spool(tmp_path / "disclosures")
        dead.append(_line(READ))
        time.sleep(0.2)
        assert entered(engine) == []  # it lives
        dead.close()
        wait_for(lambda: [one.read for one in entered(engine)] == [READ])


def test_a_data_folder_that_cannot_be_written_stops_the_start(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "disclosures").write_text("")
    with pytest.raises(OSError, match="exists"), disclosing(engine, tmp_path):
        pass
