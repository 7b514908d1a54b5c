"""The next edition: what a vendor sees is worked out once, after each sync and each change of a sharing.

In:  a Connection in the caller's transaction; a vendor and a district.
Out: the edition with its events, and the table `seen` as it says. All of it or nothing.

Why it is kept and not worked out at every read: docs/decisions/0013-editions.md.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from itertools import chain, count, islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, insert, select, text, update

from sftpingest.roster.kinds import Kind
from sftpingest.store.difference import ORDER, Comparing, Difference
from sftpingest.store.drivers import postgresql, sqlite
from sftpingest.store.editions import (
    EDITION,
    EVENT,
    NUMBER,
    SEEN,
    Edition,
    Happened,
    last_edition,
    last_sequence,
)
from sftpingest.store.related import chunks
from sftpingest.store.shared import Shared
from sftpingest.store.tables import District, now, table
from sftpingest.store.vendors import VENDOR, decided, sharing_of_version
from sftpingest.store.wording import among

_DISTRICT = table(District)
#: When so many records came, `seen` is no longer as PostgreSQL knows it.
_MANY = 10_000
#: Rows of one statement.
_BATCH = 20_000
#: By it all that one person is in can be found. It is made when somebody first reads: a store that nobody reads does
#: without it, and its first load of four million enrollments is three seconds quicker.
_BY_PERSON = "CREATE INDEX enrollment_by_person ON enrollment_version (district_id, person_no)"
#: The advisory lock under which it is made on PostgreSQL.
_INDEXING = 0x5F7B_0005
_IS_THERE = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE name = 'enrollment_by_person'",
    "postgresql": "SELECT to_regclass('enrollment_by_person')",
}


def publish(c: Connection, vendor_id: int, district: District, day: date) -> Edition | None:
    """Make the next edition, if anything is otherwise than in the last one; None where all is as it was."""
    # only now is looked at the district: whoever held the vendor may have told of a later sync, or removed it
    there = _held(c, vendor_id) and c.execute(select(_DISTRICT.c.head).where(_DISTRICT.c.id == district.id)).first()
    if not there:
        return None
    head = there.head
    version = decided(c, vendor_id, district.id)
    sharing = version.sharing if version else None
    open_now = version.id if version and sharing and sharing.open_on(day) else None
    last = last_edition(c, vendor_id, district.id)
    if last is None and open_now is None:
        return None
    if last is not None and (last.sync_id, last.sharing_id) == (head, open_now):
        return None
    after = Shared(sharing, district.id, head or 0) if sharing and open_now else None
    before = _shown_by(c, last) if after else None  # what is taken away needs no look at what it was
    _get_ready(c)
    found = Comparing(c, vendor_id, district, before, after).difference()
    facts = {"vendor_id": vendor_id, "district_id": district.id, "sync_id": head, "sharing_id": open_now}
    return _write(c, facts, found)


def withdraw(c: Connection, district: District) -> None:
    """Tell every vendor that nothing is seen of a district any more, before it is removed."""
    c.execute(select(_DISTRICT.c.id).where(_DISTRICT.c.id == district.id).with_for_update()).first()  # as who shares it
    vendors = select(EDITION.c.vendor_id).distinct().where(EDITION.c.district_id == district.id)
    for vendor_id in sorted(c.scalars(vendors)):
        _held(c, vendor_id)
        found = Comparing(c, vendor_id, district, None, None).difference()
        _write(c, {"vendor_id": vendor_id, "district_id": district.id, "sync_id": district.head}, found)


def _held(c: Connection, vendor_id: int) -> bool:
    """Hold a vendor until the transaction ends: its events are numbered one after the other. False: it is removed."""
    its = (VENDOR.c.id == vendor_id, VENDOR.c.removed_at.is_(None))
    return c.execute(select(VENDOR.c.id).where(*its).with_for_update()).first() is not None


def _shown_by(c: Connection, edition: Edition | None) -> Shared | None:
    """What an edition shows; None for nothing, as before the first upload."""
    if edition is None or edition.sharing_id is None or edition.sync_id is None:
        return None
    return Shared(sharing_of_version(c, edition.sharing_id), edition.district_id, edition.sync_id)


def _get_ready(c: Connection) -> None:
    """Set how PostgreSQL works until the transaction ends; after an edition there is little left of it."""
    if c.dialect.name == "postgresql":
        # a list that does not fit is searched anew for each record
        c.execute(text("SET LOCAL work_mem = '128MB'"))
        # one by person reads all enrollments in the order of an index, to find the few thousands of teachers
        c.execute(text("SET LOCAL enable_mergejoin = off"))


def get_ready(engine: Engine) -> None:
    """Make the index by which people are looked up, where it is not there. Before a transaction that publishes.

    In one of its own: it waits for all who write enrollments, and they may wait for what a publisher holds.
    """
    with engine.connect() as c:
        there = c.execute(text(_IS_THERE[c.dialect.name])).scalar() is not None
    if there:
        return
    with engine.begin() as c:
        if c.dialect.name == "postgresql":
            c.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _INDEXING})
        if c.execute(text(_IS_THERE[c.dialect.name])).scalar() is None:
            c.execute(text(_BY_PERSON))


# --------------------------------------------------------------------------------------------------------------- write


def _write(c: Connection, facts: dict[str, Any], found: Difference) -> Edition:
    sequence = last_sequence(c, facts["vendor_id"])
    events = sum(len(records) for part in (found.came, found.changed, found.gone) for records in part.values())
    facts |= {"first_event": sequence + 1, "last_event": sequence + events, "at": now()}
    number = c.execute(insert(EDITION).values(facts).returning(EDITION.c.id)).scalar_one()
    made = Edition(id=number, **facts)
    _write_seen(c, made, found)
    _insert(c, EVENT, _events(made, found))
    if c.dialect.name == "postgresql" and sum(map(len, found.came.values())) > _MANY:
        # PostgreSQL does so by itself, minutes later; an edition before that would be planned as if `seen` were empty
        # where somebody is at it already, nobody waits: the vendor is held
        c.execute(text("ANALYZE (SKIP_LOCKED) seen (vendor_id, district_id, kind, no, id)"))
    return made


def _write_seen(c: Connection, made: Edition, found: Difference) -> None:
    for kind in ORDER:
        schools, renumbered = found.schools.get(kind, {}), found.renumbered[kind]
        anew = {no: renumbered.get(no, no) for no in found.changed[kind] if no in renumbered or no in schools}
        _mark(c, made, kind, found.changed[kind].keys() - anew.keys())
        since = _taken_out(c, made, kind, [*found.gone[kind], *anew.values()])
        came = ((no, id_, made.id, schools.get(no, "")) for no, id_ in found.came[kind].items())
        changed = ((no, found.changed[kind][no], since[old], schools.get(no, "")) for no, old in anew.items())
        _insert(c, SEEN, (_seen(made, kind, *each) for each in chain(came, changed)))


def _of(made: Edition, kind: Kind) -> tuple[ColumnElement[bool], ...]:
    return (SEEN.c.vendor_id == made.vendor_id, SEEN.c.district_id == made.district_id, SEEN.c.kind == NUMBER[kind])


def _mark(c: Connection, made: Edition, kind: Kind, nos: Collection[int]) -> None:
    """Records that changed, and are seen as before in what `seen` has of them."""
    for those in chunks(nos):
        c.execute(update(SEEN).where(*_of(made, kind), among(SEEN.c.no, those)).values(changed=made.id))


def _taken_out(c: Connection, made: Edition, kind: Kind, nos: Collection[int]) -> dict[int, int]:
    """Take records out of `seen`; gives by number the edition since which each was there."""
    since: dict[int, int] = {}
    for those in chunks(nos):
        out = delete(SEEN).where(*_of(made, kind), among(SEEN.c.no, those)).returning(SEEN.c.no, SEEN.c.since)
        since |= dict(map(tuple, c.execute(out)))
    return since


def _seen(made: Edition, kind: Kind, no: int, id_: str, since: int, schools: str) -> tuple[object, ...]:
    return (made.vendor_id, made.district_id, NUMBER[kind], no, id_, since, made.id, schools)


def _events(made: Edition, found: Difference) -> Iterator[tuple[object, ...]]:
    """What came and changed, in the order in which it can be taken in; then what went, in the other direction."""
    told = [
        *((kind, Happened.CREATED, found.came[kind]) for kind in ORDER),
        *((kind, Happened.UPDATED, found.changed[kind]) for kind in ORDER),
        *((kind, Happened.DELETED, found.gone[kind]) for kind in reversed(ORDER)),
    ]
    numbers = count(made.first_event)
    for kind, happened, records in told:
        for no, id_ in records.items():
            yield (made.vendor_id, next(numbers), made.id, NUMBER[kind], no, id_, int(happened))


def _insert(c: Connection, its: Table, rows: Iterable[tuple[object, ...]]) -> None:
    """Rows with all columns in their order. Without pandas and Arrow: a command that shares starts without them."""
    names = [column.name for column in its.columns]
    coming = iter(rows)
    if c.dialect.name == "postgresql":
        with postgresql(c).cursor() as cursor, cursor.copy(f"COPY {its.name} ({', '.join(names)}) FROM STDIN") as sent:
            while batch := list(islice(coming, _BATCH)):
                sent.write(_lines(batch))
        return
    statement = f"INSERT INTO {its.name} VALUES ({', '.join('?' * len(names))})"  # noqa: S608  (our own names)
    while batch := list(islice(coming, _BATCH)):
        sqlite(c).executemany(statement, batch)


def _lines(rows: list[tuple[object, ...]]) -> str:
    """Rows as COPY reads them, for row by row psycopg takes twice the time.

    No cell has a tab or an end of line: there are numbers, ids, and JSON, which writes both in other words.
    """
    line = "\t".join(["%s"] * len(rows[0])) + "\n"
    return "".join([line % row for row in rows]).replace("\\", "\\\\")
