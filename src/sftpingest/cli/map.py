"""`sftpingest map`: a first mapping for files of any headings, to be looked through by a person.

In:  a path.
Out: a TOML file with guesses as comments, or the guesses as JSON. No cell is ever shown, only shapes such as Aaaa.
"""

from pathlib import Path
from typing import Annotated

import typer

from sftpingest.cli import terminal


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(
        "map", epilog=terminal.example("sftpingest map ./export --out lake.toml", "sftpingest map export.zip --json")
    )(map_)


def map_(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Folder or zip with CSV files of any headings.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE.toml", help="Write the mapping into this new file.")] = None,
    json: terminal.AsJson = False,
) -> None:
    """Write a first mapping for a district's own export.

    Says of every column what it may be and how sure that is; look through it, then try it with `check --format`.

    Exit status: 0 every file was told, 1 something is to be written in by hand.
    """
    if not path.exists():
        raise terminal.Stopped(f"{path} is not there. Name a folder or a zip with CSV files.")
    if out and out.suffix != ".toml":
        raise terminal.Stopped(f"{out} must end in .toml: so a format is known to be a file.")
    if out and out.exists():
        raise terminal.Stopped(f"{out} is there already. Name a new file, or delete that one.")
    from sftpingest.sync.mapping import mapped

    guessed = mapped(path)
    if out:
        out.write_text(guessed.source, "utf-8")
    if json:
        terminal.as_json(guessed.facts)
    elif out:
        terminal.say(f"{_told(guessed.facts)}\nLook through {out}, then: sftpingest check {path} --format {out}")
    else:
        terminal.say(guessed.source.rstrip())
    raise typer.Exit(0 if guessed.told and _whole(guessed.facts) else 1)


def _whole(facts: dict[str, list[dict[str, object]]]) -> bool:
    """Whether every file was told."""
    return not facts["unknown_files"] and not any(file["problem"] for file in facts["files"])


def _told(facts: dict[str, list[dict[str, object]]]) -> str:
    """A line for each file."""
    lines = [f"{file['file']}: {file['kind']} records ({file['sure']}){_but(file)}" for file in facts["files"]]
    lines += [f"{file['file']}: not told. {file['problem']}".rstrip() for file in facts["unknown_files"]]
    lines = lines or ["Nothing here looks like a roster."]
    lines += [f"These files fit our format {each}: no mapping may be needed." for each in facts["formats"]]
    return "\n".join(lines)


def _but(file: dict[str, object]) -> str:
    return f", not read: {file['problem']}" if file["problem"] else ""
