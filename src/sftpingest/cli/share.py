"""`sftpingest share`: what a vendor sees of a district.

In:  a vendor, a district, what is to be seen.
Out: versions of a sharing in the store; before each change what it does, in counts and examples.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from sftpingest.cli import audit, terminal
from sftpingest.cli.district import Slug
from sftpingest.cli.installation import opened
from sftpingest.cli.share_options import (
    Agreement,
    Ends,
    Fields,
    HowChosen,
    Number,
    Purpose,
    Rules,
    Schools,
    Sections,
    Staff,
    Starts,
    wanted_of,
)
from sftpingest.cli.share_shown import described, ended, facts_of, previewed, short, show_preview
from sftpingest.cli.vendor import Name

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from sftpingest.roster.judge import Policy
    from sftpingest.store.sharing import Between
    from sftpingest.store.vendors import Version

app = typer.Typer(
    help="What a vendor sees of a district: set, show, preview, end; proposals and held changes.",
    epilog=terminal.example("sftpingest share set quiz-whiz springfield --mode schools --school 101"),
    no_args_is_help=True,
)

_SET = (
    "sftpingest share set quiz-whiz springfield --mode everything --fields demographics",
    "sftpingest share set quiz-whiz springfield --mode schools --school 101 --school 102 --staff",
    "sftpingest share set quiz-whiz springfield --mode rules --rules math.toml --ends 2027-06-30",
)


@app.command("set", epilog=terminal.example(*_SET))
def set_(
    name: Name,
    slug: Slug,
    mode: HowChosen = None,
    school: Schools = None,
    section: Sections = None,
    rules: Rules = None,
    staff: Staff = False,
    fields: Fields = None,
    purpose: Purpose = "",
    agreement: Agreement = "",
    starts: Starts = None,
    ends: Ends = None,
    json: terminal.AsJson = False,
) -> None:
    """Set what a vendor sees of a district, in place of what it saw.

    Exit status 3: it would take away more than the safety thresholds of the district allow, and waits for
    `sftpingest share release`.
    """
    from sftpingest.store import sharing as changes
    from sftpingest.store.vendors import decided

    wanted = wanted_of(mode, school, section, rules, staff, fields, purpose, agreement, starts, ends)
    with _between(name, slug) as (connection, two, policy):
        before = decided(connection, two.vendor.id, two.district.id)
        seen = changes.looked_at(connection, two, wanted)
        version = changes.change(connection, two, wanted, seen, policy)
        _record(connection, two, version)
    ended(version, seen, json, before.terms if before else {})


@app.command(epilog=terminal.example("sftpingest share preview quiz-whiz springfield --mode schools --school 101"))
def preview(
    name: Name,
    slug: Slug,
    mode: HowChosen = None,
    school: Schools = None,
    section: Sections = None,
    rules: Rules = None,
    staff: Staff = False,
    fields: Fields = None,
    json: terminal.AsJson = False,
) -> None:
    """Show what would newly be seen, and what no more, and change nothing.

    Without --mode: of what is held or proposed.
    """
    from sftpingest.store import sharing as changes
    from sftpingest.store.vendors import Said, waiting

    if mode is None and (school or section or rules or staff or fields):
        raise terminal.Stopped("Say --mode too; without it, what is held or proposed is shown.")
    with _between(name, slug, to_write=False) as (connection, two, _):
        of = (connection, two.vendor.id, two.district.id)
        found = waiting(*of, Said.HELD) or waiting(*of, Said.PROPOSED)
        if mode is None and found is None:
            raise terminal.Stopped("Nothing is held or proposed. Say what to look at: --mode everything, …")
        shown = found if mode is None else None
        wanted = shown.sharing if shown else wanted_of(mode, school, section, rules, staff, fields)
        seen = changes.looked_at(connection, two, wanted)
    if json:
        terminal.as_json(previewed(seen) | (described(shown) if shown else {}))
        return
    if shown:
        terminal.facts([("version", shown.id), ("said", shown.said), *facts_of(shown.terms)])
        terminal.say()
    show_preview(seen)


@app.command(epilog=terminal.example("sftpingest share show quiz-whiz springfield"))
def show(name: Name, slug: Slug, json: terminal.AsJson = False) -> None:
    """Show what a vendor sees of a district, and every change of it with who and when."""
    from sftpingest.store.vendors import decided, history

    with _between(name, slug, to_write=False) as (connection, two, _):
        now = decided(connection, two.vendor.id, two.district.id)
        versions = history(connection, two.vendor.id, two.district.id)
    terms = now.terms if now else {}
    if json:
        terminal.as_json({"sees": terms or None, "history": [described(one) for one in versions]})
        return
    terminal.facts(facts_of(terms or {"mode": "nothing"}))
    terminal.say()
    rows = [(one.id, one.at, one.by, one.said, short(one.terms)) for one in versions]
    terminal.table(("version", "at", "by", "said", "what"), rows)


@app.command(epilog=terminal.example("sftpingest share propose quiz-whiz springfield --mode schools --school 101"))
def propose(
    name: Name,
    slug: Slug,
    mode: HowChosen = None,
    school: Schools = None,
    section: Sections = None,
    rules: Rules = None,
    staff: Staff = False,
    fields: Fields = None,
    purpose: Purpose = "",
    agreement: Agreement = "",
    starts: Starts = None,
    ends: Ends = None,
    json: terminal.AsJson = False,
) -> None:
    """Note what a vendor asks to see. Nothing is seen by it until the district accepts."""
    from sftpingest.store import sharing as changes

    wanted = wanted_of(mode, school, section, rules, staff, fields, purpose, agreement, starts, ends)
    with _between(name, slug) as (connection, two, _):
        seen = changes.looked_at(connection, two, wanted)
        version = changes.propose(connection, two, wanted)
        _record(connection, two, version)
    ended(version, seen, json)


@app.command(epilog=terminal.example("sftpingest share accept quiz-whiz springfield --version 7"))
def accept(name: Name, slug: Slug, version: Number = None, json: terminal.AsJson = False) -> None:
    """Set what the vendor proposed. Exit status 3: it is held, as with `share set`."""
    from sftpingest.store import sharing as changes

    with _between(name, slug) as (connection, two, policy):
        asked = changes.proposed(connection, two, version)
        wanted = asked.sharing
        assert wanted is not None  # noqa: S101  (a proposal has terms)
        seen = changes.looked_at(connection, two, wanted)
        said = changes.change(connection, two, wanted, seen, policy, answers=asked.id)
        _record(connection, two, said)
    ended(said, seen, json)


@app.command(epilog=terminal.example("sftpingest share release quiz-whiz springfield --version 8"))
def release(name: Name, slug: Slug, version: Number = None, json: terminal.AsJson = False) -> None:
    """Set what is held, exactly as it was shown. Refused where the roster has changed since."""
    from sftpingest.store import sharing as changes

    with _between(name, slug) as (connection, two, _):
        said = changes.release(connection, two, version)
        _record(connection, two, said)
    ended(said, None, json)


@app.command(epilog=terminal.example("sftpingest share discard quiz-whiz springfield"))
def discard(name: Name, slug: Slug, json: terminal.AsJson = False) -> None:
    """Put aside what is held; where nothing is, what is proposed."""
    from sftpingest.store import sharing as changes

    with _between(name, slug) as (connection, two, _):
        said = changes.discard(connection, two)
        _record(connection, two, said)
    ended(said, None, json)


@app.command(epilog=terminal.example("sftpingest share end quiz-whiz springfield"))
def end(name: Name, slug: Slug, json: terminal.AsJson = False) -> None:
    """Share nothing with a vendor any more."""
    from sftpingest.store import sharing as changes

    with _between(name, slug) as (connection, two, _):
        said = changes.end(connection, two)
        _record(connection, two, said)
    ended(said, None, json)


@contextmanager
def _between(name: str, slug: str, *, to_write: bool = True) -> "Iterator[tuple[Connection, Between, Policy]]":
    """A transaction, the vendor and the district, and how big a change may be."""
    from sftpingest.store import accounts
    from sftpingest.store.publish import get_ready
    from sftpingest.store.sharing import between
    from sftpingest.sync.flow import policy

    with opened() as here:
        if to_write:
            get_ready(here.engine)
        with here.engine.begin() if to_write else here.engine.connect() as connection:
            two = between(connection, name, slug, audit.operator(), to_write=to_write)
            yield connection, two, policy(accounts.district_settings(two.district))


def _record(connection: "Connection", two: "Between", version: "Version") -> None:
    """Enter what was said, without ids and rules: no record of a roster stands in the trail."""
    terms = version.terms
    facts = {"version": version.id, "mode": terms.get("mode"), "fields": terms.get("fields", [])}
    audit.record(connection, f"sharing.{version.said}", district=two.district.slug, vendor=two.vendor.name, **facts)
