"""Where the folders of a district are, and how a name is put on the disk for good.

In:  the data folder and a district's slug.
Out: Folders.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True)
class Folders:
    """The folders of one district, all on one file system."""

    root: Path

    @property
    def home(self) -> Path:
        """What the district sees: its published files, flat. Never written in place."""
        return self.root / "home"

    @property
    def staging(self) -> Path:
        """Uploads that are being written, or broke off; `<16 hex digits>.<name>`, locked by whoever writes."""
        return self.root / "staging"

    @property
    def uploads(self) -> Path:
        """One snapshot an upload, named by its mark."""
        return self.root / "uploads"

    @property
    def reports(self) -> Path:
        """One report a sync."""
        return self.root / "reports"

    def make(self) -> None:
        """Make those that are missing. Children's names will lie there: only we may read them."""
        self.root.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.root, self.home, self.staging, self.uploads, self.reports):
            folder.mkdir(mode=0o700, exist_ok=True)


def folders(data: Path, slug: str) -> Folders:
    """The folders of the district of that slug."""
    if not _SLUG.fullmatch(slug):
        raise ValueError(f"{slug!r} is no slug of a district")
    return Folders(data / "districts" / slug)


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk: a rename is kept through a power cut only after this."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
