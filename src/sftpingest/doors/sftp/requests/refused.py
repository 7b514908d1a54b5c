"""What a client asked for and may not do, told.

In: a request that was answered with "permission denied". Out: an event with the operation and the path.
"""

from asyncssh import SFTPPermissionDenied
from asyncssh.packet import PacketDecodeError, SSHPacket

from sftpingest.doors.sftp.events import Events

#: Requests that begin with a handle and not with a path.
_BY_HANDLE = {"fsetstat", "fstat", "close", "read", "write", "readdir"}
#: Longest name that is told, as of any file.
_LONGEST = 255


def tell(events: Events, answer: str, packet: SSHPacket, no: Exception) -> None:
    """Tell of links, folders, and writing where there is only reading. `answer`: the name of asyncssh's function."""
    if not isinstance(no, SFTPPermissionDenied):
        return
    operation = answer.removeprefix("_process_").removeprefix("openssh_")
    path = {} if operation in _BY_HANDLE else {"file": _path(packet)}
    events.warn_some("operation.refused", operation=operation, **path)


def _path(packet: SSHPacket) -> str:
    """The path with which the request began."""
    try:
        asked = SSHPacket(packet.get_consumed_payload()).get_string()
    except PacketDecodeError:
        return ""
    return asked.decode("utf-8", "replace")[:_LONGEST]
