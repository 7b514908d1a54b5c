"""As it was, and back to it: several nights of a generated district.

In:  benchmarks.generate.
Out: nothing.
"""

import io
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from benchmarks.generate import generate
from sftpingest.roster.kinds import Kind
from sftpingest.store.tables import State
from tests.flow.conftest import LONG, District, House, house_of_one_store, read, same
from tests.flow.test_kill import as_uploaded, night_of

NIGHTS = (0.0, 0.05, 0.1, 0.02, 0.1) if LONG else (0.0, 0.05, 0.1)
Nights = dict[int, dict[str, bytes]]


@pytest.fixture
def nights(house: House, tmp_path: Path) -> tuple[District, Nights]:
    """A district after several nights; what was uploaded in each, by the number of its sync."""
    district, uploaded = house.district(), {}
    for night, changed in enumerate(NIGHTS):
        generate(tmp_path / str(night) / "files", students=1200 if LONG else 600, changed=changed, seed=8)
        files = read(tmp_path / str(night) / "files")
        sync = district.uploaded(files)
        assert (sync.state, sync.findings) == (State.APPLIED, {}), sync.reason
        uploaded[sync.id] = files
    return district, uploaded


def test_the_roster_of_every_night_can_be_seen_and_restored(nights: tuple[District, Nights]) -> None:
    district, uploaded = nights
    for number, files in uploaded.items():
        as_uploaded(district, night_of(files), as_of=number)
    what_is_shown_is_what_was_uploaded(district, uploaded)
    views_and_counts_agree(district)
    each_comes_back(district, uploaded)
    views_and_counts_agree(district)


def what_is_shown_is_what_was_uploaded(district: District, uploaded: Nights) -> None:
    """`sftpingest roster --as-of`, and without it."""
    numbers = list(uploaded)
    for number, words in ((numbers[1], ("--as-of", numbers[1])), (numbers[-1], ())):
        came = pd.read_csv(io.BytesIO(uploaded[number]["students.csv"]), dtype=str, keep_default_na=False)
        shown = district.shown("student", *words)
        spelt = {"Student_id": "id", "First_name": "first_name", "Last_name": "last_name", "School_id": "school_id"}
        came = came[list(spelt)].rename(columns=spelt).sort_values("id", ignore_index=True)
        pd.testing.assert_frame_equal(shown[list(came.columns)].sort_values("id", ignore_index=True), came)
    shown = district.shown("enrollment", "--as-of", numbers[0])
    assert list(shown.columns[:3]) == ["section_id", "person_id", "role"]
    came = pd.read_csv(io.BytesIO(uploaded[numbers[0]]["enrollments.csv"]), dtype=str)
    learners = shown[shown["role"] == "student"]
    assert set(zip(learners["section_id"], learners["person_id"], strict=True)) == set(
        zip(came["Section_id"], came["Student_id"], strict=True)
    )


def views_and_counts_agree(district: District) -> None:
    """The plain views show the current roster, and nothing of other districts."""
    with district.place.engine.connect() as c:
        for kind in Kind:
            view = sa.text(f"SELECT * FROM {kind.value} WHERE district = :slug")
            seen = pd.read_sql_query(view, c, params={"slug": district.slug}).astype(str)
            held = district.roster(kind).astype(str)
            assert len(seen) == len(held) == district.counts()[kind.value], kind
            order = list(held.columns)
            seen, held = (frame[order].sort_values(order, ignore_index=True) for frame in (seen, held))
            pd.testing.assert_frame_equal(seen, held, check_dtype=False, obj=f"the view {kind}")
        teaches = sa.text("SELECT section_id, teacher_id FROM section_teacher WHERE district = :slug")
        pairs = {tuple(row) for row in c.execute(teaches, {"slug": district.slug})}
    held = district.roster(Kind.ENROLLMENT)
    held = held[held["role"] == "teacher"]
    assert pairs == set(zip(held["section_id"], held["person_id"], strict=True))


def each_comes_back(district: District, uploaded: Nights) -> None:
    """By `sync restore`, as a sync of its own with a report; what was before can still be seen."""
    last = district.whole()
    for number in list(uploaded)[:2]:
        then = district.whole(as_of=number)
        before = district.whole()
        result = district.place.program.json("sync", "restore", district.slug, number)
        assert result["outcome"] == "applied"
        same(district.whole(), then)
        assert result["sync"] == district.outcome().id
        assert district.latest().result["sync"] == result["sync"]
        for kind in Kind:
            counts = result["kinds"][kind.value]
            assert counts["created"] - counts["removed"] == len(then[kind]) - len(before[kind]), kind
            assert counts["updated"] + counts["removed"] + counts["unchanged"] == len(before[kind]), kind
    same(district.whole(as_of=max(uploaded)), last)
    again = district.uploaded(uploaded[max(uploaded)])
    assert again.state is State.APPLIED
    same(district.whole(), last)


@house_of_one_store
def test_a_roster_that_never_was_cannot_be_restored(house: House, tmp_path: Path) -> None:
    generate(tmp_path / "one" / "files", students=100)
    district, other = house.district(), house.district()
    sync = district.uploaded(read(tmp_path / "one" / "files"))
    refused = district.uploaded({"students.csv": b""})
    assert refused.state is State.REFUSED
    program = district.place.program
    assert "never applied" in program.refused("sync", "restore", district.slug, refused.id)
    program.refused("sync", "restore", other.slug, sync.id)
    assert district.counts()["student"] == 100
