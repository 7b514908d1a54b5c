"""`sftpingest share`: what a vendor sees of a district.

In:  a vendor, a district, what is to be seen.
Out: versions of a sharing in the store; before each change what it does, in counts and examples.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sftpingest.cli import audit, terminal
from sftpingest.cli.district import Slug
from sftpingest.cli.installation import opened
from sftpingest.cli.vendor import Name
from sftpingest.roster.sharing import Group, Mode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from sftpingest.roster.judge import Policy
    from sftpingest.roster.kinds import Kind
    from sftpingest.roster.sharing import Sharing
    from sftpingest.store.preview import Preview
    from sftpingest.store.sharing import Between
    from sftpingest.store.vendors import Version

app = typer.Typer(
    help="What a vendor sees of a district: set, show, preview, end; proposals and held changes.",
    epilog=terminal.example("sftpingest share set quiz-whiz springfield --mode schools --school 101"),
    no_args_is_help=True,
)

HELD = 3

HowChosen = Annotated[
    Mode | None, typer.Option("--mode", help="How the records are chosen.", show_default="as it is now")
]
Schools = Annotated[
    list[str] | None, typer.Option("--school", metavar="ID", help="With the mode schools. May be repeated.")
]
Sections = Annotated[
    list[str] | None, typer.Option("--section", metavar="ID", help="With the mode sections. May be repeated.")
]
Rules = Annotated[
    Path | None, typer.Option("--rules", metavar="FILE.toml", help="With the mode rules: see docs/sharing.md.")
]
Staff = Annotated[bool, typer.Option("--staff", help="Staff too: of the schools seen, or all with everything.")]
Fields = Annotated[
    list[Group] | None,
    typer.Option("--fields", help="Fields beyond ids, names, role, school, grade and e-mail. May be repeated."),
]
Purpose = Annotated[str, typer.Option(help="What the application is for.")]
Agreement = Annotated[str, typer.Option(help="Where the contract is found.")]
Starts = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day on which anything is seen (UTC).")
]
Ends = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day on which anything is seen (UTC).")]
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

    wanted = _wanted(mode, school, section, rules, staff, fields, purpose, agreement, starts, ends)
    with _between(name, slug) as (connection, two, policy):
        seen = changes.looked_at(connection, two, wanted)
        version = changes.change(connection, two, wanted, policy)
        _record(connection, two, version)
    _ended(version, seen, json)


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

    with _between(name, slug) as (connection, two, _):
        if mode is None:
            of = (connection, two.vendor.id, two.district.id)
            found = waiting(*of, Said.HELD) or waiting(*of, Said.PROPOSED)
            if found is None:
                raise terminal.Stopped("Nothing is held or proposed. Say what to look at: --mode everything, …")
            wanted = found.sharing
        else:
            wanted = _wanted(mode, school, section, rules, staff, fields)
        seen = changes.looked_at(connection, two, wanted)
    if json:
        terminal.as_json(_previewed(seen))
    else:
        _show_preview(seen)


@app.command(epilog=terminal.example("sftpingest share show quiz-whiz springfield"))
def show(name: Name, slug: Slug, json: terminal.AsJson = False) -> None:
    """Show what a vendor sees of a district, and every change of it with who and when."""
    from sftpingest.store.vendors import decided, history

    with _between(name, slug) as (connection, two, _):
        now = decided(connection, two.vendor.id, two.district.id)
        versions = history(connection, two.vendor.id, two.district.id)
    terms = now.terms if now else {}
    if json:
        terminal.as_json({"sees": terms or None, "history": [_described(one) for one in versions]})
        return
    terminal.facts(_facts(terms or {"mode": "nothing"}))
    terminal.say()
    rows = [(one.id, one.at, one.by, one.said, _short(one.terms)) for one in versions]
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

    wanted = _wanted(mode, school, section, rules, staff, fields, purpose, agreement, starts, ends)
    with _between(name, slug) as (connection, two, _):
        seen = changes.looked_at(connection, two, wanted)
        version = changes.propose(connection, two, wanted)
        _record(connection, two, version)
    _ended(version, seen, json)


def _answer(name: str, slug: str, what: str, as_json: bool) -> None:
    """One of the answers to what waits."""
    from sftpingest.store import sharing as changes

    with _between(name, slug) as (connection, two, policy):
        of = {
            "accept": lambda: changes.accept(connection, two, policy),
            "release": lambda: changes.release(connection, two),
            "discard": lambda: changes.discard(connection, two),
            "end": lambda: changes.end(connection, two),
        }
        version = of[what]()
        _record(connection, two, version)
    _ended(version, None, as_json)


@app.command(epilog=terminal.example("sftpingest share accept quiz-whiz springfield"))
def accept(name: Name, slug: Slug, json: terminal.AsJson = False) -> None:
    """Set what the vendor proposed. Exit status 3: it is held, as with `share set`."""
    _answer(name, slug, "accept", json)


@app.command(epilog=terminal.example("sftpingest share release quiz-whiz springfield"))
def release(name: Name, slug: Slug, json: terminal.AsJson = False) -> None:
    """Set what is held, exactly as it was shown. Refused where the roster has changed since."""
    _answer(name, slug, "release", json)


@app.command(epilog=terminal.example("sftpingest share discard quiz-whiz springfield"))
def discard(name: Name, slug: Slug, json: terminal.AsJson = False) -> None:
    """Put aside what is held or proposed."""
    _answer(name, slug, "discard", json)


@app.command(epilog=terminal.example("sftpingest share end quiz-whiz springfield"))
def end(name: Name, slug: Slug, json: terminal.AsJson = False) -> None:
    """Share nothing with a vendor any more."""
    _answer(name, slug, "end", json)


@contextmanager
def _between(name: str, slug: str) -> "Iterator[tuple[Connection, Between, Policy]]":
    """A transaction, the vendor and the district, and how big a change may be."""
    from sftpingest.store import accounts, vendors
    from sftpingest.store.sharing import Between
    from sftpingest.sync.flow import policy

    with opened() as here, here.engine.begin() as connection:
        district = accounts.district(connection, slug)
        vendor = vendors.vendor(connection, name)
        yield connection, Between(vendor, district, audit.operator()), policy(accounts.district_settings(district))


def _wanted(
    mode: Mode | None,
    schools: list[str] | None,
    sections: list[str] | None,
    rules: Path | None,
    staff: bool,
    fields: list[Group] | None,
    purpose: str = "",
    agreement: str = "",
    starts: datetime | None = None,
    ends: datetime | None = None,
) -> "Sharing":
    from sftpingest.roster.sharing import Sharing, read_rules

    if mode is None:
        raise terminal.Stopped(f"Say how the records are chosen: --mode {', '.join(Mode)}.")
    try:
        text = rules.read_text("utf-8") if rules else ""
    except UnicodeDecodeError:
        raise terminal.Stopped(f"{rules} is not in UTF-8. Save it as UTF-8.") from None
    return Sharing(
        mode=mode,
        schools=tuple(dict.fromkeys(schools or [])),
        sections=tuple(dict.fromkeys(sections or [])),
        rules=read_rules(text) if rules else (),
        staff=staff,
        groups=frozenset(fields or []),
        purpose=purpose,
        agreement=agreement,
        starts=starts.date() if starts else None,
        ends=ends.date() if ends else None,
    )


def _record(connection: "Connection", two: "Between", version: "Version") -> None:
    facts = {"vendor": two.vendor.name, "version": version.id, "terms": version.terms}
    audit.record(connection, f"sharing.{version.said}", district=two.district.slug, **facts)


# --------------------------------------------------------------------------------------------------------------- shown

_SENTENCES = {
    "set": "This is what the vendor sees now.",
    "proposed": "Proposed. Nothing is seen by it until it is accepted: sftpingest share accept.",
    "held": "HELD. Nothing was changed yet. If this is right: sftpingest share release. If not: share discard.",
    "discarded": "Put aside. Nothing was changed.",
    "ended": "The vendor sees nothing of this district any more.",
}


def _ended(version: "Version", seen: "Mapping[Kind, Preview] | None", as_json: bool) -> None:
    if as_json:
        terminal.as_json(_described(version) | ({"preview": _previewed(seen)} if seen else {}))
    else:
        if seen:
            _show_preview(seen)
            terminal.say()
        terminal.say(" ".join(filter(None, (version.reason, _SENTENCES[version.said]))))
    if version.said == "held":
        raise typer.Exit(HELD)


def _described(version: "Version") -> dict[str, Any]:
    said = {"version": version.id, "said": version.said.value, "at": version.at, "by": version.by}
    return said | {"terms": version.terms, "reason": version.reason}


def _facts(terms: dict[str, Any]) -> list[tuple[str, object]]:
    return [(name, ", ".join(map(str, value)) if isinstance(value, list) else value) for name, value in terms.items()]


def _short(terms: dict[str, Any]) -> str:
    counted = [f"{len(terms[name])} {name}" for name in ("schools", "sections", "rules") if name in terms]
    ticked = ["staff"] if terms.get("staff") else []
    return ", ".join([*([terms["mode"]] if terms else []), *counted, *ticked, *terms.get("fields", [])])


def _previewed(seen: "Mapping[Kind, Preview]") -> dict[str, Any]:
    from dataclasses import asdict

    return {kind.value: asdict(each) for kind, each in seen.items()}


def _show_preview(seen: "Mapping[Kind, Preview]") -> None:
    rows = [(kind, each.before, each.after, each.appear, each.vanish) for kind, each in seen.items()]
    terminal.table(("kind", "seen now", "then", "appear", "vanish"), [row for row in rows if row[1] or row[2]])
    for what in ("appearing", "vanishing"):
        for kind, each in seen.items():
            if names := getattr(each, what):
                terminal.say(f"\n{what.capitalize()}, {kind}: {'; '.join(names)}")
