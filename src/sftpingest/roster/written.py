"""What stands in the TOML file of a format -> Format.

In: the tables of the file.
Out: Format; or Unusable, which names the place and says what to write there.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, TypeVar

from sftpingest.roster.kinds import Kind
from sftpingest.roster.layout import Column, FileFormat, Format, fold
from sftpingest.roster.spelling import TYPES
from sftpingest.roster.usable import PARTS, Unusable, refuse_unusable

Tables: TypeAlias = dict[str, Any]

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


def format_of(source: Tables, other: Callable[[str], Tables]) -> Format:
    """The format that these tables say; `other` gives those of one of our own formats. Raises Unusable."""
    top = "at the top"
    _refuse_unknown(source, ("name", "title", "words_of", "words", "files", "manifest", "not_rostered", "roles"), top)
    words = _all_words(source, other)
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


def _all_words(source: Tables, other: Callable[[str], Tables]) -> dict[str, dict[str, str]]:
    """The words of the format, over those of the format that it takes words from."""
    spelt = _get(source, "words", "at the top", {}, shape=dict)
    words = {name: _words(name, _get(spelt, name, "words", shape=dict)) for name in spelt}
    if "words_of" not in source:
        return words
    theirs = _all_words(other(_get(source, "words_of", "at the top", shape=str)), other)
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
