"""What every command does at the terminal: tables, JSON, questions, and the sentence when something is wrong.

In:  facts and exceptions.
Out: lines on standard output and standard error.
"""

import json
import sys
import traceback
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

#: The settings file that was named, and whether tracebacks were asked for.
CONFIG: ContextVar[Path | None] = ContextVar("config", default=None)
DEBUG: ContextVar[bool] = ContextVar("debug", default=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]

WRONG_USE = 2
FAILED = 5
INTERRUPTED = 130
_OURS = "This is an error in sftpingest itself"


class Stopped(Exception):
    """The command cannot go on. The sentence says why and what to do."""

    def __init__(self, sentence: str, status: int = WRONG_USE) -> None:
        super().__init__(sentence)
        self.status = status


def example(*lines: str) -> str:
    """The end of a command's help. The sign before it tells typer to keep the lines as they are."""
    return "\b\n" + "\n".join(["Example:", *(f"  {line}" for line in lines)])


def plain(value: object) -> str:
    """A value on one line, without characters that a terminal would obey: cells come from strangers."""
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}Z"
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in str(value))


def say(text: str = "") -> None:
    """Print lines, each of them plain."""
    typer.echo("\n".join(plain(line) for line in text.split("\n")))


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print an aligned table."""
    say(aligned(headings, rows))


def aligned(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as text; numbers stand right."""
    given = [list(row) for row in rows]
    cells = [list(headings), *([plain(cell) for cell in row] for row in given)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(headings))]
    right = [bool(given) and all(isinstance(row[place], int) for row in given) for place in range(len(headings))]
    lines = ((c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)) for row in cells)
    return "\n".join("  ".join(line).rstrip() for line in lines)


def facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Print names and values, one a line."""
    given = [(name, plain(value)) for name, value in pairs]
    width = max(len(name) for name, _ in given)
    for name, value in given:
        say(f"{name.ljust(width)}  {value}".rstrip())


def as_json(value: object) -> None:
    """Print JSON; times as ISO 8601."""
    sayable = "utf" in (getattr(sys.stdout, "encoding", None) or "utf").lower()  # on Windows a pipe often is not
    typer.echo(plain_json(json.dumps(value, indent=2, ensure_ascii=not sayable, default=_known)))


def plain_json(text: str) -> str:
    """The same JSON, with signs that a terminal would obey written as numbers. A line end is never in a string."""
    return "".join(sign if sign.isprintable() or sign == "\n" else json.dumps(sign)[1:-1] for sign in text)


def note(sentence: str) -> None:
    """Say something beside the answer: standard error."""
    typer.echo(plain(sentence), err=True)


def sure(question: str, yes: bool) -> None:
    """Ask before what cannot be undone. Raises Stopped where the answer is no or nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Stopped("This cannot be undone, and nobody is there to be asked: say it with --yes.")
    if not typer.confirm(question):
        raise Stopped("Nothing was done.", 1)


#: How Python writes dates, and how people do.
_DATES = {
    "Value error, ": "",
    "does not match the formats": "is no date written as",
    "%Y-%m-%d": "YYYY-MM-DD",
    "%H:%M:%S": "hh:mm:ss",
}


def explain(wrong: BaseException) -> int:
    """Say in one sentence what went wrong; gives the exit status."""
    if DEBUG.get():
        traceback.print_exception(wrong)
    sentence, status = _sentence(wrong)
    if sentence:
        note(f"sftpingest: {' '.join(sentence.split())}")
    return status


def _sentence(wrong: BaseException) -> tuple[str, int]:
    """The sentence and the exit status for whatever went wrong."""
    while isinstance(wrong, BaseExceptionGroup):
        wrong = wrong.exceptions[0]
    match wrong:
        case Stopped():
            return str(wrong), wrong.status
        case TyperException():
            return _usage(wrong), wrong.exit_code
        case Abort():
            return "", INTERRUPTED
        case OSError():
            where = f"{wrong.filename}: " if wrong.filename else ""
            return f"{where}{wrong.strerror or wrong}.", WRONG_USE
    return _by_origin(wrong)


def _by_origin(wrong: BaseException) -> tuple[str, int]:
    """What our own exceptions say is for people; what others say may hold the rows of a district."""
    module = type(wrong).__module__.partition(".")[0]
    if module == "sftpingest":
        return str(wrong) or (type(wrong).__doc__ or ""), WRONG_USE
    if module == "sqlalchemy":
        return f"The store cannot be used: {cause(wrong)}. Check SFTPINGEST_DATABASE_URL, and that it runs.", FAILED
    return f"{_OURS} ({type(wrong).__name__}). Run the command again with --debug, and report it.", FAILED


def _usage(wrong: TyperException) -> str:
    """What is wrong with the arguments, and where help is. Called without any, a command shows its help instead."""
    context = getattr(wrong, "ctx", None)
    message = wrong.format_message()
    if "\n" in message:
        typer.echo(message, err=True)
        return ""
    for ours, known in _DATES.items():
        message = message.replace(ours, known)
    sentence = message if message.endswith((".", "?")) else f"{message}."
    return f"{sentence} Try '{context.command_path} --help'." if context else sentence


def cause(wrong: BaseException) -> str:
    """The first line of what the database said; SQLAlchemy's own text would add the statement and its values."""
    said = str(getattr(wrong, "orig", None) or wrong).strip().splitlines()
    return said[0].rstrip(".") if said else type(wrong).__name__


def _known(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
