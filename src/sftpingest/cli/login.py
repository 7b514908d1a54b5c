"""`sftpingest login`: the SFTP logins of a district.

In:  a username, a password or public keys, limits.
Out: rows in the store; a password is shown once and kept only as a hash.
"""

import secrets
import string
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sftpingest.cli import terminal
from sftpingest.cli.district import Slug
from sftpingest.cli.installation import opened

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from sftpingest.store.tables import Login

app = typer.Typer(
    help="SFTP logins of a district: add, list, disable, remove.",
    epilog=terminal.example("sftpingest login add springfield springfield-sis"),
    no_args_is_help=True,
)

Username = Annotated[
    str, typer.Argument(metavar="USERNAME", help="The name to log in with; unique over all districts.")
]

Words = Annotated[
    list[str], typer.Argument(metavar="[SLUG] USERNAME", help="The login; its district may be named before it.")
]

#: Letters and digits that nobody mixes up on paper.
SIGNS = "".join(sign for sign in string.ascii_letters + string.digits if sign not in "0O1lI")
#: Shorter than this is guessed; made-up ones have 24 signs, about 140 bits.
SHORTEST = 8


@app.command(
    epilog=terminal.example(
        "sftpingest login add springfield springfield-sis",
        "sftpingest login add springfield springfield-night --key id_ed25519.pub --allow 203.0.113.0/24",
    )
)
def add(
    slug: Slug,
    username: Username,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from the first line of standard input.")
    ] = False,
    key: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="Public key (OpenSSH, one a line). May be repeated.")
    ] = None,
    allow: Annotated[
        list[str] | None, typer.Option(metavar="CIDR", help="Only from these addresses. May be repeated.")
    ] = None,
    expires: Annotated[
        datetime | None, typer.Option(metavar="DATE", formats=["%Y-%m-%d"], help="Last day it may be used (UTC).")
    ] = None,
    json: terminal.AsJson = False,
) -> None:
    """Add a login.

    Without --password-stdin and --key a strong password is made and shown once.
    """
    from sftpingest.store import accounts

    keys = [line for path in key or [] for line in _public_keys(path)]
    made = None if password_stdin or keys else strong_password()
    password = _password_given() if password_stdin else made
    last_day = expires.date() if expires else None
    with opened() as here, here.engine.begin() as connection:
        login = accounts.add_login(connection, slug, username, password, keys, allow or [], last_day)
        described = _described(login)
    if last_day and last_day < datetime.now(UTC).date():
        terminal.note(f"Mind that {last_day} is in the past: this login cannot be used.")
    _show_new(described | ({"password": made} if made else {}), json)


@app.command("list", epilog=terminal.example("sftpingest login list springfield"))
def list_(slug: Slug, json: terminal.AsJson = False) -> None:
    """List the logins of a district."""
    from sftpingest.store import accounts

    with opened() as here, here.engine.connect() as connection:
        accounts.district(connection, slug)
        described = [_described(login) for login in accounts.logins(connection, slug)]
    if json:
        terminal.as_json(described)
        return
    shown = [
        (d["username"], _ways(d), ", ".join(d["allow"]) or "anywhere", d["expires"], d["state"]) for d in described
    ]
    terminal.table(("username", "logs in with", "from", "expires", "state"), shown)


@app.command(epilog=terminal.example("sftpingest login disable springfield springfield-sis"))
def disable(words: Words) -> None:
    """Disable a login: it is kept, but lets nobody in."""
    from sftpingest.store import accounts

    with opened() as here, here.engine.begin() as connection:
        username = _named(connection, words)
        accounts.disable_login(connection, username)
    terminal.say(f"Login {username} is disabled.")


@app.command(epilog=terminal.example("sftpingest login remove springfield springfield-sis"))
def remove(words: Words) -> None:
    """Remove a login."""
    from sftpingest.store import accounts

    with opened() as here, here.engine.begin() as connection:
        username = _named(connection, words)
        accounts.remove_login(connection, username)
    terminal.say(f"Login {username} is removed.")


def _named(connection: "Connection", words: list[str]) -> str:
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


def strong_password() -> str:
    """A password of 24 letters and digits, in groups of six."""
    return "-".join("".join(secrets.choice(SIGNS) for _ in range(6)) for _ in range(4))


def _password_given() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if len(password) < SHORTEST:
        raise terminal.Stopped(
            f"The password has fewer than {SHORTEST} characters. Take a longer one, or let us make it."
        )
    return password


def _public_keys(path: Path) -> list[str]:
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


def _described(login: "Login") -> dict[str, Any]:
    """A login as it is shown; never its hash."""
    over = login.expires is not None and login.expires < datetime.now(UTC).date()
    return {
        "username": login.username,
        "password_set": login.password_hash is not None,
        "keys": login.keys,
        "allow": login.allow,
        "expires": login.expires,
        "disabled": login.disabled,
        "state": "disabled" if login.disabled else "expired" if over else "open",
        "created_at": login.created_at,
    }


def _ways(described: dict[str, Any]) -> str:
    ways = ["password"] if described["password_set"] else []
    keys = len(described["keys"])
    return " + ".join([*ways, *([f"{keys} key{'s' if keys > 1 else ''}"] if keys else [])])


def _show_new(described: dict[str, Any], json: bool) -> None:
    if json:
        terminal.as_json(described)
        return
    terminal.say(f"Login {described['username']} is there.")
    if "password" in described:
        terminal.say(f"Its password, shown this once: {described['password']}")
