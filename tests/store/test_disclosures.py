"""The disclosure log in the store: whole, broken by whatever is done to it, and an answer to who saw whom."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from sftpingest.roster.disclosed import MOST_IDS, Door, Read, Sight
from sftpingest.roster.ids import record_id
from sftpingest.roster.kinds import Kind
from sftpingest.store import accounts, audit
from sftpingest.store.audit import TRAIL
from sftpingest.store.chain import GENESIS, Head, Written
from sftpingest.store.disclosures import DISCLOSURE, LOG, Asked, Kept, Told, known, reads, unreadable, write_all
from sftpingest.store.engine import _MIGRATING
from sftpingest.store.load import _FIRST_LOAD
from sftpingest.store.publish import _INDEXING
from sftpingest.store.spans import sought
from sftpingest.store.tables import Sync, table
from sftpingest.store.versions import VERSIONS
from sftpingest.store.whole import verify
from tests.roster.uploads import CONTACTS, SMALLEST, lines, upload
from tests.store.test_shared import take

DAY = timedelta(days=1)
AT = datetime(2026, 11, 24, 3, 15, 2, 123456, UTC)
LOW, HIGH = "0" * 24, "f" * 24
REQUEST = "GET /v3.1/users"
READ = Read(AT, "quiz-whiz", "north", Door.CLEVER, REQUEST, (Kind.STUDENT,), ("names", "grade"), 9, 9, 4, whole=True)
PAGE = replace(READ, whole=False, range=(LOW, HIGH))
NAMED = replace(READ, whole=False, ids=(HIGH, LOW), kinds=(Kind.STUDENT, Kind.TEACHER))


def enter(engine: Engine, *kept: Read) -> Written:
    with engine.begin() as c:
        return write_all(c, [Told(one) for one in kept])


def asked(engine: Engine, limit: int = 50, **what: Any) -> list[Kept]:
    with engine.connect() as c:
        return reads(c, Asked(**{"district": "north", **what}), limit)


def about(engine: Engine, key: str, kind: Kind = Kind.STUDENT, slug: str = "north") -> list[tuple[int, Sight | None]]:
    with engine.connect() as c:
        whom = sought(c, slug, kind, key)
    return [(one.id, one.sight) for one in asked(engine, district=slug, sought=whom)]


def test_what_is_entered_comes_back_as_it_was(engine: Engine) -> None:
    entered = [READ, PAGE, NAMED, replace(NAMED, ids=(), people=0), replace(READ, fields=(), kinds=(), sequence=0)]
    enter(engine, *entered)
    assert [one.read for one in asked(engine)] == [
        replace(one, ids=tuple(sorted(one.ids)) if one.ids else one.ids) for one in entered
    ]


def test_ten_thousand_ids_take_160_kilobytes_and_each_is_found(engine: Engine) -> None:
    ids = tuple(record_id("north", Kind.STUDENT, str(n)) for n in range(MOST_IDS))
    enter(engine, replace(NAMED, ids=ids))
    with engine.connect() as c:
        assert c.scalar(sa.select(sa.func.length(DISCLOSURE.c.ids))) == 16 * MOST_IDS
    assert about(engine, "9999") == [(1, Sight.SURE)]
    assert about(engine, "10000") == []


def test_a_hash_can_be_made_by_anybody_who_reads_the_docs(engine: Engine) -> None:
    enter(engine, READ, NAMED)
    names = "id, at, source, vendor, district, door, request, kinds, fields, people, records, sequence, first_id"
    previous = GENESIS
    with engine.connect() as c:
        for row in c.execute(sa.text(f"SELECT {names}, last_id, ids, mark, hash FROM disclosure ORDER BY id")):
            canonical = json.dumps(list(row)[:-1], separators=(",", ":"))
            previous = hashlib.sha256((previous + "\n" + canonical).encode()).hexdigest()
            assert row.hash == previous


def test_a_read_that_is_told_twice_is_entered_once(engine: Engine) -> None:
    told = [Told(replace(READ, sequence=n)) for n in range(3)]
    for some in (told[:2], told, [*told, told[0]]):
        with engine.begin() as c:
            write_all(c, some)
    assert [one.read.sequence for one in asked(engine)] == [0, 1, 2]


@pytest.mark.parametrize("statement", ["UPDATE disclosure SET vendor = 'x'", "DELETE FROM disclosure"])
def test_reads_cannot_be_changed_or_removed_by_mistake(engine: Engine, statement: str) -> None:
    enter(engine, READ)
    with pytest.raises(DBAPIError, match="stand as they were written"), engine.begin() as c:
        c.execute(sa.text(statement))
    assert verify(engine, LOG).entries == 1


def unguard(engine: Engine) -> None:
    """As somebody who may do anything with the store."""
    with engine.begin() as c:
        if engine.dialect.name == "postgresql":
            c.execute(sa.text("ALTER TABLE disclosure DISABLE TRIGGER USER"))
            return
        for name in ("disclosure_unchanged", "disclosure_kept"):
            c.execute(sa.text(f"DROP TRIGGER {name}"))


_NAMES = [column.name for column in DISCLOSURE.c]
_ANOTHER = ", ".join({"id": "5", "mark": "'another'"}.get(name, name) for name in _NAMES)
TAMPERED = [
    *(([f"UPDATE disclosure SET {name} = '7' WHERE id = 3"], 3) for name in _NAMES if name != "id"),
    (["UPDATE disclosure SET ids = NULL WHERE id = 3"], 3),
    (["DELETE FROM disclosure WHERE id = 1"], 1),
    (["DELETE FROM disclosure WHERE id = 2"], 2),
    (["DELETE FROM disclosure WHERE id = 3", "UPDATE disclosure SET id = 3 WHERE id = 4"], 3),
    ([f"INSERT INTO disclosure ({', '.join(_NAMES)}) SELECT {_ANOTHER} FROM disclosure WHERE id = 4"], 5),
]


def test_what_is_changed_removed_or_put_in_is_found(engine: Engine) -> None:
    unguard(engine)
    for statements, wrong in TAMPERED:
        with engine.begin() as c:
            c.execute(sa.delete(DISCLOSURE))
        enter(engine, READ, PAGE, NAMED, READ)
        assert verify(engine, LOG).wrong is None
        with engine.begin() as c:
            for statement in statements:
                c.execute(sa.text(statement))
        assert verify(engine, LOG).wrong_id == wrong, statements
        asked(engine)  # what is spoilt stops nobody


def test_the_newest_reads_go_unseen_but_for_a_head_that_was_noted(engine: Engine) -> None:
    head = enter(engine, READ, READ).head
    assert head
    unguard(engine)
    with engine.begin() as c:
        c.execute(sa.text("DELETE FROM disclosure WHERE id = 2"))
    assert verify(engine, LOG).wrong is None
    assert verify(engine, LOG, [head]).wrong_id == 2
    assert "the log was written anew" in (verify(engine, LOG, [Head(1, head.hash)]).wrong or "")


def test_the_two_chains_do_not_know_each_other(engine: Engine) -> None:
    with engine.begin() as one, engine.connect() as other:
        audit.write(one, "a.b")
        if engine.dialect.name == "postgresql":  # SQLite has one writer at a time
            write_all(other, [Told(READ)])
            other.commit()
    assert verify(engine, TRAIL).entries == 1


def test_no_two_advisory_locks_have_one_key() -> None:
    """A first load would make all who enter something wait for its end."""
    assert len({_MIGRATING, _FIRST_LOAD, _INDEXING, TRAIL.lock, LOG.lock}) == 5


# -- answers -----------------------------------------------------------------------------------------------------------


def applied(engine: Engine, files: dict[str, bytes], at: datetime, slug: str = "north") -> None:
    """An upload that was applied then."""
    _, sync_id = take(engine, files, slug)
    with engine.begin() as c:
        c.execute(sa.update(table(Sync)).where(table(Sync).c.id == sync_id).values(finished_at=at))


GUARDED = lines(CONTACTS, "north,ann,Ann,Ash,mum,Mo Ash", "north,bob,Bob,Bay,mum,Mo Ash", "south,cid,Cid,Cob,,")


@pytest.fixture
def north(engine: Engine) -> Engine:
    """Ann and Bob have one mother; Bob leaves ten days before AT; the district is there for a hundred."""
    with engine.begin() as c:
        accounts.add_district(c, "north", "North")
        c.execute(sa.update(accounts.DISTRICT).values(created_at=AT - 100 * DAY))
    without_bob = "".join(line for line in GUARDED.splitlines(keepends=True) if "bob" not in line)
    applied(engine, upload(students=GUARDED), AT - 20 * DAY)
    applied(
        engine,
        upload(students=without_bob, enrollments=SMALLEST["enrollments.csv"].replace("north,alg,bob\n", "")),
        AT - 10 * DAY,
    )
    return engine


def test_who_saw_a_student_is_told_by_id_by_page_and_by_the_whole(north: Engine) -> None:
    ann = record_id("north", Kind.STUDENT, "ann")
    bob = record_id("north", Kind.STUDENT, "bob")
    one, other = sorted((ann, bob))
    enter(
        north,
        replace(NAMED, ids=(ann,), sequence=1),
        replace(NAMED, ids=(bob,), sequence=1),
        replace(PAGE, range=(one, one)),
        replace(PAGE, range=(other, other)),
        replace(PAGE, range=(one, other), kinds=(Kind.TEACHER,)),
        replace(READ, district="south"),
        READ,
    )
    mine = 3 if ann == one else 4
    assert about(north, "ann") == [(1, Sight.SURE), (mine, Sight.MAYBE), (7, Sight.MAYBE)]
    assert about(north, "bob") == [(2, Sight.SURE)]  # gone when pages and the whole were read
    assert about(north, "ann", Kind.TEACHER) == []
    assert about(north, "nobody") == []


def test_a_student_who_was_removed_was_in_what_was_read_before(north: Engine) -> None:
    days = (30, 15, 5)
    enter(north, *(replace(READ, at=AT - n * DAY, sequence=31 - n) for n in days))
    assert about(north, "bob") == [(2, Sight.MAYBE)]
    assert about(north, "ann") == [(2, Sight.MAYBE), (3, Sight.MAYBE)]
    enter(north, replace(READ, sequence=16))  # the state of fifteen days ago, read today
    assert about(north, "bob") == [(2, Sight.MAYBE), (4, Sight.MAYBE)]


def test_a_district_that_was_removed_still_answers_and_says_rather_too_much(north: Engine) -> None:
    enter(north, READ, replace(NAMED, ids=(record_id("north", Kind.STUDENT, "cid"),)))
    with north.begin() as c:
        accounts.remove_district(c, "north")
    assert about(north, "bob") == [(1, Sight.MAYBE)]
    assert about(north, "cid") == [(1, Sight.MAYBE), (2, Sight.SURE)]
    with north.connect() as c:
        assert (known(c, "north"), known(c, "south")) == (True, False)


def test_a_contact_is_found_by_the_id_that_the_district_gave_beside_every_student(north: Engine) -> None:
    contact = VERSIONS[Kind.CONTACT]
    with north.begin() as c:
        c.execute(sa.update(contact).values(sis_id="77"))
        assert set(c.scalars(sa.select(contact.c.own_id))) == {"mum"}
        whom = sought(c, "north", Kind.CONTACT, "mum")
        assert sought(c, "north", Kind.CONTACT, "77").spans == whom.spans
    assert len(whom.spans) == 2
    enter(north, *(replace(NAMED, ids=(one,)) for one in sorted(whom.ids)))
    assert [sight for _, sight in about(north, "mum", Kind.CONTACT)] == [Sight.SURE] * 3


def test_what_could_not_be_read_back_is_in_every_answer(north: Engine) -> None:
    enter(north, unreadable(AT, "7-abc-1"))
    assert about(north, "ann") == about(north, "bob", slug="south") == [(1, Sight.MAYBE)]
    assert [one.id for one in asked(north, vendor="quiz-whiz")] == [1]


def test_reads_are_found_by_vendor_and_day_the_newest_of_them(engine: Engine) -> None:
    enter(engine, *(replace(READ, at=AT + n * DAY, vendor=f"v{n % 2}", sequence=n) for n in range(4)))

    def found(limit: int = 50, **what: Any) -> list[int]:
        return [one.read.sequence for one in asked(engine, limit, **what)]

    assert found() == [0, 1, 2, 3]
    assert found(2) == [2, 3]
    assert found(vendor="v1") == [1, 3]
    assert found(since=AT + DAY, until=AT + 3 * DAY) == [1, 2]
    assert found(district="south") == []
