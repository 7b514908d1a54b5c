"""`sftpingest login password`, `key` and `totp`: by what a login proves who it is.

In:  a username; a new password, public keys, or the wish for codes.
Out: changed rows in the store. Passwords and secrets are shown once.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sftpingest.cli import terminal
from sftpingest.cli.installation import opened
from sftpingest.cli.proof import (
    PasswordStdin,
    Words,
    chosen,
    mind_what_is_left,
    named,
    password_given,
    public_keys,
    record,
    strong_password,
)

if TYPE_CHECKING:
    from sftpingest.store.tables import Login

keys = typer.Typer(
    help="Public keys of a login: add, remove, list.",
    epilog=terminal.example("sftpingest login key list springfield-sis"),
    no_args_is_help=True,
)

Off = Annotated[bool, typer.Option("--off", help="Ask this login for codes no longer.")]
Username = Annotated[str, typer.Argument(metavar="USERNAME", help="The login.")]


def add_to(login: typer.Typer) -> None:
    """Put these commands among those of `login`."""
    login.command(
        epilog=terminal.example(
            "sftpingest login password springfield-sis", "sftpingest login password springfield-sis --off"
        )
    )(password)
    login.command(
        epilog=terminal.example("sftpingest login totp springfield-sis", "sftpingest login totp springfield-sis --off")
    )(totp)
    login.add_typer(keys, name="key")


def password(
    words: Words,
    password_stdin: PasswordStdin = False,
    off: Annotated[bool, typer.Option("--off", help="Let no password in any more; keys stay.")] = False,
    json: terminal.AsJson = False,
) -> None:
    """Give a login another password.

    Without --password-stdin a strong one is made and shown once. Sessions that are open are closed within seconds.
    """
    from sftpingest.store import logins

    if off and password_stdin:
        raise terminal.Stopped("Say --off or --password-stdin, not both.")
    made = None if off or password_stdin else strong_password()
    given = password_given() if password_stdin else made
    with chosen(words) as (connection, username):
        logins.set_password(connection, username, given)
        mind_what_is_left(connection, username)
        record(connection, "login.changed", username, password_set=given is not None)
    if json:
        terminal.as_json({"username": username, "password_set": not off} | ({"password": made} if made else {}))
        return
    terminal.say(f"Login {username} has {'no password any more' if off else 'a new password'}.")
    if made:
        terminal.say(f"Its password, shown this once: {made}")


def totp(words: Words, off: Off = False, json: terminal.AsJson = False) -> None:
    """Ask a login for a code too, from an authenticator app.

    Makes a new secret and shows it once. From now on a password or key alone lets nobody in by this login.
    Sessions that are open are closed within seconds.
    """
    from sftpingest.app import codes
    from sftpingest.store import logins

    secret = None if off else codes.new_secret()
    with opened() as here, here.engine.begin() as connection:
        username = named(connection, words)
        logins.set_totp(connection, username, codes.seal(here.settings.host_keys, secret) if secret else None)
        record(connection, "login.changed", username, totp=not off)
    if secret is None:
        _tell(json, {"username": username, "totp": False}, f"Login {username} is asked for no code any more.")
        return
    uri = codes.uri(secret, username)
    sentence = f"Login {username} is asked for a code from now on. Its secret, shown this once: {secret}\n{uri}"
    _tell(json, {"username": username, "totp": True, "secret": secret, "uri": uri}, sentence)
    if not json and sys.stdout.isatty():
        _draw(uri)


@keys.command("add", epilog=terminal.example("sftpingest login key add springfield-sis id_ed25519.pub"))
def add_key(
    username: Username,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Public key (OpenSSH, one a line).")],
    json: terminal.AsJson = False,
) -> None:
    """Add public keys to a login. Sessions that are open are closed within seconds."""
    from sftpingest.store import accounts, logins

    lines = [line for path in files for line in public_keys(path)]
    with opened() as here, here.engine.begin() as connection:
        logins.add_keys(connection, username, lines)
        record(connection, "login.changed", username, keys_added=[_described(line)["fingerprint"] for line in lines])
        login = accounts.login(connection, username)
    _tell_keys(login, json)


@keys.command("remove", epilog=terminal.example("sftpingest login key remove springfield-sis SHA256:4Hn8..."))
def remove_key(
    username: Username,
    key: Annotated[str, typer.Argument(metavar="KEY", help="Its fingerprint or its comment.")],
    json: terminal.AsJson = False,
) -> None:
    """Remove one public key of a login. Sessions that are open are closed within seconds."""
    from sftpingest.store import accounts, logins

    with opened() as here, here.engine.begin() as connection:
        logins.remove_key(connection, username, key)
        mind_what_is_left(connection, username)
        record(connection, "login.changed", username, key_removed=key)
        login = accounts.login(connection, username)
    _tell_keys(login, json)


@keys.command("list", epilog=terminal.example("sftpingest login key list springfield-sis"))
def list_keys(username: Username, json: terminal.AsJson = False) -> None:
    """List the public keys of a login."""
    from sftpingest.store import accounts

    with opened() as here, here.engine.connect() as connection:
        login = accounts.login(connection, username)
    if login is None:
        raise accounts.NoSuchLogin(username=username)
    _tell_keys(login, json)


def _tell_keys(login: "Login | None", json: bool) -> None:
    described = [_described(line) for line in (login.keys if login else [])]
    if json:
        terminal.as_json(described)
        return
    terminal.table(("kind", "fingerprint", "comment"), [tuple(key.values()) for key in described])


def _described(line: str) -> dict[str, str]:
    from sftpingest.store import keyline

    key = keyline.read(line)
    return {"kind": key.kind, "fingerprint": key.fingerprint, "comment": key.comment} if key else {"fingerprint": line}


def _tell(json: bool, facts: dict[str, Any], sentence: str) -> None:
    if json:
        terminal.as_json(facts)
    else:
        terminal.say(sentence)


def _draw(uri: str) -> None:
    """The QR code, for an app's camera."""
    import segno

    segno.make(uri, micro=False).terminal(sys.stdout, compact=True)
