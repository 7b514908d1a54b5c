"""The files of a snapshot, read when they are asked for; those that came packed are unpacked.

In:  the folder of a snapshot, and what may be opened in it.
Out: a mapping from names to bytes that holds nothing in memory, a fingerprint of all that was uploaded, and what is to
     be said of boxes.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path, PurePath
from typing import Self

import pandas as pd

from sftpingest.inbox import boxes, look
from sftpingest.inbox.boxes import Opening, Said, Spool, Told
from sftpingest.roster.finding import Code, Severity, found, one_line, together
from sftpingest.roster.format import Format, WrongFormat, load, names
from sftpingest.roster.frames import text
from sftpingest.roster.recognise import AUTO

_CODES = {
    Said.UNPACKED: (Code.FILE_UNPACKED, Severity.NOTE),
    Said.UNREADABLE: (Code.FILE_UNREADABLE, Severity.UPLOAD),
    Said.REPEATED: (Code.FILE_REPEATED, Severity.UPLOAD),
}
_USUAL = Opening()


class Files(Mapping[str, bytes]):
    """The files of one folder that count as uploaded, by name. Every access reads the file anew: none is kept.

    A name that is no UTF-8 is given as `readable` does, and with a number where there is one of that name already.
    What is unpacked lies on the disk that `room` is on, without a name, until this is closed.
    """

    def __init__(self, folder: Path | None, opening: Opening = _USUAL, room: Path | None = None) -> None:
        self._uploaded: dict[str, Path] = {}
        for seen in look(folder) if folder else ():
            self._uploaded[_another(readable(seen.name), self._uploaded)] = (folder or Path()) / seen.name
        self._spool = Spool(room)
        try:
            self._unpacked = boxes.unpack(self._uploaded, opening, self._spool)
        except BaseException:
            self._spool.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.close()

    def __getitem__(self, name: str) -> bytes:
        return self._unpacked.files[name].read()

    def __contains__(self, name: object) -> bool:
        return name in self._unpacked.files

    def __iter__(self) -> Iterator[str]:
        return iter(self._unpacked.files)

    def __len__(self) -> int:
        return len(self._unpacked.files)

    @property
    def findings(self) -> pd.DataFrame:
        """What there is to say of files that came packed."""
        return together(map(_finding, self._unpacked.told))

    def fingerprint(self, *facts: str) -> str:
        """A SHA-256 of these facts and of every name and byte: alike means that the outcome would be alike.

        Of what was uploaded, packed or not; and of the keys, where something was encrypted for them.
        """
        whole = hashlib.sha256("\0".join((*facts, *self._unpacked.keys)).encode())
        for name, path in self._uploaded.items():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256")
            whole.update(f"\0{name}\0{digest.hexdigest()}".encode())
        return whole.hexdigest()


def _finding(told: Told) -> pd.DataFrame:
    code, severity = _CODES[told.said]
    file, detail = one_line(text([told.file, told.detail]))
    return found(code, severity, file, detail=detail)


@cache
def _of_ours() -> frozenset[str]:
    return frozenset().union(*(_stems(form) for name in names() if (form := load(name)).auto))


def known(format_name: str) -> frozenset[str]:
    """What the sheets of a workbook are called that are files of that format, or of any of ours."""
    if format_name == AUTO:
        return _of_ours()
    try:
        return _of_ours() | _stems(load(format_name))
    except WrongFormat:  # said where the format is chosen
        return _of_ours()


def _stems(form: Format) -> set[str]:
    extra = [form.manifest] if form.manifest else []
    return {PurePath(name).stem.casefold() for name in (*form.names, *form.not_rostered, *extra)}


def readable(name: str) -> str:
    """The name of a file or folder as text that can be written: the bytes that are no UTF-8 replaced by U+FFFD."""
    return os.fsencode(name).decode("utf-8", "replace")


def _another(name: str, taken: Mapping[str, object]) -> str:
    """The name, with a number where it is taken."""
    number, free, path = 1, name, PurePath(name)
    while free in taken:
        number += 1
        free = f"{path.stem} ({number}){path.suffix}"
    return free
