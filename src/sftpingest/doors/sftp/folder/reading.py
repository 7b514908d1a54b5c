"""A file that a client reads.

In: an open file, or the bytes of our own text. Out: pieces of it, and its facts as SFTP tells them.
"""

import os
import stat
from dataclasses import dataclass

from asyncssh import SFTPAttrs

#: most bytes given in one answer, so that it fits into a packet of the size that OpenSSH takes
LARGEST_READ = 255 * 1024


def attributes(found: os.stat_result, *, writable: bool) -> SFTPAttrs:
    """Facts of a file or folder as a client sees them: no owner of ours, permissions as they are in this view."""
    if stat.S_ISDIR(found.st_mode):
        mode = stat.S_IFDIR | (0o755 if writable else 0o555)
    else:
        mode = stat.S_IFREG | (0o644 if writable else 0o444)
    return made_up(mode, found.st_size, int(found.st_mtime))


def made_up(mode: int, size: int, mtime: int) -> SFTPAttrs:
    """Facts from numbers: `mode` as in stat, `size` in bytes, `mtime` in seconds since 1970."""
    seconds = min(max(mtime, 0), 0xFFFFFFFF)  # what the protocol can carry
    return SFTPAttrs(size=size, permissions=mode, atime=seconds, mtime=seconds, nlink=1)


@dataclass(eq=False)
class Reading:
    """A published file or a file of a report, opened for reading. Close it."""

    fd: int
    writable: bool

    def read(self, offset: int, size: int) -> bytes:
        """Give up to `size` bytes from `offset`; none at the end."""
        return os.pread(self.fd, min(size, LARGEST_READ), offset)

    def attributes(self) -> SFTPAttrs:
        """Facts of the open file."""
        return attributes(os.fstat(self.fd), writable=self.writable)

    def close(self) -> None:
        """Close the file."""
        os.close(self.fd)


@dataclass(eq=False, frozen=True)
class OwnText:
    """A text of ours, opened for reading as if it were a file."""

    text: bytes
    mtime: int

    def read(self, offset: int, size: int) -> bytes:
        """Give up to `size` bytes from `offset`; none at the end."""
        return self.text[offset : offset + size]

    def attributes(self) -> SFTPAttrs:
        """Facts of the text."""
        return made_up(stat.S_IFREG | 0o444, len(self.text), self.mtime)

    def close(self) -> None:
        """Nothing to close."""
