"""Single files in staging/: found, opened, locked.

In: the open folder and names. Out: file descriptors whose lock we have or share.
"""

import contextlib
import fcntl
import os

from sftpingest.doors.sftp.folder import beneath
from sftpingest.inbox.folders import upload_of


def newest_first(staging: int, name: str) -> list[str]:
    """Names in staging/ of what is to be published as `name`, the newest first."""
    matches = [(found.st_mtime_ns, staged) for staged, found in beneath.entries(staging) if upload_of(staged) == name]
    return [staged for _, staged in sorted(matches, reverse=True)]


def open_unwritten(staging: int, staged: str) -> int | None:
    """Open a staged file with a share of its lock; None where somebody writes it or it has just gone."""
    try:
        fd = beneath.open_file(staging, staged, os.O_RDWR)
    except FileNotFoundError:
        return None
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        if os.fstat(fd).st_nlink == 1:  # 0: dropped between the two; more: somebody's file that a link was made to
            cut_hole(fd)
            return fd
    os.close(fd)
    return None


def cut_hole(fd: int) -> None:
    """End a staged file before its first hole: its process died, and whoever resumes goes on at its end.

    A piece may end within the last block before the hole, so that block goes too.
    """
    found = os.fstat(fd)
    with contextlib.suppress(OSError):  # it is empty, or this file system knows no holes
        hole = os.lseek(fd, 0, os.SEEK_HOLE)
        if hole < found.st_size:
            os.ftruncate(fd, max(0, hole - found.st_blksize))


def lock_alone(fd: int) -> None:
    """Take the lock of a file of which we have a share. Where others look at it, closes it: BlockingIOError."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise


def unlink(folder: int, name: str) -> None:
    """Remove a file; no matter if it has gone already."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
