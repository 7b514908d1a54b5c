"""`sftpingest disclosures`: which vendor read what of a district, and who saw one person.

In:  a district, a person by the district's own id, a vendor, days.
Out: reads, the newest last.
"""

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sftpingest.cli import terminal
from sftpingest.cli.district import Slug
from sftpingest.cli.installation import Installation, opened
from sftpingest.roster.kinds import RECORDS, Kind

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from sftpingest.roster.disclosed import Sought
    from sftpingest.store.disclosures import Kept

_EXAMPLES = (
    "sftpingest disclosures springfield --since 2026-11-01",
    "sftpingest disclosures springfield --student 100234 --vendor quiz-whiz",
)
_DATE = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
_HEADINGS = ("id", "at (UTC)", "vendor", "door", "request", "kinds", "fields", "people", "records", "sequence", "which")


def add_to(program: typer.Typer) -> None:
    """Add the command to the program."""
    program.command(epilog=terminal.example(*_EXAMPLES))(disclosures)


def _of(what: str) -> Any:  # noqa: ANN401  (what typer.Option gives)
    return typer.Option(metavar="ID", help=f"Only reads with this {what}, by the district's own id.")


def disclosures(
    slug: Slug,
    student: Annotated[str | None, _of("student")] = None,
    teacher: Annotated[str | None, _of("teacher")] = None,
    staff: Annotated[str | None, _of("member of staff")] = None,
    contact: Annotated[str | None, _of("contact of a student")] = None,
    record: Annotated[
        str | None, typer.Option(metavar="KIND:ID", help="The same for any kind: section:12, school:101.")
    ] = None,
    vendor: Annotated[str | None, typer.Option(metavar="NAME", help="Only by this vendor, be it removed.")] = None,
    since: Annotated[
        datetime | None, typer.Option(metavar="DATE", formats=_DATE, help="Only from then on (UTC).")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(metavar="DATE", formats=_DATE, help="Only up to then, that day too (UTC).")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest of them.")] = 50,
    json: terminal.AsJson = False,
) -> None:
    """List what vendors read of a district, the newest last: who, when, through which door, which fields.

    With a person: only reads that had, or may have had, this person in them, also of a person or a district that is
    no longer held.
    """
    from sftpingest.store.disclosures import Asked, reads

    people = {Kind.STUDENT: student, Kind.TEACHER: teacher, Kind.STAFF: staff, Kind.CONTACT: contact}
    whom = _whom(people, record)
    with opened() as here, here.engine.connect() as connection:
        _mind_what_waits(here)
        _known(connection, slug)
        _mind_sql(connection)
        sought = _sought(connection, slug, whom)
        asked = Asked(slug, vendor, since and since.replace(tzinfo=UTC), until and _end_of(until), sought)
        found = reads(connection, asked, limit + 1)
    if len(found) > limit:
        terminal.note(f"There are more than these {limit}, which are the newest. Ask for more with --limit.")
    _show(found[-limit:], sought, json)


def _whom(people: dict[Kind, str | None], record: str | None) -> tuple[Kind, str] | None:
    """The kind and id that were asked for. Raises Stopped where there are several, or it is no kind."""
    named = [(kind, one) for kind, one in people.items() if one is not None]
    if record is not None:
        kind, _, one = record.partition(":")
        if kind not in RECORDS or not one:
            raise terminal.Stopped(f"{record} is no record. Say --record KIND:ID; KIND is {', '.join(RECORDS)}.")
        named.append((Kind(kind), one))
    if any(not one for _, one in named):
        raise terminal.Stopped("An id is missing. Give it as the district writes it.")
    if len(named) > 1:
        raise terminal.Stopped("Ask for one person or record at a time.")
    return named[0] if named else None


def _end_of(until: datetime) -> datetime:
    """A day is meant with all its hours, a second with all its parts."""
    step = timedelta(days=1) if until.time() == time() else timedelta(seconds=1)
    return until.replace(tzinfo=UTC) + step


def _known(connection: "Connection", slug: str) -> None:
    """Whoever mistypes a district shall not be told that nobody read anything of it. Raises NoSuchDistrict."""
    from sftpingest.store import accounts
    from sftpingest.store.disclosures import known

    if not known(connection, slug):
        accounts.district(connection, slug)


def _sought(connection: "Connection", slug: str, whom: tuple[Kind, str] | None) -> "Sought | None":
    from sftpingest.store.spans import sought

    if whom is None:
        return None
    found = sought(connection, slug, *whom)
    if found.told_since is not None and not found.spans:
        terminal.note(f"The store has never held {whom[0]} {whom[1]} of {slug}. Look whether the id is right.")
    return found


def _mind_what_waits(here: Installation) -> None:
    """Reads are entered a moment after they are answered, later where the store is busy."""
    from sftpingest.app.spool import waits

    if waits(here.settings.data / "disclosures"):
        terminal.note("Some reads wait to be entered and may not be shown yet. Ask again in a minute.")


def _mind_sql(connection: "Connection") -> None:
    """What is read through a role of PostgreSQL passes no door of ours."""
    if connection.dialect.name != "postgresql":
        return
    from sftpingest.store.sql_roles import holders
    from sftpingest.store.vendors import vendors

    if found := holders(connection, vendors(connection)):
        terminal.note(f"By SQL, which is not noted here, may read what is shared with them: {', '.join(found)}.")


def _show(found: "list[Kept]", sought: "Sought | None", json: bool) -> None:
    if json:
        terminal.as_json([_as_kept(one) for one in found])
    elif not found:
        terminal.say("No vendor has read this." if sought else "No vendor has read anything like that.")
    else:
        headings = _HEADINGS if sought is None else (*_HEADINGS, "was in it")
        terminal.table(headings, [_line(one) for one in found])


def _as_kept(kept: "Kept") -> dict[str, Any]:
    read = kept.read
    return {
        "id": kept.id,
        "at": read.at,
        "source": kept.source,
        "vendor": read.vendor,
        "district": read.district,
        "door": read.door,
        "request": read.request,
        "kinds": read.kinds,
        "fields": read.fields,
        "people": read.people,
        "records": read.records,
        "sequence": read.sequence,
        "whole": read.whole,
        "range": read.range,
        "ids": read.ids,
        "hash": kept.hash,
        **({"sight": kept.sight.name.lower(), "was_in_it": kept.sight} if kept.sight else {}),
    }


def _line(kept: "Kept") -> tuple[object, ...]:
    read = kept.read
    lists = (", ".join(read.kinds), ", ".join(read.fields))
    counts = (read.people, read.records, read.sequence)
    who = (kept.id, f"{read.at:%Y-%m-%d %H:%M:%S}", read.vendor, read.door.value, read.request)
    return (*who, *lists, *counts, _which(kept), *([kept.sight.value] if kept.sight else []))


def _which(kept: "Kept") -> str:
    if kept.read.whole:
        return "all"
    return "a page" if kept.read.ids is None else "named ones"
