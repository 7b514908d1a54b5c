"""Where unpacked files lie: one after the other in a file that has no name.

In:  bytes as they are unpacked.
Out: Place: one file of them, to be read as often as needed.

The kernel removes the file when its last process is gone, however it went: what was encrypted never outlives the sync,
and there is nothing to clear away. No name of a packed file ever reaches the disk, so none can do harm there.
"""

import errno
import io
import os
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from sftpingest.inbox.boxes.bounds import CHUNK, Box

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: Bytes of the disk that are left free, for reports and the store; and how often it is looked at.
RESERVE, _LOOK = 256 * 10**6, 64 * 10**6


class Place(Protocol):
    """Where the bytes of one file are."""

    @property
    def size(self) -> int:
        """How many."""

    def open(self) -> BinaryIO:
        """Them, to be read from any place."""

    def read(self) -> bytes:
        """All of them."""


@dataclass(frozen=True)
class Lying:
    """A file in a folder."""

    path: Path

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.path.stat().st_size

    def open(self) -> BinaryIO:
        """It, to be read from any place."""
        return self.path.open("rb")

    def read(self) -> bytes:
        """All of it."""
        return self.path.read_bytes()


class Spool:
    """The file without a name. Made when the first byte comes."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._file: BinaryIO | None = None
        self._end = 0
        self._look_at = 0
        self._alone = threading.Lock()

    def begin(self, box: Box) -> "Writing":
        """A new file, out of that box."""
        box.next_file()
        return Writing(self, box)

    def append(self, chunk: bytes) -> None:
        """Write at the end."""
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  (closed by close)
        if self._end >= self._look_at:
            self._look_at = self._end + _LOOK
            _see_to_room(self._file.fileno())
        with self._alone:
            self._file.write(chunk)
            self._end += len(chunk)

    def end(self) -> int:
        """Where the next byte will be; what was written so far can be read."""
        if self._file is not None:
            self._file.flush()
        return self._end

    def read_at(self, at: int, most: int) -> bytes:
        """What was written there. Several may read at once."""
        if self._file is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        if sys.platform == "win32":  # has no pread: the place of writing is kept by hand
            with self._alone:
                self._file.seek(at)
                chunk = self._file.read(most)
                self._file.seek(self._end)
                return chunk
        return os.pread(self._file.fileno(), most, at)

    def close(self) -> None:
        """Be gone, with all that was unpacked."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _see_to_room(fd: int) -> None:
    """Our own fault, if anybody's: the sync is tried again later. Raises OSError."""
    if sys.platform == "win32":  # only `check` runs there, on a disk that keeps no uploads
        return
    disk = os.fstatvfs(fd)
    if disk.f_bavail * disk.f_frsize < min(RESERVE, disk.f_blocks * disk.f_frsize // 20):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Writing:
    """A file that is being unpacked."""

    def __init__(self, spool: Spool, box: Box) -> None:
        self._spool, self._box, self._start = spool, box, spool.end()

    def write(self, chunk: bytes) -> None:
        """Add to it. Raises Unpackable where it grows too big."""
        self._box.grow(len(chunk))
        self._spool.append(chunk)

    def end(self) -> "Spooled":
        """It is whole."""
        return Spooled(self._spool, self._start, self._spool.end() - self._start)


@dataclass(frozen=True)
class Spooled:
    """One unpacked file."""

    spool: Spool
    start: int
    size: int

    def open(self) -> BinaryIO:
        """It, to be read from any place."""
        return io.BufferedReader(_Window(self), CHUNK)

    def read(self) -> bytes:
        """All of it."""
        parts, at = [], 0
        while at < self.size:  # at most two gigabytes come at once
            parts.append(self.spool.read_at(self.start + at, self.size - at))
            at += len(parts[-1])
        return parts[0] if len(parts) == 1 else b"".join(parts)


class _Window(io.RawIOBase):
    """One unpacked file as if it were a file of its own. Several may read at once."""

    def __init__(self, of: Spooled) -> None:
        super().__init__()
        self._of, self._at = of, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._of.size}[whence]
        if start + offset < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._at = start + offset
        return self._at

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        most = min(len(view), max(self._of.size - self._at, 0))
        if not most:
            return 0
        chunk = self._of.spool.read_at(self._of.start + self._at, most)
        view[: len(chunk)] = chunk
        self._at += len(chunk)
        return len(chunk)
