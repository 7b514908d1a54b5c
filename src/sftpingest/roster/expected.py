"""Stage 1a: what the manifest of an upload says of its files, where the format has one.

In: the uploaded files by name, and the format.
Out: Expected: which files are deltas, which are not to be read, which are known and only counted.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import pandas as pd

from sftpingest.roster.encoding import Unreadable, to_utf8
from sftpingest.roster.finding import Code, Severity, found, nothing, together
from sftpingest.roster.format import Format
from sftpingest.roster.manifest import Manifest, read_manifest
from sftpingest.roster.recognise import by_content, by_hand
from sftpingest.roster.separators import parted
from sftpingest.roster.table import read


@dataclass(frozen=True)
class Expected:
    """What is known of the files before they are read. Names are those as uploaded."""

    names: dict[str, str] = field(default_factory=dict)  #: uploaded name -> name in the format, of those that are known
    deltas: frozenset[str] = frozenset()  #: say only what changed
    left_out: frozenset[str] = frozenset()  #: are not to be read
    counted: dict[str, int] = field(default_factory=dict)  #: records of files that are known and not rostered
    manifest: str = ""  #: the name of the manifest; '' where there is none
    partial: bool = False  #: what the files say nothing of is as it is held
    findings: pd.DataFrame = field(default_factory=nothing)
    doubts: Mapping[str, str] = field(default_factory=dict)  #: why a file is not read that might be

    def knows(self, name: str) -> bool:
        """Whether a file has a place in the format."""
        return name in self.names or name == self.manifest or name in self.counted


def expect(files: Mapping[str, bytes], form: Format, named: Mapping[str, str] = MappingProxyType({})) -> Expected:
    """Read the manifest, and count the files that are not rostered. `named`: what a district has set of its files."""
    hand = by_hand(files, form, named)
    told = by_content(files, form, hand)
    doubts = {**hand.left_out, **told.left_out}
    own = {name: file.name for name in files if name not in doubts and (file := form.file(name))}
    names = {**own, **told.names, **hand.names}
    renamed = [found(Code.FILE_RECOGNISED, Severity.NOTE, name, detail=own) for name, own in sorted(told.names.items())]
    if not form.manifest and not form.not_rostered:
        return Expected(names, findings=together(renamed), doubts=doubts)
    manifests = sorted(name for name in files if form.manifest and name.casefold() == form.manifest.casefold())
    manifest = manifests[0] if manifests else ""
    again = [found(Code.FILE_REPEATED, Severity.UPLOAD, name, detail=manifest) for name in manifests[1:]]
    said = read_manifest(files[manifest], manifest, (*form.names, *form.not_rostered)) if manifest else Manifest()
    own_names = names | {name: spelt for name in files if name not in doubts and (spelt := _counted(name, form))}
    modes = {name: said.modes.get(spelt, "unnamed" if manifest else "") for name, spelt in own_names.items()}
    left_out = frozenset(name for name, mode in modes.items() if mode in {"absent", "unnamed"})
    counted = {name: _records(files[name]) for name in own_names if name not in names and name not in left_out}
    unexpected = [_unexpected(name, manifest, modes[name]) for name in sorted(left_out)]
    missing = [found(Code.FILE_MISSING, Severity.UPLOAD, name) for name in _missing(said, set(own_names.values()))]
    beside = {file.name for file in form.checked}
    noted = [not_rostered(name, size) for name, size in counted.items()]
    read_so = {own for name, own in names.items() if name not in left_out}
    return Expected(
        names=names,
        deltas=frozenset(name for name, mode in modes.items() if mode == "delta"),
        left_out=left_out,
        counted=counted,
        manifest=manifest,
        partial=bool(form.manifest) and any(name not in read_so for name in form.names if name not in beside),
        findings=together([said.findings, *again, *renamed, *missing, *unexpected, *noted]),
        doubts=doubts,
    )


def not_rostered(name: str, records: int) -> pd.DataFrame:
    """A note that a file was recognised and is no part of the roster."""
    return found(Code.FILE_NOT_ROSTERED, Severity.NOTE, name, detail=f"with its {records:,} records")


def _unexpected(name: str, manifest: str, mode: str) -> pd.DataFrame:
    """A file of which the manifest says nothing may be a delta: it is not read either."""
    said = "calls it absent" if mode == "absent" else "has no line for it"
    return found(Code.FILE_UNEXPECTED, Severity.FILE, name, detail=f"{manifest} {said}")


def _counted(name: str, form: Format) -> str:
    """How the format spells the name of a file that it knows and does not roster; '' where it is none."""
    return next((each for each in form.not_rostered if each.casefold() == name.casefold()), "")


def _missing(said: Manifest, there: Collection[str]) -> list[str]:
    """Files that the manifest promises and that are not there."""
    return [name for name, mode in said.modes.items() if mode in {"bulk", "delta"} and name not in there]


def _records(raw: bytes) -> int:
    try:
        body, parted_by = parted(to_utf8(raw)[0])
        table = read(body, parted_by=parted_by)
    except Unreadable:
        return 0
    return len(table.numbers) + len(table.ragged)
