"""The audit trail in the store: whole whoever wrote it, and broken by whatever is done to it."""

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from sftpingest.store import accounts, auditing
from sftpingest.store.audit import AUDIT, TRAIL, Event, write, write_all
from sftpingest.store.chain import GENESIS, Head, Written, seal
from sftpingest.store.whole import Verdict, verify

AT = datetime(2026, 11, 24, 3, 15, 2, 123456, UTC)


def add(engine: Engine, *names: str) -> Written:
    with engine.begin() as c:
        return write_all(c, [Event(name, {}) for name in names])


def rows(engine: Engine) -> list[sa.Row[Any]]:
    with engine.connect() as c:
        return list(c.execute(sa.select(AUDIT).order_by(AUDIT.c.id)))


def unguard(engine: Engine) -> None:
    """As somebody who may do anything with the store."""
    with engine.begin() as c:
        if engine.dialect.name == "postgresql":
            c.execute(sa.text("ALTER TABLE audit DISABLE TRIGGER USER"))
            return
        for name in ("audit_unchanged", "audit_kept"):
            c.execute(sa.text(f"DROP TRIGGER IF EXISTS {name}"))


def test_an_entry_holds_what_was_told(engine: Engine) -> None:
    facts = {"district": "north", "username": "north-sis", "address": "192.0.2.7", "file": "students.csv", "bytes": 12}
    with engine.begin() as c:
        write_all(c, [Event("upload.published", {**facts, "kept": True, "how": ["a", 1, None]}, AT, "door:7", "m1")])
    (row,) = rows(engine)
    assert (row.id, row.at, row.source, row.event) == (1, "2026-11-24T03:15:02.123456Z", "door:7", "upload.published")
    assert {name: row._mapping[name] for name in facts} == facts
    assert json.loads(row.facts) == {"kept": True, "how": ["a", 1, None]}


def test_a_hash_can_be_made_by_anybody_who_reads_the_docs(engine: Engine) -> None:
    add(engine, "a.b", "c.d")
    one, two = rows(engine)
    previous = GENESIS
    for row in (one, two):
        canonical = json.dumps(list(row)[:-1], separators=(",", ":"))
        previous = hashlib.sha256((previous + "\n" + canonical).encode()).hexdigest()
        assert row.hash == previous


def test_an_event_that_is_told_twice_is_entered_once(engine: Engine) -> None:
    events = [Event("a.b", {"n": n}) for n in range(3)]
    for told in (events[:2], events, [*events, events[0]]):
        with engine.begin() as c:
            write_all(c, told)
    assert [json.loads(row.facts)["n"] for row in rows(engine)] == [0, 1, 2]


def test_what_no_store_can_hold_is_entered_as_well_as_it_can_be(engine: Engine) -> None:
    nasty = {"file": "a\x00\ud800b", "bytes": 1 << 70, "rest": {"\x00": float("nan")}, "who": object}
    with engine.begin() as c:
        write(c, "a.b", **nasty)
    (row,) = rows(engine)
    assert (row.file, row.bytes) == ("a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}b", None)
    assert json.loads(row.facts)["bytes"] == 1 << 70
    assert verify(engine, TRAIL).wrong is None


def test_a_district_that_is_removed_leaves_its_entries(engine: Engine) -> None:
    with engine.begin() as c:
        accounts.add_district(c, "north", "North")
        write(c, "district.added", district="north")
    with engine.begin() as c:
        accounts.remove_district(c, "north")
        write(c, "district.removed", district="north")
    with engine.connect() as c:
        found = [entry.event for entry in auditing.entries(c, district="north")]
    assert found == ["district.added", "district.removed"]
    assert verify(engine, TRAIL).entries == 2


def test_a_change_that_is_taken_back_leaves_no_entry(engine: Engine) -> None:
    with engine.connect() as c:
        write(c, "a.b")
        c.rollback()
    assert rows(engine) == []


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET username = 'x'", "DELETE FROM audit", "DELETE FROM audit WHERE id = 2"]
)
def test_entries_cannot_be_changed_or_removed_by_mistake(engine: Engine, statement: str) -> None:
    add(engine, "a.b", "c.d")
    with pytest.raises(DBAPIError, match="stand as they were written"), engine.begin() as c:
        c.execute(sa.text(statement))
    assert verify(engine, TRAIL).entries == 2


def test_old_entries_may_go_once_an_entry_says_so(engine: Engine) -> None:
    add(engine, "a.b", "c.d", "e.f", "g.h")
    second = rows(engine)[1]
    with engine.begin() as c:
        write(c, "audit.purged", upto=2, hash=second.hash)
        with pytest.raises(DBAPIError), c.begin_nested():
            c.execute(sa.delete(AUDIT).where(AUDIT.c.id <= 3))
        c.execute(sa.delete(AUDIT).where(AUDIT.c.id <= 2))
    assert (verify(engine, TRAIL).wrong, verify(engine, TRAIL).entries) == (None, 3)
    assert verify(engine, TRAIL, [Head(2, second.hash)]).wrong is None
    assert "too old" in (verify(engine, TRAIL, [Head(1, second.hash)]).wrong or "")
    with engine.begin() as c:
        write(c, "audit.purged", upto=5, hash=rows(engine)[2].hash)
        c.execute(sa.delete(AUDIT).where(AUDIT.c.id <= 5))
    assert (verify(engine, TRAIL).wrong, verify(engine, TRAIL).entries) == (None, 1)


def test_the_oldest_entries_do_not_go_unseen(engine: Engine) -> None:
    add(engine, "a.b", "c.d", "e.f")
    unguard(engine)
    with engine.begin() as c:
        c.execute(sa.delete(AUDIT).where(AUDIT.c.id == 1))
    verdict = verify(engine, TRAIL)
    assert (verdict.wrong, verdict.wrong_id) == ("entry 1 is missing", 1)


def test_the_newest_entries_go_unseen_but_for_a_head_that_was_noted(engine: Engine) -> None:
    head = add(engine, "a.b", "c.d", "e.f").head
    assert head
    assert verify(engine, TRAIL, [head]).wrong is None
    unguard(engine)
    with engine.begin() as c:
        c.execute(sa.delete(AUDIT).where(AUDIT.c.id >= 2))
    assert verify(engine, TRAIL).wrong is None
    verdict = verify(engine, TRAIL, [head])
    assert (verdict.wrong, verdict.wrong_id, verdict.entries) == ("entries 2 to 3 are missing", 2, 1)
    with engine.begin() as c:
        c.execute(sa.delete(AUDIT))
    assert verify(engine, TRAIL, [head]).wrong == "entries 1 to 3 are missing"


def test_a_trail_that_is_written_anew_is_known_by_a_head_that_was_noted(engine: Engine) -> None:
    head = add(engine, "a.b", "c.d").head
    assert head
    unguard(engine)
    with engine.begin() as c:
        c.execute(sa.delete(AUDIT))
    add(engine, "a.b", "x.y")
    assert verify(engine, TRAIL).wrong is None
    assert "written anew" in (verify(engine, TRAIL, [head]).wrong or "")


def test_what_is_no_text_is_found_and_stops_nobody(engine: Engine) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps text in columns of text")
    add(engine, "a.b", "c.d")
    unguard(engine)
    with engine.begin() as c:
        c.execute(sa.text("UPDATE audit SET username = CAST(x'ff00fe' AS TEXT), file = x'00ff' WHERE id = 2"))
    assert verify(engine, TRAIL).wrong_id == 2
    with engine.connect() as c:
        assert len(auditing.entries(c)) == 2


def test_a_long_trail_is_looked_at_in_pieces(engine: Engine) -> None:
    with engine.begin() as c:
        write_all(c, [Event("a.b", {"n": n}) for n in range(5_001)])
    seen: list[int] = []
    assert verify(engine, TRAIL, progress=seen.append).entries == 5_001
    assert seen == [5_000, 5_001]


def test_writers_at_once_make_one_chain(engine: Engine) -> None:
    def tell() -> None:
        for _ in range(10):
            add(engine, "a.b", "c.d")

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (verify(engine, TRAIL).wrong, verify(engine, TRAIL).entries) == (None, 80)


def test_entries_are_found_by_what_they_are_about(engine: Engine) -> None:
    with engine.begin() as c:
        for n in range(4):
            facts = {"district": f"d{n % 2}", "username": f"u{n}", "n": n}
            write_all(c, [Event(f"e.{n % 2}", facts, AT + timedelta(days=n))])

    def found(**asked: Any) -> list[int]:
        with engine.connect() as c:
            return [entry.rest["n"] for entry in auditing.entries(c, **asked)]

    assert found() == [0, 1, 2, 3]
    assert found(limit=2) == [2, 3]
    assert found(district="d1") == [1, 3]
    assert found(username="u2") == [2]
    assert found(event="e.0", limit=1) == [2]
    assert found(since=AT + timedelta(days=2)) == [2, 3]


# -- laws ----------------------------------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
FACTS = st.dictionaries(st.sampled_from(["district", "username", "file", "bytes", "note"]), TEXT | st.integers(0, 99))
BATCHES = st.lists(st.tuples(st.sampled_from(["one:1", "two:2"]), st.lists(FACTS, max_size=4)), min_size=1, max_size=5)
LAW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def refill(engine: Engine, batches: Sequence[tuple[str, list[dict[str, Any]]]]) -> int:
    with engine.begin() as c:
        c.execute(sa.delete(AUDIT))
    for source, told in batches:
        with engine.begin() as c:
            write_all(c, [Event("a.b", facts, source=source) for facts in told])
    return sum(len(told) for _, told in batches)


@pytest.fixture
def open_to_all(engine: Engine) -> Engine:
    unguard(engine)
    return engine


@LAW
@given(BATCHES)
def test_batches_of_several_writers_are_whole(open_to_all: Engine, batches: Any) -> None:
    count = refill(open_to_all, batches)
    verdict = verify(open_to_all, TRAIL)
    assert (verdict.wrong, verdict.entries) == (None, count)


def change(values: dict[str, Any], draw: Callable[..., Any]) -> dict[str, Any]:
    """Another value in one column."""
    name = draw(st.sampled_from([column.name for column in AUDIT.c if column.name != "id"]))
    another: st.SearchStrategy[Any]
    if name == "bytes":
        another = st.integers(0, 1 << 40) | st.none()
    elif AUDIT.c[name].nullable:
        another = TEXT | st.none()
    else:
        another = TEXT
    return {name: draw(another.filter(lambda value: value != values[name]))}


@LAW
@given(BATCHES.filter(lambda batches: any(told for _, told in batches)), st.data())
def test_any_change_of_any_value_is_found(open_to_all: Engine, batches: Any, data: Any) -> None:
    count = refill(open_to_all, batches)
    place = data.draw(st.integers(1, count))
    values = dict(rows(open_to_all)[place - 1]._mapping)
    with open_to_all.begin() as c:
        c.execute(sa.update(AUDIT).where(AUDIT.c.id == place).values(change(values, data.draw)))
    assert wrong_at(verify(open_to_all, TRAIL)) == place


@LAW
@given(BATCHES.filter(lambda batches: sum(len(told) for _, told in batches) > 1), st.data())
def test_any_removal_but_of_the_newest_is_found(open_to_all: Engine, batches: Any, data: Any) -> None:
    count = refill(open_to_all, batches)
    first = data.draw(st.integers(1, count - 1))
    last = data.draw(st.integers(first, count - 1))
    with open_to_all.begin() as c:
        c.execute(sa.delete(AUDIT).where(AUDIT.c.id.between(first, last)))
    assert wrong_at(verify(open_to_all, TRAIL)) == first
    with open_to_all.begin() as c:  # nor does it help to close the gap
        for gone in range(last + 1, count + 1):
            c.execute(sa.update(AUDIT).where(AUDIT.c.id == gone).values(id=gone - (last - first + 1)))
    assert wrong_at(verify(open_to_all, TRAIL)) == first


@LAW
@given(BATCHES.filter(lambda batches: sum(len(told) for _, told in batches) > 1), st.data())
def test_two_entries_that_change_places_are_found(open_to_all: Engine, batches: Any, data: Any) -> None:
    count = refill(open_to_all, batches)
    one, two = sorted(data.draw(st.lists(st.integers(1, count), min_size=2, max_size=2, unique=True)))
    with open_to_all.begin() as c:
        for before, after in ((one, -1), (two, one), (-1, two)):
            c.execute(sa.update(AUDIT).where(AUDIT.c.id == before).values(id=after))
    assert wrong_at(verify(open_to_all, TRAIL)) == one


def wrong_at(verdict: Verdict) -> int | None:
    return verdict.wrong_id


@given(st.lists(st.none() | st.integers() | TEXT, min_size=len(TRAIL.sealed), max_size=len(TRAIL.sealed)), st.data())
def test_no_two_entries_have_one_seal(values: list[Any], data: Any) -> None:
    place = data.draw(st.integers(0, len(values) - 1))
    other = data.draw((st.none() | st.integers() | TEXT).filter(lambda value: value != values[place]))
    assert seal(GENESIS, values) != seal(GENESIS, [*values[:place], other, *values[place + 1 :]])
