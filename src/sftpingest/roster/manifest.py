"""What manifest.csv says: the version of OneRoster, and how each file is meant (OneRoster CSV 1.2, 3.1).

In: the bytes of the manifest, and the files of the format.
Out: Manifest: modes by file name, and what is wrong with the manifest itself.

A delta that is taken for a whole file would delete whatever it does not name. So what is doubtful about a mode refuses
the upload; anything else is a note.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from sftpingest.roster.encoding import Unreadable, to_utf8
from sftpingest.roster.finding import Code, Severity, found, nothing, shorten, together
from sftpingest.roster.format import fold
from sftpingest.roster.frames import text
from sftpingest.roster.separators import parted
from sftpingest.roster.table import Table, read

#: How a file can be meant: is not there; is the whole of its kind; says only what changed.
MODES = ("absent", "bulk", "delta")
VERSIONS = ("1.1", "1.2")
_FILE, _VERSION = "file.", "oneroster.version"
_BESIDE = ("manifest.version", _VERSION, "source.systemName", "source.systemCode")
_NAME, _VALUE = "propertyName", "value"


@dataclass(frozen=True)
class Manifest:
    """A manifest, read. Where there is none all files count as whole."""

    version: str = ""  #: such as 1.1; '' where it does not say
    modes: Mapping[str, str] = field(default_factory=dict)  #: users.csv -> one of MODES; '' where it is in doubt
    findings: pd.DataFrame = field(default_factory=nothing)


@dataclass(frozen=True)
class _Said:
    """One row of a manifest."""

    row: int
    property: str  #: as the format spells it, where it does
    value: str


def read_manifest(raw: bytes, name: str, files: Sequence[str]) -> Manifest:
    """Read it. Never raises. `files`: the names of the files that a manifest may speak of."""
    try:
        body, parted_by = parted(to_utf8(raw)[0], (fold(_NAME), _VALUE))
        table = read(body, parted_by=parted_by)
    except Unreadable as error:
        return Manifest(findings=found(Code.FILE_UNREADABLE, Severity.UPLOAD, name, detail=str(error)))
    folded = [fold(heading) for heading in table.headings]
    missing = [heading for heading in (_NAME, _VALUE) if fold(heading) not in folded]
    if missing:
        nowhere = [None] * len(missing)
        return Manifest(findings=found(Code.COLUMN_MISSING, Severity.UPLOAD, name, nowhere, column=text(missing)))
    known = [*_BESIDE, *(f"{_FILE}{file.removesuffix('.csv')}" for file in files)]
    said = _rows(table, folded.index(fold(_NAME)), folded.index(_VALUE), known)
    first: dict[str, _Said] = {}
    again = [one for one in said if first.setdefault(one.property, one) is not one]
    findings = [_about_malformed(table, name), *_about_properties(list(first.values()), known, name)]
    findings += [_about_again(again, first, name), _about_version(first.get(_VERSION), name)]
    modes = {key: one.value.casefold() for key, one in first.items() if key.startswith(_FILE) and key in known}
    return Manifest(
        version=first[_VERSION].value if _VERSION in first else "",
        modes={f"{key.removeprefix(_FILE)}.csv": mode if mode in MODES else "" for key, mode in modes.items()},
        findings=together(findings),
    )


def _rows(table: Table, name_at: int, value_at: int, known: Sequence[str]) -> list[_Said]:
    """The rows, with properties as the format spells them: their case is for a strict check to mind."""
    spelt = {name.casefold(): name for name in known}
    names, values = (table.cells[at].to_pylist() for at in (name_at, value_at))
    rows = zip(table.numbers.tolist(), names, values, strict=True)
    return [_Said(row, spelt.get(name.casefold(), name), value) for row, name, value in rows]


def _about_malformed(table: Table, name: str) -> pd.DataFrame:
    """A row that cannot be read might say delta."""
    width, rows = len(table.headings), pd.Index([record.at for record in table.ragged], dtype="int32")
    why = [record.fault(width) for record in table.ragged]
    return found(Code.ROW_MALFORMED, Severity.UPLOAD, name, rows, detail=text(why, rows))


def _about_properties(said: list[_Said], known: Sequence[str], name: str) -> list[pd.DataFrame]:
    """Modes that are none, and properties that are none."""
    of_files = [one for one in said if one.property in known and one.property.startswith(_FILE)]
    wrong = [one for one in of_files if one.value.casefold() not in MODES]
    strange = [one for one in said if one.property not in known]
    empty, others = ([one for one in wrong if not one.value], [one for one in wrong if one.value])
    return [
        _found(Code.VALUE_MISSING, Severity.UPLOAD, name, empty, _VALUE),
        _found(Code.VALUE_UNKNOWN, Severity.UPLOAD, name, others, _VALUE, detail=", ".join(MODES)),
        _found(Code.VALUE_UNKNOWN, Severity.NOTE, name, strange, _NAME, detail=", ".join(known)),
    ]


def _about_again(again: list[_Said], first: Mapping[str, _Said], name: str) -> pd.DataFrame:
    """A property that stands twice: the same again is a note; something else leaves open what is meant."""
    same = [one for one in again if one.value.casefold() == first[one.property].value.casefold()]
    other = [one for one in again if one not in same]
    before = [f"what row {first[one.property].row} says of {one.property}" for one in other]
    return together(
        [
            _found(Code.ID_REPEATED, Severity.NOTE, name, same, _NAME),
            _found(Code.VALUE_MALFORMED, Severity.UPLOAD, name, other, _VALUE, detail=text(before)),
        ]
    )


def _about_version(version: _Said | None, name: str) -> pd.DataFrame:
    """The headings decide how files are read, so that no version, or another one, is only a note."""
    if version is None or not version.value:
        return found(Code.VALUE_MISSING, Severity.NOTE, name, column=_VERSION)
    if version.value in VERSIONS:
        return nothing()
    return _found(Code.VALUE_UNKNOWN, Severity.NOTE, name, [version], _VALUE, detail=", ".join(VERSIONS))


def _found(
    code: Code, severity: Severity, name: str, said: list[_Said], column: str, detail: pd.Series | str = ""
) -> pd.DataFrame:
    """One finding a row of the manifest."""
    cells = [one.value if column == _VALUE else one.property for one in said]
    return found(
        code,
        severity,
        name,
        [one.row for one in said],
        column=column,
        record=shorten(text([one.property for one in said])),
        value=shorten(text(cells)),
        detail=detail,
    )
