"""How much a district may keep, and what the disk must keep for reports.

In: bounds of a district, its folder, an upload that is to grow. Out: yes up to some size, or a refusal that says why.

SFTP version 3 has no status for "quota exceeded" or "disk full": asyncssh sends FX_FAILURE with our sentence.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from asyncssh import SFTPError, SFTPQuotaExceeded

from sftpingest.doors.sftp.folder import beneath
from sftpingest.doors.sftp.folder.answers import disk_full
from sftpingest.doors.sftp.folder.upload import Upload
from sftpingest.inbox.folders import HOME, STAGING, upload_of

#: bytes of the disk that uploads leave free, for reports and the store; at most this part of a small disk
RESERVE, RESERVE_PART = 256 * 1024 * 1024, 20
#: bytes that an upload may grow before it is asked about again: on a disk that is nearly full, ordinarily, and the
#: part of what is left to the district that is given at once, since counting ten thousand files takes its time
_STEP_NEAR_END, _STEP, _STEP_PART = 256 * 1024, 4 * 1024 * 1024, 64

#: how many unfinished uploads a refusal names
_MOST_NAMED = 3

_UNITS = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB"))


@dataclass(frozen=True)
class Quota:
    """The bounds of one district; None is no bound."""

    #: bytes that its files may have together, those on their way included
    bytes: int | None = None
    #: how many files
    files: int | None = None
    #: bytes of one file
    file_bytes: int | None = None

    def see_to_name(self, root: Path, name: str) -> None:
        """See that there may be a file `name`. Raises SFTPQuotaExceeded."""
        if self.files is None:
            return
        with beneath.folder(root, HOME) as home, beneath.folder(root, STAGING) as staging:
            names = beneath.names(home) | {upload_of(staged) or name for staged in beneath.names(staging)}
        if len(names | {name}) > self.files and name not in names:
            raise _folder_full(root, f"{self.files} files")

    def see_to_size(self, root: Path, upload: Upload, end: int) -> int:
        """See that `upload` may grow to `end` bytes; up to how many it may grow then. Raises SFTPError."""
        if self.file_bytes is not None and end > self.file_bytes:
            raise SFTPQuotaExceeded(
                f"Quota exceeded: one file may have {spelt(self.file_bytes)}. Please ask for more room."
            )
        allowed = end + self._step_on_disk(upload, end)
        if self.bytes is not None:
            room = self.bytes - _used(root, upload)
            if end > room:
                raise _folder_full(root, spelt(self.bytes), upload.staged)
            allowed = min(allowed, end + max((room - end) // _STEP_PART, _STEP), room)
        return allowed if self.file_bytes is None else min(allowed, self.file_bytes)

    def _step_on_disk(self, upload: Upload, end: int) -> int:
        """How much more may be written before we look again. Raises SFTPNoSpaceOnFilesystem."""
        disk = os.fstatvfs(upload.fd)
        reserve = min(RESERVE, disk.f_blocks * disk.f_frsize // RESERVE_PART)
        left = disk.f_bavail * disk.f_frsize - reserve - max(end - upload.size(), 0)
        if left < 0:
            raise disk_full()
        return _STEP if left > RESERVE else min(_STEP_NEAR_END, left)


def spelt(size: int) -> str:
    """Bytes as a person reads them: 5 GB, 1.5 MB, 999 bytes."""
    for unit, word in _UNITS:
        if size >= unit:
            return f"{size / unit:.4g} {word}"
    return f"{size} bytes"


def _folder_full(root: Path, bound: str, but: str = "") -> SFTPError:
    """Say what to do. What has not come whole is not listed, so it is named here; `but`: the upload refused now."""
    said = f"Quota exceeded: your folder may hold {bound}. Please remove files you do not need any more"
    with beneath.folder(root, STAGING) as staging:
        unfinished = sorted({upload_of(staged) or "" for staged in beneath.names(staging) if staged != but} - {""})
    if not unfinished:
        return SFTPQuotaExceeded(f"{said}, or ask for more room.")
    named = ", ".join(unfinished[:_MOST_NAMED]) + (" and others" if len(unfinished) > _MOST_NAMED else "")
    return SFTPQuotaExceeded(
        f"{said}, or ask for more room. Unfinished uploads count too; you can remove them: {named}."
    )


def _used(root: Path, upload: Upload) -> int:
    """Bytes of all files but this one and the one that it is going to replace."""
    with beneath.folder(root, HOME) as home:
        published = sum(_size(found) for name, found in beneath.entries(home) if name != upload.name)
    with beneath.folder(root, STAGING) as staging:
        return published + sum(_size(found) for name, found in beneath.entries(staging) if name != upload.staged)


def _size(found: os.stat_result) -> int:
    return found.st_size if stat.S_ISREG(found.st_mode) else 0
