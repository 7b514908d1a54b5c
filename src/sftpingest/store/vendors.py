"""Vendors: the applications that read, and what each may see of which district, version by version.

In:  a Connection in the caller's transaction.
Out: Vendor, Version. What was said of a sharing is never changed; a newer version takes its place.
"""

import hashlib
import re
import secrets
import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Text,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlmodel import Field, SQLModel

from sftpingest.roster.sharing import Sharing, sharing_of
from sftpingest.store import StoreError
from sftpingest.store.editions import forget
from sftpingest.store.setting import WrongSetting
from sftpingest.store.tables import JsonText, Token, UtcTime, now, table

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class NoSuchVendor(StoreError):
    """There is no vendor "{name}". `sftpingest vendor list` shows those there are."""


class TakenVendor(StoreError):
    """There is a vendor "{name}" already. Choose another name, or `sftpingest vendor rotate` for a new secret."""


class NothingHeld(StoreError):
    """No change of what {vendor} sees of {district} waits for a person. `sftpingest share show` says how it stands."""


class NothingProposed(StoreError):
    """{vendor} has proposed nothing to {district}, or it was answered. `sftpingest share show` says how it stands."""


class SharingMoved(StoreError):
    """What you looked at is no longer so for {vendor} and {district}. Say it anew: `share set`, or `share discard`."""


class Said(StrEnum):
    """What a version of a sharing says."""

    PROPOSED = "proposed"  #: a vendor asks for it; the district has not answered
    HELD = "held"  #: would take away more than the thresholds allow; waits for a person
    SET = "set"  #: holds until the next one that is set or ended
    ENDED = "ended"  #: nothing is seen any more
    DISCARDED = "discarded"  #: what was held or proposed is put aside


#: A version that says one of these decides what is seen.
DECIDES = (Said.SET, Said.ENDED)


class Vendor(SQLModel, table=True):
    """An application that reads rosters."""

    __table_args__ = (
        Index(
            "vendor_name_once",
            "name",
            unique=True,
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: int = Field(default=None, primary_key=True)
    name: str = Field(sa_type=String(64))
    client_id: str = Field(sa_type=String(32), sa_column_kwargs={"unique": True})
    secret_hash: str = Field(sa_type=Text, repr=False)  #: SHA-256: the secret has 256 random bits, nobody guesses it
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)
    removed_at: datetime | None = Field(default=None, sa_type=UtcTime)


class Version(SQLModel, table=True):
    """One version of what a vendor may see of a district."""

    __tablename__ = "sharing"
    __table_args__ = (Index("sharing_of_vendor", "vendor_id", "district_id", "id"), {"sqlite_autoincrement": True})

    id: int = Field(default=None, primary_key=True)
    vendor_id: int = Field(sa_column=Column(Integer, ForeignKey("vendor.id", ondelete="CASCADE"), nullable=False))
    district_id: int = Field(
        sa_column=Column(Integer, ForeignKey("district.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    said: Said = Field(sa_column=Column("state", String(16), nullable=False))
    terms: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText)  #: as roster.sharing.plain; {} where ended
    reason: str = Field(default="", sa_type=Text)  #: why it is held, one sentence
    answers: int | None = None  #: the version that was held or proposed, and is no longer
    head: int | None = None  #: the last applied sync of the district when a person was shown what it does
    by: str = Field(sa_type=Text)  #: who said it
    at: datetime = Field(default_factory=now, sa_type=UtcTime)

    @property
    def sharing(self) -> Sharing | None:
        """What is seen; None where nothing is."""
        return sharing_of(self.terms) if self.terms else None


VENDOR = table(Vendor)
TOKEN = table(Token)
VERSION = table(Version)


# ------------------------------------------------------------------------------------------------------------- vendors


def add_vendor(c: Connection, name: str) -> tuple[Vendor, str]:
    """Add a vendor; gives it and its secret, which is kept nowhere. Raises WrongSetting, TakenVendor."""
    if not NAME.fullmatch(name):
        allowed = "1 to 64 letters, digits and . _ - , beginning with a letter or digit, such as quiz-whiz"
        raise WrongSetting(key="The name of a vendor", given=name, allowed=allowed)
    if c.execute(select(VENDOR.c.id).where(VENDOR.c.name == name, VENDOR.c.removed_at.is_(None))).first():
        raise TakenVendor(name=name)
    secret = secrets.token_urlsafe(32)
    c.execute(
        insert(VENDOR).values(name=name, client_id=uuid.uuid4().hex, secret_hash=hashed(secret), created_at=now())
    )
    return vendor(c, name), secret


def vendor(c: Connection, name: str) -> Vendor:
    """The vendor of that name. Raises NoSuchVendor."""
    row = c.execute(select(VENDOR).where(VENDOR.c.name == name, VENDOR.c.removed_at.is_(None))).first()
    if row is None:
        raise NoSuchVendor(name=name)
    return _vendor(row)


def vendors(c: Connection) -> list[Vendor]:
    """All vendors, by name."""
    there = select(VENDOR).where(VENDOR.c.removed_at.is_(None)).order_by(VENDOR.c.name)
    return [_vendor(row) for row in c.execute(there)]


def rotate(c: Connection, name: str) -> tuple[Vendor, str]:
    """A new secret; the old one and the access tokens that it got are good no more. Raises NoSuchVendor."""
    found, secret = vendor(c, name), secrets.token_urlsafe(32)
    c.execute(delete(TOKEN).where(TOKEN.c.vendor_id == found.id, TOKEN.c.district_id.is_(None)))
    c.execute(update(VENDOR).where(VENDOR.c.id == found.id).values(secret_hash=hashed(secret)))
    return found, secret


def remove_vendor(c: Connection, name: str) -> None:
    """Remove a vendor: it sees nothing any more. What is recorded of it stays. Raises NoSuchVendor."""
    found = vendor(c, name)
    c.execute(delete(TOKEN).where(TOKEN.c.vendor_id == found.id))
    c.execute(update(VENDOR).where(VENDOR.c.id == found.id).values(removed_at=now(), secret_hash=""))
    forget(c, found.id)


def hashed(secret: str) -> str:
    """What the store keeps of a secret that has 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _vendor(row: Row[Any]) -> Vendor:
    return Vendor(**row._mapping)  # noqa: SLF001  (SQLAlchemy's public name for it)


# ------------------------------------------------------------------------------------------------------------ sharings


def say(c: Connection, version: Version) -> Version:
    """Add a version; gives it as it is kept."""
    facts = version.model_dump(exclude={"id", "said"}) | {"state": version.said.value}
    key = c.execute(insert(VERSION).values(facts).returning(VERSION.c.id)).scalar_one()
    return _version(c.execute(select(VERSION).where(VERSION.c.id == key)).one())


def history(c: Connection, vendor_id: int, district_id: int) -> list[Version]:
    """All that was said, newest first."""
    of = (VERSION.c.vendor_id == vendor_id, VERSION.c.district_id == district_id)
    return [_version(row) for row in c.execute(select(VERSION).where(*of).order_by(VERSION.c.id.desc()))]


def decided(c: Connection, vendor_id: int, district_id: int) -> Version | None:
    """The version that decides what is seen; None where nothing was ever shared."""
    of = (VERSION.c.vendor_id == vendor_id, VERSION.c.district_id == district_id)
    decides = VERSION.c.state.in_([one.value for one in DECIDES])
    row = c.execute(select(VERSION).where(*of, decides).order_by(VERSION.c.id.desc()).limit(1)).first()
    return None if row is None else _version(row)


def sharing_of_version(c: Connection, version: int) -> Sharing:
    """What a version that set a sharing says."""
    return sharing_of(c.execute(select(VERSION.c.terms).where(VERSION.c.id == version)).scalar_one())


def seen_on(c: Connection, vendor_id: int, district_id: int, day: date) -> Sharing | None:
    """What is seen on a day; None for nothing. By this doors and previews tell it. Raises WrongSharing."""
    found = decided(c, vendor_id, district_id)
    sharing = found.sharing if found else None
    return sharing if sharing and sharing.open_on(day) else None


def waiting(c: Connection, vendor_id: int, district_id: int, said: Said) -> Version | None:
    """The newest that is held or proposed and was not answered. What was held before a newer decision waits no more."""
    versions = history(c, vendor_id, district_id)
    answered = {one.answers for one in versions}
    last = max((one.id for one in versions if one.said in DECIDES), default=0)
    waits = (one for one in versions if one.said is said and one.id not in answered)
    return next((one for one in waits if said is Said.PROPOSED or one.id > last), None)


def shared_districts(c: Connection, vendor_id: int) -> list[int]:
    """The districts of which anything was ever said to a vendor, by id."""
    of = select(VERSION.c.district_id).distinct().where(VERSION.c.vendor_id == vendor_id)
    return list(c.scalars(of.order_by(VERSION.c.district_id)))


def _version(row: Row[Any]) -> Version:
    facts = dict(row._mapping)  # noqa: SLF001  (SQLAlchemy's public name for it)
    return Version(said=Said(facts.pop("state")), **facts)
