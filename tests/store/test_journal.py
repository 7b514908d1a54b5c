"""Syncs and their transitions."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from sftpingest.store import accounts, journal
from sftpingest.store.journal import Moved, NoSuchSync, NotHeld, Overtaken
from sftpingest.store.tables import ENDED, TRANSITIONS, State, Sync, now


@pytest.fixture
def ready(engine: Engine) -> Engine:
    with engine.begin() as c:
        for slug in ("north", "south"):
            accounts.add_district(c, slug, slug.title())
    return engine


def queue(engine: Engine, slug: str = "north", signature: str | None = None) -> int:
    with engine.begin() as c:
        count = len(journal.syncs(c, "north")) + len(journal.syncs(c, "south"))
        return journal.queue(c, accounts.district(c, slug).id, f"{count:032}", "sftp", signature)


def begin(engine: Engine, sync_id: int) -> Sync:
    with engine.begin() as c:
        return journal.begin(c, journal.sync(c, sync_id))


def end(engine: Engine, sync_id: int, state: State, **facts: str) -> None:
    with engine.begin() as c:
        journal.finish(c, sync_id, journal.sync(c, sync_id).attempts, state, **facts)  # type: ignore[arg-type]


def read(engine: Engine, sync_id: int) -> Sync:
    with engine.connect() as c:
        return journal.sync(c, sync_id)


def waiting(engine: Engine, at: datetime | None = None) -> list[int]:
    with engine.connect() as c:
        return [sync.id for sync in journal.waiting(c, at or now())]


def steps(engine: Engine, sync_id: int) -> list[tuple[str | None, str]]:
    with engine.connect() as c:
        return [(step.before, step.after) for step in journal.transitions(c, sync_id)]


def test_a_queued_upload_is_a_sync(ready: Engine) -> None:
    sync = read(ready, queue(ready, signature="as it was"))
    assert (sync.state, sync.attempts, sync.door, sync.signature) == (State.QUEUED, 0, "sftp", "as it was")
    assert (sync.files, sync.kinds, sync.findings, sync.report, sync.release) == ({}, {}, {}, None, False)
    assert datetime.now(UTC) - sync.created_at < timedelta(minutes=1)


def test_a_mark_is_taken_once(ready: Engine) -> None:
    with ready.begin() as c:
        district = accounts.district(c, "north")
        journal.queue(c, district.id, "mark", "sftp", None)
    with pytest.raises(sa.exc.IntegrityError), ready.begin() as c:
        journal.queue(c, district.id, "mark", "sftp", None)


def test_an_unknown_sync_is_said(ready: Engine) -> None:
    with ready.begin() as c:
        for ask in (journal.sync, journal.release, journal.discard):
            with pytest.raises(NoSuchSync, match="no sync 4711"):
                ask(c, 4711)


def test_every_change_of_state_is_noted(ready: Engine) -> None:
    sync_id = queue(ready)
    begin(ready, sync_id)
    end(ready, sync_id, State.HELD)
    with ready.begin() as c:
        journal.release(c, sync_id)
    begin(ready, sync_id)
    end(ready, sync_id, State.APPLIED)
    assert steps(ready, sync_id) == [
        (None, "queued"),
        ("queued", "running"),
        ("running", "held"),
        ("held", "queued"),
        ("queued", "running"),
        ("running", "applied"),
    ]


def test_the_end_keeps_its_facts_and_moves_the_head(ready: Engine) -> None:
    sync_id = queue(ready)
    begun = begin(ready, sync_id)
    with ready.begin() as c:
        files = {"students.csv": {"rows": 3, "accepted": 2, "rejected": 1}}
        journal.finish(
            c,
            sync_id,
            begun.attempts,
            State.APPLIED,
            files=files,
            kinds={"student": {"created": 2}},
            findings={"value.missing": 1},
            reason="é",
            base=7,
            digest="d",
            fingerprint="f",
        )
    sync = read(ready, sync_id)
    assert (sync.files, sync.kinds, sync.findings) == (files, {"student": {"created": 2}}, {"value.missing": 1})
    assert (sync.reason, sync.base, sync.digest, sync.fingerprint) == ("é", 7, "d", "f")
    assert sync.finished_at is not None
    with ready.connect() as c:
        assert (accounts.district(c, "north").head, accounts.district(c, "south").head) == (sync_id, None)


@pytest.mark.parametrize("state", sorted(ENDED - {State.APPLIED, State.DISCARDED}))
def test_only_an_applied_sync_moves_the_head(ready: Engine, state: State) -> None:
    sync_id = queue(ready)
    begin(ready, sync_id)
    end(ready, sync_id, state)
    with ready.connect() as c:
        assert accounts.district(c, "north").head is None


def test_a_worker_that_was_overtaken_cannot_finish(ready: Engine) -> None:
    sync_id = queue(ready)
    dead = begin(ready, sync_id)
    begin(ready, sync_id)  # another got the lock and runs it again
    with ready.begin() as c:
        with pytest.raises(Overtaken):
            journal.finish(c, sync_id, dead.attempts, State.APPLIED)
        with pytest.raises(Overtaken):
            journal.retry(c, sync_id, dead.attempts, now(), "")
    assert (read(ready, sync_id).state, read(ready, sync_id).attempts) == (State.RUNNING, 2)


def test_a_sync_is_finished_once(ready: Engine) -> None:
    sync_id = queue(ready)
    begun = begin(ready, sync_id)
    end(ready, sync_id, State.APPLIED)
    with pytest.raises(Overtaken), ready.begin() as c:
        journal.finish(c, sync_id, begun.attempts, State.APPLIED)


def test_two_workers_cannot_begin_one_sync(ready: Engine) -> None:
    sync_id = queue(ready)
    seen = read(ready, sync_id)
    begin(ready, sync_id)
    with pytest.raises(Overtaken), ready.begin() as c:
        journal.begin(c, seen)


def test_two_syncs_of_a_district_cannot_run_at_once(ready: Engine) -> None:
    first, second = queue(ready), queue(ready)
    begin(ready, first)
    with pytest.raises(sa.exc.IntegrityError):
        begin(ready, second)


def test_a_state_that_cannot_follow_is_a_programming_error(ready: Engine, subtests: pytest.Subtests) -> None:
    never = [(before, after) for before in State for after in State if after not in TRANSITIONS[before]]
    for before, after in never:
        said = f"{before} is never followed by {after}"
        with subtests.test(said), ready.begin() as c, pytest.raises(ValueError, match=said):
            journal._move(c, 1, before, after, 0, "")


def test_running_is_no_end(ready: Engine) -> None:
    with ready.begin() as c, pytest.raises(ValueError, match="no end"):
        journal.finish(c, 1, 1, State.QUEUED)


def test_the_oldest_of_each_district_is_next(ready: Engine) -> None:
    north, _, south, _ = queue(ready), queue(ready), queue(ready, "south"), queue(ready, "south")
    assert waiting(ready) == [north, south]


def test_a_running_sync_comes_before_older_ones(ready: Engine) -> None:
    older, newer = queue(ready), queue(ready)
    begin(ready, older)
    end(ready, older, State.HELD)
    begin(ready, newer)
    with ready.begin() as c:
        journal.release(c, older)
    assert waiting(ready) == [newer]


def test_one_that_waits_for_its_next_try_lets_no_younger_one_pass(ready: Engine) -> None:
    first, _ = queue(ready), queue(ready)
    later = now() + timedelta(minutes=5)
    begun = begin(ready, first)
    with ready.begin() as c:
        journal.retry(c, first, begun.attempts, later, "OSError")
    assert waiting(ready) == []
    assert waiting(ready, later) == [first]
    assert read(ready, first).not_before == later


def test_waiting_can_be_asked_for_one_district(ready: Engine) -> None:
    queue(ready)
    south = queue(ready, "south")
    with ready.connect() as c:
        assert [sync.id for sync in journal.waiting(c, now(), accounts.district(c, "south").id)] == [south]


@pytest.mark.parametrize("state", sorted(set(State) - {State.HELD, State.DISCARDED}))
def test_only_a_held_sync_can_be_decided_on(ready: Engine, state: State) -> None:
    sync_id = queue(ready)
    if state is not State.QUEUED:
        begin(ready, sync_id)
    if state in ENDED:
        end(ready, sync_id, state)
    with ready.begin() as c:
        for decide in (journal.release, journal.discard):
            with pytest.raises(NotHeld, match=f"is {state}, not held"):
                decide(c, sync_id)


def test_a_released_sync_is_queued_again_and_gets_a_new_report(ready: Engine) -> None:
    sync_id = queue(ready)
    begin(ready, sync_id)
    end(ready, sync_id, State.HELD)
    with ready.begin() as c:
        journal.reported(c, sync_id, "2026-11-24T031502Z-000001")
        journal.release(c, sync_id)
    assert (read(ready, sync_id).state, read(ready, sync_id).release) == (State.QUEUED, True)
    begin(ready, sync_id)
    end(ready, sync_id, State.APPLIED)
    with ready.connect() as c:
        assert [sync.id for sync in journal.unreported(c)] == [sync_id]


def test_a_newer_sync_replaces_held_ones_of_its_district(ready: Engine) -> None:
    held, other, newer = queue(ready), queue(ready, "south"), queue(ready)
    for sync_id in (held, other):
        begin(ready, sync_id)
        end(ready, sync_id, State.HELD, reason="This upload would remove 40 of 60 students.")
    with ready.begin() as c:
        assert journal.replace_held(c, accounts.district(c, "north").id, newer) == [held]
    assert (read(ready, held).state, read(ready, other).state) == (State.DISCARDED, State.HELD)
    with ready.connect() as c:
        assert journal.transitions(c, held)[-1].note == f"replaced by sync {newer}"
    reasons = read(ready, held).reason, read(ready, other).reason
    theirs = "This upload would remove 40 of 60 students."
    assert reasons == (f"Upload {newer} took its place. {theirs}", theirs)


def test_a_sync_that_a_person_discards_says_so(ready: Engine) -> None:
    held = queue(ready)
    begin(ready, held)
    end(ready, held, State.HELD, reason="Too big.")
    with ready.begin() as c:
        journal.discard(c, held)
    assert read(ready, held).reason == "A person discarded it. Too big."


def test_a_sync_is_unreported_until_its_report_is_written(ready: Engine) -> None:
    sync_id, _ = queue(ready), queue(ready)
    begin(ready, sync_id)
    end(ready, sync_id, State.REFUSED)
    with ready.begin() as c:
        assert [sync.id for sync in journal.unreported(c)] == [sync_id]
        journal.reported(c, sync_id, "2026-11-24T031502Z-000001")
        assert journal.unreported(c) == []
    assert read(ready, sync_id).report == "2026-11-24T031502Z-000001"


def test_the_last_signature_is_that_of_the_newest_upload_through_the_door(ready: Engine) -> None:
    with ready.connect() as c:
        north = accounts.district(c, "north").id
        assert journal.last_signature(c, north) is None
    queue(ready, signature="first")
    queue(ready, signature="second")
    queue(ready, signature=None)
    queue(ready, "south", signature="another district's")
    with ready.connect() as c:
        assert journal.last_signature(c, north) == "second"


def test_syncs_are_listed_newest_first(ready: Engine) -> None:
    ids = [queue(ready) for _ in range(3)]
    queue(ready, "south")
    with ready.connect() as c:
        assert [sync.id for sync in journal.syncs(c, "north")] == ids[::-1]
        assert [sync.id for sync in journal.syncs(c, "north", limit=1)] == ids[-1:]


def test_a_snapshot_is_needed_until_its_sync_is_over_and_reported(ready: Engine) -> None:
    sync_id = queue(ready)
    mark = read(ready, sync_id).mark

    def over() -> bool:
        with ready.connect() as c:
            known = journal.over(c, [mark, "unknown"])
        assert list(known) == [mark]
        return known[mark]

    def report() -> None:
        with ready.begin() as c:
            journal.reported(c, sync_id, "2026-11-24T031502Z-000001")

    begin(ready, sync_id)
    assert not over()
    end(ready, sync_id, State.HELD)
    report()
    assert not over()
    with ready.begin() as c:
        journal.discard(c, sync_id)
    assert not over()  # its report must still say so
    report()
    assert over()


def test_a_held_sync_cannot_be_released_when_the_roster_has_moved(ready: Engine) -> None:
    held, newer = queue(ready), queue(ready)
    begin(ready, held)
    end(ready, held, State.HELD)
    begin(ready, newer)
    end(ready, newer, State.APPLIED)
    with ready.begin() as c, pytest.raises(Moved):
        journal.release(c, held)
    assert read(ready, held).state is State.HELD


def test_times_come_back_as_the_same_moment_whatever_zone_they_had(ready: Engine) -> None:
    sync_id = queue(ready)
    begun = begin(ready, sync_id)
    at = datetime(2026, 11, 24, 1, 30, 0, 123456, tzinfo=timezone(timedelta(hours=-8)))
    with ready.begin() as c:
        journal.retry(c, sync_id, begun.attempts, at, "")
    assert read(ready, sync_id).not_before == at


def test_a_time_without_a_zone_is_refused(ready: Engine) -> None:
    sync_id = queue(ready)
    begun = begin(ready, sync_id)
    with pytest.raises(sa.exc.StatementError, match="time zone"), ready.begin() as c:
        journal.retry(c, sync_id, begun.attempts, datetime(2026, 11, 24), "")  # noqa: DTZ001  (that is the point)
