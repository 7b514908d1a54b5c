"""Districts, what is set for them, and their logins.

In:  a Connection in the caller's transaction.
Out: District, DistrictSettings, Login.
"""

import re
from collections.abc import Iterable
from datetime import date
from ipaddress import ip_network
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlmodel import SQLModel

from sftpingest.store import StoreError, keyline
from sftpingest.store.editions import EDITION
from sftpingest.store.passwords import hashed, verify_password
from sftpingest.store.publish import withdraw
from sftpingest.store.setting import DistrictSettings, WrongSetting, changed, read
from sftpingest.store.tables import District, Login, now, table
from sftpingest.store.versions import VERSIONS

__all__ = ["DistrictSettings", "WrongSetting", "verify_password"]

DISTRICT = table(District)
LOGIN = table(Login)
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


class NoSuchDistrict(StoreError):
    """There is no district "{slug}" in {store} ({setting}). `sftpingest district list` shows those there are."""


class NoSuchLogin(StoreError):
    """There is no login "{username}". `sftpingest login list` shows those a district has."""


class Taken(StoreError):
    """The {what} "{name}" is taken already. Choose another one."""


def add_district(c: Connection, slug: str, name: str) -> District:
    """Add a district. Raises WrongSetting for a slug that cannot be a folder's name, Taken."""
    if not SLUG.fullmatch(slug):
        allowed = "1 to 63 small letters, digits and hyphens, not beginning with a hyphen, such as north-hills"
        raise WrongSetting(key="The short name of a district", given=slug, allowed=allowed)
    if c.execute(select(DISTRICT.c.id).where(DISTRICT.c.slug == slug)).first():
        raise Taken(what="short name", name=slug)
    c.execute(insert(DISTRICT).values(slug=slug, name=name, settings={}, created_at=now()))
    return district(c, slug)


def districts(c: Connection) -> list[District]:
    """All districts, by slug."""
    return [_district(row) for row in c.execute(select(DISTRICT).order_by(DISTRICT.c.slug))]


def district(c: Connection, slug: str) -> District:
    """The district of that slug. Raises NoSuchDistrict."""
    row = c.execute(select(DISTRICT).where(DISTRICT.c.slug == slug)).first()
    if row is None:
        raise NoSuchDistrict(slug=slug, **_store(c))
    return _district(row)


def district_of(c: Connection, district_id: int) -> District:
    """The district of that id. Raises NoSuchDistrict."""
    row = c.execute(select(DISTRICT).where(DISTRICT.c.id == district_id)).first()
    if row is None:
        raise NoSuchDistrict(slug=f"number {district_id}", **_store(c))
    return _district(row)


def _store(c: Connection) -> dict[str, str]:
    """Which store was looked at, without its password, and the setting that says so."""
    url = c.engine.url
    if c.dialect.name == "sqlite":
        return {"store": str(url.database), "setting": "SFTPINGEST_DATA"}
    return {"store": url.render_as_string(), "setting": "SFTPINGEST_DATABASE_URL"}


def _district(row: Row[Any]) -> District:
    return District(**row._mapping)  # noqa: SLF001  (SQLAlchemy's public name for it)


def district_settings(of: District) -> DistrictSettings:
    """What is set for a district, defaults filled in."""
    return read(of.settings)


def set_district(c: Connection, slug: str, key: str, text: str) -> None:
    """Set one thing, as a person writes it; "default" takes it back. Raises NoSuchDistrict, WrongSetting."""
    # Two people may set two things at once; on PostgreSQL the row is held until the caller commits.
    row = c.execute(select(DISTRICT.c.settings).where(DISTRICT.c.slug == slug).with_for_update()).first()
    if row is None:
        raise NoSuchDistrict(slug=slug, **_store(c))
    c.execute(update(DISTRICT).where(DISTRICT.c.slug == slug).values(settings=changed(row.settings, key, text)))


def remove_district(c: Connection, slug: str) -> None:
    """Remove a district and all rows that are its own, in whatever table. Its folder stays. Raises NoSuchDistrict."""
    withdraw(c, district(c, slug))
    gone = district(c, slug).id
    # Versions have no foreign key that would take them along; and they must be imported to be among the tables.
    its_own = {*VERSIONS.values(), *(its for its in SQLModel.metadata.sorted_tables if "district_id" in its.c)}
    its_own -= {EDITION}  # by which vendors are told that it is gone
    for its in its_own:
        c.execute(delete(its).where(its.c.district_id == gone))
    c.execute(delete(DISTRICT).where(DISTRICT.c.id == gone))


def add_login(  # noqa: PLR0913, PLR0917  (a login has that many facts)
    c: Connection,
    slug: str,
    username: str,
    password: str | None,
    keys: Iterable[str] = (),
    allow: Iterable[str] = (),
    expires: date | None = None,
) -> Login:
    """Add a login to a district. `expires` is the last day on which it works.

    Raises NoSuchDistrict, Taken, WrongSetting for a username or network that is none, and for a weak key.
    """
    of = district(c, slug)
    if not USERNAME.fullmatch(username):
        allowed = "1 to 64 letters, digits and . _ @ - , beginning with a letter or digit"
        raise WrongSetting(key="A username", given=username, allowed=allowed)
    if login(c, username) is not None:
        raise Taken(what="username", name=username)
    password_hash = None if password is None else hashed(password)
    facts: dict[str, Any] = {
        "keys": [strong_key(key) for key in keys],
        "allow": [network(text) for text in allow],
        "expires": expires,
    }
    facts |= {"district_id": of.id, "username": username, "password_hash": password_hash}
    c.execute(insert(LOGIN).values(disabled=False, created_at=now(), **facts))
    return _login(c.execute(select(LOGIN).where(LOGIN.c.username == username)).one())


def strong_key(line: str) -> str:
    """A public key line as it is kept. Raises WrongSetting for DSA and short RSA."""
    key = keyline.read(line)
    if key is not None and key.weak:
        given = f"{key.kind} {key.fingerprint}"
        raise WrongSetting(key="The key of a login", given=given, allowed=keyline.STRONG)
    return line.strip()


def network(text: str) -> str:
    """An address or network as it is kept. Raises WrongSetting."""
    try:
        return str(ip_network(text.strip(), strict=False))
    except ValueError:
        allowed = "an address or network such as 192.0.2.17 or 192.0.2.0/24"
        raise WrongSetting(key="The network of a login", given=text, allowed=allowed) from None


def logins(c: Connection, slug: str) -> list[Login]:
    """The logins of a district, by username. Raises NoSuchDistrict."""
    of = district(c, slug)
    chosen = select(LOGIN).where(LOGIN.c.district_id == of.id).order_by(LOGIN.c.username)
    return [_login(row) for row in c.execute(chosen)]


def login(c: Connection, username: str) -> Login | None:
    """The login of that name, whether or not it may still be used."""
    row = c.execute(select(LOGIN).where(LOGIN.c.username == username)).first()
    return None if row is None else _login(row)


def _login(row: Row[Any]) -> Login:
    return Login(**row._mapping)  # noqa: SLF001  (SQLAlchemy's public name for it)


def disable_login(c: Connection, username: str) -> None:
    """Make a login unusable, and keep it to be seen. Raises NoSuchLogin."""
    if c.execute(update(LOGIN).where(LOGIN.c.username == username).values(disabled=True)).rowcount == 0:
        raise NoSuchLogin(username=username)


def remove_login(c: Connection, username: str) -> None:
    """Remove a login. Raises NoSuchLogin."""
    if c.execute(delete(LOGIN).where(LOGIN.c.username == username)).rowcount == 0:
        raise NoSuchLogin(username=username)
