"""`sftpingest login`: the SFTP logins of a district.

In:  a username, a password or public keys, limits.
Out: rows in the store; a password is shown once and kept only as a hash.
"""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sftpingest.cli import audit, login_proofs, terminal
from sftpingest.cli.district import Slug
from sftpingest.cli.installation import opened
from sftpingest.cli.proof import (
    KeyFiles,
    PasswordStdin,
    Words,
    chosen,
    lacks,
    mind,
    password_given,
    public_keys,
    record,
    slug_of,
    strong_password,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from sftpingest.store.setting import DistrictSettings
    from sftpingest.store.tables import Login

app = typer.Typer(
    help="SFTP logins of a district: who may log in, and by what.",
    epilog=terminal.example("sftpingest login add springfield springfield-sis"),
    no_args_is_help=True,
)

Username = Annotated[
    str, typer.Argument(metavar="USERNAME", help="The name to log in with; unique over all districts.")
]

Allow = Annotated[
    list[str] | None, typer.Option("--allow", metavar="CIDR", help="Only from these addresses. May be repeated.")
]
Expires = Annotated[
    datetime | None,
    typer.Option("--expires", metavar="DATE", formats=["%Y-%m-%d"], help="Last day it may be used (UTC)."),
]


@app.command(
    epilog=terminal.example(
        "sftpingest login add springfield springfield-sis",
        "sftpingest login add springfield springfield-night --key id_ed25519.pub --allow 203.0.113.0/24",
    )
)
def add(
    slug: Slug,
    username: Username,
    password_stdin: PasswordStdin = False,
    key: KeyFiles = None,
    allow: Allow = None,
    expires: Expires = None,
    json: terminal.AsJson = False,
) -> None:
    """Add a login.

    Without --password-stdin and --key a strong password is made and shown once, and also where its district asks for
    a password and a key both.
    """
    from sftpingest.store import accounts

    keys = [line for path in key or [] for line in public_keys(path)]
    given = password_given() if password_stdin else None
    with opened() as here, here.engine.begin() as connection:
        settings = accounts.district_settings(accounts.district(connection, slug))
        made = strong_password() if given is None and (not keys or "password" in settings.proof) else None
        login = accounts.add_login(connection, slug, username, given or made, keys, allow or [], _day(expires))
        described = _described(login, settings)
        _record(connection, "login.added", slug, described)
    _show_new(described | ({"password": made} if made else {}), json)


@app.command("list", epilog=terminal.example("sftpingest login list springfield"))
def list_(slug: Slug, json: terminal.AsJson = False) -> None:
    """List the logins of a district."""
    from sftpingest.store import accounts

    with opened() as here, here.engine.connect() as connection:
        settings = accounts.district_settings(accounts.district(connection, slug))
        described = [_described(login, settings) for login in accounts.logins(connection, slug)]
    if json:
        terminal.as_json(described)
        return
    shown = [(d["username"], _ways(d), ", ".join(d["allow"]) or "anywhere", d["expires"], _state(d)) for d in described]
    terminal.table(("username", "logs in with", "from", "expires", "state"), shown)


@app.command(
    "set",
    epilog=terminal.example(
        "sftpingest login set springfield-sis --allow 203.0.113.0/24 --allow 198.51.100.7",
        "sftpingest login set springfield-sis --anywhere --never-expires",
    ),
)
def set_(
    words: Words,
    allow: Allow = None,
    anywhere: Annotated[bool, typer.Option("--anywhere", help="From every address again.")] = False,
    expires: Expires = None,
    never_expires: Annotated[bool, typer.Option("--never-expires", help="No last day any more.")] = False,
) -> None:
    """Change from where and until when a login may be used. The addresses given replace those there were.

    Sessions that are open and no longer allowed are closed within seconds.
    """
    from sftpingest.store import logins

    if (allow and anywhere) or (expires and never_expires):
        raise terminal.Stopped("Say --allow or --anywhere, and --expires or --never-expires, not both.")
    limits: dict[str, Any] = {"allow": allow or []} if allow or anywhere else {}
    limits |= {"expires": _day(expires)} if expires or never_expires else {}
    if not limits:
        raise terminal.Stopped("Say what to change: --allow, --anywhere, --expires or --never-expires.")
    with chosen(words) as (connection, username):
        logins.set_limits(connection, username, **limits)
        record(connection, "login.changed", username, **limits)
    terminal.say(f"Login {username} is changed.")


@app.command(epilog=terminal.example("sftpingest login enable springfield springfield-sis"))
def enable(words: Words) -> None:
    """Enable a login that was disabled."""
    from sftpingest.store import logins

    with chosen(words) as (connection, username):
        logins.enable_login(connection, username)
        record(connection, "login.enabled", username)
    terminal.say(f"Login {username} is enabled.")


@app.command(epilog=terminal.example("sftpingest login disable springfield springfield-sis"))
def disable(words: Words) -> None:
    """Disable a login: it is kept, but lets nobody in. Sessions that are open are closed within seconds."""
    from sftpingest.store import accounts

    with chosen(words) as (connection, username):
        accounts.disable_login(connection, username)
        record(connection, "login.disabled", username)
    terminal.say(f"Login {username} is disabled.")


@app.command(epilog=terminal.example("sftpingest login remove springfield springfield-sis"))
def remove(words: Words) -> None:
    """Remove a login. Sessions that are open are closed within seconds."""
    from sftpingest.store import accounts

    with chosen(words) as (connection, username):
        slug = slug_of(connection, username)
        accounts.remove_login(connection, username)
        audit.record(connection, "login.removed", district=slug, username=username)
    terminal.say(f"Login {username} is removed.")


def _record(connection: "Connection", event: str, slug: str, described: dict[str, Any]) -> None:
    """Enter into the audit trail what a login can do now."""
    kept = {name: described[name] for name in ("username", "password_set", "allow", "expires")}
    audit.record(connection, event, district=slug, keys=len(described["keys"]), **kept)


def _day(expires: datetime | None) -> date | None:
    """A last day, with a word of warning where it is over."""
    day = expires.date() if expires else None
    if day and day < datetime.now(UTC).date():
        terminal.note(f"Mind that {day} is in the past: this login cannot be used.")
    return day


def _described(login: "Login", settings: "DistrictSettings") -> dict[str, Any]:
    """A login as it is shown; never its hash or secret."""
    over = login.expires is not None and login.expires < datetime.now(UTC).date()
    return {
        "username": login.username,
        "password_set": login.password_hash is not None,
        "keys": login.keys,
        "totp": login.totp is not None,
        "allow": login.allow,
        "expires": login.expires,
        "disabled": login.disabled,
        "state": "disabled" if login.disabled else "expired" if over else "open",
        "lacks": lacks(login, settings),
        "created_at": login.created_at,
    }


def _state(described: dict[str, Any]) -> str:
    lacking = " and a ".join(described["lacks"])
    return f"{described['state']}, lacks a {lacking}" if lacking else str(described["state"])


def _ways(described: dict[str, Any]) -> str:
    ways = ["password"] if described["password_set"] else []
    keys = len(described["keys"])
    ways += [f"{keys} key{'s' if keys > 1 else ''}"] if keys else []
    return " + ".join(ways + (["code"] if described["totp"] else []))


def _show_new(described: dict[str, Any], json: bool) -> None:
    mind(described["lacks"])
    if json:
        terminal.as_json(described)
        return
    terminal.say(f"Login {described['username']} is there.")
    if "password" in described:
        terminal.say(f"Its password, shown this once: {described['password']}")


login_proofs.add_to(app)
