"""Where the folders of a district are, what is called how in them, and how a name is put on the disk for good.

In:  the data folder and a district's slug.
Out: Folders; names of staged files.
"""

import os
import re
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

from sftpingest.inbox.owner import give_to_owner_of_folder

#: The folders in the folder of a district.
HOME, STAGING, UPLOADS, REPORTS, PGP = "home", "staging", "uploads", "reports", "pgp"
#: How many bytes a staged file's name is longer than that of its upload.
STAGED_LONGER = 17

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_STAGED = re.compile(r"[0-9a-f]{16}\.(?P<name>.+)", re.DOTALL)


@dataclass(frozen=True)
class Folders:
    """The folders of one district, all on one file system."""

    root: Path

    @property
    def home(self) -> Path:
        """What the district sees: its published files, flat. The door never writes them in place."""
        return self.root / HOME

    @property
    def staging(self) -> Path:
        """Uploads that are being written, or broke off, called as `staged_as` does; locked by whoever writes."""
        return self.root / STAGING

    @property
    def uploads(self) -> Path:
        """One snapshot an upload, named by its mark."""
        return self.root / UPLOADS

    @property
    def reports(self) -> Path:
        """One report a sync."""
        return self.root / REPORTS

    @property
    def pgp(self) -> Path:
        """Its PGP keys, where it has any: a GnuPG home."""
        return self.root / PGP

    def make(self) -> None:
        """Make those that are missing. Children's names will lie there: only we may read them."""
        for folder in (self.root.parent, self.root, self.home, self.staging, self.uploads, self.reports):
            if not folder.exists():
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                give_to_owner_of_folder(folder)


def folders(data: Path, slug: str) -> Folders:
    """The folders of the district of that slug."""
    if not _SLUG.fullmatch(slug):
        raise ValueError(f"{slug!r} is no slug of a district")
    return Folders(data / "districts" / slug)


def staged_as(name: str) -> str:
    """A fresh name in staging/ for an upload that is to be published as `name`: `<16 hex digits>.<name>`."""
    return f"{secrets.token_hex(8)}.{name}"


def upload_of(staged: str) -> str | None:
    """The name under which a file in staging/ is to be published; None where it is no upload."""
    match = _STAGED.fullmatch(staged)
    return match and match["name"]


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk: a rename is kept through a power cut only after this."""
    if sys.platform == "win32":  # opens no folders; only `check` runs there, and keeps nothing
        return
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
