"""`sftpingest check`: validate a folder or zip without a server, a store or settings.

In:  a path, a format.
Out: the same findings and the same report as an upload would get.
"""

from pathlib import Path
from typing import Annotated

import typer

from sftpingest.cli import screen, terminal

REFUSED = 4


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(
        epilog=terminal.example("sftpingest check ./roster", "sftpingest check roster.zip --strict --report ./report")
    )(check)


def check(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Folder or zip with the files.")],
    format_: Annotated[
        str, typer.Option("--format", metavar="NAME|FILE.toml", help="How the files are spelt; auto looks at them.")
    ] = "auto",
    strict: Annotated[bool, typer.Option("--strict", help="Every departure from the format rejects the row.")] = False,
    report: Annotated[Path | None, typer.Option(metavar="DIR", help="Write the report into this folder.")] = None,
    json: terminal.AsJson = False,
) -> None:
    """Validate a folder or zip, without any server.

    Same findings and same report as an upload would get.

    Exit status: 0 nothing worse than a dropped value, 1 rejected rows, 4 refused.
    """
    _mind(path, report)
    with screen.bar() as progress:
        # half a second: whoever looks on already sees that something is being done
        from sftpingest.sync.check import check as judged

        checked = judged(path, format_, strict=strict, progress=progress)
        if report:
            _write(report, checked.report)
    if json:
        terminal.as_json(checked.result)
    else:
        screen.summary(checked.summary.rstrip())
        if report:
            terminal.say(f"\nReport: {report}")
        elif checked.result["findings"]:
            terminal.say("\nAdd --report DIR to get every finding, row by row, in files.")
    raise typer.Exit(_status(checked.refused, checked.worst))


def _mind(path: Path, report: Path | None) -> None:
    """Raises Stopped where it is plain that this cannot be meant."""
    if not path.exists():
        raise terminal.Stopped(f"{path} is not there. Name a folder or a zip with the files of the roster.")
    if path.is_file() and path.suffix.lower() in {".csv", ".tsv", ".txt"}:
        says = "It is checked together with the others, for they name each other. Name their folder:"
        raise terminal.Stopped(f"{path} is one file of a roster. {says} sftpingest check {path.parent}")
    if report and report.resolve() == path.resolve():
        says = "its files would be uploaded with the roster. Name another folder"
        raise terminal.Stopped(f"The report cannot be written to {report}: {says}.")


def _status(refused: bool, worst: str | None) -> int:
    if refused:
        return REFUSED
    return 0 if worst in {None, "note", "value"} else 1


def _write(folder: Path, files: dict[str, bytes]) -> None:
    """Write the files of a report; names may hold a folder (`rejected/...`). Rows of an earlier one do not stay."""
    for old in folder.glob("rejected/rejected-*"):
        old.unlink()
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
