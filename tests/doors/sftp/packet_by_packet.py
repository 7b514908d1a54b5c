"""An SFTP client of single packets: it asks what no client would, and keeps all that it hears.

In: a running door. Out: answers as they came, and `heard`: every byte of them.
"""

import contextlib
import os
import select
import struct
import subprocess
from collections.abc import Iterator
from itertools import count

from tests.doors.sftp.conftest import USER, Knock

# kinds of packets, SFTP version 3
INIT, OPEN, CLOSE, READ, WRITE, LSTAT, FSTAT, SETSTAT, FSETSTAT, OPENDIR = 1, 3, 4, 5, 6, 7, 8, 9, 10, 11
READDIR, REMOVE, MKDIR, RMDIR, REALPATH, STAT, RENAME, READLINK, SYMLINK, EXTENDED = (
    12,
    13,
    14,
    15,
    16,
    17,
    18,
    19,
    20,
    200,
)
STATUS, HANDLE, DATA, NAME, ATTRS, REPLY = 101, 102, 103, 104, 105, 201
OK, NO_SUCH_FILE, UNSUPPORTED = 0, 2, 8
_READ, _WRITE, _CREATE, _TRUNCATE = 1, 2, 8, 16
#: how long an answer may take before the door counts as hanging
_PATIENCE = 30

NO_ATTRIBUTES = struct.pack(">I", 0)


def text(value: bytes) -> bytes:
    """A string as packets carry it."""
    return struct.pack(">I", len(value)) + value


def attributes(
    size: int | None = None, owner: int | None = None, mode: int | None = None, time: int | None = None
) -> bytes:
    """Attributes as packets carry them: size, user and group, permissions, both times."""
    flags, packed = 0, b""
    for bit, form, values in (
        (1, ">Q", (size,)),
        (2, ">II", (owner, owner)),
        (4, ">I", (mode,)),
        (8, ">II", (time, time)),
    ):
        if values[0] is not None:
            flags |= bit
            packed += struct.pack(form, *values)
    return struct.pack(">I", flags) + packed


class Raw:
    """One session. An answer that does not come is an error."""

    def __init__(self, door: Knock) -> None:
        command = ["ssh", "-p", str(door.port), "-i", str(door.key), *door.options, "-s", f"{USER}@127.0.0.1", "sftp"]
        self._ssh = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self._numbers = count(1)
        self.heard = bytearray()
        self.version = self._talk(struct.pack(">BI", INIT, 3))

    def close(self) -> None:
        self._ssh.kill()
        self._ssh.communicate()

    def ask(self, kind: int, body: bytes) -> tuple[int, bytes]:
        """Send one request; give the kind of the answer, and what stands behind its number."""
        number = next(self._numbers)
        answer = self._talk(struct.pack(">BI", kind, number) + body)
        assert struct.unpack(">I", answer[1:5]) == (number,)
        return answer[0], answer[5:]

    def status(self, kind: int, body: bytes) -> int:
        """Ask for something that is answered with yes or no; give the number of the answer, -1 where it is neither."""
        answered, content = self.ask(kind, body)
        return int(struct.unpack(">I", content[:4])[0]) if answered == STATUS else -1

    def opened(self, path: bytes, flags: int, attrs: bytes = NO_ATTRIBUTES) -> bytes | None:
        """Open a file; its handle as packets carry it."""
        kind, content = self.ask(OPEN, text(path) + struct.pack(">I", flags) + attrs)
        return content if kind == HANDLE else None

    def read(self, path: bytes) -> bytes | None:
        """The beginning of a file, None where it cannot be read."""
        handle = self.opened(path, _READ)
        if handle is None:
            return None
        kind, content = self.ask(READ, handle + struct.pack(">QI", 0, 65536))
        self.ask(FSTAT, handle)
        self.ask(CLOSE, handle)
        return content[4:] if kind == DATA else b""

    def write(self, path: bytes, content: bytes, flags: int = _TRUNCATE, attrs: bytes = NO_ATTRIBUTES) -> int:
        """Upload a file; the number of the answer to its close, -1 where it cannot be opened."""
        handle = self.opened(path, _WRITE | _CREATE | flags, attrs)
        if handle is None:
            return -1
        self.ask(FSETSTAT, handle + attrs)
        self.ask(WRITE, handle + struct.pack(">Q", 0) + text(content))
        return self.status(CLOSE, handle)

    def listed(self, path: bytes) -> list[tuple[bytes, bytes, bytes]] | None:
        """Name, long name and attributes of all in a folder; None where it cannot be listed."""
        kind, handle = self.ask(OPENDIR, text(path))
        if kind != HANDLE:
            return None
        found: list[tuple[bytes, bytes, bytes]] = []
        while (answer := self.ask(READDIR, handle))[0] == NAME:
            found += names(answer[1])
        self.ask(CLOSE, handle)
        return found

    def realpath(self, path: bytes) -> bytes | None:
        """What the door calls a path, None where it will not say."""
        kind, content = self.ask(REALPATH, text(path))
        return next(names(content))[0] if kind == NAME else None

    def _talk(self, packet: bytes) -> bytes:
        if self._ssh.stdin is None:
            raise RuntimeError("the session has no input")
        left = memoryview(text(packet))
        while left:
            left = left[os.write(self._ssh.stdin.fileno(), left) :]
        answer = self._hear(struct.unpack(">I", self._hear(4))[0])
        self.heard += answer
        return answer

    def _hear(self, size: int) -> bytes:
        if self._ssh.stdout is None:
            raise RuntimeError("the session has no output")
        heard = b""
        while len(heard) < size:
            ready, _, _ = select.select([self._ssh.stdout], [], [], _PATIENCE)
            assert ready, "the door does not answer"
            more = self._ssh.stdout.read(size - len(heard))
            assert more, "the door has ended the session"
            heard += more
        return heard


def names(content: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Read the answer NAME: each with its name, its long name, its attributes as they came."""
    amount, at = struct.unpack(">I", content[:4])[0], 4
    for _ in range(amount):
        parts = []
        for _ in range(2):
            size = struct.unpack(">I", content[at : at + 4])[0]
            parts.append(content[at + 4 : at + 4 + size])
            at += 4 + size
        flags = struct.unpack(">I", content[at : at + 4])[0]
        size = 4 + sum(width for bit, width in ((1, 8), (2, 8), (4, 4), (8, 8)) if flags & bit)
        yield parts[0], parts[1], content[at : at + size]
        at += size


@contextlib.contextmanager
def session(door: Knock) -> Iterator[Raw]:
    """A session for as long as the block lasts."""
    raw = Raw(door)
    try:
        yield raw
    finally:
        raw.close()
