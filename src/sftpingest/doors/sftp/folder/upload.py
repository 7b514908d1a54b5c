"""One upload that a client is writing.

In: pieces at offsets, as the client sends them. Out: a staged file, and what is to be known of it.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from asyncssh import SFTPAttrs, SFTPError

from sftpingest.doors.sftp.folder.reading import LARGEST_READ, attributes

#: pieces that came before those in front of them, and are remembered; the busiest client tried has 64 under way
_MOST_EARLY = 4096


@dataclass(eq=False)
class Upload:
    """An open upload: it owns `fd`, and with it the lock of the staged file, until `close`."""

    name: str
    #: name in staging/
    staged: str
    fd: int
    #: (inode, mtime) of what was published under this name when the upload began
    replaces: tuple[int, int] | None
    #: every write goes to the end, wherever the client wanted it
    append: bool = False
    #: it is what is published already, nothing was changed
    whole: bool = False
    #: it goes on with what an earlier one left
    resumed: bool = False
    #: bytes of the broken-off upload whose place it took
    before: int = 0
    #: where the first write began; None before it
    first: int | None = None
    #: the end of the furthest write; None before the first one
    end: int | None = None
    #: a write was at its very beginning
    from_start: bool = False
    #: bytes from the beginning that are there without a hole; clients may send pieces in any order
    solid: int = 0
    #: pieces behind a hole: where each begins and ends
    early: dict[int, int] = field(default_factory=dict)
    #: bytes up to which its size was allowed
    granted: int = 0
    #: (atime, mtime) in seconds that the client wants the published file to have
    times: tuple[int, int] | None = None
    #: why it was given up; every later write and the close are answered with this
    refusal: SFTPError | None = None

    def write(self, offset: int, pieces: Sequence[memoryview]) -> None:
        """Write all `pieces`, one after the other from `offset`. OSError as of the disk."""
        size = sum(map(len, pieces))
        self.whole = False
        self.first = offset if self.first is None else self.first
        self.from_start |= offset == 0
        self.end = max(self.end or 0, offset + size)
        done = os.pwritev(self.fd, pieces, offset) if size else 0
        if done < size:  # the disk took only a part: see what it says to the rest
            left = memoryview(b"".join(pieces))
            while done < size:
                done += os.pwrite(self.fd, left[done:], offset + done)
        self._fill(offset, offset + size)

    def read(self, offset: int, size: int) -> bytes:
        """Give up to `size` bytes from `offset`; none at the end."""
        return os.pread(self.fd, min(size, LARGEST_READ), offset)

    def truncate(self, size: int) -> None:
        """Cut or lengthen it to `size` bytes."""
        self.whole = False
        self.solid = min(self.solid, size)
        self.early = {begin: min(end, size) for begin, end in self.early.items() if begin < size}
        self.end = max(self.end or 0, size)
        os.ftruncate(self.fd, size)

    def size(self) -> int:
        """Bytes it has now."""
        return os.fstat(self.fd).st_size

    def attributes(self) -> SFTPAttrs:
        """Facts of the staged file as the client sees them, with the times that it has asked for."""
        found = attributes(os.fstat(self.fd), writable=True)
        if self.times is not None:
            found.atime, found.mtime = self.times
        return found

    def cut(self) -> None:
        """End it where the client did, if it wrote it anew from the start over what was broken off.

        Clients that do not ask for truncation would else leave the end of another day's file in it.
        """
        if self.resumed and self.from_start and self.end is not None:
            self.solid = min(self.solid, self.end)
            os.ftruncate(self.fd, self.end)

    def cut_holes(self) -> None:
        """End it at the first hole: whoever resumes goes on at its end, and would leave the hole in it."""
        if self.solid < self.size():
            os.ftruncate(self.fd, self.solid)

    def _fill(self, begin: int, end: int) -> None:
        """Note that these bytes are there."""
        if begin > self.solid:
            if len(self.early) < _MOST_EARLY:  # else it is only the shorter when it is broken off
                self.early[begin] = max(end, self.early.get(begin, 0))
            return
        self.solid = max(self.solid, end)
        while self.early and (first := min(self.early)) <= self.solid:
            self.solid = max(self.solid, self.early.pop(first))

    def flush(self) -> None:
        """Put it on the disk, with the times that the client wants. May take long."""
        if self.times is not None:
            os.utime(self.fd, self.times)
        os.fsync(self.fd)

    def close(self) -> None:
        """Close the file, which also gives its lock back."""
        os.close(self.fd)


def times_of(attrs: SFTPAttrs) -> tuple[int, int] | None:
    """(atime, mtime) in seconds that a client wants a file to have; None where it wants none."""
    if attrs.mtime is None:
        return None
    return (attrs.mtime if attrs.atime is None else attrs.atime, attrs.mtime)
