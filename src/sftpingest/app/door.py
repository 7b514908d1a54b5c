"""One process of the SFTP door.

In:  sockets that the parent listens on, a pipe for news to it, the settings.
Out: a door that is open until SIGTERM or SIGINT; open uploads may finish for the grace time.

Several of these accept on the same sockets: an idle one is quicker to take a connection than a busy one, and none is
lost when one dies. What must be common to all is in the store. Nothing here loads pandas: a process is a fifth of
the size.
"""

import asyncio
import socket
from collections.abc import Sequence

import structlog

from sftpingest.app.gate import StoreGate
from sftpingest.app.installation import open_installation
from sftpingest.app.news import OPEN, teller
from sftpingest.app.ports import listening_on
from sftpingest.app.signals import stop_at_signals
from sftpingest.app.trail import trail
from sftpingest.app.watchlist import guard_and_rules
from sftpingest.doors.sftp import Events, Uploads, serve
from sftpingest.settings import Settings

log = structlog.get_logger()


def serve_door(settings: Settings, sockets: Sequence[int], news: int) -> None:
    """Serve the door on file descriptors of sockets made by `ports.bound`, in its order."""
    asyncio.run(_serve(settings, [socket.socket(fileno=fd) for fd in sockets], news))


async def _serve(settings: Settings, sockets: Sequence[socket.socket], news: int) -> None:
    stop = stop_at_signals(twice=False)
    engine = open_installation(settings, make=False)
    tell = await teller(news)
    gate = StoreGate(engine, settings.data, settings.host_keys)
    rules, guard = guard_and_rules(settings, engine)
    with trail(engine, settings.data) as kept:
        events = Events(kept.keep, sound=kept.is_sound)
        door = await serve(
            listening_on(settings, sockets), gate, Uploads(tell), rules=rules, guard=guard, events=events
        )
        tell(OPEN, "")
        try:
            await stop.wait()
            await door.drain(settings.grace_seconds)
        finally:
            await door.close()
    engine.dispose()
