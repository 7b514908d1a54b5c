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
from sftpingest.roster.usable import Unusable
from sftpingest.roster.written import Tables, format_of

__all__ = ["Column", "FileFormat", "Format", "WrongFormat", "fold", "load", "names", "source_of"]


class WrongFormat(Exception):
    """The format cannot be used. Correct the line of its file that is named."""


def load(name: str) -> Format:
    """The format of that name among our own, or in the TOML file at that path.

    Raises WrongFormat, whose text says what to correct.
    """
    return _read(name, source_of(name))


@cache
def _read(name: str, source: str) -> Format:
    try:
        return format_of(tomllib.loads(source), _of_ours)
    except Unusable as wrong:
        raise WrongFormat(f"The format {name} cannot be used: {wrong}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongFormat(f"The format {name} is no TOML: {error}. Correct it there.") from error


def _of_ours(name: str) -> Tables:
    """The tables of one of our own formats."""
    if name not in names():
        raise Unusable("at the top", f'there is no words_of "{name}". Use one of: {", ".join(names())}.')
    return tomllib.loads(source_of(name))


def source_of(name: str) -> str:
    """The text of a format. Raises WrongFormat where there is none of that name."""
    own = resources.files("sftpingest") / "formats" / f"{name}.toml"
    try:
        return Path(name).read_text(encoding="utf-8") if name.endswith(".toml") else own.read_text(encoding="utf-8")
    except OSError:
        raise WrongFormat(f"There is no format {name!r}. Use one of: {', '.join(names())}.") from None


def names() -> list[str]:
    """The names of our own formats."""
    folder = resources.files("sftpingest") / "formats"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))
