"""Who may enter, by what the store says.

In:  what a client shows: a username with a password, a key, a certificate or a code, and where it comes from.
Out: the entry to its district's folder, or None.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from pathlib import Path

import structlog
from sqlalchemy import Engine

from sftpingest.app import codes
from sftpingest.doors.sftp import Entry, Proof
from sftpingest.inbox import folders
from sftpingest.store import accounts, keyline, logins
from sftpingest.store.logins import Known
from sftpingest.store.setting import Asked
from sftpingest.store.tables import Login

log = structlog.get_logger()

#: What a district asks for, beside the codes of single logins.
_NEEDS = {
    Asked.ANY: frozenset[Proof](),
    Asked.KEY: frozenset({Proof.KEY}),
    Asked.BOTH: frozenset({Proof.KEY, Proof.PASSWORD}),
}


@dataclass(frozen=True)
class StoreGate:
    """Lets in the logins of the store. Called from threads: each question has its own connection."""

    engine: Engine
    data: Path
    #: where the key of the code secrets lies: the folder of the host keys
    keys: Path | None = None

    def password(self, username: str, password: str, address: str) -> Entry | None:
        """Give the entry where the password is right. Takes as long for a name that is unknown."""
        known = self._known(username)
        right = accounts.verify_password(known.login if known else None, password)
        return self._entry(known, address) if known and right and known.settings.proof is not Asked.KEY else None

    def key(self, username: str, key_line: str, address: str) -> Entry | None:
        """Give the entry where the login has this public key; comments of keys do not count."""
        known = self._known(username)
        return self._entry(known, address) if known and _is_among(key_line, known.login.keys) else None

    def certificate(self, username: str, ca_line: str, address: str) -> Entry | None:
        """Give the entry where the login's own district trusts this authority."""
        known = self._known(username)
        return self._entry(known, address) if known and _is_among(ca_line, known.settings.user_ca) else None

    def code(self, username: str, code: str, address: str) -> Entry | None:
        """Give the entry where the code is right and was not used before. It is used up, for all machines."""
        known = self._known(username)
        entry = self._entry(known, address) if known else None
        return entry if known and entry and self._use(known.login, code, datetime.now(UTC).timestamp()) else None

    def known(self, username: str) -> str | None:
        """The district of a login, in whatever state that is; None where there is no such login."""
        known = self._known(username)
        return known.slug if known else None

    def still(self, inside: Sequence[tuple[Entry, str]]) -> Sequence[str | None]:
        """For each entry and its client's address: None while it may stay, else why not. One query."""
        with self.engine.connect() as connection:
            found = logins.known(connection, {entry.username for entry, _ in inside})
        now = datetime.now(UTC)
        return [_why_not(entry, address, found.get(entry.username), now) for entry, address in inside]

    def _known(self, username: str) -> Known | None:
        if not accounts.USERNAME.fullmatch(username):  # a NUL byte, say, which PostgreSQL would refuse
            return None
        with self.engine.connect() as connection:
            return logins.known(connection, [username]).get(username)

    def _entry(self, known: Known, address: str) -> Entry | None:
        if not may_enter(known.login, address, datetime.now(UTC)):
            return None
        places = folders(self.data, known.slug)
        places.make()  # the district may have been added on another machine
        return _entry_of(known, places.root)

    def _use(self, login: Login, code: str, seconds: float) -> bool:
        """Use a code up, or count it as wrong."""
        secret = self._secret(login)
        if secret is None:
            return False
        with self.engine.begin() as connection:
            if not logins.may_try_code(connection, login.id, seconds):
                return False
            step = codes.step_of(secret, code, seconds, login.code_step)
            return step is not None and logins.use_step(connection, login.id, step)

    def _secret(self, login: Login) -> str | None:
        if login.totp is None:
            return None
        try:
            return codes.unseal(self.keys or self.data / "hostkeys", login.totp)
        except codes.NoKey as wrong:
            log.error("code.unreadable", remedy=str(wrong))  # noqa: TRY400 - no traceback
            return None


def _entry_of(known: Known, root: Path) -> Entry:
    login, settings = known.login, known.settings
    return Entry(
        login.username,
        known.slug,
        root,
        quota_bytes=settings.quota_bytes,
        quota_files=settings.quota_files,
        quota_file_bytes=settings.quota_file_bytes,
        quiet_seconds=settings.quiet_seconds,
        needs=_NEEDS[settings.proof] | ({Proof.CODE} if login.totp else set()),
        mark=logins.mark(login, settings),
    )


def may_enter(login: Login, address: str, now: datetime) -> bool:
    """Whether a login may be used, now and from this address. `expires` is its last day, in UTC."""
    return logins.usable(login, now.date()) and (not login.allow or _is_within(address, login.allow))


def _why_not(entry: Entry, address: str, found: Known | None, now: datetime) -> str | None:
    if found is None:
        return "This login was removed."
    if not logins.usable(found.login, now.date()):
        return f"This login {'was disabled' if found.login.disabled else 'has expired'}. Ask whoever runs this server."
    if not may_enter(found.login, address, now):
        return "This login may no longer be used from here. Ask whoever runs this server."
    return (
        None
        if logins.mark(found.login, found.settings) == entry.mark
        else "This login was changed. Please log in again."
    )


def _is_among(line: str, lines: Iterable[str]) -> bool:
    """Whether a key is one of these and strong enough: one that was added long ago may not be."""
    key = keyline.read(line)
    bare = line.split()[:2]
    return key is not None and not key.weak and any(one.split()[:2] == bare for one in lines)


def _is_within(address: str, networks: list[str]) -> bool:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found  # ::ffff:192.0.2.1 is 192.0.2.1
    return any(found in ip_network(network) for network in networks)
