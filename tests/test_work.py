"""What runs when: claims, tries, the watcher."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from structlog.testing import capture_logs

from sftpingest import inbox
from sftpingest.inbox import Folders
from sftpingest.store import accounts, journal
from sftpingest.store.tables import State, Sync, Transition, now, table
from sftpingest.work import claim, lock, report_unwritten, tidy, watch, watcher, work_forever, work_once, worker

Wait = Callable[..., None]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def ready(engine: Engine, data: Path) -> Engine:
    with engine.begin() as c:
        for slug in ("east", "north", "south"):
            accounts.add_district(c, slug, slug.title())
            inbox.folders(data, slug).make()
    return engine


def queue(engine: Engine, slug: str = "north") -> int:
    with engine.begin() as c:
        district = accounts.district(c, slug)
        mark = f"{slug}-{time.monotonic_ns()}"
        return journal.queue(c, district.id, mark, "sftp", None)


def read(engine: Engine, sync_id: int) -> Sync:
    with engine.connect() as c:
        return journal.sync(c, sync_id)


def applies(engine: Engine, folders: Folders, sync: Sync) -> None:
    with engine.begin() as c:
        journal.finish(c, sync.id, sync.attempts, State.APPLIED)
        journal.reported(c, sync.id, "report")


def fails(engine: Engine, folders: Folders, sync: Sync) -> None:
    raise OSError(28, "No space left on device")


def at_once(engine: Engine) -> None:
    """Let what waits for its next try be due."""
    with engine.begin() as c:
        c.execute(sa.update(table(Sync)).values(not_before=None))


# The claim


def test_an_empty_queue_gives_nothing_to_do(ready: Engine, data: Path) -> None:
    with claim(ready, data / "locks") as sync:
        assert sync is None
    assert work_once(ready, data, applies) is False


def test_a_sync_is_done_and_then_there_is_nothing_to_do(ready: Engine, data: Path) -> None:
    sync_id = queue(ready)
    assert work_once(ready, data, applies) is True
    assert (read(ready, sync_id).state, read(ready, sync_id).attempts) == (State.APPLIED, 1)
    assert work_once(ready, data, applies) is False


def test_a_claimed_district_is_passed_over_by_others(ready: Engine, data: Path) -> None:
    first, _, other = queue(ready), queue(ready), queue(ready, "south")
    with claim(ready, data / "locks") as mine, claim(ready, data / "locks") as theirs:
        assert mine is not None
        assert theirs is not None
        assert (mine.id, theirs.id) == (first, other)
        with claim(ready, data / "locks") as third:
            assert third is None
    with claim(ready, data / "locks") as again:
        assert again is not None
        assert again.id == first


def test_a_claim_ends_with_its_block_whatever_happens_in_it(ready: Engine, data: Path) -> None:
    queue(ready)
    with pytest.raises(ZeroDivisionError), claim(ready, data / "locks"):
        raise ZeroDivisionError
    with claim(ready, data / "locks") as sync:
        assert sync is not None


def test_one_may_work_for_one_district_only(ready: Engine, data: Path) -> None:
    queue(ready)
    south = queue(ready, "south")
    assert work_once(ready, data, applies, only="south") is True
    assert work_once(ready, data, applies, only="south") is False
    assert read(ready, south).state is State.APPLIED


def test_a_sync_whose_worker_died_is_run_again(ready: Engine, data: Path) -> None:
    sync_id = queue(ready)
    with ready.begin() as c:
        journal.begin(c, journal.sync(c, sync_id))
    seen = []

    def run(engine: Engine, folders: Folders, sync: Sync) -> None:
        seen.append((sync.state, sync.attempts))
        applies(engine, folders, sync)

    assert work_once(ready, data, run) is True
    assert seen == [(State.RUNNING, 2)]


@contextmanager
def workers(url: str, data: Path, *naps: float) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """A process for each nap, which is how long a sync takes it."""
    script = Path(__file__).with_name("worker_process.py")
    started = [subprocess.Popen([sys.executable, script, url, str(data), str(nap)]) for nap in naps]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()


def lines(data: Path) -> list[list[str]]:
    """What the processes wrote: begin or end, pid, sync."""
    return [line.split() for line in (data / "lines").read_text().splitlines()] if (data / "lines").exists() else []


def test_each_sync_is_done_once_though_a_worker_is_killed(
    ready: Engine, data: Path, store_url: str, wait_for: Wait
) -> None:
    ids = [queue(ready, slug) for slug in 6 * ["east", "north", "south"] + ["east", "north"]]

    def ended(pid: int) -> int:
        return sum(line[:2] == ["end", str(pid)] for line in lines(data))

    with workers(store_url, data, 600, 0.1) as (doomed, other):
        # One hangs in the middle of a sync, the other goes on in the other districts until it is killed.
        wait_for(lambda: ["begin", str(doomed.pid)] in [line[:2] for line in lines(data)], 30)
        wait_for(lambda: ended(other.pid) >= 4, 30)
        os.kill(doomed.pid, signal.SIGKILL)
        wait_for(lambda: ended(other.pid) == len(ids), 60)
    with ready.connect() as c:
        steps = c.execute(sa.select(table(Transition)).order_by(table(Transition).c.id)).all()
    assert Counter(step.sync_id for step in steps if step.after == "applied") == dict.fromkeys(ids, 1)
    assert one_at_a_time([(step.sync_id, step.before, step.after) for step in steps], {i: read(ready, i) for i in ids})
    begun = Counter(line[2] for line in lines(data) if line[0] == "begin")
    assert sorted(begun.values()) == [1] * 19 + [2]  # only the one that was cut short was begun again


def one_at_a_time(steps: list[tuple[int, str | None, str]], syncs: dict[int, Sync]) -> bool:
    """No sync begins in a district while another one runs there."""
    running: dict[int, int] = {}
    for sync_id, before, after in steps:
        district = syncs[sync_id].district_id
        if after == "running" and running.get(district, sync_id) != sync_id:
            return False
        if after == "running":
            running[district] = sync_id
        if before == "running" and after != "running":
            del running[district]
    return not running


def test_the_sync_of_a_killed_worker_is_taken_over_at_once(
    ready: Engine, data: Path, store_url: str, wait_for: Wait
) -> None:
    sync_id = queue(ready)
    with workers(store_url, data, 600) as (doomed,):
        wait_for(lambda: lines(data), 30)
        assert work_once(ready, data, applies) is False  # it lives
        doomed.kill()
        doomed.wait()
        wait_for(lambda: work_once(ready, data, applies), 5)
    assert (read(ready, sync_id).state, read(ready, sync_id).attempts) == (State.APPLIED, 2)


# Faults


def test_a_fault_of_ours_is_tried_again_later_and_then_given_up(ready: Engine, data: Path) -> None:
    sync_id = queue(ready)
    for attempt in range(1, worker.ATTEMPTS):
        begun = now()
        assert work_once(ready, data, fails) is True
        sync = read(ready, sync_id)
        assert (sync.state, sync.attempts) == (State.QUEUED, attempt)
        assert sync.not_before is not None
        assert sync.not_before - begun >= timedelta(seconds=worker.DELAYS[attempt - 1])
        assert work_once(ready, data, fails) is False
        at_once(ready)
    reports: list[int] = []
    assert work_once(ready, data, fails, rereport=lambda engine, folders, sync: reports.append(sync.id)) is True
    assert (read(ready, sync_id).state, read(ready, sync_id).reason) == (State.FAILED, worker.GIVEN_UP)
    assert reports == [sync_id]


def test_a_sync_that_kills_its_workers_is_given_up(ready: Engine, data: Path) -> None:
    sync_id = queue(ready)
    for _ in range(worker.ATTEMPTS):
        with ready.begin() as c:
            journal.begin(c, journal.sync(c, sync_id))
    assert work_once(ready, data, applies) is True
    assert read(ready, sync_id).state is State.FAILED


def test_a_fault_after_the_end_leaves_the_end_as_it_is(ready: Engine, data: Path) -> None:
    sync_id = queue(ready)
    reports: list[int] = []

    def run(engine: Engine, folders: Folders, sync: Sync) -> None:
        with engine.begin() as c:
            journal.finish(c, sync.id, sync.attempts, State.APPLIED)
        raise OSError("the report could not be written")

    work_once(ready, data, run, rereport=lambda engine, folders, sync: reports.append(sync.id))
    assert (read(ready, sync_id).state, reports) == (State.APPLIED, [sync_id])


def test_what_a_fault_says_does_not_reach_the_log_or_the_journal(
    ready: Engine, data: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    sync_id = queue(ready)

    def run(engine: Engine, folders: Folders, sync: Sync) -> None:
        raise RuntimeError("Pupil Somebody") from ValueError("Key (id)=(Pupil Somebody) already exists")

    work_once(ready, data, run)
    said = "".join(capsys.readouterr()) + caplog.text  # wherever a test before this one set the log up to go
    assert "RuntimeError < ValueError" in said
    assert "test_work.py:" in said
    assert "Pupil" not in said
    with ready.connect() as c:
        assert journal.transitions(c, sync_id)[-1].note == "RuntimeError"


def test_a_worker_that_was_overtaken_changes_nothing(ready: Engine, data: Path) -> None:
    sync_id = queue(ready)

    def run(engine: Engine, folders: Folders, sync: Sync) -> None:
        with engine.begin() as c:  # another one, after this one lost its lock
            journal.begin(c, journal.sync(c, sync.id))
        applies(engine, folders, sync)

    assert work_once(ready, data, run) is True
    assert (read(ready, sync_id).state, read(ready, sync_id).attempts) == (State.RUNNING, 2)


# Reports and snapshots


def ended(engine: Engine, slug: str = "north") -> int:
    sync_id = queue(engine, slug)
    with engine.begin() as c:
        begun = journal.begin(c, journal.sync(c, sync_id))
        journal.finish(c, sync_id, begun.attempts, State.APPLIED)
    return sync_id


def test_reports_that_a_crash_left_unwritten_are_written(ready: Engine, data: Path) -> None:
    first, second = ended(ready), ended(ready)
    written: list[int] = []

    def rereport(engine: Engine, folders: Folders, sync: Sync) -> None:
        if sync.id == first:
            raise OSError("no room")
        written.append(sync.id)
        with engine.begin() as c:
            journal.reported(c, sync.id, "report")

    for _ in range(2):
        report_unwritten(ready, data, rereport)
    assert written == [second]


def test_a_report_that_its_worker_is_about_to_write_is_left_to_it(ready: Engine, data: Path) -> None:
    sync_id = ended(ready)
    written: list[int] = []
    with ready.connect() as c:
        district = accounts.district(c, "north")
    with lock(ready, data / "locks", district) as got:
        assert got
        report_unwritten(ready, data, lambda engine, folders, sync: written.append(sync.id))
    assert written == []
    report_unwritten(ready, data, lambda engine, folders, sync: written.append(sync.id))
    assert written == [sync_id]


def test_a_snapshot_is_kept_until_its_sync_is_over_and_reported(ready: Engine, data: Path) -> None:
    folders = inbox.folders(data, "north")
    (folders.home / "students.csv").write_text("x")
    sync_id = queue(ready)
    mark = read(ready, sync_id).mark
    inbox.snapshot(folders, mark)

    def holds(engine: Engine, folders: Folders, sync: Sync) -> None:
        with engine.begin() as c:
            journal.finish(c, sync.id, sync.attempts, State.HELD)
            journal.reported(c, sync.id, "report")

    work_once(ready, data, holds)
    assert list(inbox.snapshots(folders)) == [mark]
    with ready.begin() as c:
        journal.release(c, sync_id)
    work_once(ready, data, applies)
    assert list(inbox.snapshots(folders)) == []


def test_a_snapshot_that_no_sync_knows_is_removed_after_a_while(ready: Engine, data: Path) -> None:
    folders = inbox.folders(data, "north")
    inbox.snapshot(folders, "forgotten")
    tidy(ready, folders)
    tidy(ready, folders, grace=60)
    assert list(inbox.snapshots(folders)) == ["forgotten"]
    tidy(ready, folders, grace=0)
    assert list(inbox.snapshots(folders)) == []


def test_a_worker_works_until_it_is_stopped(ready: Engine, data: Path, wait_for: Wait) -> None:
    unwritten = ended(ready)
    stop, written = threading.Event(), []

    def rereport(engine: Engine, folders: Folders, sync: Sync) -> None:
        written.append(sync.id)
        with engine.begin() as c:
            journal.reported(c, sync.id, "report")

    working = threading.Thread(target=work_forever, args=(ready, data, applies, stop), kwargs={"rereport": rereport})
    working.start()
    ids = [queue(ready, slug) for slug in ("north", "south")]
    wait_for(lambda: all(read(ready, sync_id).state is State.APPLIED for sync_id in ids))
    stop.set()
    working.join(5)
    assert not working.is_alive()
    assert written == [unwritten]


def test_a_worker_outlives_a_store_that_is_away(
    ready: Engine, data: Path, wait_for: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "STUMBLED", 0.05)
    with ready.begin() as c:
        c.execute(sa.text("ALTER TABLE sync RENAME TO away"))
    stop = threading.Event()
    working = threading.Thread(target=work_forever, args=(ready, data, applies, stop))
    working.start()
    time.sleep(0.3)
    with ready.begin() as c:
        c.execute(sa.text("ALTER TABLE away RENAME TO sync"))
    sync_id = queue(ready)
    wait_for(lambda: read(ready, sync_id).state is State.APPLIED)
    stop.set()
    working.join(5)


# The watcher


class Door:
    """What the SFTP door would say."""

    def __init__(self) -> None:
        self.open: Counter[str] = Counter()
        self.at: dict[str, float] = {}
        self.news = asyncio.Event()

    def writing(self, slug: str) -> int:
        return self.open[slug]

    def changed(self, slug: str) -> float | None:
        return self.at.get(slug)

    async def wait(self) -> None:
        await self.news.wait()
        self.news.clear()

    def closed(self, slug: str) -> None:
        self.at[slug] = time.monotonic()
        self.news.set()


class Watched:
    """A watcher at work, and what it has queued."""

    def __init__(self, engine: Engine, data: Path, door: Door) -> None:
        self.engine, self.data, self.door = engine, data, door

    def folders(self, slug: str = "north") -> Folders:
        return inbox.folders(self.data, slug)

    def upload(self, slug: str = "north", /, **files: str) -> None:
        """As the door does it."""
        for name, text in files.items():
            self.lay(slug, **{name: text})
            self.door.closed(slug)

    def lay(self, slug: str = "north", /, **files: str) -> None:
        """By another way: the door knows nothing of it."""
        for name, text in files.items():
            staged = self.folders(slug).staging / name
            staged.write_text(text)
            staged.rename(self.folders(slug).home / f"{name}.csv")

    def syncs(self, slug: str = "north") -> list[Sync]:
        with self.engine.connect() as c:
            return journal.syncs(c, slug)[::-1]

    async def queued(self, count: int, slug: str = "north", seconds: float = 10) -> list[Sync]:
        give_up = time.monotonic() + seconds
        while len(self.syncs(slug)) < count:
            assert time.monotonic() < give_up, f"{len(self.syncs(slug))} of {count} syncs were queued"
            await asyncio.sleep(0.02)
        return self.syncs(slug)

    async def nothing(self, count: int, slug: str = "north", seconds: float = 0.8) -> None:
        """No more than `count`, for a while."""
        await asyncio.sleep(seconds)
        assert len(self.syncs(slug)) == count

    def snapshot(self, sync: Sync, slug: str = "north") -> dict[str, str]:
        folder = self.folders(slug).uploads / sync.mark
        return {seen.name: (folder / seen.name).read_text() for seen in inbox.look(folder)}


Scene = Callable[[Watched], "asyncio.Future[None]"]


@pytest.fixture
def watched(ready: Engine, data: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run a scene while a watcher is at work. Scans of all homes every half second, a quiet time of 0.3 s."""
    monkeypatch.setattr(watcher, "SCAN", 0.5)

    def play(scene: Callable[[Watched], object], quiet: float = 0.3) -> None:
        async def main() -> None:
            door, stop = Door(), asyncio.Event()
            watching = asyncio.create_task(watch(ready, data, door, quiet, stop))
            try:
                await scene(Watched(ready, data, door))  # type: ignore[misc]
            finally:
                stop.set()
                await asyncio.wait_for(watching, 5)

        asyncio.run(main())

    return play


def test_an_upload_is_snapshotted_and_queued_once(watched: Callable[..., None]) -> None:
    async def scene(at: Watched) -> None:
        at.upload(students="x", schools="y")
        (sync,) = await at.queued(1)
        assert at.snapshot(sync) == {"students.csv": "x", "schools.csv": "y"}
        assert (sync.door, sync.state) == ("sftp", State.QUEUED)
        assert sync.signature == inbox.signature(inbox.look(at.folders().home))
        await at.nothing(1)
        assert (at.folders().home / "students.csv").exists()

    watched(scene)


def test_the_close_of_a_file_starts_the_quiet_time_anew(watched: Callable[..., None]) -> None:
    async def scene(at: Watched) -> None:
        for n in range(6):
            at.upload(**{f"file{n}": "x"})
            await asyncio.sleep(0.15)
            assert at.syncs() == []
        begun = time.monotonic()
        (sync,) = await at.queued(1)
        assert time.monotonic() - begun < 5
        assert len(at.snapshot(sync)) == 6

    watched(scene)


def test_nothing_is_taken_while_something_is_written(watched: Callable[..., None]) -> None:
    async def scene(at: Watched) -> None:
        at.door.open["north"] = 1
        at.upload(students="x")
        await at.nothing(0)
        at.door.open["north"] = 0
        at.upload(schools="y")
        (sync,) = await at.queued(1)
        assert len(at.snapshot(sync)) == 2

    watched(scene)


def test_the_same_files_uploaded_again_are_a_new_upload(watched: Callable[..., None]) -> None:
    async def scene(at: Watched) -> None:
        at.upload(students="x")
        await at.queued(1)
        at.upload(students="x")
        await at.queued(2)
        await at.nothing(2)

    watched(scene)


def test_a_file_deleted_and_uploaded_with_its_old_time_is_a_new_upload(watched: Callable[..., None]) -> None:
    async def scene(at: Watched) -> None:
        at.upload(students="x")
        (sync,) = await at.queued(1)
        inbox.drop_snapshot(at.folders(), sync.mark)
        before = inbox.look(at.folders().home)
        at.door.closed("north")  # the file system may give the new file the inode of the old one
        await at.queued(2)
        assert inbox.look(at.folders().home) == before

    watched(scene)


def test_a_deletion_is_a_new_upload(watched: Callable[..., None]) -> None:
    async def scene(at: Watched) -> None:
        at.upload(students="x", schools="y")
        await at.queued(1)
        (at.folders().home / "schools.csv").unlink()
        at.door.closed("north")
        second = (await at.queued(2))[-1]
        assert at.snapshot(second) == {"students.csv": "x"}

    watched(scene)


def test_a_home_that_was_emptied_is_no_upload(watched: Callable[..., None]) -> None:
    async def scene(at: Watched) -> None:
        at.upload(students="x")
        await at.queued(1)
        (at.folders().home / "students.csv").unlink()
        at.door.closed("north")
        await at.nothing(1)

    watched(scene)


def test_files_that_came_by_another_way_are_taken_when_they_stop_changing(watched: Callable[..., None]) -> None:
    async def scene(at: Watched) -> None:
        for n in range(6):
            with (at.folders().home / "students.csv").open("a") as growing:  # as rsync --inplace writes
                growing.write(f"{n}")
            await asyncio.sleep(0.15)
            assert at.syncs() == []
        (sync,) = await at.queued(1)
        assert at.snapshot(sync) == {"students.csv": "012345"}

    watched(scene, quiet=0.6)


def test_what_lies_there_at_start_is_taken_after_the_quiet_time(watched: Callable[..., None], data: Path) -> None:
    home = inbox.folders(data, "north").home
    (home / "students.csv").write_text("x")

    async def scene(at: Watched) -> None:
        await asyncio.sleep(0.5)
        assert at.syncs() == []
        await at.queued(1)

    watched(scene, quiet=1.0)


def test_what_was_snapshotted_before_a_restart_is_not_taken_again(watched: Callable[..., None]) -> None:
    async def first(at: Watched) -> None:
        at.upload(students="x")
        await at.queued(1)

    async def second(at: Watched) -> None:
        await at.nothing(1, seconds=1.5)
        at.upload(students="y")
        await at.queued(2)

    watched(first)
    watched(second)


def test_a_district_has_its_own_quiet_time(watched: Callable[..., None], ready: Engine) -> None:
    with ready.begin() as c:
        accounts.set_district(c, "north", "quiet_seconds", "0")

    async def scene(at: Watched) -> None:
        at.upload("north", students="x")
        at.upload("south", students="x")
        await at.queued(1, "north", seconds=2)
        await at.nothing(0, "south")

    watched(scene, quiet=60)


def test_a_paused_district_waits_until_its_pause_is_over(watched: Callable[..., None], ready: Engine) -> None:
    today = datetime.now().astimezone().date()
    with ready.begin() as c:
        accounts.set_district(c, "north", "pause_start", today.isoformat())

    async def scene(at: Watched) -> None:
        at.upload("north", students="x")
        at.upload("south", students="x")
        await at.queued(1, "south")
        await at.nothing(0, "north")
        with ready.begin() as c:
            accounts.set_district(c, "north", "pause_start", "default")
        await at.queued(1, "north")

    watched(scene)


def test_a_district_that_is_added_while_it_runs_is_watched(watched: Callable[..., None], ready: Engine) -> None:
    async def scene(at: Watched) -> None:
        with ready.begin() as c:
            accounts.add_district(c, "west", "West")
        at.folders("west").make()
        at.upload("west", students="x")
        await at.queued(1, "west")

    watched(scene)


@pytest.mark.parametrize("broken", ["uploads", "home"])
def test_a_district_that_cannot_be_read_does_not_stop_the_others(
    watched: Callable[..., None], data: Path, broken: str
) -> None:
    folder = inbox.folders(data, "north").root / broken
    folder.rmdir()
    folder.write_text("a file where a folder should be")

    async def scene(at: Watched) -> None:
        at.door.closed("north")
        if broken != "home":
            at.upload("north", students="x")
        at.upload("south", students="x")
        await at.queued(1, "south")
        folder.unlink()
        folder.mkdir()
        at.upload("north", students="x")
        await at.queued(1, "north")

    watched(scene)


def test_a_home_that_cannot_be_read_is_said_once_and_looked_at_with_the_others(
    watched: Callable[..., None], data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = inbox.folders(data, "north").home
    home.rmdir()
    home.write_text("a file where a folder should be")
    looks, real = list[Path](), inbox.look

    def look(folder: Path) -> tuple[inbox.Seen, ...]:
        looks.append(folder)
        return real(folder)

    monkeypatch.setattr(inbox, "look", look)

    async def scene(at: Watched) -> None:
        at.door.closed("north")
        await asyncio.sleep(1.2)

    with capture_logs() as said:
        watched(scene)
    assert [(each["event"], each["district"]) for each in said] == [("home.unreadable", "north")]
    assert looks.count(home) <= 5  # no more than the scans of all homes, and the close


def test_what_cannot_be_tidied_up_stops_nothing(
    watched: Callable[..., None], data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    north, south = (inbox.folders(data, slug) for slug in ("north", "south"))
    real = inbox.snapshots

    def unreadable(folders: Folders) -> dict[str, float]:
        if folders == north:
            raise PermissionError(13, "Permission denied")
        return real(folders)

    monkeypatch.setattr(inbox, "snapshots", unreadable)
    north.reports.rmdir()
    north.reports.write_text("a file where a folder should be")
    inbox.publish(south, f"{now() - timedelta(days=400):%Y-%m-%dT%H%M%SZ}-000001", {})
    inbox.publish(south, f"{now():%Y-%m-%dT%H%M%SZ}-000002", {})

    async def scene(at: Watched) -> None:
        at.upload("south", students="x")
        await at.queued(1, "south")
        assert len(list(south.reports.iterdir())) == 1

    watched(scene)


def test_what_is_older_than_the_retention_time_is_removed_without_any_upload(
    watched: Callable[..., None], ready: Engine, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ready.begin() as c:
        accounts.set_district(c, "south", "retention_days", "10")
    for slug in ("north", "south"):
        for days, number in ((20, 1), (0, 2)):
            folders = inbox.folders(data, slug)
            inbox.publish(folders, f"{now() - timedelta(days=days):%Y-%m-%dT%H%M%SZ}-00000{number}", {})
        (folders.staging / "0123456789abcdef.students.csv").write_text("half")
    asked = list[tuple[str, int]]()
    monkeypatch.setattr(inbox, "drop_broken_off", lambda at, days, _: asked.append((at.root.name, days)))

    async def scene(at: Watched) -> None:
        await asyncio.sleep(0.3)

    watched(scene)
    assert [len(list(inbox.folders(data, slug).reports.iterdir())) for slug in ("north", "south")] == [2, 1]
    assert asked == [("east", 90), ("north", 90), ("south", 10)]


def test_a_snapshot_that_cannot_be_removed_does_not_spoil_a_sync_that_is_done(
    ready: Engine, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync_id = queue(ready)
    inbox.snapshot(inbox.folders(data, "north"), read(ready, sync_id).mark)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(shutil, "rmtree", refuse)
    assert work_once(ready, data, applies) is True
    assert read(ready, sync_id).state is State.APPLIED


def test_an_upload_that_moves_while_it_is_snapshotted_is_taken_later(
    watched: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, late = inbox.snapshot, list[str]()

    async def scene(at: Watched) -> None:
        def snapshot(folders: Folders, mark: str) -> Path:
            made = real(folders, mark)
            if not late:
                late.append(mark)
                at.lay(schools="came late")
            return made

        monkeypatch.setattr(inbox, "snapshot", snapshot)
        at.upload(students="x")
        (sync,) = await at.queued(1)
        assert at.snapshot(sync) == {"students.csv": "x", "schools.csv": "came late"}
        assert list(inbox.snapshots(at.folders())) == [sync.mark]

    watched(scene)


def test_an_upload_that_begins_while_the_files_are_snapshotted_is_waited_for(
    watched: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = inbox.snapshot

    async def scene(at: Watched) -> None:
        def snapshot(folders: Folders, mark: str) -> Path:
            at.door.open["north"] = 1
            return real(folders, mark)

        monkeypatch.setattr(inbox, "snapshot", snapshot)
        at.upload(students="x")
        await at.nothing(0)
        assert list(inbox.snapshots(at.folders())) == []
        monkeypatch.setattr(inbox, "snapshot", real)
        at.door.open["north"] = 0
        at.upload(schools="y")
        (sync,) = await at.queued(1)
        assert len(at.snapshot(sync)) == 2

    watched(scene)


def test_an_old_snapshot_without_a_sync_is_removed_at_start(
    watched: Callable[..., None], data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "GRACE", 0.0)
    north = inbox.folders(data, "north")
    inbox.snapshot(north, "forgotten")

    async def scene(at: Watched) -> None:
        for _ in range(100):
            await asyncio.sleep(0.05)
            if not inbox.snapshots(north):
                return
        raise AssertionError("it is still there")

    watched(scene)
