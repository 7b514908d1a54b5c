"""The audit trail of a process: nothing that was kept is lost, and nothing is there twice."""

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from structlog.testing import capture_logs

from sftpingest.app import entering
from sftpingest.app import spool as spools
from sftpingest.app.spool import Spool
from sftpingest.app.trail import Trail, _line, trail
from sftpingest.store.audit import AUDIT, TRAIL
from sftpingest.store.tables import now
from sftpingest.store.whole import verify

#: Keeps events as fast as it can, and says of each that it is kept: by a byte in a pipe, which outlives it.
_KEEPS = """
import os, sys
from pathlib import Path
from sftpingest import log
from sftpingest.app import entering, trail as trails
from sftpingest.store.engine import open_store

log.set_up("json")  # to standard error
entering.GATHER = 0.01  # killed at whatever it does: keeping, entering, removing what is entered
engine = open_store(sys.argv[1])
with trails.trail(engine, Path(sys.argv[2])) as kept:
    for n in range(int(sys.argv[4])):
        kept.keep("file.downloaded", {"district": "north", "file": f"{sys.argv[3]}-{n}", "bytes": n})
        os.write(1, b".")
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entering, "GATHER", 0.02)
    monkeypatch.setattr(entering, "PAUSE", 0.05)


def keeper(store_url: str, data: Path, name: str, most: int = 10**9) -> "subprocess.Popen[bytes]":
    words = [sys.executable, "-c", _KEEPS, store_url, str(data), name, str(most)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def entered(engine: Engine) -> list[str]:
    with engine.connect() as c:
        return list(c.scalars(sa.select(AUDIT.c.file).where(AUDIT.c.event == "file.downloaded").order_by(AUDIT.c.id)))


def events(engine: Engine) -> list[str]:
    with engine.connect() as c:
        return list(c.scalars(sa.select(AUDIT.c.event).order_by(AUDIT.c.id)))


def spooled(data: Path) -> list[Path]:
    return sorted((data / "audit").glob("*"))


def test_what_is_kept_is_entered_with_all_its_facts(engine: Engine, tmp_path: Path) -> None:
    facts = {"district": "north", "username": "u", "address": "::1", "file": "é 名.csv", "bytes": 3, "kept": True}
    with trail(engine, tmp_path) as kept:
        kept.keep("upload.broken_off", facts)
    with engine.connect() as c:
        row = c.execute(sa.select(AUDIT)).one()
    assert {name: row._mapping[name] for name in facts if name != "kept"} == {
        k: v for k, v in facts.items() if k != "kept"
    }
    assert json.loads(row.facts) == {"kept": True}
    assert row.source.endswith(f":{os.getpid()}")
    assert spooled(tmp_path) == []


def test_it_is_entered_soon_and_without_a_stop(engine: Engine, tmp_path: Path, wait_for: Callable[..., None]) -> None:
    with trail(engine, tmp_path) as kept:
        kept.keep("a.b", {})
        wait_for(lambda: events(engine) == ["a.b"])
        kept.keep("c.d", {})
        wait_for(lambda: events(engine) == ["a.b", "c.d"])


def test_the_head_of_each_batch_is_in_the_log(engine: Engine, tmp_path: Path) -> None:
    with capture_logs() as logged, trail(engine, tmp_path) as kept:
        kept.keep("a.b", {})
    written = next(line for line in logged if line["event"] == "audit.written")
    head = verify(engine, TRAIL).head
    assert head
    assert (written["count"], written["id"], written["head"]) == (1, head.id, head.hash)


def test_a_spool_is_for_nobody_else(engine: Engine, tmp_path: Path) -> None:
    with trail(engine, tmp_path):
        (spool,) = spooled(tmp_path)
        assert stat.S_IMODE(spool.stat().st_mode) == 0o600
        assert stat.S_IMODE(spool.parent.stat().st_mode) == 0o700


@contextlib.contextmanager
def busy(engine: Engine) -> Iterator[None]:
    """A store that takes no entries: somebody writes for long."""
    with engine.begin() as c:
        if engine.dialect.name == "postgresql":
            c.execute(sa.text("LOCK TABLE audit IN EXCLUSIVE MODE"))
        yield


def test_a_busy_store_holds_nobody_up_and_nothing_back(engine: Engine, tmp_path: Path) -> None:
    with trail(engine, tmp_path) as kept:
        with busy(engine):
            began = time.monotonic()
            for n in range(500):
                kept.keep("file.downloaded", {"file": str(n)})
            assert time.monotonic() - began < 5  # a waiting store would take 30
            assert kept.is_sound()
        assert Trail(engine, tmp_path).is_sound()
    assert entered(engine) == [str(n) for n in range(500)]


def test_a_stop_does_not_wait_for_ever_and_the_next_start_takes_over(engine: Engine, tmp_path: Path) -> None:
    first = Trail(engine, tmp_path)
    with busy(engine):
        first.start()
        first.keep("file.downloaded", {"file": "1"})
        first.stop(0.2)
        first.keep("file.downloaded", {"file": "2"})  # a session that ended after the stop
    first._thread.join(40)
    first.stop(0)
    with trail(engine, tmp_path):
        pass
    assert sorted(entered(engine)) == ["1", "2"]
    assert spooled(tmp_path) == []


def test_a_killed_process_loses_nothing_that_it_kept(
    engine: Engine, store_url: str, tmp_path: Path, wait_for: Callable[..., None]
) -> None:
    kept: dict[str, int] = {}
    for name in ("a", "b", "c"):
        with keeper(store_url, tmp_path, name) as child:
            assert child.stdout
            kept[name] = len(child.stdout.read(2_000 + 700 * len(kept)))
            child.send_signal(signal.SIGKILL)
            kept[name] += len(child.stdout.read())
    with trail(engine, tmp_path):
        pass
    found = Counter(entered(engine))
    assert set(found.values()) == {1}
    missing = [f"{name}-{n}" for name, count in kept.items() for n in range(count) if f"{name}-{n}" not in found]
    assert missing == []
    assert sum(kept.values()) <= len(found) <= sum(kept.values()) + len(kept)  # one each may be kept and not yet said
    assert verify(engine, TRAIL).wrong is None
    assert spooled(tmp_path) == []


def test_several_processes_enter_into_one_trail(engine: Engine, store_url: str, tmp_path: Path) -> None:
    children = [keeper(store_url, tmp_path, name, 300) for name in ("a", "b", "c")]
    for child in children:
        assert (len(child.communicate(timeout=60)[0]), child.returncode) == (300, 0)
    assert Counter(entered(engine)) == Counter(f"{name}-{n}" for name in ("a", "b", "c") for n in range(300))
    assert verify(engine, TRAIL).wrong is None


def test_a_file_that_another_process_took_for_an_orphan_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its making and its lock somebody may look around: what is written to it then is lost with it."""
    locked, others = spools._locked, iter([Spool(tmp_path)])

    def late(fd: int) -> bool:
        for orphan in (one for other in others for one in other.orphans()):
            orphan.drop()
        return locked(fd)

    monkeypatch.setattr(spools, "_locked", late)
    spool = Spool(tmp_path)
    spool.append(b"{}\n")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"{}\n"]
    spool.close()


def test_a_process_that_died_is_taken_over_while_others_go_on(
    engine: Engine, tmp_path: Path, wait_for: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entering, "LOOK_AROUND", 0.1)
    with trail(engine, tmp_path):
        dead = Spool(tmp_path / "audit")
        dead.append(_line("file.downloaded", {"file": "1"}, now()))
        time.sleep(0.3)
        assert entered(engine) == []  # it lives
        dead.close()
        wait_for(lambda: entered(engine) == ["1"])


def test_a_file_that_was_entered_but_not_removed_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "audit")
    spool.make()
    for n in range(2_500):
        spool.append(_line("file.downloaded", {"file": str(n)}, now()))
    (path,) = spooled(tmp_path)
    whole = path.read_bytes()
    spool.close()
    for _ in range(2):
        path.write_bytes(whole)
        with trail(engine, tmp_path):
            pass
    assert entered(engine) == [str(n) for n in range(2_500)]


def test_what_cannot_be_read_is_said_and_half_a_line_was_never_kept(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "audit").mkdir()
    good = _line("file.downloaded", {"file": "1"}, now())
    (tmp_path / "audit" / "1-a.jsonl").write_bytes(b"no json\n[1]\n" + good + good[:-9])
    with trail(engine, tmp_path):
        pass
    assert events(engine) == ["audit.unreadable", "audit.unreadable", "file.downloaded"]


def test_what_clients_make_up_does_not_fill_the_trail(engine: Engine, tmp_path: Path) -> None:
    with trail(engine, tmp_path) as kept:
        kept.keep("operation.refused", {"file": "x" * 10**6, "district": "north"})
    with engine.connect() as c:
        row = c.execute(sa.select(AUDIT)).one()
    assert (len(row.file), row.district) == (1_000, "north")


def test_a_store_that_fails_is_tried_again(engine: Engine, tmp_path: Path, wait_for: Callable[..., None]) -> None:
    with engine.begin() as c:
        c.execute(sa.text("ALTER TABLE audit RENAME TO elsewhere"))
    with capture_logs() as logged, trail(engine, tmp_path) as kept:
        kept.keep("a.b", {})
        wait_for(lambda: sum(line["event"] == "audit.delayed" for line in logged) > 2)
        with engine.begin() as c:
            c.execute(sa.text("ALTER TABLE elsewhere RENAME TO audit"))
        wait_for(lambda: events(engine) == ["a.b"])
        assert kept.is_sound()


# -- a full disk ---------------------------------------------------------------------------------------------------

#: A disk is full for this process alone: no file of its may be larger than so. The store is on another machine.
_FULL = """
import os, resource, signal, sys, time
from pathlib import Path
from sftpingest import log
from sftpingest.app import entering, trail as trails
from sftpingest.store.engine import open_store

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log.set_up("json")
entering.GATHER, entering.PAUSE, trails._MOST_HELD = 0.02, 0.05, 50
engine = open_store(sys.argv[1])
with trails.trail(engine, Path(sys.argv[2])) as kept:
    kept._engine = None  # the store fails too
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
    said = []
    for n in range(100):
        kept.keep("file.downloaded", {"district": "north", "file": str(n)})
        said.append(kept.is_sound())
    print(said[0], said[-1], flush=True)
    kept._engine = engine
    if sys.argv[3] == "room":
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    until = time.monotonic() + 20
    while not kept.is_sound() and time.monotonic() < until:
        time.sleep(0.01)
    print(kept.is_sound(), flush=True)
"""


@pytest.mark.parametrize("then", ["room", "the store alone"])
def test_on_a_full_disk_nobody_new_is_let_in_and_what_is_lost_is_counted(
    request: pytest.FixtureRequest, tmp_path: Path, then: str
) -> None:
    url = request.getfixturevalue("postgres_url")
    from sftpingest.store.engine import migrate, open_store

    engine = open_store(url)
    migrate(engine)
    words = [sys.executable, "-c", _FULL, url, str(tmp_path), then]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["True", "False", "True"], done.stderr
    files = entered(engine)
    with engine.connect() as c:
        lost = sum(
            json.loads(text)["count"]
            for text in c.scalars(sa.select(AUDIT.c.facts).where(AUDIT.c.event == "audit.lost"))
        )
    assert len(files) == len(set(files))
    assert lost > 0
    assert len(files) + lost == 100
    said = [json.loads(line)["event"] for line in done.stderr.splitlines() if line.startswith("{")]
    assert said.count("audit.unsound") == 1
    assert "audit.sound" in said
    assert spooled(tmp_path) == []
    engine.dispose()


def test_a_line_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    words = [sys.executable, "-c", _TORN, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("refused\n", "")
    (spool,) = spooled(tmp_path)
    assert spool.read_bytes() == b"x" * 69 + b"\n"


_TORN = """
import resource, signal, sys
from pathlib import Path
from sftpingest.app.spool import Spool

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
spool = Spool(Path(sys.argv[1]) / "audit")
spool.make()
resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
spool.append(b"x" * 69 + b"\\n")
try:
    spool.append(b"y" * 69 + b"\\n")
except OSError:
    print("refused")
"""


def test_a_data_folder_that_cannot_be_written_stops_the_start(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("")
    with pytest.raises(OSError, match="exists"), trail(engine, tmp_path):
        pass
