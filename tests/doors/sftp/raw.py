"""SFTP packets as they are, for tests that must send what no client would.

In: a channel of a real SSH connection. Out: answers as (type, body) pairs.

Source: draft-ietf-secsh-filexfer-02, which every client calls SFTP version 3.
"""

import asyncio
import struct
from dataclasses import dataclass, field

import asyncssh

INIT, VERSION, OPEN, CLOSE, READ, WRITE, LSTAT, FSTAT, SETSTAT, FSETSTAT = range(1, 11)
OPENDIR, READDIR, REMOVE, MKDIR, RMDIR, REALPATH, STAT, RENAME, READLINK, SYMLINK = range(11, 21)
STATUS, HANDLE, DATA, NAME, ATTRS = range(101, 106)
EXTENDED = 200
FOR_READ, FOR_WRITE, APPEND, CREAT, TRUNC, EXCL = 1, 2, 4, 8, 16, 32
OK, EOF, NO_SUCH_FILE, DENIED, FAILURE, BAD_MESSAGE, NO_CONNECTION, LOST, UNSUPPORTED = range(9)
#: no answer takes longer on the slowest machine
PATIENCE = 30


def string(text: bytes) -> bytes:
    return struct.pack(">I", len(text)) + text


def u32(number: int) -> bytes:
    return struct.pack(">I", number)


def u64(number: int) -> bytes:
    return struct.pack(">Q", number)


def with_size(size: int) -> bytes:
    """Attributes that name nothing but a size."""
    return u32(1) + u64(size)


@dataclass
class Answer:
    kind: int
    body: bytes

    @property
    def status(self) -> int | None:
        """The code of a STATUS, None for other answers."""
        return int(struct.unpack(">I", self.body[:4])[0]) if self.kind == STATUS else None

    @property
    def text(self) -> bytes:
        """The one string of a HANDLE or DATA."""
        return self.body[4 : 4 + struct.unpack(">I", self.body[:4])[0]]

    @property
    def size(self) -> int:
        """The size in ATTRS."""
        assert self.kind == ATTRS, self
        return int(struct.unpack(">Q", self.body[4:12])[0])


@dataclass
class Raw:
    """One SFTP channel."""

    writer: "asyncssh.SSHWriter[bytes]"
    reader: "asyncssh.SSHReader[bytes]"
    number: int = 0
    early: dict[int, Answer] = field(default_factory=dict)

    @classmethod
    async def on(cls, connection: asyncssh.SSHClientConnection) -> "Raw":
        """Open a channel and agree on version 3."""
        writer, reader, _ = await connection.open_session(subsystem="sftp", encoding=None)
        raw = cls(writer, reader)
        raw.send(bytes([INIT]) + u32(3))
        assert (await raw.receive())[:1] == bytes([VERSION])
        return raw

    def send(self, packet: bytes) -> None:
        self.writer.write(u32(len(packet)) + packet)

    async def receive(self) -> bytes:
        """The next packet. Raises asyncio.IncompleteReadError at the end."""
        async with asyncio.timeout(PATIENCE):
            size = struct.unpack(">I", await self.reader.readexactly(4))[0]
            return await self.reader.readexactly(size)

    def request(self, kind: int, *parts: bytes) -> int:
        """Send a request, and give its number."""
        self.number = (self.number + 1) & 0xFFFFFFFF
        self.send(bytes([kind]) + u32(self.number) + b"".join(parts))
        return self.number

    async def answer(self, number: int) -> Answer:
        """The answer to a request, whatever came before it."""
        while number not in self.early:
            packet = await self.receive()
            self.early[struct.unpack(">I", packet[1:5])[0]] = Answer(packet[0], packet[5:])
        return self.early.pop(number)

    async def ask(self, kind: int, *parts: bytes) -> Answer:
        return await self.answer(self.request(kind, *parts))
