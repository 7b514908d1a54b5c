"""What stands in the TOML file of a format -> Format.

In: the tables of the file.
Out: Format; or Unusable, which names the place and says what to write there.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from sftpingest.roster.columns import Words, column_of
from sftpingest.roster.kinds import Kind
from sftpingest.roster.layout import Column, FileFormat, Format, fold
from sftpingest.roster.ours import our_words, refuse_foreign_words
from sftpingest.roster.tables import Tables, get, one_of, refuse_unknown
from sftpingest.roster.usable import PARTS, Unusable, refuse_readings, refuse_uncheckable, refuse_unusable


def format_of(source: Tables, other: Callable[[str], Tables]) -> Format:
    """The format that these tables say; `other` gives those of one of our own formats. Raises Unusable."""
    top = "at the top"
    refuse_unknown(source, _TOP, top)
    words = _all_words(source, other)
    unread = get(source, "unread", top, {}, shape=dict)
    files = _files(get(source, "files", top, shape=dict), words)
    if not files:
        raise Unusable(top, 'files has no file. Write one: [files."students.csv"].')
    roles = source.get("roles") and _roles(get(source, "roles", top, shape=dict), words)
    checked = _files(get(source, "checked", top, {}, shape=dict), words, _BESIDE)
    for at, file in enumerate(files):
        refuse_unusable(file, files[:at], manifest="manifest" in source)
    refuse_readings(files, roles or None)
    for file in checked:
        refuse_uncheckable(file, files)
    _refuse_foreign_words(source, files, other)
    return Format(
        name=get(source, "name", top, shape=str),
        title=get(source, "title", top, shape=str),
        files=files,
        manifest=get(source, "manifest", top, "", shape=str),
        not_rostered=tuple(get(source, "not_rostered", top, [], shape=list)),
        roles=roles or None,
        checked=checked,
        unread={name: get(unread, name, "unread", shape=str) for name in unread},
        auto=get(source, "auto", top, default=True, shape=bool),
    )


def _refuse_foreign_words(source: Tables, files: tuple[FileFormat, ...], other: Callable[[str], Tables]) -> None:
    """Words that no other part of the program would know."""
    readings = [
        reading for table in source["files"].values() for reading in (table if isinstance(table, list) else [table])
    ]
    for file, table in zip(files, readings, strict=True):
        valued = {
            name if part == "columns" else f"{part}.{name}": f'files."{file.name}".{part}.{name}'
            for part in ("columns", *PARTS)
            for name, line in table.get(part, {}).items()
            if "values" in line
        }
        if valued:
            refuse_foreign_words(file, valued, our_words(other("clever")))


#: What may stand at the top.
_TOP = ("name", "title", "words_of", "words", "files", "manifest", "not_rostered", "checked", "unread", "roles", "auto")

#: Files beside the roster, and that of roles, have a kind that nobody asks for.
_BESIDE = {"kind": Kind.STAFF.value}


def _files(
    tables: dict[str, Any], words: Words, given: Mapping[str, Any] = MappingProxyType({})
) -> tuple[FileFormat, ...]:
    """Each file; where its table is a list of tables, each of its readings."""
    out = []
    for name, table in tables.items():
        readings = table if isinstance(table, list) else [get(tables, name, "files", shape=dict)]
        out += [_file(name, {**reading, **given}, words) for reading in readings]
    return tuple(out)


def _roles(table: dict[str, Any], words: Words) -> FileFormat:
    """The file of roles: person_id, role, rank (primary first) and school_id."""
    named = get(table, "file", "roles", shape=str)
    rest = {key: value for key, value in table.items() if key != "file"}
    file = _file(named, rest | _BESIDE, words)
    for name in ("person_id", "role", "school_id"):
        if name not in file.columns:
            raise Unusable(f"roles.columns.{name}", 'it is needed. Write: { from = "..." }.')
    return file


def _all_words(source: Tables, other: Callable[[str], Tables]) -> dict[str, dict[str, str]]:
    """The words of the format, over those of the format that it takes words from."""
    spelt = get(source, "words", "at the top", {}, shape=dict)
    words = {name: _words(name, get(spelt, name, "words", shape=dict)) for name in spelt}
    if "words_of" not in source:
        return words
    theirs = _all_words(other(get(source, "words_of", "at the top", shape=str)), other)
    return theirs | {name: theirs.get(name, {}) | own for name, own in words.items()}


def _words(name: str, table: dict[str, Any]) -> dict[str, str]:
    """Folded spelling -> our word. Our own word is always one of its spellings."""
    spelt = {word: get(table, word, f"words.{name}", shape=list) for word in table}
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
    "derived",
    "roles",
    "lists",
    "if_known",
    "usual",
    "leaving",
    "only",
    "passed",
)


def _file(name: str, table: dict[str, Any], words: Words) -> FileFormat:
    place = f'files."{name}"'
    refuse_unknown(table, (*_SETTINGS, "columns", *PARTS), place)
    columns = {}
    for part in ("columns", *PARTS):
        lines = get(table, part, place, {}, shape=dict)
        for key in lines:
            full = key if part == "columns" else f"{part}.{key}"
            line = get(lines, key, f"{place}.{part}", shape=dict)
            columns[full] = column_of(full, line, words, f"{place}.{part}.{key}")
            columns |= _parts(columns[full])
    only, passed = (_chosen(get(table, key, place, {}, shape=dict), f"{place}.{key}") for key in ("only", "passed"))
    beside = get(table, "roles", place, default=False, shape=bool)
    for heading in (*only, *passed):
        columns[f"only.{fold(heading)}"] = Column(f"only.{fold(heading)}", (heading,), required=True)
    return FileFormat(
        name=name,
        older_names=tuple(get(table, "older_names", place, [], shape=list)),
        kind=Kind(one_of(table, "kind", tuple(Kind), place)),
        core=get(table, "core", place, default=False, shape=bool),
        extensions=get(table, "extensions", place, "", shape=str),
        passed_over=tuple(fold(heading) for heading in get(table, "passed_over", place, [], shape=list)),
        known=frozenset(fold(heading) for heading in get(table, "known", place, [], shape=list)),
        further=tuple(get(table, "further", place, [], shape=list)),
        adds=get(table, "adds", place, default=False, shape=bool),
        derived=get(table, "derived", place, default=False, shape=bool),
        roles=beside,
        lists=frozenset(get(table, "lists", place, [], shape=list)),
        if_known=frozenset(get(table, "if_known", place, [], shape=list)),
        usual={name: str(word) for name, word in get(table, "usual", place, {}, shape=dict).items()},
        leaving=frozenset(map(str.casefold, get(table, "leaving", place, [], shape=list))),
        only={fold(heading): words for heading, words in only.items()},
        passed={fold(heading): words for heading, words in passed.items()},
        columns=columns,
    )


def _parts(column: Column) -> dict[str, Column]:
    """The columns of the headings that are joined in it."""
    parts = [column.part(at) for at in range(len(column.shape.joined))]
    return {part.name: part for part in parts}


def _chosen(table: dict[str, Any], place: str) -> dict[str, frozenset[str]]:
    """Heading -> the words, folded, of the rows that are meant."""
    return {heading: frozenset(map(str.casefold, get(table, heading, place, shape=list))) for heading in table}
