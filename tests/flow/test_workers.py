"""Several `serve worker` processes share one PostgreSQL store.

In:  a private PostgreSQL; ten districts with three uploads each.
Out: nothing.
"""

import os
import signal
import subprocess
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.generate import generate
from sftpingest import inbox
from sftpingest.roster.kinds import Kind
from sftpingest.store import journal
from sftpingest.store.tables import State, now
from tests.cli.conftest import COMMAND
from tests.flow.conftest import LONG, District, Place, in_the_long_form, new_place, read, until
from tests.flow.test_kill import as_uploaded, night_of

DISTRICTS, WORKERS = (30, 4) if LONG else (7, 3)


@pytest.fixture
def shared(postgres_url: str, tmp_path: Path) -> Iterator[Place]:
    with new_place(tmp_path, postgres_url) as place:
        yield place


@contextmanager
def workers(place: Place, count: int) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """So many workers, and no door."""
    command = [*COMMAND, "serve", "worker"]
    with place.log.open("a") as log:
        started = [subprocess.Popen(command, env=place.program.variables, stderr=log) for _ in range(count)]
    try:
        yield started
    finally:
        for worker in started:
            worker.kill()
            worker.wait()


def queue(district: District, folder: Path) -> int:
    """As `ingest` does, without waiting."""
    mark = uuid.uuid4().hex
    inbox.snapshot_from(folder, district.folders, mark)
    own = district.ask(lambda _, number: number)
    with district.place.engine.begin() as c:
        return journal.queue(c, own, mark, "ingest", None)


def fill(place: Place, tmp_path: Path, count: int) -> dict[int, tuple[District, dict[str, bytes]]]:
    """Districts with three uploads each; what was uploaded, by sync."""
    nights = []
    for number, changed in enumerate((0.0, 0.1, 0.2)):
        folder = tmp_path / f"night{number}" / "files"
        generate(folder, students=120, changed=changed, seed=2)
        nights.append(folder)
    districts = [place.district(max_removed="50%") for _ in range(count)]
    return {queue(district, night): (district, read(night)) for night in nights for district in districts}


def all_ended(place: Place) -> bool:
    with place.engine.connect() as c:
        return not journal.unreported(c) and not journal.waiting(c, now())


def done_once_and_in_order(queued: dict[int, tuple[District, dict[str, bytes]]]) -> None:
    """Each applied once, never two at once in a district, and the last roster is the last one queued."""
    for district in {d.slug: d for d, _ in queued.values()}.values():
        syncs = list(reversed(district.syncs()))
        assert [sync.state for sync in syncs] == [State.APPLIED] * 3
        spans = []
        for sync in syncs:
            steps = district.steps(sync.id)
            assert Counter(step.after for step in steps)["applied"] == 1
            began = next(step.at for step in steps if step.after == "running")
            spans.append((began, steps[-1].at))
            assert len([r for r in district.folders.reports.iterdir() if r.name.endswith(f"-{sync.id:06d}")]) == 1
        assert all(one[1] <= next_[0] for one, next_ in pairwise(spans)), spans
        as_uploaded(district, night_of(queued[syncs[-1].id][1]))
        as_uploaded(district, night_of(queued[syncs[0].id][1]), as_of=syncs[0].id)


def test_several_workers_do_each_upload_once_and_never_two_of_a_district_at_once(shared: Place, tmp_path: Path) -> None:
    queued = fill(shared, tmp_path, DISTRICTS)
    with workers(shared, WORKERS) as started:
        until(lambda: all_ended(shared), every=0.1)
        for worker in started:
            worker.send_signal(signal.SIGTERM)
        assert [worker.wait(30) for worker in started] == [0] * WORKERS
    done_once_and_in_order(queued)
    begun = shared.events("sync.started")
    assert sorted(event["sync"] for event in begun) == sorted(queued)  # nobody began what another did
    assert {event["attempt"] for event in begun} == {1}
    at_once = overlapping(queued)
    assert at_once > 0, "the workers took turns"


def overlapping(queued: dict[int, tuple[District, dict[str, bytes]]]) -> int:
    """How many pairs of syncs, of different districts, were being done at the same time."""
    spans = []
    for number, (district, _) in queued.items():
        steps = district.steps(number)
        spans.append(([step.at for step in steps if step.after == "running"][-1], steps[-1].at))
    spans.sort()
    return sum(one[1] > next_[0] for one, next_ in pairwise(spans))


def test_workers_that_are_killed_lose_nothing_to_those_that_live_on(shared: Place, tmp_path: Path) -> None:
    queued = fill(shared, tmp_path, DISTRICTS if LONG else 4)
    with workers(shared, WORKERS) as started:
        for worker in started[:-1]:
            until(lambda: running(shared), every=0.01)
            os.kill(worker.pid, signal.SIGKILL)
        until(lambda: all_ended(shared), every=0.1)
    done_once_and_in_order(queued)


def running(place: Place) -> bool:
    with place.engine.connect() as c:
        return any(sync.state is State.RUNNING for sync in journal.waiting(c, now()))


@in_the_long_form
def test_ingest_shares_the_work_with_the_workers(shared: Place, tmp_path: Path) -> None:
    """Whoever does it, `ingest` gives its outcome."""
    generate(tmp_path / "one" / "files", students=300)
    districts = [shared.district() for _ in range(3)]
    with workers(shared, 2):
        command = [*COMMAND, "ingest"]
        started = [
            subprocess.Popen(
                [*command, district.slug, str(tmp_path / "one" / "files")],
                env=shared.program.variables,
                stdout=subprocess.DEVNULL,
            )
            for district in districts
        ]
        assert [ingest.wait(90) for ingest in started] == [0] * 3
    for district in districts:
        (sync,) = district.syncs()
        assert (sync.state, sync.attempts) == (State.APPLIED, 1)
        assert len(district.roster(Kind.STUDENT)) == 300
