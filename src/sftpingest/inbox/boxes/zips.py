"""Zips: which members count, by which names.

In:  a zip.
Out: its members; or Unpackable, which says why not and what helps.
"""

import errno
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from sftpingest.inbox.boxes.bounds import DAMAGED, Bounds, Unpackable

_LONGEST = 200  #: bytes of a name: "rejected-" must fit before it


#: A list of a thousand members has a tenth of this.
_LONGEST_LIST = 4 * 10**6


class _InParts:
    """A zip whose list of members is not read where it is too long: zipfile reads it at once, before anybody counts."""

    def __init__(self, packed: BinaryIO) -> None:
        self.seek, self.tell, self.seekable = packed.seek, packed.tell, packed.seekable
        self._read = packed.read

    def read(self, size: int = -1) -> bytes:
        if size > _LONGEST_LIST:
            raise Unpackable("it has far too many members", "Zip only the files of the roster.")
        return self._read(size)


@dataclass(frozen=True)
class Members:
    """What is in a zip."""

    files: dict[str, zipfile.ZipInfo]  #: by the name they get
    passed_over: int  #: files that lie where none is looked for


@contextmanager
def opened(packed: BinaryIO) -> Iterator[zipfile.ZipFile]:
    """A zip, and what is wrong with it as Unpackable, also where it is read."""
    try:
        with zipfile.ZipFile(_InParts(packed)) as archive:
            yield archive
    except (*DAMAGED, OSError) as wrong:
        if isinstance(wrong, OSError) and wrong.errno not in {None, errno.EINVAL}:
            raise  # a full disk, say; bzip2 raises one without a number, and a wrong place to read from is EINVAL
        raise Unpackable("the zip is damaged", "Make the zip anew.") from wrong
    except (NotImplementedError, RuntimeError) as wrong:  # a method we do not know; encrypted
        raise Unpackable("the zip is encrypted or packed unusually", "Make a plain zip, no password.") from wrong


def members(archive: zipfile.ZipFile, bounds: Bounds) -> Members:
    """The members to take. Raises Unpackable."""
    if len(archive.infolist()) > bounds.members:
        raise Unpackable(f"it has more than {bounds.members} members", "Zip only the files of the roster.")
    inside = [(_parts(member), member) for member in archive.infolist() if not member.is_dir()]
    inside = [(parts, member) for parts, member in inside if _counts(parts)]
    chosen = [(parts[-1], member) for parts, member in _side_by_side(inside) if _is_regular(member)]
    if not chosen:
        raise Unpackable("it has no files at its top, nor in one folder", "Zip the CSV files themselves.")
    _refuse_names([name for name, _ in chosen])
    return Members(dict(chosen), len(inside) - len(chosen))


_Inside = list[tuple[list[str], zipfile.ZipInfo]]


def _side_by_side(inside: _Inside) -> _Inside:
    """The files at the top; where there are none, those in the one folder that there is."""
    top = [each for each in inside if len(each[0]) == 1]
    folders = {parts[0] for parts, _ in inside}
    if top or len(folders) != 1:
        return top
    return [each for each in inside if len(each[0]) == 2]  # noqa: PLR2004  (folder and file)


def _refuse_names(names: list[str]) -> None:
    if twice := _twice(names):
        raise Unpackable(f"it has two files of one name ({twice})", "Make the zip anew with each file once.")
    for name in names:
        if name.lower().endswith(".zip"):
            raise Unpackable(f"it holds another zip ({name})", "Zip the CSV files themselves.")
        if not name.isprintable() or len(name.encode("utf-8", "replace")) > _LONGEST:
            raise Unpackable("a file in it has a name that cannot be used", "Give it a plain, short name.")


def _twice(names: list[str]) -> str:
    """The first name that is there twice, in whatever case; '' where there is none."""
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            return name
        seen.add(name.casefold())
    return ""


def _parts(member: zipfile.ZipInfo) -> list[str]:
    """The name's parts. Old Windows tools write backslashes."""
    return [part for part in member.filename.replace("\\", "/").split("/") if part not in {"", "."}] or [".nothing"]


def _counts(parts: list[str]) -> bool:
    """Not what macOS adds, nor what is hidden. `..` begins with a dot and is thereby left out."""
    return parts[0] != "__MACOSX" and not any(part.startswith(".") for part in parts)


def _is_regular(member: zipfile.ZipInfo) -> bool:
    mode = member.external_attr >> 16  # 0 where the zip was not made on Unix
    return stat.S_IFMT(mode) in {0, stat.S_IFREG}
