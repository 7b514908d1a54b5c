"""Brings the files of a folder or box into a folder of ours, whatever is in them.

In:  a folder (its regular top-level files), a .zip (its top-level files, or those of the one folder in it), or another
     box: a gzip, a workbook, an encrypted file.
Out: copies, on the disk; or WrongSource, which says what to do.
"""

import os
import shutil
import zipfile
from pathlib import Path
from typing import IO, BinaryIO

from sftpingest.inbox.boxes import zips
from sftpingest.inbox.boxes.bounds import USUAL, Bounds, Box, Room, Unpackable, chunks
from sftpingest.inbox.boxes.unpack import is_box
from sftpingest.inbox.folders import sync_folder
from sftpingest.inbox.home import Seen, look


class WrongSource(Exception):
    """It cannot be taken as an upload. Give a folder with the files of the roster, or a zip of them."""

    def __init__(self, path: Path, why: str, remedy: str) -> None:
        super().__init__(f"{path} cannot be taken as an upload: {why}. {remedy}")


def bring(path: Path, target: Path, bounds: Bounds = USUAL) -> None:
    """Copy the files at `path` into the folder `target`. Raises WrongSource."""
    if path.is_dir():
        _bring_folder(path, target)
    elif path.suffix.lower() != ".zip" and is_box(path.name) and path.is_file():
        copy_file(path, target / path.name)  # opened by the sync, as if it had been uploaded
    elif zipfile.is_zipfile(path):
        _bring_zip(path, target, bounds)
    elif not path.exists():
        raise WrongSource(path, "it is not there", "Correct the path.")
    else:
        raise WrongSource(path, "it is neither a folder nor a zip", "Give a folder with the CSV files, or a zip.")
    sync_folder(target)


def laid_out(path: Path, room: Path) -> Path:
    """Where the files of a path can be looked at: in the folder itself, else in `room`, into which they are brought.

    Raises WrongSource, as an upload of it would.
    """
    if path.is_dir():
        files_of(path)
        return path
    bring(path, room)
    return room


def _bring_folder(path: Path, target: Path) -> None:
    there = files_of(path)
    for seen in there:
        copy_file(path / seen.name, target / seen.name)
    if look(path) != there:
        raise WrongSource(path, "its files changed while they were read", "Try again when nobody writes to it.")


def files_of(path: Path) -> tuple[Seen, ...]:
    """The files of a folder that is to be taken as an upload. Raises WrongSource where there is none."""
    there = look(path)
    if not there:
        raise WrongSource(path, "it holds no files", "Give the folder in which the CSV files themselves lie.")
    return there


def copy_file(source: Path, target: Path) -> None:
    """Copy one file with its time of change, and see that it is on the disk."""
    shutil.copy2(source, target, follow_symlinks=False)
    with target.open("rb") as copied:
        os.fsync(copied.fileno())
    target.chmod(0o600)


def _bring_zip(path: Path, target: Path, bounds: Bounds) -> None:
    box = Room(bounds).box(path.stat().st_size)
    try:
        with path.open("rb") as packed, zips.opened(packed) as archive:
            for name, member in zips.members(archive, bounds).files.items():
                with archive.open(member) as inside, (target / name).open("xb") as out:
                    _write(inside, out, box)
    except Unpackable as wrong:
        raise WrongSource(path, wrong.why, wrong.remedy) from wrong


def _write(inside: IO[bytes], out: BinaryIO, box: Box) -> None:
    box.next_file()
    for chunk in chunks(inside):
        box.grow(len(chunk))
        out.write(chunk)
    out.flush()
    os.fsync(out.fileno())
