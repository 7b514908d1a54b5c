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
    known: frozenset[str]  #: folded headings that are read past unsaid
    further: tuple[str, ...]  #: what a repeated id may add: contact, school
    adds: bool  #: its rows add columns to records of an earlier file
    roles: bool  #: who these people are stands in the format's file of roles
    lists: frozenset[str]  #: columns whose cells are lists, parted by commas
    if_known: frozenset[str]  #: columns in which a word that is none of ours is dropped unsaid
    usual: Mapping[str, str]  #: column -> the value that says nothing
    leaving: frozenset[str]  #: folded words of the column `leaves` of records that are to go
    only: Mapping[str, frozenset[str]]  #: folded heading -> folded words: the rows that this reading takes
    passed: Mapping[str, frozenset[str]]  #: the same: rows that are known, and not rostered
    columns: Mapping[str, Column]

    def part(self, name: str) -> tuple[Column, ...]:
        """The columns of one of PARTS, in the order of the format."""
        return tuple(column for column in self.columns.values() if column.name.startswith(f"{name}."))

    @property
    def elsewhere(self) -> frozenset[str]:
        """Columns that may stand in the file of roles."""
        return frozenset({"school_id", *(f"only.{heading}" for heading in self.only)} if self.roles else ())

    @property
    def by_heading(self) -> dict[str, tuple[Column, ...]]:
        """Folded heading -> the columns that are read from it."""
        out: dict[str, tuple[Column, ...]] = {}
        for column in self.columns.values():
            for heading in column.headings:
                out[fold(heading)] = (*out.get(fold(heading), ()), column)
        return out


@dataclass(frozen=True)
class Format:
    """A format: its files in the order in which they are judged, those referred to before those that refer."""

    name: str
    title: str
    files: tuple[FileFormat, ...]  #: several in a row of one name are readings of one file
    manifest: str = ""  #: the file that says which files are there and how they are meant
    not_rostered: tuple[str, ...] = ()  #: files that are counted and kept with the upload, no more
    roles: FileFormat | None = None  #: the file that says who people are, where it is one of its own

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the files, each once."""
        more = (self.roles.name,) if self.roles else ()
        return tuple(dict.fromkeys([*(file.name for file in self.files), *more]))

    def readings(self, name: str) -> tuple[FileFormat, ...]:
        """Everything that the file of that name is read as."""
        return tuple(file for file in (*self.files, *([self.roles] if self.roles else [])) if file.name == name)

    def file(self, name: str) -> FileFormat | None:
        """The file of this format that `name` is, in any case; None where it is none."""
        folded = name.casefold()
        known = (*self.files, *([self.roles] if self.roles else []))
        named = ((file, (file.name, *file.older_names)) for file in known)
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
    _refuse_unknown(source, ("name", "title", "words_of", "words", "files", "manifest", "not_rostered", "roles"), top)
    words = _all_words(source)
    files = _files(_get(source, "files", top, shape=dict), words)
    roles = source.get("roles") and _roles(_get(source, "roles", top, shape=dict), words)
    for at, file in enumerate(files):
        refuse_unusable(file, files[:at], manifest="manifest" in source)
    return Format(
        name=_get(source, "name", top, shape=str),
        title=_get(source, "title", top, shape=str),
        files=files,
        manifest=_get(source, "manifest", top, "", shape=str),
        not_rostered=tuple(_get(source, "not_rostered", top, [], shape=list)),
        roles=roles or None,
    )


def _files(tables: dict[str, Any], words: Mapping[str, Mapping[str, str]]) -> tuple[FileFormat, ...]:
    """Each file; where its table is a list of tables, each of its readings."""
    out = []
    for name, table in tables.items():
        readings = table if isinstance(table, list) else [_get(tables, name, "files", shape=dict)]
        out += [_file(name, reading, words) for reading in readings]
    return tuple(out)


def _roles(table: dict[str, Any], words: Mapping[str, Mapping[str, str]]) -> FileFormat:
    """The file of roles: person_id, role, rank (primary first) and school_id."""
    named = _get(table, "file", "roles", shape=str)
    rest = {key: value for key, value in table.items() if key != "file"}
    file = _file(named, rest | {"kind": Kind.STAFF.value}, words)
    for name in ("person_id", "role", "school_id"):
        if name not in file.columns:
            raise Unusable(f"roles.columns.{name}", 'it is needed. Write: { from = "..." }.')
    return file


def _all_words(source: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The words of the format, over those of the format that it takes words from."""
    spelt = _get(source, "words", "at the top", {}, shape=dict)
    words = {name: _words(name, _get(spelt, name, "words", shape=dict)) for name in spelt}
    if "words_of" not in source:
        return words
    other = _get(source, "words_of", "at the top", shape=str)
    theirs = _all_words(tomllib.loads(source_of(other)))
    return theirs | {name: theirs.get(name, {}) | own for name, own in words.items()}


def _words(name: str, table: dict[str, Any]) -> dict[str, str]:
    """Folded spelling -> our word. Our own word is always one of its spellings."""
    spelt = {word: _get(table, word, f"words.{name}", shape=list) for word in table}
    return {spelling.casefold(): word for word, spellings in spelt.items() for spelling in (word, *spellings)}


#: What a file may have beside its columns.
_SETTINGS = (
    "kind",
    "core",
    "older_names",
    "extensions",
    "passed_over",
    "known",
    "further",
    "adds",
    "roles",
    "lists",
    "if_known",
    "usual",
    "leaving",
    "only",
    "passed",
)


def _file(name: str, table: dict[str, Any], words: Mapping[str, Mapping[str, str]]) -> FileFormat:
    place = f'files."{name}"'
    _refuse_unknown(table, (*_SETTINGS, "columns", *PARTS), place)
    columns = {}
    for part in ("columns", *PARTS):
        lines = _get(table, part, place, {}, shape=dict)
        for key in lines:
            full = key if part == "columns" else f"{part}.{key}"
            line = _get(lines, key, f"{place}.{part}", shape=dict)
            columns[full] = _column(full, line, words, f"{place}.{part}.{key}")
    only, passed = (_chosen(_get(table, key, place, {}, shape=dict), f"{place}.{key}") for key in ("only", "passed"))
    beside = _get(table, "roles", place, default=False, shape=bool)
    for heading in (*only, *passed):
        columns[f"only.{fold(heading)}"] = Column(f"only.{fold(heading)}", (heading,), required=True)
    return FileFormat(
        name=name,
        older_names=tuple(_get(table, "older_names", place, [], shape=list)),
        kind=Kind(_one_of(table, "kind", tuple(Kind), place)),
        core=_get(table, "core", place, default=False, shape=bool),
        extensions=_get(table, "extensions", place, "", shape=str),
        passed_over=tuple(fold(heading) for heading in _get(table, "passed_over", place, [], shape=list)),
        known=frozenset(fold(heading) for heading in _get(table, "known", place, [], shape=list)),
        further=tuple(_get(table, "further", place, [], shape=list)),
        adds=_get(table, "adds", place, default=False, shape=bool),
        roles=beside,
        lists=frozenset(_get(table, "lists", place, [], shape=list)),
        if_known=frozenset(_get(table, "if_known", place, [], shape=list)),
        usual={name: str(word) for name, word in _get(table, "usual", place, {}, shape=dict).items()},
        leaving=frozenset(map(str.casefold, _get(table, "leaving", place, [], shape=list))),
        only={fold(heading): words for heading, words in only.items()},
        passed={fold(heading): words for heading, words in passed.items()},
        columns=columns,
    )


def _chosen(table: dict[str, Any], place: str) -> dict[str, frozenset[str]]:
    """Heading -> the words, folded, of the rows that are meant."""
    return {heading: frozenset(map(str.casefold, _get(table, heading, place, shape=list))) for heading in table}


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
