"""What a path that a client sends means here.

In: the bytes of a path, whatever they are. Out: a `Spot` (a few checked names), or a refusal with its reason.
"""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from asyncssh import SFTPFailure, SFTPNoSuchFile, SFTPPermissionDenied

from sftpingest.inbox.folders import REPORTS, STAGED_LONGER

README = "README.txt"
LATEST = "latest"

#: longest name of an upload in bytes: file systems take 255, and that in staging/ is longer
LONGEST = 255 - STAGED_LONGER

#: Unicode categories nobody sees: control, invisible formatting (it can turn a name around), line separators
_UNSEEN = {"Cc", "Cf", "Zl", "Zp"}

_NO_FOLDERS = "There are no folders to upload into. Please upload your files into the top folder, /."
_READ_ONLY = f"/{README} and /{REPORTS} can only be read. Please upload your files into the top folder, /."


class Area(StrEnum):
    """The parts of what a district sees."""

    #: the top folder itself
    TOP = "top"
    #: our own text, made when it is read
    README = "readme"
    #: the reports, a tree of files to read
    REPORTS = "reports"
    #: a file of the district in the top folder
    UPLOAD = "upload"


@dataclass(frozen=True)
class Spot:
    """One place in the district's view: the names from the top down, each of them a plain name."""

    names: tuple[str, ...] = ()

    @property
    def area(self) -> Area:
        """Which part of the view it lies in."""
        match self.names:
            case ():
                return Area.TOP
            case (first, *_) if first == REPORTS:
                return Area.REPORTS
            case (only,) if only == README:
                return Area.README
        return Area.UPLOAD

    @property
    def path(self) -> str:
        """The path as the client would write it."""
        return "/" + "/".join(self.names)


def spot(path: bytes) -> Spot:
    """Read a path. `..` at the top stays at the top, as it does on every system; a relative path starts there.

    Raises SFTPFailure for a name that no file of ours can have.
    """
    names: list[str] = []
    for part in path.split(b"/"):
        if part == b"..":
            del names[-1:]
        elif part not in {b"", b"."}:
            names.append(_name(part))
    return Spot(tuple(names))


def existing(path: bytes) -> Spot:
    """Read a path that is to be looked at. Raises SFTPNoSuchFile for one that nothing here can have."""
    try:
        place = spot(path)
    except SFTPFailure as refusal:
        raise SFTPNoSuchFile("No such file.") from refusal
    if place.area is Area.UPLOAD and len(place.names) > 1:
        raise SFTPNoSuchFile("No such file.")
    return place


def upload_name(path: bytes) -> str:
    """Read a path that is to be written, renamed or removed: the name of a file in the top folder, or a refusal."""
    place = spot(path)
    if place.area is not Area.UPLOAD:
        raise SFTPPermissionDenied(_READ_ONLY)
    if len(place.names) > 1:
        raise SFTPNoSuchFile(_NO_FOLDERS)
    return place.names[0]


def plain(name: str) -> bool:
    """Whether a name that lies on the disk is one that a client may see."""
    try:
        _name(name.encode())
    except (SFTPFailure, UnicodeEncodeError):
        return False
    return True


def _name(part: bytes) -> str:
    if len(part) > LONGEST:
        raise SFTPFailure(f"The file name is too long. Please use at most {LONGEST} bytes.")
    try:
        name = part.decode()
    except UnicodeDecodeError:
        raise SFTPFailure("The file name is not UTF-8. Please use plain letters, digits, dots and dashes.") from None
    if any(unicodedata.category(letter) in _UNSEEN for letter in name):
        raise SFTPFailure("The file name has control characters in it. Please use plain letters and digits.")
    return name
