"""How a login proves who it is, and what may be changed about that.

In:  a Connection in the caller's transaction, a username.
Out: changed rows; marks, by which a session sees that its login is no longer the one that entered.
"""

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, case, func, or_, select, update

from sftpingest.store import keyline
from sftpingest.store.accounts import DISTRICT, LOGIN, NoSuchLogin, network, strong_key
from sftpingest.store.passwords import hashed
from sftpingest.store.setting import DistrictSettings, WrongSetting, read
from sftpingest.store.tables import Login

#: Wrong codes of one login in so many seconds after which none is looked at until they are over. Only who has shown
#: its password or key can use them up; guessing then takes years.
MOST_WRONG, SPAN = 10, 600


def set_password(c: Connection, username: str, password: str | None) -> None:
    """Give a login another password, or none. Raises NoSuchLogin."""
    _change(c, username, password_hash=None if password is None else hashed(password))


def set_limits(c: Connection, username: str, **limits: Any) -> None:  # noqa: ANN401
    """Change `allow` (networks) or `expires` (last day, None: never) of a login. Raises NoSuchLogin, WrongSetting."""
    if "allow" in limits:
        limits["allow"] = [network(text) for text in limits["allow"]]
    _change(c, username, **limits)


def enable_login(c: Connection, username: str) -> None:
    """Make a disabled login usable again. Raises NoSuchLogin."""
    _change(c, username, disabled=False)


def add_keys(c: Connection, username: str, lines: Iterable[str]) -> None:
    """Add public keys; one that is there already gets its new comment. Raises NoSuchLogin, WrongSetting."""
    found = {_bare(line): line for line in _for_change(c, username).keys}
    found |= {_bare(line): strong_key(line) for line in lines}
    _change(c, username, keys=list(found.values()))


def remove_key(c: Connection, username: str, named: str) -> None:
    """Remove the key with this fingerprint, comment or line. Raises NoSuchLogin; WrongSetting where none or several."""
    login = _for_change(c, username)
    gone = [line for line in login.keys if named.strip() in _names(line)]
    if len(gone) != 1:
        allowed = "; ".join(map(_shown, login.keys)) or f"nothing, {username} has no keys"
        raise WrongSetting(key="The key to remove", given=named, allowed=allowed)
    _change(c, username, keys=[line for line in login.keys if line not in gone])


def set_totp(c: Connection, username: str, sealed: str | None) -> None:
    """Ask a login for codes of this sealed secret from now on, or for none. Raises NoSuchLogin."""
    _change(c, username, totp=sealed, code_step=None, code_span=None, code_wrong=0)


def use_step(c: Connection, login_id: int, step: int) -> bool:
    """Use up the code of a time step and of all before it; False where it is used up already, by whatever process.

    It was right: what `may_try_code` has counted in this transaction is taken back.
    """
    unused = or_(LOGIN.c.code_step.is_(None), LOGIN.c.code_step < step)
    values = {"code_step": step, "code_wrong": LOGIN.c.code_wrong - 1}
    used = c.execute(update(LOGIN).where(LOGIN.c.id == login_id, unused).values(values))
    return used.rowcount == 1


def may_try_code(c: Connection, login_id: int, seconds: float) -> bool:
    """Whether one more code may be looked at now (seconds since 1970); it counts as wrong until `use_step` says more.

    Counted before it is looked at, and by the store: of many that come at once none passes the limit. From how many
    addresses they come does not matter: six digits are few.
    """
    span = int(seconds // SPAN)
    now = func.coalesce(LOGIN.c.code_span, -1) == span
    wrong = case((now, LOGIN.c.code_wrong + 1), else_=1)
    free = or_(~now, LOGIN.c.code_wrong < MOST_WRONG)
    counted = c.execute(update(LOGIN).where(LOGIN.c.id == login_id, free).values(code_span=span, code_wrong=wrong))
    return counted.rowcount == 1


def mark(login: Login, settings: DistrictSettings) -> str:
    """Another one as soon as what proves this login is another. Who may come from where and until when is not in it."""
    facts = (login.id, login.username, login.password_hash, login.keys, login.totp, settings.proof, settings.user_ca)
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Known:
    """A login, the district it is of, and what is set for that."""

    login: Login
    slug: str
    settings: DistrictSettings


def known(c: Connection, usernames: Collection[str]) -> dict[str, Known]:
    """These logins, by username; unknown ones are left out. One query, as long for a name that is unknown."""
    own = (DISTRICT.c.slug.label("its_slug"), DISTRICT.c.settings.label("its_settings"))
    chosen = select(*LOGIN.c, *own).join(DISTRICT).where(LOGIN.c.username.in_(usernames))
    found = {}
    for row in c.execute(chosen).mappings():
        facts = dict(row)
        slug, settings = facts.pop("its_slug"), read(facts.pop("its_settings"))
        found[facts["username"]] = Known(Login(**facts), slug, settings)
    return found


def usable(login: Login, today: date) -> bool:
    """Whether a login lets anybody in today (UTC). `expires` is the last day on which it does."""
    return not login.disabled and (login.expires is None or today <= login.expires)


def _change(c: Connection, username: str, **facts: Any) -> None:  # noqa: ANN401
    if c.execute(update(LOGIN).where(LOGIN.c.username == username).values(**facts)).rowcount == 0:
        raise NoSuchLogin(username=username)


def _for_change(c: Connection, username: str) -> Login:
    """The login; on PostgreSQL its row is held until the caller commits: two people may add keys at once."""
    row = c.execute(select(LOGIN).where(LOGIN.c.username == username).with_for_update()).first()
    if row is None:
        raise NoSuchLogin(username=username)
    return Login(**row._mapping)  # noqa: SLF001


def _bare(line: str) -> str:
    return " ".join(line.split()[:2])


def _names(line: str) -> set[str]:
    """What a key may be called by."""
    key = keyline.read(line)
    names = {line, _bare(line)} | ({key.fingerprint, key.comment} if key else set())
    return names - {""}


def _shown(line: str) -> str:
    key = keyline.read(line)
    return f"{key.fingerprint} {key.comment}".strip() if key else line
