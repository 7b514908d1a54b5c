"""Where the SFTP door listens: its own port, and the one for old exporters where it is set.

In:  the settings.
Out: sockets that listen, and which keys and algorithms the door has on each.
"""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog

from sftpingest.app import listening
from sftpingest.doors.sftp import Listening, Place, host_keys, listen, places
from sftpingest.settings import Settings

log = structlog.get_logger()


def ports(settings: Settings) -> list[Place]:
    """Every port of the door, in the order of its sockets."""
    return list(places(settings.sftp_port, settings.sftp_legacy_port, settings.sftp_algorithms))


@contextmanager
def bound(settings: Settings) -> Iterator[list[socket.socket]]:
    """Sockets that listen; they are ours as long as the block lasts. Raises CannotListen."""
    sockets: list[socket.socket] = []
    try:
        sockets.extend(_bind(settings.sftp_host, place) for place in ports(settings))
        yield sockets
    finally:
        for one in sockets:
            one.close()


def _bind(host: str, place: Place) -> socket.socket:
    return listening.bound(listening.Spot(host, place.port, "SFTPINGEST_SFTP_HOST", place.setting), listen)


def listening_on(settings: Settings, sockets: Sequence[socket.socket]) -> list[Listening]:
    """What the door is on sockets made by `bound`. Makes host keys that are missing; a new RSA key takes a second."""
    pairs = zip(sockets, ports(settings), strict=True)
    return [
        Listening(one, host_keys(settings.host_keys, place.profile.host_keys), place.profile) for one, place in pairs
    ]


def announcement(settings: Settings, sockets: Sequence[socket.socket]) -> Iterator[str]:
    """What to tell people, a line a port; the log is told the same."""
    for one, place in zip(sockets, ports(settings), strict=True):
        port, warning = int(one.getsockname()[1]), place.profile.warning
        log.info("door.opened", door="sftp", host=settings.sftp_host, port=port, profile=place.profile.name)
        where = f"sftp://{settings.sftp_host}:{port}"
        if warning:
            log.warning("door.legacy", host=settings.sftp_host, port=port, warning=warning)
            yield f"Legacy port open at {where}. {warning}"
        else:
            yield f"SFTP door open at {where} (data folder {settings.data}); Ctrl-C stops it."
