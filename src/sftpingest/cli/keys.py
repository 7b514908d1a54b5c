"""`sftpingest keys`: the host keys, and how the next ones take their place.

In:  the folder of the host keys. A running server takes up what is done here by itself.
Out: fingerprints, lines for known_hosts, new key files.
"""

import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sftpingest.cli import terminal
from sftpingest.cli.installation import opened

if TYPE_CHECKING:
    from sftpingest.doors.sftp.ssh.hostkeys import HostKey
    from sftpingest.doors.sftp.ssh.profiles import KeyType
    from sftpingest.settings import Settings

app = typer.Typer(
    help="Host keys: by them clients know this server. Rotation in three steps: rotate, wait, switch.",
    epilog=terminal.example("sftpingest keys list"),
    no_args_is_help=True,
)

Host = Annotated[
    str | None,
    typer.Option("--host", metavar="NAME", help="The server as districts name it, for the lines of known_hosts."),
]
SSH_PORT = 22


@app.command("list", epilog=terminal.example("sftpingest keys list", "sftpingest keys list --host sftp.example.org"))
def list_(host: Host = None, json: terminal.AsJson = False) -> None:
    """List the host keys, for people and for known_hosts."""
    from sftpingest.doors.sftp.ssh import hostkeys

    asked = _settings()
    described = [_described(key, asked, host) for key in hostkeys.found(asked.host_keys)]
    if json:
        terminal.as_json(described)
        return
    columns = ("type", "state", "since", "fingerprint", "ports", "file")
    shown = [[d[name] if name != "ports" else _ports_said(d[name]) for name in columns] for d in described]
    terminal.table(columns, shown)
    _show_lines([line for d in described for line in d["known_hosts"]])


@app.command(epilog=terminal.example("sftpingest keys rotate", "sftpingest keys rotate --type ed25519"))
def rotate(
    type_: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="TYPE", help="ed25519, ecdsa or rsa. May be repeated. Without: all there are."),
    ] = None,
    host: Host = None,
    json: terminal.AsJson = False,
) -> None:
    """Make the next host key.

    From now on it is announced to every client that logs in; OpenSSH's learn it by themselves. The present key stays
    the one in use until `sftpingest keys switch`.
    """
    from sftpingest.doors.sftp.ssh import hostkeys

    asked = _settings()
    made = hostkeys.rotate(asked.host_keys, [_key_type(name) for name in type_ or []])
    _record("keys.rotated", made)
    described = [_described(key, asked, host) for key in made]
    if json:
        terminal.as_json(described)
        return
    for key in made:
        terminal.say(f"The next {key.type} key is made and announced from now on: {key.fingerprint}")
    terminal.say("Give districts some weeks to log in, then make it first with `sftpingest keys switch`.")
    _show_lines([line for d in described for line in d["known_hosts"]])


@app.command(epilog=terminal.example("sftpingest keys switch"))
def switch(json: terminal.AsJson = False) -> None:
    """Let the next host keys take the place of the present ones.

    Clients that have learned them notice nothing; others are told that the key has changed, and refuse. The keys
    before are kept as files ending in .old, and are no longer shown to anybody.
    """
    from sftpingest.doors.sftp.ssh import hostkeys

    asked = _settings()
    first = hostkeys.switch(asked.host_keys)
    _record("keys.switched", first)
    if json:
        terminal.as_json([_described(key, asked, None) for key in first])
        return
    for key in first:
        terminal.say(f"The {key.type} key in use is now {key.fingerprint}")
    terminal.say("The one before is kept in a file ending in .old; `sftpingest keys forget` removes it.")


@app.command(epilog=terminal.example("sftpingest keys forget"))
def forget(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Remove the old host keys for good."""
    from sftpingest.doors.sftp.ssh import hostkeys

    asked = _settings()
    terminal.sure("Remove the old host keys for good?", yes)
    gone = hostkeys.forget(asked.host_keys)
    _record("keys.forgotten", gone)
    for key in gone:
        terminal.say(f"{key.path} is removed.")


def _record(event: str, keys: "Iterable[HostKey]") -> None:
    """Enter a step in the audit trail. It is taken already: a key that got out must not wait for the store."""
    from sftpingest.app.installation import NoStore
    from sftpingest.cli import audit

    try:
        with opened() as here, here.engine.begin() as connection:
            for key in keys:
                audit.record(connection, event, type=key.type, fingerprint=key.fingerprint)
    except NoStore:
        return  # keys may be made before the first start
    except Exception as wrong:  # noqa: BLE001  (whatever keeps the store from taking it, the step is taken)
        terminal.note(f"This was done, but could not be entered in the audit trail: {terminal.cause(wrong)}.")


def _settings() -> "Settings":
    from sftpingest import settings

    return settings.read(terminal.CONFIG.get())


def _key_type(name: str) -> "KeyType":
    """The type of that name. Raises Stopped."""
    from sftpingest.doors.sftp.ssh.profiles import KeyType

    if name not in list(KeyType):
        raise terminal.Stopped(f"{name} is no type of host key. Take one of {', '.join(KeyType)}.")
    return KeyType(name)


def _described(key: "HostKey", asked: "Settings", host: str | None) -> dict[str, Any]:
    """A key as it is shown; never its private part."""
    ports = _ports(key, asked)
    return {
        "type": key.type,
        "state": key.state,
        "since": key.since,
        "fingerprint": key.fingerprint,
        "public": key.public,
        "file": key.path,
        "ports": ports,
        "known_hosts": [f"{_named(host, asked, port)} {key.public}" for port in ports],
    }


def _ports(key: "HostKey", asked: "Settings") -> list[int]:
    """The ports on which clients are shown a key."""
    from sftpingest.doors.sftp import places
    from sftpingest.doors.sftp.ssh.hostkeys import State

    if key.state is State.OLD:
        return []
    all_of_them = places(asked.sftp_port, asked.sftp_legacy_port, asked.sftp_algorithms)
    return [place.port for place in all_of_them if key.type in place.profile.host_keys]


def _ports_said(ports: list[int]) -> str:
    return ", ".join(str(port) for port in ports) or "none"


def _named(host: str | None, asked: "Settings", port: int) -> str:
    """The server as known_hosts spells it."""
    everywhere = asked.sftp_host in {"0.0.0.0", "::"}  # noqa: S104 - compared, not listened on
    name = host or (socket.gethostname() if everywhere else asked.sftp_host)
    return name if port == SSH_PORT else f"[{name}]:{port}"


def _show_lines(lines: list[str]) -> None:
    if lines:
        terminal.say("\nFor known_hosts (--host names this server as districts do):")
        for line in lines:
            terminal.say(line)
