"""Bearer tokens: by what a vendor's program shows which vendor it is, and of which districts it may read.

In:  a Connection in the caller's transaction; a token as it came.
Out: Reader; new tokens. The store keeps what finds a token, never the token itself in plain words.
"""

import hmac
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from sftpingest.store.tables import District, now, table
from sftpingest.store.vendors import TOKEN, VENDOR, Vendor, hashed, seen_on

DISTRICT = table(District)
#: How long an access token is good.
LASTS = timedelta(hours=1)
#: What the secret of a client that is not there is compared with.
_NOBODYS = hashed(secrets.token_urlsafe(32))


@dataclass(frozen=True)
class Reader:
    """Who reads: a vendor's program with a token."""

    vendor_id: int
    vendor: str
    #: its client id, as the vendor knows it
    client_id: str
    #: the one district it reads; None: all that share with the vendor
    district_id: int | None
    scopes: frozenset[str]
    token_hash: str = field(repr=False)


@dataclass(frozen=True)
class OfDistrict:
    """The token of a vendor for one district, sealed."""

    id: int
    slug: str
    created_at: datetime
    sealed: str = field(repr=False)


def reader_of(c: Connection, token: str) -> Reader | None:
    """Who reads with this token; None where it is good for nothing (any more)."""
    key = hashed(token)
    row = c.execute(_GOOD, {"hash": key, "now": now()}).first()
    return row and Reader(row.id, row.name, row.client_id, row.district_id, frozenset(row.scopes), key)


#: Kept, for every request begins with it.
_GOOD = (
    select(TOKEN.c.district_id, TOKEN.c.scopes, VENDOR.c.id, VENDOR.c.name, VENDOR.c.client_id)
    .join(VENDOR, VENDOR.c.id == TOKEN.c.vendor_id)
    .where(TOKEN.c.hash == bindparam("hash"), VENDOR.c.removed_at.is_(None))
    .where(or_(TOKEN.c.expires_at.is_(None), TOKEN.c.expires_at > bindparam("now", type_=TOKEN.c.expires_at.type)))
)


def client(c: Connection, client_id: str, secret: str) -> Vendor | None:
    """The vendor with this client id and secret. Who has no such id takes as long as who has a wrong secret."""
    row = c.execute(select(VENDOR).where(VENDOR.c.client_id == client_id, VENDOR.c.removed_at.is_(None))).first()
    kept = row.secret_hash if row else _NOBODYS
    right = hmac.compare_digest(hashed(secret), kept)
    return Vendor(**row._mapping) if row and right else None  # noqa: SLF001  (SQLAlchemy's public name for it)


def new_access(c: Connection, vendor_id: int, scopes: Iterable[str]) -> str:
    """A token for all districts that share with a vendor, good for an hour. Those that are over go."""
    made, token = now(), new_token()
    c.execute(delete(TOKEN).where(TOKEN.c.expires_at <= made))
    facts = {"vendor_id": vendor_id, "hash": hashed(token), "scopes": sorted(scopes)}
    c.execute(insert(TOKEN).values(**facts, created_at=made, expires_at=made + LASTS))
    return token


def new_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def sealed_token(c: Connection, vendor_id: int, district_id: int) -> str | None:
    """The token of a vendor for one district, as it is kept; None where none was made."""
    of = (TOKEN.c.vendor_id == vendor_id, TOKEN.c.district_id == district_id)
    sealed: str | None = c.scalar(select(TOKEN.c.sealed).where(*of))
    return sealed


def keep_token(c: Connection, vendor_id: int, district_id: int, token: str, sealed: str) -> None:
    """Make this the token of a vendor for one district. The one before is good no more."""
    of = {"vendor_id": vendor_id, "district_id": district_id}
    made = {"hash": hashed(token), "sealed": sealed, "scopes": [], "created_at": now()}
    there = (TOKEN.c.vendor_id == vendor_id, TOKEN.c.district_id == district_id)
    if not c.execute(update(TOKEN).where(*there).values(made)).rowcount:
        c.execute(insert(TOKEN).values(of | made))


def of_districts(c: Connection, vendor_id: int, day: date) -> Iterator[OfDistrict]:
    """The tokens of a vendor for the districts that share with it on a day, in the order they were made."""
    of = select(TOKEN.c.id, DISTRICT.c.slug, TOKEN.c.created_at, TOKEN.c.sealed, TOKEN.c.district_id)
    of = of.join(DISTRICT, DISTRICT.c.id == TOKEN.c.district_id).where(TOKEN.c.vendor_id == vendor_id)
    for key, slug, made, sealed, district in c.execute(of.order_by(TOKEN.c.id)).all():
        if seen_on(c, vendor_id, district, day):
            yield OfDistrict(key, slug, made, sealed)
