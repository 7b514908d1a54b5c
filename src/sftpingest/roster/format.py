"""How a district spells its roster: which files, which headings, which words.

In: a TOML file such as formats/clever.toml.
Out: Format, which parse and validate are led by. A new format is a new TOML, no Python.

A format that cannot work is refused here, with its place in the file, and not met later by an upload.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from sftpingest.roster.kinds import Kind
from sftpingest.roster.spelling import TYPES
from sftpingest.roster.usable import PARTS, Unusable, refuse_unusable


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
        named = ((file, (file.name, *file.older_names)) for file in self.files)
        return next((file for file, names in named if folded in map(str.casefold, names)), None)

    def of(self, kind: Kind) -> FileFormat | None:
        """The file whose rows are records of `kind`."""
        return next((file for file in self.files if file.kind is kind), None)


def fold(heading: str) -> str:
    """A heading without what does not count: case, outer spaces; a space is an underscore (clever.md 1.0)."""
    return "_".join(heading.strip().casefold().replace("_", " ").split())


def load(name: str) -> Format:
    """The format of that name among our own, or in the TOML file at that path.

    Raises WrongFormat, whose text says what to correct.
    """
    return _read(name, source_of(name))


@cache
def _read(name: str, source: str) -> Format:
    try:
        return _format(tomllib.loads(source))
    except Unusable as wrong:
        raise WrongFormat(f"The format {name} cannot be used: {wrong}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongFormat(f"The format {name} is no TOML: {error}. Correct it there.") from error


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


#: What a setting must be, in words.
_SHAPES = {str: 'a text: "..."', bool: "true or false", list: 'a list of texts: ["...", "..."]', dict: "a table"}
_Shape = TypeVar("_Shape", str, bool, list[str], dict[str, Any])


def _get(
    table: Mapping[str, Any], key: str, place: str, default: _Shape | None = None, *, shape: type[_Shape]
) -> _Shape:
    value: object = table.get(key, default)
    texts = value if isinstance(value, list) else []
    if not isinstance(value, shape) or not all(isinstance(text, str) for text in texts):
        raise Unusable(place, f"{key} must be {_SHAPES[shape]}.")
    return value


def _one_of(table: Mapping[str, Any], key: str, known: Iterable[str], place: str) -> str:
    word = _get(table, key, place, shape=str)
    if word not in known:
        raise Unusable(place, f'there is no {key} "{word}". Use one of: {", ".join(known)}.')
    return word


def _refuse_unknown(table: Mapping[str, Any], known: Iterable[str], place: str) -> None:
    for key in table:
        if key not in known:
            raise Unusable(place, f"{key} is no setting here. Use one of: {', '.join(known)}.")


def _format(source: dict[str, Any]) -> Format:
    top = "at the top"
    _refuse_unknown(source, ("name", "title", "words", "files"), top)
    spelt = _get(source, "words", top, {}, shape=dict)
    words = {name: _words(name, _get(spelt, name, "words", shape=dict)) for name in spelt}
    tables = _get(source, "files", top, shape=dict)
    files = tuple(_file(name, _get(tables, name, "files", shape=dict), words) for name in tables)
    for at, file in enumerate(files):
        refuse_unusable(file, files[:at])
    return Format(_get(source, "name", top, shape=str), _get(source, "title", top, shape=str), files)


def _words(name: str, table: dict[str, Any]) -> dict[str, str]:
    """Folded spelling -> our word. Our own word is always one of its spellings."""
    spelt = {word: _get(table, word, f"words.{name}", shape=list) for word in table}
    return {spelling.casefold(): word for word, spellings in spelt.items() for spelling in (word, *spellings)}


def _file(name: str, table: dict[str, Any], words: Mapping[str, Mapping[str, str]]) -> FileFormat:
    place = f'files."{name}"'
    settings = ("kind", "core", "older_names", "extensions", "passed_over", "further", "columns", *PARTS)
    _refuse_unknown(table, settings, place)
    columns = {}
    for part in ("columns", *PARTS):
        lines = _get(table, part, place, {}, shape=dict)
        for key in lines:
            full = key if part == "columns" else f"{part}.{key}"
            line = _get(lines, key, f"{place}.{part}", shape=dict)
            columns[full] = _column(full, line, words, f"{place}.{part}.{key}")
    return FileFormat(
        name=name,
        older_names=tuple(_get(table, "older_names", place, [], shape=list)),
        kind=Kind(_one_of(table, "kind", tuple(Kind), place)),
        core=_get(table, "core", place, default=False, shape=bool),
        extensions=_get(table, "extensions", place, "", shape=str),
        passed_over=tuple(fold(heading) for heading in _get(table, "passed_over", place, [], shape=list)),
        further=tuple(_get(table, "further", place, [], shape=list)),
        columns=columns,
    )


def _column(name: str, line: dict[str, Any], words: Mapping[str, Mapping[str, str]], place: str) -> Column:
    _refuse_unknown(line, ("from", "required", "refers", "type", "words"), place)
    headings = tuple(_get(line, "from", place, shape=list)) if isinstance(line.get("from"), list) else ()
    return Column(
        name=name,
        headings=headings or (_get(line, "from", place, shape=str),),
        required=_get(line, "required", place, default=False, shape=bool),
        refers=Kind(_one_of(line, "refers", tuple(Kind), place)) if "refers" in line else None,
        type=_one_of(line, "type", (*TYPES, "email"), place) if "type" in line else None,
        words=words[_one_of(line, "words", tuple(words), place)] if "words" in line else None,
    )
