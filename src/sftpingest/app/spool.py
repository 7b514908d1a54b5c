"""Lines that must not be lost, in files of one process, until they are somewhere better.

In:  lines, from an event loop: one write each, and nothing that waits for a disk; from threads, which may wait for it.
Out: whole files to be taken in and removed, our own and those of processes that died.

Whoever writes a file holds its lock (flock), which the kernel takes back when the process dies, by kill -9 too: a file
whose lock can be had has lost its process. What was written is with the kernel, and outlives the process.
"""

import contextlib
import fcntl
import os
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

_ENDING = ".jsonl"
_OURS_ALONE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC


@dataclass
class Leaf:
    """One file of lines. It owns `fd`, and with it the lock, until `drop` or `close`."""

    path: Path
    fd: int
    #: bytes of whole lines in it
    size: int = 0

    def append(self, line: bytes) -> None:
        """Add a line: all of it, or OSError and nothing of it."""
        written = os.write(self.fd, line)
        if written < len(line):  # the disk is full in the middle of it
            os.ftruncate(self.fd, self.size)
            raise OSError(f"{written} of {len(line)} bytes were written")
        self.size += written

    def batches(self, size: int) -> Iterator[list[tuple[str, bytes]]]:
        """All lines, `size` at a time, each with a mark that is its own for ever. A line without end is left out."""
        with self.path.open("rb") as lines:
            marked = ((f"{self.path.stem}-{n}", line) for n, line in enumerate(lines) if line.endswith(b"\n"))
            while batch := list(islice(marked, size)):
                yield batch

    def flush(self) -> None:
        """Put it on the disk. May take long."""
        os.fsync(self.fd)

    def drop(self) -> None:
        """Remove it."""
        self.path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Leave it for whoever comes next."""
        os.close(self.fd)


class Spool:
    """The files of this process. `append` is for any thread; the rest is for one thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._leaf: Leaf | None = None

    def make(self) -> None:
        """Make the folder, and see that it can be written. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock:
            self._leaf = self._leaf or self._new()

    def append(self, line: bytes) -> None:
        """Add a line, which ends with a line end. Raises OSError, and then nothing of it is there."""
        with self._lock:
            self._ours().append(line)

    def append_for_good(self, line: bytes) -> None:
        """Add a line, and wait until the disk has it: no power cut takes it back. Raises OSError."""
        with self._lock:
            leaf = self._ours()
            leaf.append(line)
            fd = os.dup(leaf.fd)  # its own may be closed as soon as the lock is left
        try:
            os.fdatasync(fd)  # beside the lock: whoever comes meanwhile waits for the disk at the same time
        finally:
            os.close(fd)

    def try_out(self, size: int) -> bool:
        """Whether so many bytes can be written. Nothing of them stays."""
        try:
            with self._lock:
                leaf = self._ours()
                try:
                    return os.write(leaf.fd, b" " * size) == size
                finally:
                    os.ftruncate(leaf.fd, leaf.size)
        except OSError:
            return False

    def _ours(self) -> Leaf:
        if self._leaf is None:
            self._leaf = self._new()
        return self._leaf

    def turn(self) -> Leaf | None:
        """Take the file with all lines so far, and begin another; None where there are no lines."""
        if self._leaf is None or not self._leaf.size:
            return None
        fresh: Leaf | None = None
        with contextlib.suppress(OSError):  # the next `append` tries again, and says so
            fresh = self._new()  # before the lock is taken: nobody shall wait for it
        with self._lock:
            full, self._leaf = self._leaf, fresh
        return full

    def orphans(self) -> Iterator[Leaf]:
        """Files whose process died, oldest first. The caller drops or closes each."""
        for path in sorted(self._folder.glob(f"*{_ENDING}"), key=_age):
            leaf = _adopted(path)
            if leaf is not None:
                yield leaf

    def close(self) -> None:
        """Leave the lines that are still here to the next start; `append` begins another file."""
        with self._lock:
            leaf, self._leaf = self._leaf, None
        if leaf is not None:
            (leaf.close if leaf.size else leaf.drop)()

    def _new(self) -> Leaf:
        while True:
            path = self._folder / f"{os.getpid()}-{secrets.token_hex(8)}{_ENDING}"
            leaf = Leaf(path, os.open(path, _OURS_ALONE, 0o600))
            if _locked(leaf.fd) and os.fstat(leaf.fd).st_nlink:
                _flush_folder(self._folder)
                return leaf
            leaf.close()  # somebody who looks for orphans was quicker, and removes it, or has already


def waits(folder: Path) -> bool:
    """Whether anything lies there that nobody has taken in yet."""
    for path in folder.glob(f"*{_ENDING}"):
        with contextlib.suppress(FileNotFoundError):  # taken in meanwhile
            if path.stat().st_size:
                return True
    return False


def _adopted(path: Path) -> Leaf | None:
    """The file of a process that is gone, with its lock; None where its process lives, or it has just gone."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    found = os.fstat(fd)
    if _locked(fd) and os.fstat(fd).st_nlink:
        return Leaf(path, fd, found.st_size)
    os.close(fd)
    return None


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _flush_folder(folder: Path) -> None:
    """A file is only found after a power cut when its folder is on the disk too."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _age(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
