"""`sftpingest audit`: what happened here, and whether the record of it, and of what vendors read, is whole.

In:  what to look for; heads that were noted elsewhere.
Out: entries, or a verdict; exit status 1 where the trail is broken. `record`: by it commands enter what they did.
"""

import os
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sftpingest.cli import terminal
from sftpingest.cli.audit_whole import DISCLOSURES, TRAIL, as_shown, said, verified
from sftpingest.cli.installation import opened, user

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from sftpingest.store.auditing import Entry

app = typer.Typer(
    help="The audit trail: list, verify.",
    epilog=terminal.example("sftpingest audit verify"),
    no_args_is_help=True,
)


def record(connection: "Connection", event: str, **facts: object) -> None:
    """Enter what a command did, with who ran it. The last statement of the transaction of the change."""
    from sftpingest.store import audit

    audit.write(connection, event, **facts, by=operator())


def operator() -> str:
    """Who runs this command, as the operating system says; through sudo also who called it."""
    name = user(os.getuid())
    called = os.environ.get("SUDO_USER")
    return f"{name} (sudo by {called})" if called and name == "root" else name


@app.command(
    epilog=terminal.example(
        "sftpingest audit verify",
        "sftpingest audit verify --head 4711:9f2b6a0c41d87e5513cb90a2f7de64180a3c5b7e92d14f68ab03c7de51f29864",
        "sftpingest audit verify --head d:815:03c7de51f298649f2b6a0c41d87e5513cb90a2f7de64180a3c5b7e92d14f68ab",
    )
)
def verify(
    head: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[d:]ID:HASH",
            help="An entry and its hash, as noted elsewhere; with d: of the disclosure log. May be repeated.",
        ),
    ] = None,
    json: terminal.AsJson = False,
) -> None:
    """Look whether the audit trail and the disclosure log are whole.

    Whole is: nothing changed, removed or put in. That the newest entries are there can only be seen with --head: the
    log lines `audit.written` and `disclosure.written` name them.

    Exit status 1 where one is broken; says which entry is the first that does not fit.
    """
    trail, disclosures = verified(head or [])
    if json:
        terminal.as_json(as_shown(trail, disclosures))
    else:
        terminal.say(f"{said(TRAIL, trail)}\n{said(DISCLOSURES, disclosures)}")
    raise typer.Exit(1 if trail.wrong or disclosures.wrong else 0)


@app.command(
    "list",
    epilog=terminal.example(
        "sftpingest audit list --district springfield --since 2026-11-24",
        "sftpingest audit list --login springfield-sis --event login.refused",
    ),
)
def list_(
    district: Annotated[str | None, typer.Option(metavar="SLUG", help="Only of this district.")] = None,
    login: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this login.")] = None,
    event: Annotated[str | None, typer.Option(metavar="NAME", help="Only such: docs/audit.md names all.")] = None,
    since: Annotated[
        datetime | None,
        typer.Option(metavar="DATE", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Only from then on (UTC)."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest of them.")] = 50,
    json: terminal.AsJson = False,
) -> None:
    """List entries of the audit trail, the newest last.

    Districts and logins that were removed are still found by their names.
    """
    from sftpingest.store import auditing

    since = since and since.replace(tzinfo=UTC)
    with opened() as here, here.engine.connect() as connection:
        found = auditing.entries(connection, district=district, username=login, event=event, since=since, limit=limit)
    if json:
        terminal.as_json([_as_kept(entry) for entry in found])
        return
    if not found:
        terminal.say("No entry is like that.")
        return
    headings = ("id", "at (UTC)", "event", "district", "login", "address", "file", "bytes", "more")
    terminal.table(headings, [_line(entry) for entry in found])


def _as_kept(entry: "Entry") -> dict[str, Any]:
    """An entry by the names of its columns."""
    shown = asdict(entry)
    return shown | {"facts": shown.pop("rest"), "hash": shown.pop("hash")}


def _line(entry: "Entry") -> tuple[object, ...]:
    more = ", ".join(f"{name}={value}" for name, value in entry.rest.items())
    who = (entry.district, entry.username, entry.address, entry.file, entry.bytes)
    return (entry.id, entry.at[:19].replace("T", " "), entry.event, *("" if one is None else one for one in who), more)
