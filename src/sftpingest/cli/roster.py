"""`sftpingest roster`: what the store holds now, or held after a sync.

In:  a district, a kind, a sync.
Out: a table, CSV, JSON or Parquet; or a OneRoster set or Clever's files.
"""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sftpingest.cli import terminal
from sftpingest.cli.district import Slug
from sftpingest.cli.installation import opened

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Connection

    from sftpingest.roster.kinds import Roster
    from sftpingest.roster.write import About


class KindName(StrEnum):
    """The kinds of record, as roster.kinds.Kind; spelt here too so that `--help` does not load pandas."""

    SCHOOL = "school"  #: a school
    TERM = "term"  #: a part of the school year
    COURSE = "course"  #: what is taught
    SECTION = "section"  #: a class that meets
    STUDENT = "student"  #: a person who learns
    TEACHER = "teacher"  #: a person who teaches
    STAFF = "staff"  #: a person who works there
    CONTACT = "contact"  #: a person to call about a student
    ENROLLMENT = "enrollment"  #: a student or teacher in a section


class Shape(StrEnum):
    """How the roster is written."""

    TABLE = "table"  #: for people
    CSV = "csv"  #: UTF-8, to standard output or one file a kind
    JSON = "json"  #: a list of records
    PARQUET = "parquet"  #: one file a kind
    ONEROSTER_1_2 = "oneroster-1.2"  #: a set of files that other systems read, as a zip or in a folder
    ONEROSTER_1_1 = "oneroster-1.1"  #: the same in the older version
    CLEVER = "clever"  #: the files of Clever's SFTP upload


#: Formats of whole rosters.
_WHOLE = (Shape.ONEROSTER_1_2, Shape.ONEROSTER_1_1, Shape.CLEVER)


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(
        epilog=terminal.example(
            "sftpingest roster springfield",
            "sftpingest roster springfield --kind student --format csv > students.csv",
            "sftpingest roster springfield --as-of 12 --format parquet --out ./then",
            "sftpingest roster springfield --format oneroster-1.2 --out springfield.zip",
        )
    )(roster)


def roster(
    slug: Slug,
    kind: Annotated[
        KindName | None, typer.Option(help="Which kind; without it every kind, as a table only counted.")
    ] = None,
    as_of: Annotated[int | None, typer.Option(metavar="SYNC", min=1, help="As it was after this sync.")] = None,
    shape: Annotated[Shape, typer.Option("--format", help="How it is written.")] = Shape.TABLE,
    out: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Write into this folder; a OneRoster or Clever set, also a .zip."),
    ] = None,
    json: terminal.AsJson = False,
) -> None:
    """Show what the store holds, now or after an earlier sync; or write it for another system to read."""
    if shape in _WHOLE:
        _export(slug, shape, kind, as_of, out, json=json)
        return
    shape = Shape.JSON if json else shape
    if out is None and (shape is Shape.PARQUET or (shape is Shape.CSV and kind is None)):
        raise terminal.Stopped(f"{shape} needs a folder to write into: say --out DIR{_or_kind(shape)}.")
    if shape is Shape.TABLE and not (kind or out):
        terminal.table(("kind", "records"), _counts(slug, as_of))
        return
    frames = _frames(slug, [kind] if kind else list(KindName), as_of)
    if out:
        _write(frames, Shape.CSV if shape is Shape.TABLE else shape, out)
    elif kind:
        _print(_text(frames[kind], shape), shape)
    else:
        texts = (f'"{name}": {_text(frame, shape).rstrip()}' for name, frame in frames.items())
        _print("{" + ",\n".join(texts) + "}\n", shape)


def _export(slug: str, shape: Shape, kind: KindName | None, as_of: int | None, out: Path | None, *, json: bool) -> None:
    """Write the whole roster in a format, and say what was written."""
    from sftpingest.cli.exporting import export
    from sftpingest.roster.write import Version, unsaid, write_clever, write_oneroster

    if kind:
        raise terminal.Stopped(f"{shape} is a set of files that belong together: leave --kind out.")
    roster, about = _whole(slug, as_of)
    out = out or Path(f"{slug}-{shape}.zip")
    if shape is Shape.CLEVER:
        files, left = write_clever(roster), unsaid(roster)
    else:
        files, left = write_oneroster(roster, about, Version(shape.removeprefix("oneroster-"))), {}
    rows = export(files, out)
    if json:
        terminal.as_json({"path": str(out), "files": rows, "left": left})
        return
    terminal.table(("file", "rows"), rows.items())
    terminal.say(f"Written to {out}.")
    for words, count in left.items():
        terminal.note(f"{count:,} {words}.")


def _whole(slug: str, as_of: int | None) -> "tuple[Roster, About]":
    """All of one roster, from one sync whatever is applied meanwhile. Raises Stopped where there is none."""
    from sftpingest.roster.write import About
    from sftpingest.store import accounts, journal, rosters

    with opened() as here, here.engine.connect() as connection:
        district_id, district = _district_id(connection, slug, as_of), accounts.district(connection, slug)
        if (sync := as_of or district.head) is None:
            raise terminal.Stopped(f"{slug} has no roster yet: nothing of it has been applied.")
        applied = journal.sync(connection, sync)
        day = (applied.finished_at or applied.created_at).date()
        return rosters.whole(connection, district_id, sync), About(slug, district.name, day)


def _print(text: str, shape: Shape) -> None:
    """CSV for a program stays as it is; what a person sees holds nothing that a terminal would obey."""
    if shape is Shape.JSON:
        typer.echo(terminal.plain_json(text), nl=False)
    elif shape is Shape.CSV and not sys.stdout.isatty():
        typer.echo(text, nl=False)
    else:
        terminal.say(text.removesuffix("\n"))


def _counts(slug: str, as_of: int | None) -> list[tuple[str, int]]:
    """How many records of each kind the store holds or held, counted there."""
    from sftpingest.store import rosters

    with opened() as here, here.engine.connect() as connection:
        counted = rosters.counts(connection, _district_id(connection, slug, as_of), as_of)
    return [(kind.value, count) for kind, count in counted.items()]


def _district_id(connection: "Connection", slug: str, as_of: int | None) -> int:
    """The district. Raises NoSuchDistrict, and Stopped where the sync left no roster of it."""
    from sftpingest.store import accounts, journal
    from sftpingest.store.tables import State

    district = accounts.district(connection, slug)
    if as_of is not None:
        found = journal.sync(connection, as_of)
        see = f"`sftpingest syncs {slug}` lists those that were applied."
        if found.district_id != district.id:
            raise terminal.Stopped(f"Sync {as_of} is not one of {slug}. {see}")
        if found.state is not State.APPLIED:
            raise terminal.Stopped(f"Sync {as_of} is {found.state}, not applied: it left no roster. {see}")
    return district.id


def _or_kind(shape: Shape) -> str:
    return ", or one kind with --kind" if shape is Shape.CSV else ""


def _frames(slug: str, kinds: list[KindName], as_of: int | None) -> "dict[KindName, pd.DataFrame]":
    """What the store holds, one frame a kind. Raises Stopped where the sync is none of this district."""
    from sftpingest.roster.kinds import Kind
    from sftpingest.store import rosters

    with opened() as here, here.engine.connect() as connection:
        district_id = _district_id(connection, slug, as_of)
        return {kind: rosters.roster(connection, district_id, Kind(kind.value), as_of) for kind in kinds}


def _text(frame: "pd.DataFrame", shape: Shape) -> str:
    """A frame as text, with its line end."""
    if shape is Shape.CSV:
        return frame.to_csv(index=False, lineterminator="\n")
    if shape is Shape.JSON:
        return frame.to_json(orient="records", force_ascii=False, indent=2, date_format="iso") + "\n"
    shown = frame[[name for name in frame.columns if (frame[name].fillna("").astype(str) != "").any()]]
    rows = shown.astype(object).where(shown.notna(), "").itertuples(index=False, name=None)
    return terminal.aligned(list(shown.columns), rows) + "\n"


def _write(frames: "dict[KindName, pd.DataFrame]", shape: Shape, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for kind, frame in frames.items():
        path = out / f"{kind}.{shape}"
        if shape is Shape.PARQUET:
            frame.to_parquet(path, index=False)
        else:
            path.write_text(_text(frame, shape), "utf-8")
        terminal.say(f"{path}  {len(frame)} records")
