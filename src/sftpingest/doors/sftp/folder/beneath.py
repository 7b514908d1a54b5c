"""Open what lies beneath a folder, one name at a time, never following a link.

In: a folder we trust and names below it. Out: file descriptors and facts of regular files and real folders only.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: a pipe that somebody planted must not stop the whole door; on regular files it does nothing
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def folder(root: Path, *names: str) -> Iterator[int]:
    """Open the folder `names` below `root` for as long as the block lasts. OSError where one is no real folder."""
    # the root itself is the operator's choice and may be a link to another disk; nothing below it may
    current = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in names:
            deeper = os.open(name, _FOLDER, dir_fd=current)
            os.close(current)
            current = deeper
        yield current
    finally:
        os.close(current)


def open_file(folder_fd: int, name: str, flags: int = os.O_RDONLY) -> int:
    """Open the regular file `name`; the caller closes it. FileNotFoundError where it is missing or anything else."""
    if regular(folder_fd, name) is None:
        raise FileNotFoundError(errno.ENOENT, "no regular file of that name")
    fd = os.open(name, flags | _FILE, dir_fd=folder_fd)
    if not stat.S_ISREG(os.fstat(fd).st_mode):  # swapped between the two looks
        os.close(fd)
        raise FileNotFoundError(errno.ENOENT, "no regular file of that name")
    return fd


def new_file(folder_fd: int, name: str) -> int:
    """Create `name` for reading and writing, readable by us alone; FileExistsError if it is there."""
    return os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | _FILE, 0o600, dir_fd=folder_fd)


def facts(folder_fd: int, name: str) -> os.stat_result | None:
    """Facts of the regular file or real folder `name`, None where there is neither."""
    try:
        found = os.stat(name, dir_fd=folder_fd, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return found if stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode) else None


def regular(folder_fd: int, name: str) -> os.stat_result | None:
    """Facts of the regular file `name`, None where there is none."""
    found = facts(folder_fd, name)
    return found if found is not None and stat.S_ISREG(found.st_mode) else None


def names(folder_fd: int) -> set[str]:
    """Names of all that lies there, whatever it is."""
    return set(os.listdir(folder_fd))


def entries(folder_fd: int) -> Iterator[tuple[str, os.stat_result]]:
    """Names and facts of all regular files and real folders, in the folder's own order."""
    with os.scandir(folder_fd) as listed:
        for entry in listed:
            try:
                found = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # renamed or removed while we looked
                continue
            if stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode):
                yield entry.name, found
