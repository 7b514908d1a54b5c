"""How a district spells its roster: which files, which headings, which words.

In: a TOML file such as formats/clever.toml.
Out: Format, which parse and validate are led by. A new format is a new TOML, no Python.

A format that cannot work is refused here, with its place in the file, and not met later by an upload.
"""

import tomllib
from functools import cache
from importlib import resources
from pathlib import Path

from sftpingest.roster.layout import Column, FileFormat, Format, fold
from sftpingest.roster.tables import Tables
from sftpingest.roster.usable import Unusable
from sftpingest.roster.written import format_of

__all__ = ["Column", "FileFormat", "Format", "WrongFormat", "fold", "load", "names", "read_format", "source_of"]


class WrongFormat(Exception):
    """The format cannot be used. Correct the line of its file that is named."""


def load(name: str) -> Format:
    """The format of that name among our own, or in the TOML file at that path.

    Raises WrongFormat, whose text says what to correct.
    """
    return read_format(name, source_of(name))


@cache
def read_format(name: str, source: str) -> Format:
    """The format that a text says; `name` is what a refusal calls it. Raises WrongFormat."""
    try:
        return format_of(tomllib.loads(source), _of_ours)
    except Unusable as wrong:
        where = f" (line {line})" if (line := line_of(wrong.place, source)) else ""
        raise WrongFormat(f"The format {name}{where} cannot be used: {wrong}") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise WrongFormat(f"The format {name} is no TOML: {error}. Correct it there.") from error


def _of_ours(name: str) -> Tables:
    """The tables of one of our own formats."""
    if name not in names():
        raise Unusable("at the top", f'there is no words_of "{name}". Use one of: {", ".join(names())}.')
    return tomllib.loads(source_of(name))


def source_of(name: str) -> str:
    """The text of a format. Raises WrongFormat where there is none of that name, or where it cannot be read."""
    if name.endswith(".toml"):
        return _at_path(Path(name))
    if name not in names():
        raise WrongFormat(
            f"There is no format {name!r}. Use one of: {', '.join(names())}, or the path of a .toml file."
        )
    return (resources.files("sftpingest") / "formats" / f"{name}.toml").read_text(encoding="utf-8")


def _at_path(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as wrong:
        raise WrongFormat(f"The format {path} cannot be read: {wrong.strerror or wrong}. Put it back there.") from None
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as wrong:
        line = raw[: wrong.start].count(b"\n") + 1
        raise WrongFormat(f"The format {path} (line {line}) is not in UTF-8. Save it as UTF-8.") from None


def line_of(place: str, source: str) -> int:
    """The line of the file where a place such as `files."a.csv".columns.id` stands; 0 where that is not sure."""
    lines = source.split("\n")
    table, _, key = place.rpartition(".")
    above, _, last = table.rpartition(".")
    for header, word in ((place, ""), (table, key), (above, f"{last}.{key}"), (above, last)):
        heads = [at for at, line in enumerate(lines) if line.strip().strip("[]").strip() == header and "[" in line]
        found = [_under(lines, at, word) for at in heads]
        if len(found := [at for at in found if at]) == 1:
            return found[0]
    return 0


def _under(lines: list[str], head: int, word: str) -> int:
    """The line of a word under the head of a table; that of the head itself for none."""
    if not word:
        return head + 1
    keys = (word, f'"{word}"', f"'{word}'")
    for at in range(head + 1, len(lines)):
        if lines[at].startswith("["):
            return 0
        if lines[at].partition("=")[0].strip() in keys:
            return at + 1
    return 0


def names() -> list[str]:
    """The names of our own formats."""
    folder = resources.files("sftpingest") / "formats"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))
