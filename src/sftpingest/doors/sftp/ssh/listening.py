"""Where the door listens.

In: an address. Out: a socket that is bound and listens, which several processes may share.
"""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sftpingest.doors.sftp.ssh.profiles import COMPATIBLE, Profile

#: connections that wait while every process is busy
_WAITING = 512


@dataclass(frozen=True)
class Listening:
    """One socket of the door, by which keys it is known there, and which algorithms it speaks."""

    socket: socket.socket
    #: the current ones; beside each may lie a next one
    host_keys: Sequence[Path]
    profile: Profile = COMPATIBLE

    @property
    def port(self) -> int:
        """The port it has."""
        return int(self.socket.getsockname()[1])


def listen(host: str, port: int) -> socket.socket:
    """Bind `host` (a name or an address) and `port` (0: any free one) and listen. Raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:  # :: takes IPv4 too, as it does everywhere else
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listening.bind(address)
        listening.listen(_WAITING)
    except BaseException:
        listening.close()
        raise
    listening.settimeout(0)
    return listening
