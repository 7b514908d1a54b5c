"""Who may enter, by what the store says.

In:  what a client shows: a username with a password or a key, and where it comes from.
Out: the entry to its district's folder, or None.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from pathlib import Path

from sqlalchemy import Engine

from sftpingest.doors.sftp import Entry
from sftpingest.inbox import folders
from sftpingest.store import accounts
from sftpingest.store.tables import Login


@dataclass(frozen=True)
class StoreGate:
    """Lets in the logins of the store. Called from threads: each question has its own connection."""

    engine: Engine
    data: Path

    def password(self, username: str, password: str, address: str) -> Entry | None:
        """Give the entry where the password is right. Takes as long for a name that is unknown."""
        login = self._login(username)
        right = accounts.verify_password(login, password)
        return self._entry(login, address) if login and right else None

    def key(self, username: str, key_line: str, address: str) -> Entry | None:
        """Give the entry where the login has this public key; comments of keys do not count."""
        login = self._login(username)
        known = login is not None and any(line.split()[:2] == key_line.split()[:2] for line in login.keys)
        return self._entry(login, address) if login and known else None

    def _login(self, username: str) -> Login | None:
        if not accounts.USERNAME.fullmatch(username):  # a NUL byte, say, which PostgreSQL would refuse
            return None
        with self.engine.connect() as connection:
            return accounts.login(connection, username)

    def _entry(self, login: Login, address: str) -> Entry | None:
        if not may_enter(login, address, datetime.now(UTC)):
            return None
        with self.engine.connect() as connection:
            district = accounts.district_of(connection, login.district_id)
        places = folders(self.data, district.slug)
        places.make()  # the district may have been added on another machine
        settings = accounts.district_settings(district)
        return Entry(login.username, district.slug, places.root, settings.quota_bytes, settings.quiet_seconds)


def may_enter(login: Login, address: str, now: datetime) -> bool:
    """Whether a login may be used, now and from this address. `expires` is its last day, in UTC."""
    if login.disabled or (login.expires is not None and now.date() > login.expires):
        return False
    return not login.allow or _is_within(address, login.allow)


def _is_within(address: str, networks: list[str]) -> bool:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found  # ::ffff:192.0.2.1 is 192.0.2.1
    return any(found in ip_network(network) for network in networks)
