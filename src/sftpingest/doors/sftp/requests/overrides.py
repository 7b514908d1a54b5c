"""One SFTP channel: its requests, answered by asyncssh's own code and our `Session`, with what differs here.

In: runs of bytes of one channel. Out: calls of our `Session`, and answers in our words.

Written for asyncssh 2.24: stands on the tables and private methods of its SFTPServerHandler, which reads the packets
and writes the answers of everything but reads and writes; those take the short way (packets.py).
"""

import struct
from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

import asyncssh
import structlog
from asyncssh import (
    SFTPEOFError,
    SFTPFailure,
    SFTPInvalidHandle,
    SFTPNoSpaceOnFilesystem,
    SFTPQuotaExceeded,
    SSHReader,
    SSHServerChannel,
    SSHWriter,
)
from asyncssh.constants import FXP_INIT, FXP_STATUS, FXP_VERSION
from asyncssh.packet import PacketDecodeError, SSHPacket, String, UInt32
from asyncssh.sftp import SFTPLimits, SFTPServerHandler

from sftpingest.doors.sftp.folder.answers import Interrupted, told
from sftpingest.doors.sftp.folder.upload import Upload
from sftpingest.doors.sftp.requests.life import Life
from sftpingest.doors.sftp.requests.packets import ADVISED_PIECE, LONGEST, LONGEST_PIECE, NoSFTP, Requests
from sftpingest.doors.sftp.requests.refused import tell

if TYPE_CHECKING:
    from sftpingest.doors.sftp.folder.session import Session

log = structlog.get_logger()

_Answer = Callable[[Any, SSHPacket], Awaitable[Any]]

#: files and folders that one session may have open; the busiest of 15 clients tried had 8
MOST_OPEN = 64
#: where the largest file that a system can have ends; clients may name twice that
_LAST = 2**63 - 1 - LONGEST_PIECE
_VERSION = 3
_MARK = struct.Struct(">BI")

#: links are refused; copy-data and ranges work on open files behind our back; statvfs tells of the server's disk;
#: vendor-id tells which library in which version this is
_NOT_OFFERED: set[bytes | int] = {
    b"vendor-id",
    b"hardlink@openssh.com",
    b"copy-data",
    b"ranges@asyncssh.com",
    b"statvfs@openssh.com",
    b"fstatvfs@openssh.com",
}


def _answered(answer: _Answer) -> _Answer:
    @wraps(answer)  # asyncssh reads the function's name
    async def wrapped(self: object, packet: SSHPacket) -> object:
        try:
            return await answer(self, packet)
        except (asyncssh.Error, PacketDecodeError, NotImplementedError) as no:
            tell(cast("SFTP", self).events, answer.__name__, packet, no)
            cast("SFTP", self).explain(no)
            raise
        except Exception as fault:
            raise told(fault, answer.__name__) from fault

    return wrapped


class SFTP(Life, SFTPServerHandler):
    """The SFTP of one channel. `feed` it; `run` it to its end."""

    _extensions = [pair for pair in SFTPServerHandler._extensions if pair[0] not in _NOT_OFFERED]  # noqa: RUF012, SLF001 - asyncssh's own table

    def __init__(self, session: "Session", channel: SSHServerChannel[bytes]) -> None:
        # asyncssh takes only the logger from a reader, and from a writer nothing before it sends
        reader, writer = cast("SSHReader[bytes]", channel), cast("SSHWriter[bytes]", None)
        SFTPServerHandler.__init__(self, session, reader, writer, _VERSION)
        Life.__init__(self, session, channel, Requests(self))
        self.events = session.events
        self._greeted = False
        self._reply = b""
        self._explained: set[str] = set()
        self._by_openssh = "OpenSSH" in channel.get_extra_info("client_version", "")

    # -- what `Requests` asks for --------------------------------------------------------------------------------

    @property
    def slow(self) -> bool:
        """Whether the disk is so slow that writing would keep other sessions waiting."""
        return self._session.slow

    def put(self, handle: bytes, offset: int, pieces: Sequence[memoryview]) -> None:
        """Write."""
        self._session.put(self._upload(handle), offset, pieces)

    async def put_aside(self, handle: bytes, offset: int, content: bytes) -> None:
        """Write in a thread."""
        await self._session.put_aside(self._upload(handle), offset, content)

    def take(self, handle: bytes, offset: int, size: int) -> bytes:
        """Read."""
        file = self._file_handles.get(handle)
        if file is None:
            raise SFTPInvalidHandle("This file is not open.")
        piece = b"" if offset > _LAST else self._session.read(file, offset, size)
        if not piece:
            raise SFTPEOFError
        return piece

    def refusal(self, mark: bytes, fault: Exception) -> bytes:
        """Say what went wrong."""
        refusal = told(fault, "read or write")
        self.explain(refusal)
        return _packed(FXP_STATUS, mark, refusal.encode(_VERSION))

    def explain(self, refusal: Exception) -> None:
        """Say what must be known beside the answer too: OpenSSH shows "Failure" and keeps our sentence to itself.

        What comes beside is shown by its ssh, whoever runs that (sftp, scp, lftp). Others would not read it.
        """
        if (
            not isinstance(refusal, SFTPQuotaExceeded | SFTPNoSpaceOnFilesystem | Interrupted)
            or refusal.reason in self._explained
        ):
            return
        self._explained.add(refusal.reason)
        if self._by_openssh and not self._channel.is_closing():
            self._channel.write_stderr(f"{refusal.reason}\n".encode())

    async def answer(self, packet: bytes) -> bytes:
        """Let asyncssh read the request, call our `Session`, and make the answer."""
        kind, mark = _MARK.unpack_from(packet)
        if not self._greeted:
            return self._greet(kind, mark)
        await self._process_packet(kind, mark, SSHPacket(packet[_MARK.size :]))
        return self._reply

    # -- what asyncssh asks for, and does otherwise --------------------------------------------------------------

    def send_packet(self, pkttype: int, pktid: int | None, *args: bytes) -> None:  # noqa: ARG002 - it is in `args`
        """Keep the answer that asyncssh has made: `answer` gives it on."""
        self._reply = _packed(pkttype, *args)

    async def _process_opendir(self, packet: SSHPacket) -> bytes:
        if len(self._dir_handles) >= MOST_OPEN:
            raise SFTPFailure("Too many folders are open at once. Please close some first.")
        return await super()._process_opendir(packet)

    async def _process_limits(self, packet: SSHPacket) -> SFTPLimits:
        packet.check_end()
        if self._by_openssh:
            self._session.told(ADVISED_PIECE)
        return SFTPLimits(LONGEST, LONGEST_PIECE, ADVISED_PIECE, MOST_OPEN)

    def _greet(self, kind: int, version: int) -> bytes:
        if kind != FXP_INIT:
            raise NoSFTP
        self._greeted = True
        self._version = min(version, _VERSION)
        extensions = (String(part) for pair in self._extensions for part in pair)
        return _packed(FXP_VERSION, UInt32(self._version), *extensions)

    def _upload(self, handle: bytes) -> Upload:
        upload = self._file_handles.get(handle)
        if not isinstance(upload, Upload):
            raise SFTPInvalidHandle("This file is not open for writing.")
        return upload


def _packed(kind: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return UInt32(len(body) + 1) + bytes((kind,)) + body


SFTP._packet_handlers = {  # noqa: SLF001 - the table through which asyncssh finds its answers
    kind: _answered(getattr(SFTP, answer.__name__))
    for kind, answer in SFTPServerHandler._packet_handlers.items()  # noqa: SLF001
    if answer is not None and kind not in _NOT_OFFERED
}
