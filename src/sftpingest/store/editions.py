"""Editions: what vendors read is the last edition of what they may see; the events are how one follows the other.

In:  a Connection in the caller's transaction.
Out: Edition, Event, Seen and their tables. publish.py makes the next edition, reading.py reads by the last one.

An edition is one state of what one vendor sees of one district: a sharing, on the roster as it was after a sync. Its
events are numbered for each vendor, 1, 2, 3, without gaps, and say which records came, changed and went. `seen` holds
the records of the last edition of each vendor and district: what the selects of shared.py gave when it was made.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import IntEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Text,
    select,
    text,
)
from sqlmodel import Field, SQLModel

from sftpingest.roster.kinds import Kind
from sftpingest.store.tables import UtcTime, now, table
from sftpingest.store.versions import KEY

#: A kind as a number: its place in Kind.
KINDS = tuple(Kind)
NUMBER = {kind: number for number, kind in enumerate(KINDS)}


class Happened(IntEnum):
    """What an event says of a record."""

    CREATED = 0  #: it is seen from now on
    UPDATED = 1  #: something of it, or of what it is related to, is seen otherwise than before
    DELETED = 2  #: it is seen no more: it left the roster, or is no longer shared


#: The word of each in events.
SAID = {Happened.CREATED: "created", Happened.UPDATED: "updated", Happened.DELETED: "deleted"}


def _of_vendor() -> Column[int]:
    return Column("vendor_id", Integer, ForeignKey("vendor.id", ondelete="CASCADE"), nullable=False)


def _number(name: str, kind: type[Any] = Integer, *, key: bool = False) -> Any:  # noqa: ANN401  (sqlmodel's Field is untyped)
    return Field(sa_column=Column(name, kind, nullable=False, primary_key=key, autoincrement=False))


class Edition(SQLModel, table=True):
    """One state of what a vendor sees of a district. It outlives the district, whose end vendors must be told."""

    __table_args__ = (Index("edition_of_vendor", "vendor_id", "district_id", "id"), {"sqlite_autoincrement": True})

    id: int = Field(default=None, primary_key=True)
    vendor_id: int = Field(sa_column=_of_vendor())
    district_id: int
    sync_id: int | None = None  #: the last sync that was applied; null: none was
    sharing_id: int | None = None  #: the version of the sharing that decided; null: nothing is seen
    first_event: int = Field(sa_type=BigInteger)  #: of its events; one more than the last where it has none
    last_event: int = Field(sa_type=BigInteger)
    at: datetime = Field(default_factory=now, sa_type=UtcTime)


class Event(SQLModel, table=True):
    """One record that came, changed or went. What it looked like then is read from the versions of the roster."""

    __table_args__ = (
        Index(
            "event_deleted",
            "vendor_id",
            "kind",
            "id",
            sqlite_where=text("happened = 2"),
            postgresql_where=text("happened = 2"),
        ),
        {"sqlite_with_rowid": False},
    )

    vendor_id: int = _number("vendor_id", key=True)  # no foreign key: it takes longer than all else of a row
    sequence: int = _number("sequence", BigInteger, key=True)
    edition_id: int
    kind: int = _number("kind", SmallInteger)
    no: int  #: its number in the roster; of a record that went the last it had
    id: str = Field(sa_column=Column("id", KEY, nullable=False))
    happened: int = _number("happened", SmallInteger)


class Seen(SQLModel, table=True):
    """A record that a vendor sees in the last edition."""

    __table_args__ = (
        Index("seen_by_id", "vendor_id", "kind", "id", unique=True),
        {"sqlite_with_rowid": False},
    )

    vendor_id: int = _number("vendor_id", key=True)  # no foreign key: it takes longer than all else of a row
    district_id: int = _number("district_id", key=True)
    kind: int = _number("kind", SmallInteger, key=True)
    no: int = _number("no", key=True)
    id: str = Field(sa_column=Column("id", KEY, nullable=False))
    since: int  #: the edition since which it is seen
    changed: int  #: the edition in which it last changed
    schools: str = Field(sa_type=Text)  #: of a person: ids of schools of its sections, as JSON, beside its own; or ''


EDITION, EVENT, SEEN = (table(model) for model in (Edition, Event, Seen))


def last_edition(c: Connection, vendor_id: int, district_id: int) -> Edition | None:
    """The edition that is read now."""
    of = (EDITION.c.vendor_id == vendor_id, EDITION.c.district_id == district_id)
    row = c.execute(select(EDITION).where(*of).order_by(EDITION.c.id.desc()).limit(1)).first()
    return None if row is None else edition_of(row)


def last_sequence(c: Connection, vendor_id: int) -> int:
    """The number of a vendor's last event; 0 before the first."""
    last = c.execute(select(sa.func.max(EDITION.c.last_event)).where(EDITION.c.vendor_id == vendor_id)).scalar_one()
    return int(last or 0)


def edition_of(row: sa.Row[Any]) -> Edition:
    """A row of the table as what it is."""
    return Edition(**row._mapping)  # noqa: SLF001  (SQLAlchemy's public name for it)


def forget(c: Connection, vendor_id: int) -> None:
    """Let go of all that a vendor saw, when it is removed."""
    for its in (SEEN, EVENT, EDITION):
        c.execute(sa.delete(its).where(its.c.vendor_id == vendor_id))


def numbers_of(kinds: Iterable[Kind]) -> list[int]:
    """Kinds as the tables have them."""
    return [NUMBER[kind] for kind in kinds]
