"""A held sync that a person released while a newer upload was being done.

In:  the demo's roster without mistakes, and two nights on which everybody has another name.
Out: nothing.
"""

import uuid
from pathlib import Path

import pytest

from sftpingest import inbox
from sftpingest.store import accounts, journal
from sftpingest.store.tables import State, now
from sftpingest.sync.flow import MOVED, run
from sftpingest.sync.reports import rereport
from sftpingest.work import work_once
from tests.cli.conftest import without_mistakes, written
from tests.flow.conftest import District, Place


@pytest.fixture
def district(place: Place) -> District:
    """A district; no server runs."""
    return place.district()


def queued(district: District, folder: Path) -> int:
    mark = uuid.uuid4().hex
    inbox.snapshot_from(folder, district.folders, mark)
    with district.place.engine.begin() as c:
        return journal.queue(c, accounts.district(c, district.slug).id, mark, "ingest", None)


def work(district: District) -> None:
    assert work_once(district.place.engine, district.place.program.data, run, rereport=rereport)


def renamed(to: bytes) -> dict[str, bytes]:
    """Every student with another last name."""
    files = without_mistakes()
    head, *rows = files["students.csv"].split(b"\r\n")
    at = head.split(b",").index(b"Last_name")
    cells = [row.split(b",") for row in rows]
    named = [b",".join([*row[:at], to, *row[at + 1 :]]) if len(row) > at else b"" for row in cells]
    return files | {"students.csv": b"\r\n".join([head, *named])}


def test_it_is_put_aside_and_cannot_be_released_again(district: District, tmp_path: Path) -> None:
    """Contract 4: release applies exactly what was shown and is refused if the roster has moved since."""
    nights = [written(tmp_path / str(n), files) for n, files in enumerate([without_mistakes(), renamed(b"Old")])]
    for night in nights:
        held = queued(district, night)
        work(district)
    assert district.sync(held).state is State.HELD
    newer = queued(district, written(tmp_path / "new", without_mistakes()))
    with district.place.engine.begin() as c:  # a worker has just begun with the newer one
        begun = journal.begin(c, journal.waiting(c, now())[0])
        assert begun.id == newer
        journal.release(c, held)
    run(district.place.engine, district.folders, begun)
    work(district)
    late = district.sync(held)
    assert (late.state, late.reason) == (State.DISCARDED, MOVED)
    assert late.report
    with district.place.engine.begin() as c, pytest.raises(journal.NotHeld):
        journal.release(c, held)
    assert "Old" not in set(district.shown("student")["last_name"])
