"""Opens box after box until only files are left.

In:  the files of an upload by name, and what may be opened in it.
Out: Unpacked: the files by the names that a clerk knows, and what is to be said about the boxes.
"""

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path, PurePath

from sftpingest.inbox.boxes import gpg, pgp, workbook, zips
from sftpingest.inbox.boxes.bounds import DAMAGED, Bounds, Box, Room, Unpackable, chunks
from sftpingest.inbox.boxes.spool import Lying, Place, Spool

_ZIPPED = b"PK\x03\x04"


class Said(StrEnum):
    """What may be said about a box."""

    UNPACKED = "unpacked"  #: what came out of it
    UNREADABLE = "unreadable"  #: why nothing came out
    REPEATED = "repeated"  #: a file of it is there a second time


@dataclass(frozen=True)
class Told:
    """One thing to say."""

    file: str
    said: Said
    detail: str


@dataclass(frozen=True)
class Opening:
    """What may be opened in an upload."""

    bounds: Bounds = field(default_factory=Bounds)
    workbooks: bool = False
    keys: Path | None = None  #: the folder of the district's PGP keys; None: there is no district
    known: frozenset[str] = frozenset()  #: what sheets of a workbook are called that are files of a roster
    of_workbooks: str = ""  #: what there is to say of every workbook


@dataclass(frozen=True)
class Unpacked:
    """An upload without its boxes."""

    files: Mapping[str, Place]
    told: tuple[Told, ...]
    keys: tuple[str, ...]  #: by which keys its outcome may be another


@dataclass(frozen=True)
class _File:
    """A file, and the boxes it came out of, the outermost first."""

    name: str
    place: Place
    boxes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


def is_box(name: str) -> bool:
    """Whether a file of that name is opened."""
    return PurePath(name).suffix.lower() in _KINDS


def unpack(lying: Mapping[str, Path], how: Opening, spool: Spool) -> Unpacked:
    """Open all that can be opened. What came as it is comes first: it is there whatever else is."""
    work = _Unpacking(how, spool, Room(how.bounds))
    for name, path in sorted(lying.items(), key=lambda each: is_box(each[0])):
        work.take(_File(name, Lying(path)))
    return Unpacked(work.files, tuple(work.told), gpg.marks(how.keys) if "pgp" in work.opened else ())


@dataclass
class _Unpacking:
    how: Opening
    spool: Spool
    room: Room
    files: dict[str, Place] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    came: dict[str, _File] = field(default_factory=dict)  #: by the name without case
    opened: set[str] = field(default_factory=set)  #: what kinds of boxes there were

    def take(self, file: _File) -> None:
        """Keep a file, or open it."""
        kind = _kind(file.name, file.place, self.how)
        if not kind:
            self.keep(file)
            return
        try:
            self.open(file, kind)
        except Unpackable as wrong:
            self.told.append(Told(_named(file), Said.UNREADABLE, wrong.why))

    def keep(self, file: _File) -> None:
        """A file that is no box. One that is there already is never chosen from in silence."""
        before = self.came.setdefault(file.name.casefold(), file)
        if before is file or not (before.boxes or file.boxes):
            self.files[file.name] = file.place
            return
        both = [_named(each) for each in (before, file) if each.boxes]
        self.told.append(Told(file.name, Said.REPEATED, " and ".join(both)))

    def open(self, file: _File, kind: str) -> None:
        """Take what is in a box, and say what it was. Raises Unpackable."""
        if kind in file.kinds:
            raise Unpackable(f"it lies in another {kind}, and boxes in boxes are not opened")
        self.opened.add(kind)
        found, remark = _OPENERS[kind](file, self, self.room.box(file.place.size))
        detail = f"{', '.join(each.name for each in found)}{'; ' if remark else ''}{remark}"
        self.told.append(Told(_named(file), Said.UNPACKED, detail))
        for each in found:
            self.take(replace(each, boxes=(*file.boxes, file.name), kinds=(*file.kinds, kind)))


def _named(file: _File) -> str:
    """A file as the clerk finds it: students.csv.gz in roster.zip."""
    return " in ".join((file.name, *reversed(file.boxes)))


def _kind(name: str, place: Place, how: Opening) -> str:
    """What kind of box it is; '' where it is none, or none that may be opened."""
    kind = _KINDS.get(PurePath(name).suffix.lower(), "")
    if kind == "workbook" and not how.workbooks:
        return ""
    return "" if kind == "pgp" and not pgp.is_message(place) else kind


def _without(name: str, place: Place) -> str:
    """The name of what was in a gzip or was encrypted: students.csv.gz, and students.gz too, give students.csv."""
    inner = PurePath(name).stem
    if PurePath(inner).suffix:
        return inner
    with place.open() as file:
        return f"{inner}.zip" if file.read(len(_ZIPPED)) == _ZIPPED else f"{inner}.csv"


#: The files in a box, and what else there is to say of it.
_Found = tuple[list[_File], str]


def _zip(file: _File, work: _Unpacking, box: Box) -> _Found:
    found = []
    with file.place.open() as packed, zips.opened(packed) as archive:
        inside = zips.members(archive, work.how.bounds)
        for name, member in inside.files.items():
            writing = work.spool.begin(box)
            with archive.open(member) as content:
                for chunk in chunks(content):
                    writing.write(chunk)
            found.append(_File(name, writing.end()))
    over = inside.passed_over
    return found, f"{over} {'file' if over == 1 else 'files'} deeper in it passed over" if over else ""


def _gzip(file: _File, work: _Unpacking, box: Box) -> _Found:
    writing = work.spool.begin(box)
    try:
        with file.place.open() as packed, gzip.GzipFile(fileobj=packed) as content:
            for chunk in chunks(content):
                writing.write(chunk)
            if not packed.tell():  # Python takes no bytes at all for a gzip of nothing
                raise EOFError
    except (gzip.BadGzipFile, *DAMAGED) as wrong:
        raise Unpackable("the gzip is damaged or cut off") from wrong
    place = writing.end()
    return [_File(_without(file.name, place), place)], ""


def _workbook(file: _File, work: _Unpacking, box: Box) -> _Found:
    how = work.how
    read = workbook.sheets(file.place, PurePath(file.name).stem, how.known, work.spool, box)
    return [_File(name, place) for name, place in read], how.of_workbooks


def _pgp(file: _File, work: _Unpacking, box: Box) -> _Found:
    place = pgp.decrypt(work.how.keys, file.place, work.spool, box)
    return [_File(_without(file.name, place), place)], ""


#: The kind of a box by the end of its name.
_KINDS = {".zip": "zip", ".gz": "gzip", ".xlsx": "workbook", ".pgp": "pgp", ".gpg": "pgp", ".asc": "pgp"}
_OPENERS: dict[str, Callable[[_File, _Unpacking, Box], _Found]] = {
    "zip": _zip,
    "gzip": _gzip,
    "workbook": _workbook,
    "pgp": _pgp,
}
