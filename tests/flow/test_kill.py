"""kill -9 at any moment of a sync, then `up` again: the upload is applied exactly once.

In:  a generated district whose sync takes a second or two, and the night after it.
Out: nothing.

The moments are drawn with a seed; SFTPINGEST_LONG=1 draws several times as many.
"""

import io
import os
import random
import shutil
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from benchmarks.generate import generate
from sftpingest.roster.kinds import Kind
from sftpingest.store.tables import State, Sync
from sftpingest.store.versions import VERSIONS
from tests.cli.conftest import without_mistakes
from tests.flow.conftest import (
    LONG,
    PATIENCE,
    District,
    Place,
    Server,
    in_the_long_form,
    lives,
    on_both_stores,
    place_of_one_store,
    read,
    same,
    until,
)

STUDENTS = 40_000 if LONG else 12_000
#: How often each upload is killed, by store. A sync may be begun five times, so it is killed four times at most.
KILLS = {"sqlite": [4] * 8, "postgresql": [4] * 6} if LONG else {"sqlite": [2, 1], "postgresql": [3]}
#: The longest time from the begin of a sync to a kill, in seconds: a little longer than the sync takes.
SPAN = 4.0 if LONG else 0.8
#: The longest time from the begin of the transaction that stores the roster to a kill.
STORING = 0.5 if LONG else 0.05


@pytest.fixture(scope="session")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[dict[str, bytes]]]:
    """The district on two nights; the next ones go to and fro."""
    folder = tmp_path_factory.mktemp("nights")
    generate(folder / "one" / "files", students=STUDENTS)
    generate(folder / "two" / "files", students=STUDENTS, changed=0.2)
    yield [read(folder / "one" / "files"), read(folder / "two" / "files")]
    shutil.rmtree(folder)


@dataclass
class Moment:
    """When to kill, and what."""

    when: str  #: queued; running; storing: its transaction is open; applied: committed, the report is not written yet
    what: str  #: group, worker or parent
    after: float = 0.0  #: seconds


def moments(chance: random.Random, turn: int, kills: int) -> list[Moment]:
    """For one upload, in turns: at all the turning points, or at random. A worker that dies alone is soon replaced."""
    any_of = chance.sample(["group", "worker", "parent"], k=3)
    at_random = [Moment("running", what, chance.uniform(0, SPAN)) for what in any_of]
    storing = Moment("storing", chance.choice(["group", "worker"]), chance.uniform(0, STORING))
    points = [Moment("queued", "group"), at_random[0], storing, Moment("applied", chance.choice(["group", "worker"]))]
    return (points if turn % 2 == 0 else [*at_random, storing])[:kills]


@dataclass
class Killing:
    """One upload after the other, each killed several times."""

    district: District
    attempts: int = 0  #: how often its sync was begun until the last kill
    hit: Counter[str] = field(default_factory=Counter)  #: the states in which it was hit

    def wait(self, moment: Moment) -> None:
        """Wait for the moment, or until it has passed."""
        until(lambda: self.is_on_the_way(moment), every=0.002)
        if moment.when == "storing":
            until(lambda: self.state() is State.APPLIED or is_storing(self.district.place), every=0.002)
        time.sleep(moment.after)

    def is_on_the_way(self, moment: Moment) -> bool:
        """Whether it is queued, or was begun since the last kill: until then it is `running` as the dead left it."""
        found = self.sync()
        if found is None or found.state is State.APPLIED:
            return found is not None
        return moment.when == "queued" or (found.state is State.RUNNING and found.attempts > self.attempts)

    def step_to_the_commit(self, server: Server) -> None:
        """Let the worker run in slices, and leave it stopped in the first in which its transaction is over.

        The report is written some hundredths of a second later: nobody hits that by waiting. Were the roster committed
        before the journal, this would be between the two.
        """
        give_up, stored = time.monotonic() + PATIENCE, False
        running = Moment("running", "worker")
        while time.monotonic() < give_up:
            with suppress(ProcessLookupError):  # it may be the one that was killed a moment ago
                worker = server.worker()
                os.kill(worker, signal.SIGSTOP)
                storing = self.is_on_the_way(running) and is_storing(self.district.place)
                if self.state() is State.APPLIED or (stored and not storing):
                    return
                stored |= storing
                os.kill(worker, signal.SIGCONT)
            time.sleep(0.005)
        pytest.fail("it was never committed")

    def sync(self) -> Sync | None:
        """Of the upload that is being killed."""
        newest = self.district.syncs()[:1]
        return newest[0] if newest and newest[0].id > self.district.seen else None

    def state(self) -> State | None:
        found = self.sync()
        return found.state if found else None

    def kill(self, server: Server, moment: Moment) -> bool:
        """Kill at this moment; gives whether the server must be started anew."""
        if moment.when == "applied":
            self.step_to_the_commit(server)
        else:
            self.wait(moment)
        storing = " storing" if is_storing(self.district.place) else ""
        {"group": server.kill_group, "worker": server.kill_worker, "parent": server.kill_parent}[moment.what]()
        found = self.sync()
        assert found
        unreported = " unreported" if found.state is State.APPLIED and not found.report else ""
        self.hit[f"{found.state}{storing}{unreported}"] += 1
        self.attempts = found.attempts
        return moment.what != "worker"


def is_storing(place: Place) -> bool:
    """Whether a transaction is open that writes the roster."""
    if place.engine.dialect.name == "postgresql":
        asked = "SELECT count(*) FROM pg_locks WHERE relation = 'student_version'::regclass AND mode LIKE '%Exclusive%'"
        with place.engine.connect() as c:
            return bool(c.scalar(sa.text(asked)))
    with closing(sqlite3.connect(str(place.engine.url.database), timeout=0, isolation_level=None)) as c:
        try:
            c.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:  # another is writing
            return True
        c.execute("ROLLBACK")
        return False


@on_both_stores
def test_an_upload_that_was_killed_many_times_is_applied_exactly_once(
    place: Place, nights: list[dict[str, bytes]]
) -> None:
    sort = place.engine.dialect.name
    chance = random.Random(f"{sort} 1")
    killing = Killing(place.district())
    rosters: dict[int, dict[Kind, pd.DataFrame]] = {}
    for turn, (files, kills) in enumerate(zip(nights * len(KILLS[sort]), KILLS[sort], strict=False)):
        number = killed_and_finished(place, killing, files, moments(chance, turn, kills))
        applied_once(killing.district, number, first=not rosters)
        rosters[number] = night_of(files)
    assert len(killing.district.syncs()) == len(KILLS[sort])
    for number, roster in rosters.items():  # the history is whole too
        as_uploaded(killing.district, roster, as_of=number)
    for state in ("queued", "running storing", "applied unreported") if LONG else ():
        assert killing.hit[state], killing.hit
    print(sort, dict(killing.hit))  # noqa: T201  (shown where it fails, and with -s)


def killed_and_finished(place: Place, killing: Killing, files: dict[str, bytes], todo: list[Moment]) -> int:
    """Upload, kill at each of the moments, start again each time; gives the sync once it is reported."""
    uploaded, killing.attempts = False, 0
    while True:
        with place.up() as server:
            killing.district.server = server
            if not uploaded:
                killing.district.upload(files)
                uploaded = True
            while todo and not killing.kill(server, todo.pop(0)):
                pass
            if server.process.poll() is None:
                number = killing.district.outcome().id
                until(lambda: not list(killing.district.folders.uploads.iterdir()))  # no snapshot is left behind
                return number


def applied_once(district: District, number: int, *, first: bool) -> None:
    """One sync, one application, one report, and versions that say the same."""
    sync, steps = district.sync(number), district.steps(number)
    assert sync.state is State.APPLIED
    assert [step.before for step in steps] == [None, *(step.after for step in steps[:-1])]
    assert Counter(step.after for step in steps)["applied"] == 1
    assert steps[-1].after == "applied"
    assert sync.attempts == sum(step.after == "running" for step in steps)
    assert [path.name for path in district.folders.reports.iterdir() if path.name.endswith(f"-{number:06d}")] == [
        sync.report
    ]
    for kind, counts in sync.kinds.items():
        began, ended = versions(district, Kind(kind), number)
        assert (began, ended) == (counts["created"] + counts["updated"], counts["updated"] + counts["removed"]), kind
        assert not first or counts["created"] == len(district.roster(Kind(kind)))


def versions(district: District, kind: Kind, number: int) -> tuple[int, int]:
    """How many versions began and ended with a sync."""
    table = VERSIONS[kind]
    count = sa.select(sa.func.count()).select_from(table)
    with district.place.engine.connect() as c:
        began = c.execute(count.where(table.c.first_sync == number)).scalar_one()
        return began, c.execute(count.where(table.c.end_sync == number)).scalar_one()


def night_of(files: dict[str, bytes]) -> dict[Kind, pd.DataFrame]:
    """What the files say, as far as it can be compared cell by cell."""

    def table(name: str, columns: dict[str, str]) -> pd.DataFrame:
        frame = pd.read_csv(io.BytesIO(files[name]), dtype=str, keep_default_na=False)
        return frame[list(columns)].rename(columns=columns)

    person = {"First_name": "first_name", "Last_name": "last_name", "School_id": "school_id"}
    enrolled = table("enrollments.csv", {"Section_id": "section_id", "Student_id": "person_id"})
    return {
        Kind.SCHOOL: table("schools.csv", {"School_id": "id", "School_name": "name"}),
        Kind.STUDENT: table("students.csv", {"Student_id": "id", **person}),
        Kind.TEACHER: table("teachers.csv", {"Teacher_id": "id", **person}),
        Kind.STAFF: table("staff.csv", {"Staff_id": "id", **person}),
        Kind.SECTION: table("sections.csv", {"Section_id": "id", "School_id": "school_id", "Period": "period"}),
        Kind.ENROLLMENT: enrolled.assign(role="student"),
    }


def as_uploaded(district: District, roster: dict[Kind, pd.DataFrame], as_of: int | None = None) -> None:
    """The store holds what the files say."""
    for kind, came in roster.items():
        held = district.roster(kind, as_of)
        held = held[held["role"] == "student"] if kind is Kind.ENROLLMENT else held
        order = list(came.columns)
        there, uploaded = (f[order].sort_values(order, ignore_index=True).astype(str) for f in (held, came))
        pd.testing.assert_frame_equal(there, uploaded, check_dtype=False, obj=f"{kind} as of {as_of}")


@place_of_one_store
def test_a_killed_parent_takes_its_worker_along_in_the_middle_of_a_sync(
    place: Place, nights: list[dict[str, bytes]]
) -> None:
    district = place.district()
    with place.up() as server:
        district.server = server
        worker = server.worker()
        district.upload(nights[0])
        until(lambda: [s for s in district.syncs() if s.state is State.RUNNING], every=0.005)
        server.process.kill()
        server.process.wait()
        until(lambda: not lives(worker), 2)
    assert district.syncs()[0].state is State.RUNNING  # it was cut, not finished
    assert district.counts()["student"] == 0
    with place.up() as server:
        assert district.outcome().attempts == 2


@place_of_one_store
def test_a_stop_lets_the_sync_that_is_running_end(place: Place, nights: list[dict[str, bytes]]) -> None:
    district = place.district()
    with place.up() as server:
        district.server = server
        district.upload(nights[0])
        until(lambda: [s for s in district.syncs() if s.state is State.RUNNING], every=0.005)
        assert server.stop() == 0
    (sync,) = district.syncs()
    assert (sync.state, sync.attempts) == (State.APPLIED, 1)
    assert sync.report
    assert (district.folders.reports / sync.report / "result.json").exists()


@in_the_long_form
def test_an_upload_whose_worker_dies_again_and_again_is_given_up_as_our_fault(place: Place, tmp_path: Path) -> None:
    """And what was held stays; the next upload is taken as any other."""
    district = place.district()
    with place.up() as server:
        district.server = server
        district.uploaded(without_mistakes())
        before = district.whole()
        generate(tmp_path / "large" / "files", students=5000)
        district.upload(read(tmp_path / "large" / "files"))
        for attempt in range(1, 6):
            until(partial(is_at, district, attempt), every=0.005)
            server.kill_worker()
        assert district.outcome().state is State.FAILED
        same(district.whole(), before)
        assert district.latest().result["outcome"] == "failed"
        assert district.uploaded(without_mistakes()).state is State.APPLIED


def is_at(district: District, attempt: int) -> bool:
    """Whether the newest sync is being done for that time."""
    newest = district.syncs()[0]
    return newest.state is State.RUNNING and newest.attempts == attempt
