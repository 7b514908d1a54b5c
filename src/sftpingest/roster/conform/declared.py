"""manifest.csv: there, whole and true (OneRoster CSV 1.2, 3.1).

In:  the uploaded files by name.
Out: Declared: the version, how each file is meant, and what is wrong with the manifest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from sftpingest.roster.conform.header import judge_header
from sftpingest.roster.conform.rules import ABSENT, Column, Rules, rules, versions
from sftpingest.roster.conform.syntax import faults
from sftpingest.roster.encoding import Unreadable, to_utf8
from sftpingest.roster.finding import Code, Severity, found, nothing, shorten, together
from sftpingest.roster.frames import text
from sftpingest.roster.table import header, read

_VERSION, _OWN_VERSION, _FILE = "oneroster.version", "manifest.version", "file."
#: A heading that users.csv has in the one version and not in the other.
_ONLY_IN_1_1 = "orgSourcedIds"


@dataclass(frozen=True)
class Declared:
    """What the manifest says."""

    rules: Rules  #: the tables of its version, or of the one that the files look like
    modes: Mapping[str, str] = field(default_factory=dict)  #: users.csv -> one of Rules.modes
    findings: pd.DataFrame = field(default_factory=nothing)


@dataclass(frozen=True)
class _Line:
    """One line of the manifest."""

    row: int
    name: str
    value: str


def read_declared(files: Mapping[str, bytes]) -> Declared:
    """Read and judge it. Never raises on any bytes."""
    guessed = rules(_guess(files))
    name = guessed.manifest
    if name not in files:
        return Declared(guessed, findings=found(Code.FILE_MISSING, Severity.UPLOAD, name))
    try:
        raw, encoding = to_utf8(files[name])
    except Unreadable as error:
        return Declared(guessed, findings=found(Code.FILE_UNREADABLE, Severity.UPLOAD, name, detail=str(error)))
    said = [found(Code.FILE_ENCODING, Severity.UPLOAD, name, detail=encoding)] if encoding else []
    cells = header(raw).cells
    columns = [Column(heading, required=True) for heading in guessed.headings]
    places, about_header = judge_header(cells, columns, name, Severity.UPLOAD) if cells else ({}, _empty(name))
    said.append(about_header)
    if len(places) < len(columns):
        return Declared(guessed, findings=together(said))
    broken = faults(raw, len(cells))
    if broken.why:
        said.append(found(Code.ROW_MALFORMED, Severity.UPLOAD, name, pd.Index(broken.rows), detail=text(broken.why)))
    lines = _lines(raw, [places[heading] for heading in guessed.headings], broken.rows.tolist())
    return _declared(lines, guessed, files, said)


def _declared(
    lines: Sequence[_Line], guessed: Rules, files: Mapping[str, bytes], said: Sequence[pd.DataFrame]
) -> Declared:
    """What these lines say; of two lines with one property the first."""
    first = {line.name: line for line in reversed(lines)}
    version = first[_VERSION].value if _VERSION in first else ""
    tables = rules(version) if version in versions() else guessed
    modes = {f"{key.removeprefix(_FILE)}.csv": line.value for key, line in first.items() if key.startswith(_FILE)}
    good = {file: mode for file, mode in modes.items() if file in tables.files and mode in tables.modes}
    about_lines, about_files = _about_lines(lines, first, tables), _about_files(good, files, tables)
    return Declared(tables, good, together([*said, about_lines, about_files]))


def _empty(name: str) -> pd.DataFrame:
    return found(Code.FILE_EMPTY, Severity.UPLOAD, name)


def _guess(files: Mapping[str, bytes]) -> str:
    """The version that the files look like, where the manifest does not say."""
    try:
        cells = header(to_utf8(files.get("users.csv", b"")[: 1 << 16])[0]).cells
    except Unreadable:
        cells = []
    return versions()[0] if _ONLY_IN_1_1 in cells else versions()[-1]


def _lines(raw: bytes, places: Sequence[int], broken: Sequence[int]) -> list[_Line]:
    table = read(raw, as_it_came=True)
    names, values = (table.cells[at].to_pylist() for at in places)
    every = zip(table.numbers.tolist(), names, values, strict=True)
    return [_Line(row, name, value) for row, name, value in every if row not in broken]


def _about_lines(lines: Sequence[_Line], first: Mapping[str, _Line], tables: Rules) -> pd.DataFrame:
    """Properties that are not there, that nobody knows, that stand twice, and values that are none."""
    allowed = _allowed(tables)
    known = (*tables.required, *tables.optional)
    lost = [key for key in tables.required if key not in first]
    strange = [line for line in first.values() if line.name not in known]
    twice = [line for line in lines if line.name in known and line is not first[line.name]]
    wrong = [line for key, line in first.items() if key in allowed and line.value not in allowed[key]]
    empty, wrong = [one for one in wrong if not one.value], [one for one in wrong if one.value]
    property_, value = tables.headings
    return together(
        [
            found(
                Code.PROPERTY_MISSING,
                Severity.UPLOAD,
                tables.manifest,
                [None] * len(lost),
                record=text(lost),
                detail=text([" or ".join(allowed[key]) for key in lost]),
            ),
            _about(Code.VALUE_UNKNOWN, strange, property_, tables, [", ".join(known)] * len(strange)),
            _about(Code.ID_REPEATED, twice, property_, tables),
            _about(Code.VALUE_MISSING, empty, value, tables),
            _about(Code.VALUE_UNKNOWN, wrong, value, tables, [", ".join(allowed[one.name]) for one in wrong]),
        ]
    )


def _allowed(tables: Rules) -> dict[str, tuple[str, ...]]:
    """Property -> its values."""
    modes = {key: tables.modes for key in tables.required if key.startswith(_FILE)}
    return {_OWN_VERSION: (tables.manifest_version,), _VERSION: tables.versions, **modes}


def _about(
    code: Code, lines: Sequence[_Line], column: str, tables: Rules, details: Sequence[str] | None = None
) -> pd.DataFrame:
    return found(
        code,
        Severity.UPLOAD,
        tables.manifest,
        [line.row for line in lines],
        column=column,
        record=shorten(text([line.name for line in lines])),
        value=shorten(text([line.name if column == tables.headings[0] else line.value for line in lines])),
        detail=text(details or [""] * len(lines)),
    )


def _about_files(modes: Mapping[str, str], files: Mapping[str, bytes], tables: Rules) -> pd.DataFrame:
    """Files that are promised and not there, or there and called absent."""
    there = {tables.other_names.get(name, name): name for name in files}
    lost = [file for file, mode in modes.items() if mode != ABSENT and file not in there]
    too_many = [there[file] for file, mode in modes.items() if mode == ABSENT and file in there]
    parts = [found(Code.FILE_MISSING, Severity.UPLOAD, file) for file in lost]
    parts += [
        found(Code.FILE_UNEXPECTED, Severity.FILE, name, detail=f"{tables.manifest} calls it absent")
        for name in too_many
    ]
    return together(parts)
