"""What commands about logins have in common: naming one, making or reading passwords and keys.

In:  words of the command line, files, standard input.
Out: a username, a password, public key lines; a Stopped where they cannot be used; what a login lacks.
"""

import secrets
import string
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sftpingest.cli import audit, terminal
from sftpingest.cli.installation import opened

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from sftpingest.store.setting import DistrictSettings
    from sftpingest.store.tables import Login

Words = Annotated[
    list[str], typer.Argument(metavar="[SLUG] USERNAME", help="The login; its district may be named before it.")
]
KeyFiles = Annotated[
    list[Path] | None, typer.Option("--key", metavar="FILE", help="Public key (OpenSSH, one a line). May be repeated.")
]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the first line of standard input.")
]

#: Letters and digits that nobody mixes up on paper.
SIGNS = "".join(sign for sign in string.ascii_letters + string.digits if sign not in "0O1lI")
#: Shorter than this is guessed; made-up ones have 24 signs, about 140 bits.
SHORTEST = 8


@contextmanager
def chosen(words: list[str]) -> Iterator[tuple["Connection", str]]:
    """The transaction in which a login is changed, and its username. Raises what `named` does."""
    with opened() as here, here.engine.begin() as connection:
        yield connection, named(connection, words)


def named(connection: "Connection", words: list[str]) -> str:
    """The username; where a district is named too, the login must be one of it. Raises Stopped, NoSuchDistrict."""
    from sftpingest.store import accounts

    *slug, username = words
    if len(slug) > 1:
        raise terminal.Stopped("Name one login: SLUG USERNAME.")
    if slug and username not in {login.username for login in accounts.logins(connection, slug[0])}:
        raise terminal.Stopped(
            f"{slug[0]} has no login {username}. `sftpingest login list {slug[0]}` shows its logins."
        )
    return username


def slug_of(connection: "Connection", username: str) -> str | None:
    """The district of a login; None where there is no such login."""
    from sftpingest.store import accounts

    login = accounts.login(connection, username)
    return accounts.district_of(connection, login.district_id).slug if login else None


def record(connection: "Connection", event: str, username: str, **facts: object) -> None:
    """Enter into the audit trail what was done to a login."""
    audit.record(connection, event, district=slug_of(connection, username), username=username, **facts)


def lacks(login: "Login", settings: "DistrictSettings") -> list[str]:
    """What its district asks for and it does not have. A certificate is as good as a key."""
    has = {"password": login.password_hash is not None, "key": bool(login.keys or settings.user_ca)}
    has["any"] = any(has.values())
    missing = [asked for asked in settings.proof.split("+") if not has[asked]]
    return ["password or key" if asked == "any" else asked for asked in missing]


def mind(lacking: list[str]) -> None:
    """Say beside the answer that nobody can log in so."""
    if lacking:
        terminal.note(f"Mind that its district asks for a {' and a '.join(lacking)}: it has none.")


def mind_what_is_left(connection: "Connection", username: str) -> None:
    """The same of a login that has just lost something."""
    from sftpingest.store import accounts

    if login := accounts.login(connection, username):
        mind(lacks(login, accounts.district_settings(accounts.district_of(connection, login.district_id))))


def strong_password() -> str:
    """A password of 24 letters and digits, in groups of six."""
    return "-".join("".join(secrets.choice(SIGNS) for _ in range(6)) for _ in range(4))


def password_given() -> str:
    """The password on standard input. Raises Stopped where it is short, or cannot be sent by SSH."""
    from asyncssh.saslprep import SASLPrepError, saslprep

    password = sys.stdin.readline().rstrip("\r\n")
    if len(password) < SHORTEST:
        raise terminal.Stopped(
            f"The password has fewer than {SHORTEST} characters. Take a longer one, or let us make it."
        )
    try:
        saslprep(password)
    except SASLPrepError:  # clients prepare it so before they send it (RFC 4252 section 8), and it would never be right
        raise terminal.Stopped(
            "The password has a sign that SSH cannot send. Take letters, digits and marks."
        ) from None
    return password


def public_keys(path: Path) -> list[str]:
    """The public keys of a file, one a line. Raises Stopped where there is none."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except UnicodeDecodeError:
        lines = []
    except OSError as wrong:
        raise terminal.Stopped(f"{path} cannot be read: {wrong.strerror}.") from None
    if any("PRIVATE KEY" in line for line in lines):
        raise terminal.Stopped(f"{path} is a private key. Give the public one, whose name ends in .pub.")
    keys = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if any("-cert-v01@openssh.com " in line for line in keys):
        raise terminal.Stopped(
            f"{path} is a certificate. It needs no adding: `sftpingest district set SLUG user_ca` says who may sign."
        )
    if not keys or not all(_is_public_key(line) for line in keys):
        raise terminal.Stopped(f"{path} holds no OpenSSH public key. It should look like: ssh-ed25519 AAAA... name")
    return keys


def _is_public_key(line: str) -> bool:
    import asyncssh

    try:
        asyncssh.import_public_key(line)
    except asyncssh.KeyImportError:
        return False
    return True
