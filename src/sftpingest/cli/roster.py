"""`sftpingest roster`: what the store holds now, or held after a sync.

In:  a district, a kind, a sync.
Out: a table, CSV, JSON or Parquet.
"""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sftpingest.cli import terminal
from sftpingest.cli.district import Slug
from sftpingest.cli.installation import opened

if TYPE_CHECKING:
    import pandas as pd


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


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(
        epilog=terminal.example(
            "sftpingest roster springfield",
            "sftpingest roster springfield --kind student --format csv > students.csv",
            "sftpingest roster springfield --as-of 12 --format parquet --out ./then",
        )
    )(roster)


def roster(
    slug: Slug,
    kind: Annotated[
        KindName | None, typer.Option(help="Which kind; without it every kind, as a table only counted.")
    ] = None,
    as_of: Annotated[int | None, typer.Option(metavar="SYNC", help="As it was after this sync.")] = None,
    shape: Annotated[Shape, typer.Option("--format", help="How it is written.")] = Shape.TABLE,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write one file a kind into this folder.")] = None,
    json: terminal.AsJson = False,
) -> None:
    """Show what the store holds, now or after an earlier sync."""
    shape = Shape.JSON if json else shape
    if out is None and (shape is Shape.PARQUET or (shape is Shape.CSV and kind is None)):
        raise terminal.Stopped(f"{shape} needs a folder to write into: say --out DIR{_or_kind(shape)}.")
    if shape is Shape.TABLE and not (kind or out or as_of):
        terminal.table(("kind", "records"), _counts(slug))
        return
    frames = _frames(slug, [kind] if kind else list(KindName), as_of)
    if out:
        _write(frames, Shape.CSV if shape is Shape.TABLE else shape, out)
    elif kind:
        typer.echo(_text(frames[kind], shape), nl=False)
    elif shape is Shape.JSON:
        typer.echo(
            "{" + ",\n".join(f'"{name}": {_text(frame, shape).rstrip()}' for name, frame in frames.items()) + "}"
        )
    else:
        terminal.table(("kind", "records"), [(name, len(frame)) for name, frame in frames.items()])


def _counts(slug: str) -> list[tuple[str, int]]:
    """How many records of each kind the store holds now, counted there."""
    from sftpingest.store import accounts, rosters

    with opened() as here, here.engine.connect() as connection:
        counted = rosters.counts(connection, accounts.district(connection, slug).id)
    return [(kind.value, count) for kind, count in counted.items()]


def _or_kind(shape: Shape) -> str:
    return ", or one kind with --kind" if shape is Shape.CSV else ""


def _frames(slug: str, kinds: list[KindName], as_of: int | None) -> "dict[KindName, pd.DataFrame]":
    """What the store holds, one frame a kind. Raises Stopped where the sync is none of this district."""
    from sftpingest.roster.kinds import Kind
    from sftpingest.store import journal, rosters

    with opened() as here, here.engine.connect() as connection:
        district = here.district(slug)
        if as_of is not None and journal.sync(connection, as_of).district_id != district.id:
            raise terminal.Stopped(f"Sync {as_of} is not one of {slug}. `sftpingest syncs {slug}` lists them.")
        return {kind: rosters.roster(connection, district.id, Kind(kind.value), as_of) for kind in kinds}


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
        typer.echo(f"{path}  {len(frame)} records")
