"""The disclosure log: what every vendor read, each entry sealed with the one before it. Entries are only added.

In:  reads, in the caller's transaction; whom and what is asked about.
Out: rows of the table disclosure (store/chain.py), and what of them answers a question.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import uuid4

from sqlalchemy import BigInteger, Connection, Index, Row, String, Text, UniqueConstraint, func, or_, select
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Field, SQLModel

from sftpingest.roster.disclosed import Door, Read, Sight, Sought, sight
from sftpingest.roster.kinds import Kind
from sftpingest.store.chain import Chain, Written, add, number, source, written
from sftpingest.store.tables import table
from sftpingest.store.versions import KEY
from sftpingest.store.whole import any_text

#: Rows that are fetched in one go: some of them hold ten thousand ids.
_AT_ONCE = 200


class Disclosure(SQLModel, table=True):
    """One read. It names vendors and districts by text alone, and records by ids: it outlives them."""

    __table_args__ = (
        UniqueConstraint("mark", name="disclosure_mark_once"),
        Index("disclosure_district", "district", "id"),
        Index("disclosure_vendor", "vendor", "id"),
    )

    id: int = Field(sa_column=number())  #: 1, 2, 3, without gaps
    at: str = Field(sa_type=Text)  #: when it was answered: UTC, as 2026-11-24T03:15:02.123456Z
    source: str = Field(sa_type=Text)  #: machine and process that answered
    vendor: str = Field(sa_type=Text)
    district: str = Field(sa_type=Text)  #: its slug
    door: str = Field(sa_type=Text)
    request: str = Field(sa_type=Text)
    kinds: str = Field(sa_type=Text)  #: with a space between them
    fields: str = Field(sa_type=Text)  #: the same
    people: int = Field(sa_type=BigInteger)
    records: int = Field(sa_type=BigInteger)
    sequence: int = Field(sa_type=BigInteger)
    first_id: str | None = Field(default=None, sa_type=KEY)  #: of a range; this and `ids` empty: the whole
    last_id: str | None = Field(default=None, sa_type=KEY)
    ids: str | None = Field(default=None, sa_type=Text)  #: sixteen signs of base64 for each
    mark: str = Field(sa_type=Text)  #: names this read, so that it is kept once however often it is told
    hash: str = Field(sa_type=String(64))


DISCLOSURE = table(Disclosure)
LOG = Chain(DISCLOSURE, "log", 0x5F7B_0004)


@dataclass(frozen=True)
class Told:
    """A read, before it is an entry."""

    read: Read
    source: str = field(default_factory=source)
    mark: str = field(default_factory=lambda: uuid4().hex)


@dataclass(frozen=True)
class Kept:
    """A read as it was entered. `sight`: whether the person asked for was in it; None where nobody was asked for."""

    id: int
    source: str
    read: Read
    hash: str
    sight: Sight | None = None


@dataclass(frozen=True)
class Asked:
    """What is asked of the log of one district."""

    district: str
    vendor: str | None = None
    since: datetime | None = None
    until: datetime | None = None  #: not in it
    sought: Sought | None = None


def write_all(c: Connection, told: Sequence[Told]) -> Written:
    """Add reads, in their order, those left out whose mark is there already. As for `chain.add`."""
    return add(c, LOG, [_row(one) for one in told])


def unreadable(at: datetime, mark: str) -> Read:
    """What stands for a read of which nobody can tell any more what was in it. It may have been anybody's."""
    return Read(at, "", "", Door.UNREADABLE, mark, (), (), 0, 0, 0, whole=True)


def reads(c: Connection, asked: Asked, limit: int) -> list[Kept]:
    """The newest reads of that kind, oldest first."""
    with any_text(c):
        first = _first_read(c, asked.district) if asked.sought else {}
        chosen = select(DISCLOSURE).where(*_where(c, asked)).order_by(DISCLOSURE.c.id.desc())
        with c.execute(chosen, execution_options={"yield_per": _AT_ONCE}) as rows:
            found = list(islice(_answers(rows, asked.sought, first), limit))
    return found[::-1]


def known(c: Connection, district: str) -> bool:
    """Whether anything of a district was ever read, be it long removed."""
    return c.execute(select(DISCLOSURE.c.id).where(DISCLOSURE.c.district == district).limit(1)).first() is not None


# -- one row -----------------------------------------------------------------------------------------------------------


def _row(told: Told) -> dict[str, Any]:
    """The values of an entry but for its id and hash."""
    read = told.read
    first, last = read.range or (None, None)
    named = ("vendor", "district", "request", "people", "records", "sequence")
    return {
        **{name: getattr(read, name) for name in named},
        "at": written(read.at),
        "source": told.source,
        "door": read.door.value,
        "kinds": " ".join(read.kinds),
        "fields": " ".join(read.fields),
        "first_id": first,
        "last_id": last,
        "ids": None if read.ids is None else packed(read.ids),
        "mark": told.mark,
    }


def packed(ids: Iterable[str]) -> str:
    """Ids in two thirds of their length. Each has signs of its own, so that the store can look for one."""
    return "".join(_short(one) for one in sorted(set(ids)))


def _short(one: str) -> str:
    return b64encode(bytes.fromhex(one)).decode()


def _unpacked(text: str) -> tuple[str, ...]:
    return tuple(b64decode(text[at : at + 16], validate=True).hex() for at in range(0, len(text), 16))


def _read(row: Row[Any]) -> Read:
    """What was read; where somebody has made that unreadable, which `verify` says, it may have been anything."""
    at = _time(row.at)
    try:
        return Read(
            at,
            row.vendor,
            row.district,
            Door(row.door),
            row.request,
            tuple(Kind(one) for one in row.kinds.split()),
            tuple(row.fields.split()),
            row.people,
            row.records,
            row.sequence,
            whole=row.first_id is None and row.ids is None,
            range=None if row.first_id is None else (row.first_id, row.last_id),
            ids=None if row.ids is None else _unpacked(row.ids),
        )
    except (ValueError, TypeError, AttributeError):
        return unreadable(at, "")


# -- answers -----------------------------------------------------------------------------------------------------------


def _where(c: Connection, asked: Asked) -> Iterator["ColumnElement[bool]"]:
    """What the store can leave out. Reads that could not be read back may be of any district and vendor."""
    its = DISCLOSURE.c
    of = its.district == asked.district
    if asked.vendor is not None:
        of &= its.vendor == asked.vendor
    if asked.sought is not None:
        of &= _may_hold(c, asked.sought)
    yield or_(of, its.door == Door.UNREADABLE.value)
    if asked.since is not None:
        yield its.at >= written(asked.since)
    if asked.until is not None:
        yield its.at < written(asked.until)


def _may_hold(c: Connection, sought: Sought) -> "ColumnElement[bool]":
    """All that `sight` needs to look at, and little more: thousands of pages are read every night."""
    its = DISCLOSURE.c
    place = func.instr if c.dialect.name == "sqlite" else func.strpos
    whole = its.ids.is_(None) & its.first_id.is_(None)
    ways: list[ColumnElement[bool]] = [whole & (place(its.kinds, sought.kind.value) > 0)]
    for one in sorted(sought.ids):
        ways += [(its.first_id <= one) & (its.last_id >= one), place(its.ids, _short(one)) > 0]
    return or_(*ways)


def _answers(rows: Iterable[Row[Any]], sought: Sought | None, first: dict[tuple[str, int], datetime]) -> Iterator[Kept]:
    for row in rows:
        read = _read(row)
        seen = sight(read, sought, first.get((read.vendor, read.sequence), read.at)) if sought else None
        if seen or not sought:
            yield Kept(row.id, row.source, read, row.hash, seen)


def _first_read(c: Connection, district: str) -> dict[tuple[str, int], datetime]:
    """When each state of each vendor's view was read for the first time."""
    its = DISCLOSURE.c
    chosen = select(its.vendor, its.sequence, func.min(its.at)).where(its.district == district)
    rows = c.execute(chosen.group_by(its.vendor, its.sequence))
    return {(vendor, sequence): _time(at) for vendor, sequence, at in rows}


def _time(text: str) -> datetime:
    """A time as it stands in an entry; long ago where somebody has made it unreadable."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, TypeError):
        return datetime.min.replace(tzinfo=UTC)
