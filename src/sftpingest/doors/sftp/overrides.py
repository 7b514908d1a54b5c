"""Where asyncssh 2.24 does not do what this door needs: small overrides of its SFTP side.

In: packets of one SFTP session. Out: calls of our `Session`, and answers in our words.
"""

import errno
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import asyncssh
import structlog
from asyncssh import SFTPFailure, SFTPInvalidHandle, SSHReader, SSHWriter
from asyncssh.constants import EXTENDED_DATA_STDERR, FXP_WRITE
from asyncssh.packet import PacketDecodeError, SSHPacket
from asyncssh.sftp import SFTPServerHandler
from asyncssh.stream import SSHServerStreamSession

from sftpingest.doors.sftp.answers import NOT_THERE, in_our_words
from sftpingest.doors.sftp.upload import Upload

if TYPE_CHECKING:
    from sftpingest.doors.sftp.session import Session

log = structlog.get_logger()

_Answer = Callable[[Any, SSHPacket], Awaitable[Any]]

#: links are refused; copy-data and ranges work on open files behind our back; statvfs tells of the server's disk
_NOT_OFFERED: set[bytes | int] = {
    b"hardlink@openssh.com",
    b"copy-data",
    b"ranges@asyncssh.com",
    b"statvfs@openssh.com",
    b"fstatvfs@openssh.com",
}


def _answered(answer: _Answer) -> _Answer:
    """Turn whatever goes wrong into an answer: asyncssh would send the text of our exceptions to the client."""

    @wraps(answer)  # asyncssh reads the function's name
    async def wrapped(self: object, packet: SSHPacket) -> object:
        try:
            return await answer(self, packet)
        except (asyncssh.Error, PacketDecodeError, NotImplementedError):
            raise
        except OSError as fault:
            if fault.errno not in NOT_THERE:
                log.error("door.failed", operation=answer.__name__, fault=errno.errorcode.get(fault.errno or 0))  # noqa: TRY400 - the disk's fault, not ours: no traceback
            raise in_our_words(fault) from fault
        except Exception as fault:
            log.exception("door.failed", operation=answer.__name__, fault=type(fault).__name__)
            raise SFTPFailure("Something went wrong on the server. Please tell whoever runs it.") from fault

    return wrapped


Serve = Callable[[SSHReader[bytes], SSHWriter[bytes], SSHWriter[bytes]], Awaitable[None]]


class Channel(SSHServerStreamSession[bytes]):
    """One channel whose start we see, whatever it is for. asyncssh alone would run its own SFTP session in it."""

    def __init__(self, serve: Serve) -> None:
        super().__init__(serve)
        self._serve = serve

    def subsystem_requested(self, subsystem: str) -> bool:
        """SFTP is the only subsystem."""
        return subsystem == "sftp"

    def session_started(self) -> None:
        """Hand the streams over: in, out and messages to people."""
        if self._chan is None or self._conn is None:  # asyncssh has set both before it starts a session
            raise RuntimeError("a channel was started before it was connected")
        reader, writer = SSHReader[bytes](self, self._chan), SSHWriter[bytes](self, self._chan)
        messages = SSHWriter[bytes](self, self._chan, EXTENDED_DATA_STDERR)
        self._conn.create_task(self._serve(reader, writer, messages), reader.logger)


class SFTP(SFTPServerHandler):
    """One SFTP session as asyncssh drives it, with our overrides."""

    _extensions = [pair for pair in SFTPServerHandler._extensions if pair[0] not in _NOT_OFFERED]  # noqa: RUF012, SLF001 - asyncssh's own table

    def __init__(self, session: "Session", reader: SSHReader[bytes], writer: SSHWriter[bytes]) -> None:
        super().__init__(session, reader, writer, sftp_version=3)
        self._session = session

    async def _cleanup(self, exc: Exception | None) -> None:
        """Break off what is still open, then send an exit status.

        asyncssh closes every open file here exactly as if the client had asked, and a half upload would be
        published (trap 6); so asyncssh finds no open files, and the session breaks them off.
        It also ends without exit status, and OpenSSH's scp (9 and later) exits 1 then though all arrived (trap 7).
        """
        self._file_handles.clear()
        self._session.exit()
        if not self._session.channel.is_closing():
            self._session.channel.exit(0 if exc is None else 1)
        await super()._cleanup(exc)

    async def _process_packet(self, pkttype: int, pktid: int, packet: SSHPacket) -> None:
        """Answer, then wait until the client takes answers.

        asyncssh goes on reading requests and keeps all answers in memory; a client that asks for much and reads
        nothing could fill it.
        """
        await super()._process_packet(pkttype, pktid, packet)
        if self._writer is not None:
            await self._writer.drain()

    async def _process_write(self, packet: SSHPacket) -> int:
        """Write, whatever follows the bytes to write.

        Go clients before pkg/sftp 1.13.6 (rclone 1.60 among them) send bytes after the packet's own end, and
        asyncssh answers "bad message" (trap 7). This is the same without that check.
        """
        handle, offset, chunk = packet.get_string(), packet.get_uint64(), packet.get_string()
        upload = self._file_handles.get(handle)
        if not isinstance(upload, Upload):
            raise SFTPInvalidHandle("This file is not open for writing.")
        return self._session.write(upload, offset, chunk)


SFTP._packet_handlers = {  # noqa: SLF001 - the table through which asyncssh finds its answers
    kind: _answered(SFTP._process_write if kind == FXP_WRITE else answer)  # noqa: SLF001
    for kind, answer in SFTPServerHandler._packet_handlers.items()  # noqa: SLF001
    if answer is not None and kind not in _NOT_OFFERED
}
