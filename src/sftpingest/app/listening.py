"""Sockets that listen, and what to say where they cannot.

In:  a place, the settings that name it, and how to listen there.
Out: a socket, or CannotListen: one sentence with what to set.
"""

import errno
import socket
from collections.abc import Callable
from dataclasses import dataclass

#: Why a door cannot listen, and what to do.
CANNOT_LISTEN = {
    errno.EADDRINUSE: "Port {port} is in use already. Set {port_setting} to a free one{or_else}.",
    errno.EACCES: "This user may not listen on port {port}. Set {port_setting} to one from 1024 on.",
    errno.EADDRNOTAVAIL: "{host} is no address of this machine. Set {host_setting} to one that is.",
}


class CannotListen(Exception):
    """A door cannot listen. Set its SFTPINGEST_…_HOST and SFTPINGEST_…_PORT to what is free here."""


@dataclass(frozen=True)
class Spot:
    """Where to listen, and the settings that say so."""

    host: str
    port: int
    host_setting: str
    port_setting: str
    #: what can be done instead of setting the port
    or_else: str = ""


def bound(spot: Spot, listen: Callable[[str, int], socket.socket]) -> socket.socket:
    """A socket that listens there. Raises CannotListen."""
    try:
        return listen(spot.host, spot.port)
    except OSError as wrong:
        if wrong.errno not in CANNOT_LISTEN:
            raise
        raise CannotListen(CANNOT_LISTEN[wrong.errno].format(**vars(spot))) from None
