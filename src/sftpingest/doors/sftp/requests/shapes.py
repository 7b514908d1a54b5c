"""How SFTP packets begin: how long they are, and what a READ and a WRITE of our own clients look like.

In: the first bytes of a packet. Out: how many there must be before it can be taken.
"""

import struct

from asyncssh.constants import FXP_WRITE

#: longest packet that is taken, as in OpenSSH; and the longest piece that fits into one
LONGEST = 256 * 1024
LONGEST_PIECE = 255 * 1024
#: bytes of a handle of ours, and of the length of anything
_HANDLE = LENGTH = 4

_START = struct.Struct(">IB")
_HEAD = struct.Struct(">IB4s")
#: length, kind, id, length of the handle, handle, offset, length of the piece. Our handles have 4 bytes
WRITE = struct.Struct(">IB4sI4sQI")
READ = struct.Struct(">IB4sI4sQI")
DATA = struct.Struct(">IB4sI")


class NoSFTP(Exception):
    """The client does not speak SFTP, or sends packets that are too long. Its channel is closed."""


def needed(came: memoryview | bytearray) -> int:
    """How many bytes have to be there for a packet that begins so: all of it, of a WRITE its head. Raises NoSFTP."""
    if len(came) < _START.size:
        return _START.size
    length, kind = _START.unpack_from(came)
    if not _HEAD.size - LENGTH <= length <= LONGEST:
        raise NoSFTP
    whole: int = LENGTH + length
    if kind != FXP_WRITE or whole < WRITE.size or len(came) < WRITE.size:
        return min(whole, WRITE.size) if kind == FXP_WRITE else whole
    return WRITE.size if is_ours(came) else whole


def is_ours(came: memoryview | bytearray, *, piece: bool = True) -> bool:
    """Whether a WRITE or READ has a handle such as ours, and a WRITE no longer a piece than the packet holds."""
    length, _, _, handle_size, _, _, size = WRITE.unpack_from(came)
    return bool(handle_size == _HANDLE and (not piece or size <= LENGTH + length - WRITE.size))
