"""`sftpingest audit`: what happened here, and whether the record of it is whole.

In:  what to look for; heads that were noted elsewhere.
Out: entries, or a verdict; exit status 1 where the trail is broken. `record`: by it commands enter what they did.
"""

import os
import re
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sftpingest.cli import terminal
from sftpingest.cli.installation import opened, user

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from sftpingest.store.auditing import Entry
    from sftpingest.store.chain import Head
    from sftpingest.store.whole import Verdict

app = typer.Typer(
    help="The audit trail: list, verify.",
    epilog=terminal.example("sftpingest audit verify"),
    no_args_is_help=True,
)

_HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{64})")
#: Entries from which on a person is told how far the look has come.
_LONG = 50_000
_REMEDY = (
    "Change nothing: copy the store as it is now, and compare it with a backup. "
    "docs/audit.md says what this means and what to do."
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
    )
)
def verify(
    head: Annotated[
        list[str] | None,
        typer.Option(metavar="ID:HASH", help="An entry and its hash, as noted elsewhere. May be repeated."),
    ] = None,
    json: terminal.AsJson = False,
) -> None:
    """Look whether the audit trail is whole.

    Whole is: nothing changed, removed or put in. That its newest entries are there can only be seen with --head: the
    log line `audit.written` names them.

    Exit status 1 where the trail is broken; says which entry is the first that does not fit.
    """
    heads = [_head(text) for text in head or []]
    verdict = _verified(heads)
    if json:
        terminal.as_json(_as_shown(verdict))
    else:
        terminal.say(_said(verdict))
    raise typer.Exit(1 if verdict.wrong else 0)


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


def _head(text: str) -> "Head":
    from sftpingest.store.chain import Head

    found = _HEAD.fullmatch(text.strip().lower())
    if found is None:
        raise terminal.Stopped(f"{text} is no head. Give the id and the hash of an entry as ID:HASH, 64 hex digits.")
    return Head(int(found[1]), found[2])


def _verified(heads: "list[Head]") -> "Verdict":
    from sftpingest.store import whole
    from sftpingest.store.audit import TRAIL

    with opened() as here:
        if not sys.stderr.isatty():
            return whole.verify(here.engine, TRAIL, heads)
        total = whole.total(here.engine, TRAIL)
        try:
            return whole.verify(here.engine, TRAIL, heads, lambda count: _show_progress(count, total))
        finally:
            _show_progress(0, total)


def _show_progress(count: int, total: int) -> None:
    """One line that is written over; with 0 it goes."""
    if total >= _LONG:
        typer.echo(f"\r{count:,} of {total:,} entries" if count else f"\r{'':60}\r", nl=False, err=True)


def _said(verdict: "Verdict") -> str:
    if verdict.wrong:
        before = "There is none before it."
        if verdict.head:
            before = f"Whole before it: {_count(verdict.entries)}, up to {verdict.head.id} of {verdict.last}."
        return f"The audit trail is broken: {verdict.wrong}.\n{before}\n{_REMEDY}"
    if verdict.head is None:
        return "The audit trail has no entries yet."
    span = f"from {verdict.first} to {verdict.last}"
    return f"{_count(verdict.entries)}, whole, {span}, head {verdict.head.id}:{verdict.head.hash}"


def _count(entries: int) -> str:
    return "1 entry" if entries == 1 else f"{entries} entries"


def _as_shown(verdict: "Verdict") -> dict[str, Any]:
    shown = {"whole": verdict.wrong is None, **asdict(verdict)}
    return shown | {"head": verdict.head and f"{verdict.head.id}:{verdict.head.hash}"}
