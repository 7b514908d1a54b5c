"""Where the web door listens.

In:  the settings.
Out: a socket; the line that says where it is.

The parent of the door's process needs this, and loads nothing of what the door itself needs.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from sftpingest.app.listening import Spot, bound
from sftpingest.settings import Settings

log = structlog.get_logger()

#: Connections that may wait to be taken.
_WAITING = 1024
#: The line by which a child tells its parent that it is open.
OPEN = b"open\n"


@contextmanager
def web_socket(settings: Settings) -> Iterator[socket.socket]:
    """A socket that listens where the settings say, as long as the block lasts. Raises CannotListen."""
    or_else = ", or SFTPINGEST_WEB to off if no vendor reads here"
    spot = Spot(settings.web_host, settings.web_port, "SFTPINGEST_WEB_HOST", "SFTPINGEST_WEB_PORT", or_else)
    with bound(spot, _listen) as there:
        yield there


def _listen(host: str, port: int) -> socket.socket:
    """Raises OSError."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    there = socket.create_server(
        address, family=family, backlog=_WAITING, dualstack_ipv6=family == socket.AF_INET6 and host == "::"
    )
    # connections inherit it; asyncio sets it only for sockets that were made with their protocol named, and without
    # it the second part of each small answer waits 40 ms for the client's word about the first
    there.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return there


def announcement(settings: Settings, there: socket.socket) -> str:
    """What to tell people; the log is told the same."""
    port = int(there.getsockname()[1])
    log.info("door.opened", door="web", host=settings.web_host, port=port)
    host = f"[{settings.web_host}]" if ":" in settings.web_host else settings.web_host
    return f"Web door open at http://{host}:{port}"
