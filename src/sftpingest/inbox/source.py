"""Brings the files of a folder or zip into a folder of ours, whatever is in them.

In:  a folder (its regular top-level files) or a .zip (its top-level files, or those of the one folder in it).
Out: copies, on the disk; or WrongSource, which says what to do.
"""

import errno
import lzma
import os
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sftpingest.inbox.folders import sync_folder
from sftpingest.inbox.home import Seen, look

_CHUNK = 1 << 20
#: What Python's readers of zips raise where the bytes are not what they should be.
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, ValueError, LookupError)


class WrongSource(Exception):
    """It cannot be taken as an upload. Give a folder with the files of the roster, or a zip of them."""

    def __init__(self, path: Path, why: str, remedy: str) -> None:
        super().__init__(f"{path} cannot be taken as an upload: {why}. {remedy}")


@dataclass(frozen=True)
class Bounds:
    """What a zip may grow to. Rosters shrink to a tenth or twentieth; a zip bomb to a thousandth."""

    members: int = 1000
    bytes: int = 20 * 10**9
    ratio: int = 200  #: unpacked to packed
    ratio_from: int = 100 * 10**6  #: bytes from which the ratio counts


def bring(path: Path, target: Path, bounds: Bounds = Bounds()) -> None:
    """Copy the files at `path` into the folder `target`. Raises WrongSource."""
    if path.is_dir():
        _bring_folder(path, target)
    elif zipfile.is_zipfile(path):
        _bring_zip(path, target, bounds)
    elif not path.exists():
        raise WrongSource(path, "it is not there", "Correct the path.")
    else:
        raise WrongSource(path, "it is neither a folder nor a zip", "Give a folder with the CSV files, or a zip.")
    sync_folder(target)


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
    try:
        with zipfile.ZipFile(path) as archive:
            chosen = _chosen(path, archive, bounds)
            room = _Room(path, bounds, packed=path.stat().st_size)
            for name, member in chosen.items():
                with archive.open(member) as packed, (target / name).open("xb") as out:
                    room.unpack(packed, out)
    except (*_DAMAGED, OSError) as wrong:
        if isinstance(wrong, OSError) and wrong.errno not in {None, errno.EINVAL}:
            raise  # a full disk, say; bzip2 raises one without a number, and a wrong place to read from is EINVAL
        raise WrongSource(path, "the zip is damaged", "Make the zip anew.") from wrong
    except (NotImplementedError, RuntimeError) as wrong:  # a method we do not know; encrypted
        raise WrongSource(path, "the zip is encrypted or packed unusually", "Make a plain zip, no password.") from wrong


def _chosen(path: Path, archive: zipfile.ZipFile, bounds: Bounds) -> dict[str, zipfile.ZipInfo]:
    """The members to take, by the name they get."""
    if len(archive.infolist()) > bounds.members:
        raise WrongSource(path, f"it has more than {bounds.members} members", "Zip only the files of the roster.")
    inside = [(_parts(member), member) for member in archive.infolist() if _is_regular(member)]
    inside = [(parts, member) for parts, member in inside if not any(part.startswith(".") for part in parts)]
    top = [(parts[0], member) for parts, member in inside if len(parts) == 1]
    if not top:
        in_folder = [(parts, member) for parts, member in inside if len(parts) == 2 and parts[0] != "__MACOSX"]  # noqa: PLR2004
        if len({parts[0] for parts, _ in in_folder}) == 1:
            top = [(parts[1], member) for parts, member in in_folder]
    if not top:
        raise WrongSource(path, "it has no files at its top, nor in one folder", "Zip the CSV files themselves.")
    if len({name for name, _ in top}) < len(top):
        raise WrongSource(path, "it has two files of one name", "Make the zip anew with each file once.")
    return dict(top)


def _parts(member: zipfile.ZipInfo) -> list[str]:
    """The name's parts. Old Windows tools write backslashes. `..` begins with a dot and is thereby left out."""
    return [part for part in member.filename.replace("\\", "/").split("/") if part not in {"", "."}] or [".nothing"]


def _is_regular(member: zipfile.ZipInfo) -> bool:
    mode = member.external_attr >> 16  # 0 where the zip was not made on Unix
    return not member.is_dir() and stat.S_IFMT(mode) in {0, stat.S_IFREG}


@dataclass
class _Room:
    """How much has been unpacked so far: counted, for what a zip says of itself need not be true."""

    path: Path
    bounds: Bounds
    packed: int
    unpacked: int = 0

    def unpack(self, packed: IO[bytes], out: IO[bytes]) -> None:
        for chunk in _chunks(packed):
            self.unpacked += len(chunk)
            self._refuse_bomb()
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())

    def _refuse_bomb(self) -> None:
        too_big = self.unpacked > self.bounds.bytes
        too_dense = self.unpacked > max(self.bounds.ratio_from, self.packed * self.bounds.ratio)
        if too_big or too_dense:
            raise WrongSource(self.path, "it unpacks to far more than a roster", "Unpack it and give the folder.")


def _chunks(packed: IO[bytes]) -> Iterator[bytes]:
    while chunk := packed.read(_CHUNK):
        yield chunk
