"""`sftpingest syncs` and `sync`: history, the decision on a held sync, going back.

In:  the number of a sync.
Out: what became of it; a held sync released or discarded; an earlier roster again.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sftpingest.cli import audit, outcome, terminal
from sftpingest.cli.district import Slug
from sftpingest.cli.installation import Installation, opened

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from sftpingest.store.tables import Sync

app = typer.Typer(
    help="One sync: show, release, discard, restore.",
    epilog=terminal.example("sftpingest sync show 17"),
    no_args_is_help=True,
)

Number = Annotated[int, typer.Argument(metavar="ID", min=1, help="Number of the sync.")]


def add_to(program: typer.Typer) -> None:
    """Add the command `syncs` to the program."""
    program.command(epilog=terminal.example("sftpingest syncs springfield"))(syncs)


def syncs(
    slug: Slug,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
    json: terminal.AsJson = False,
) -> None:
    """List the syncs of a district, newest first."""
    from sftpingest.store import accounts, journal

    with opened() as here, here.engine.connect() as connection:
        accounts.district(connection, slug)
        described = [_described(found, slug) for found in journal.syncs(connection, slug, limit=limit)]
    if json:
        terminal.as_json(described)
        return
    shown = [
        (d["sync"], d["received"], d["door"], d["state"], _rejected(d), sum(d["findings"].values()), d["reason"])
        for d in described
    ]
    terminal.table(("sync", "received", "door", "state", "rejected", "findings", "reason"), shown)


@app.command(epilog=terminal.example("sftpingest sync show 17", "sftpingest sync show 17 --findings"))
def show(
    number: Number,
    findings: Annotated[bool, typer.Option("--findings", help="List every finding too.")] = False,
    json: terminal.AsJson = False,
) -> None:
    """Show a sync: counts, findings, changes of its state."""
    from sftpingest.store import journal

    with opened() as here, here.engine.connect() as connection:
        found = journal.sync(connection, number)
        described = _described(found, _slug(connection, found))
        described["transitions"] = [
            {"at": t.at, "before": t.before, "after": t.after, "note": t.note}
            for t in journal.transitions(connection, number)
        ]
        listed = _listed(connection, number) if findings else None
    if json:
        terminal.as_json(described | ({"rows": listed} if listed is not None else {}))
    else:
        _show(described, listed)


@app.command(epilog=terminal.example("sftpingest sync release 17"))
def release(number: Number, json: terminal.AsJson = False) -> None:
    """Release a held sync, and wait until it is applied.

    What is applied is exactly what its report shows.

    Exit status as of `ingest`. Refused where the roster has moved since it was held.
    """
    from sftpingest.store import journal

    with opened() as here:
        with here.engine.begin() as connection:
            journal.release(connection, number)
            slug = _slug(connection, journal.sync(connection, number))
            audit.record(connection, "sync.released", district=slug, sync=number)
        status = _ended(here, number, json)
    raise typer.Exit(status)


@app.command(epilog=terminal.example("sftpingest sync discard 17"))
def discard(number: Number, json: terminal.AsJson = False) -> None:
    """Discard a held sync: it is never applied."""
    from sftpingest.store import journal
    from sftpingest.sync.reports import rereport

    with opened() as here:
        with here.engine.begin() as connection:
            journal.discard(connection, number)
            found = journal.sync(connection, number)
            slug = _slug(connection, found)
            audit.record(connection, "sync.discarded", district=slug, sync=number)
        rereport(here.engine, here.folders(slug), found)
        with here.engine.connect() as connection:
            outcome.show(here, slug, journal.sync(connection, number), json)


@app.command(epilog=terminal.example("sftpingest sync restore springfield 12"))
def restore(slug: Slug, number: Number, json: terminal.AsJson = False) -> None:
    """Go back to the roster as it was after a sync.

    This is a new sync of its own.

    Exit status as of `ingest`.
    """
    from sftpingest.sync.restore import restore as go_back

    with opened() as here:
        here.district(slug)
        made = go_back(here.engine, here.folders(slug), slug, number, audit.record)
        status = _ended(here, made, json)
    raise typer.Exit(status)


def _ended(here: Installation, number: int, json: bool) -> int:
    """Wait for a sync and show how it ended."""
    from sftpingest.store import journal

    with here.engine.connect() as connection:
        slug = _slug(connection, journal.sync(connection, number))
    found = outcome.wait(here, slug, number)
    return outcome.show(here, slug, found, json)


def _slug(connection: "Connection", found: "Sync") -> str:
    from sftpingest.store import accounts

    return accounts.district_of(connection, found.district_id).slug


def _described(found: "Sync", slug: str) -> dict[str, Any]:
    """A sync as it is shown."""
    return {
        "sync": found.id,
        "district": slug,
        "state": str(found.state),
        "door": found.door,
        "received": found.created_at,
        "started": found.started_at,
        "finished": found.finished_at,
        "attempts": found.attempts,
        "released": found.release,
        "reason": found.reason,
        "report": found.report,
        "files": found.files,
        "kinds": found.kinds,
        "findings": found.findings,
    }


def _listed(connection: "Connection", number: int) -> list[dict[str, Any]]:
    """Findings as they are shown."""
    from sftpingest.store.findings import kept_findings

    rows = kept_findings(connection, number)
    plain = rows.astype(object).where(rows.notna(), None)
    return [dict(zip(plain.columns, row, strict=True)) for row in plain.itertuples(index=False)]


def _rejected(described: dict[str, Any]) -> int:
    return sum(counts.get("rejected", 0) for counts in described["files"].values())


def _show(described: dict[str, Any], findings: list[dict[str, Any]] | None) -> None:
    counts = {"files", "kinds", "findings", "transitions"}
    terminal.facts((name, value) for name, value in described.items() if name not in counts)
    terminal.say()
    changes = [(t["at"], t["before"], t["after"], t["note"]) for t in described["transitions"]]
    terminal.table(("at", "before", "after", "note"), changes)
    outcome.show_result({name: described[name] for name in ("files", "kinds", "findings")} | {"outcome": ""}, None)
    if findings:
        terminal.say()
        names = ("file", "row", "column", "record", "code", "severity", "value")
        terminal.table(names, [[row[name] for name in names] for row in findings])
