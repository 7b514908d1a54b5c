"""What manifest.csv says: the version of OneRoster, and how each file is meant (OneRoster CSV 1.2, 3.1).

In: the bytes of the manifest.
Out: Manifest: modes by file name, and what is wrong with the manifest itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from sftpingest.roster.encoding import Unreadable, to_utf8
from sftpingest.roster.finding import Code, Severity, found, nothing, shorten, together
from sftpingest.roster.format import fold
from sftpingest.roster.frames import text
from sftpingest.roster.table import Table, read

#: How a file can be meant: is not there; is the whole of its kind; says only what changed.
MODES = ("absent", "bulk", "delta")
_FILE, _VERSION = "file.", "oneroster.version"
_COLUMNS = ("propertyname", "value")


@dataclass(frozen=True)
class Manifest:
    """A manifest, read. Where there is none all files count as whole."""

    version: str = ""  #: such as 1.1; '' where it does not say
    modes: Mapping[str, str] = field(default_factory=dict)  #: users.csv -> one of MODES
    findings: pd.DataFrame = field(default_factory=nothing)


def read_manifest(raw: bytes, name: str) -> Manifest:
    """Read it. Never raises; a mode that is none of ours refuses the upload: a delta taken as whole would delete."""
    try:
        table = read(to_utf8(raw)[0])
    except Unreadable as error:
        return Manifest(findings=found(Code.FILE_UNREADABLE, Severity.UPLOAD, name, detail=str(error)))
    if tuple(map(fold, table.headings[:2])) != _COLUMNS:
        missing = text(["propertyName", "value"])
        return Manifest(findings=found(Code.COLUMN_MISSING, Severity.UPLOAD, name, [None, None], column=missing))
    said = _properties(table)
    modes = {key.removeprefix(_FILE): (mode, at) for key, (mode, at) in said.items() if key.startswith(_FILE)}
    wrong = {file: said_so for file, said_so in modes.items() if said_so[0].casefold() not in MODES}
    about = found(
        Code.VALUE_UNKNOWN,
        Severity.UPLOAD,
        name,
        [at for _, at in wrong.values()],
        column="value",
        record=text([f"{_FILE}{file}" for file in wrong]),
        value=shorten(text([mode for mode, _ in wrong.values()])),
        detail=", ".join(MODES),
    )
    good = {f"{file}.csv": mode.casefold() for file, (mode, _) in modes.items() if file not in wrong}
    return Manifest(said.get(_VERSION, ("", 0))[0], good, together([about]))


def _properties(table: Table) -> dict[str, tuple[str, int]]:
    """Property -> its value and the row in which it stands first."""
    names, values = (table.cells[at].to_pylist() for at in (0, 1))
    rows = zip(names, values, table.numbers.tolist(), strict=True)
    out: dict[str, tuple[str, int]] = {}
    for key, cell, at in rows:
        out.setdefault(key, (cell, at))
    return out
