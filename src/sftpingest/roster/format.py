"""How a district spells its roster: which files, which headings, which words.

In: a TOML file such as formats/clever.toml.
Out: Format, which parse and validate are led by. A new format is a new TOML, no Python.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from sftpingest.roster.kinds import Kind

#: Tables of a file that are not columns of its own kind but of another that is read from the same rows.
PARTS = ("contact", "course", "term", "teaches")


class WrongFormat(Exception):
    """The format cannot be used. Correct the line of its file that is named."""


@dataclass(frozen=True)
class Column:
    """One column of a file.

    `name` is our word for it, with its part in front where it has one (`course.number`, `teaches.2`).
    """

    name: str
    headings: tuple[str, ...]  #: how the format spells it; the first is shown, the others are older spellings
    required: bool = False
    refers: Kind | None = None  #: the kind whose key stands here
    type: str | None = None  #: date, year, number or email; see spelling.TYPES
    words: Mapping[str, str] | None = None  #: folded spelling -> our word; None where any text will do

    @property
    def heading(self) -> str:
        """The heading as the format's own documents spell it."""
        return self.headings[0]


@dataclass(frozen=True)
class FileFormat:
    """One file of a format."""

    name: str
    older_names: tuple[str, ...]
    kind: Kind
    core: bool  #: without it the upload is refused
    extensions: str  #: columns whose heading starts so are kept under `ext`; '' where there are none
    passed_over: tuple[str, ...]  #: folded headings that are never read, such as passwords
    further: tuple[str, ...]  #: what a repeated id may add: contact, school
    columns: Mapping[str, Column]

    def part(self, name: str) -> tuple[Column, ...]:
        """The columns of one of PARTS, in the order of the format."""
        return tuple(column for column in self.columns.values() if column.name.startswith(f"{name}."))

    @property
    def by_heading(self) -> dict[str, Column]:
        """Folded heading -> column."""
        return {fold(heading): column for column in self.columns.values() for heading in column.headings}


@dataclass(frozen=True)
class Format:
    """A format: its files in the order in which they are judged, those referred to before those that refer."""

    name: str
    title: str
    files: tuple[FileFormat, ...]

    def file(self, name: str) -> FileFormat | None:
        """The file of this format that `name` is, in any case; None where it is none."""
        folded = name.casefold()
        return next((file for file in self.files if folded in (file.name, *file.older_names)), None)

    def of(self, kind: Kind) -> FileFormat | None:
        """The file whose rows are records of `kind`."""
        return next((file for file in self.files if file.kind is kind), None)


def fold(heading: str) -> str:
    """A heading without what does not count: case, outer spaces; a space is an underscore (clever.md 1.0)."""
    return "_".join(heading.strip().casefold().replace("_", " ").split())


@cache
def load(name: str) -> Format:
    """The format of that name among our own, or in the TOML file at that path.

    Raises WrongFormat, whose text says what to correct.
    """
    try:
        return _format(tomllib.loads(source_of(name)))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise WrongFormat(f"The format {name} cannot be read: {error}. Correct it there.") from error


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


def _format(source: dict[str, Any]) -> Format:
    words = {name: _words(table) for name, table in source.get("words", {}).items()}
    files = tuple(_file(name, table, words) for name, table in source["files"].items())
    return Format(name=source["name"], title=source["title"], files=files)


def _words(table: Mapping[str, list[str]]) -> dict[str, str]:
    """Folded spelling -> our word. Our own word is always one of its spellings."""
    return {spelling.casefold(): word for word, spellings in table.items() for spelling in (word, *spellings)}


def _file(name: str, table: dict[str, Any], words: Mapping[str, Mapping[str, str]]) -> FileFormat:
    columns = {key: _column(key, line, words) for key, line in table["columns"].items()}
    for part in PARTS:
        for key, line in table.get(part, {}).items():
            columns[f"{part}.{key}"] = _column(f"{part}.{key}", line, words)
    return FileFormat(
        name=name,
        older_names=tuple(table.get("older_names", ())),
        kind=Kind(table["kind"]),
        core=table.get("core", False),
        extensions=table.get("extensions", ""),
        passed_over=tuple(fold(heading) for heading in table.get("passed_over", ())),
        further=tuple(table.get("further", ())),
        columns=columns,
    )


def _column(name: str, line: dict[str, Any], words: Mapping[str, Mapping[str, str]]) -> Column:
    unknown = set(line) - {"from", "required", "refers", "type", "words"}
    if unknown:
        raise WrongFormat(f"{name}: {', '.join(sorted(unknown))} is no setting of a column. Take it out.")
    source = line["from"]
    return Column(
        name=name,
        headings=(source,) if isinstance(source, str) else tuple(source),
        required=line.get("required", False),
        refers=Kind(line["refers"]) if "refers" in line else None,
        type=line.get("type"),
        words=words[line["words"]] if "words" in line else None,
    )
