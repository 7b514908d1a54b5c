"""The web door as the parent sees it: its process, and when it is open.

In:  its command, and the socket's number.
Out: a child to be kept, and a future that is settled when it is open.

The parent loads nothing of what the door itself needs.
"""

import asyncio
import os
from collections.abc import Sequence

from sftpingest.app import family
from sftpingest.app.web_socket import OPEN

#: Seconds that the process may take to end after the grace time of open requests.
_SECONDS = 20


class WebStaysShut(Exception):
    """The web door could not be opened. The lines above say why."""


def web_child(command: Sequence[str], fd: int, grace_seconds: float, opened: "asyncio.Future[None]") -> family.Child:
    """The process of the door. `opened` is settled when the first one is open, or has died before that."""

    async def hear(pipe: int) -> None:
        told = await _line(pipe)
        if opened.done():
            return
        if told == OPEN:
            opened.set_result(None)
        else:
            opened.set_exception(WebStaysShut())

    words = [*command, "--socket", str(fd)]
    return family.Child("web", words, grace_seconds + _SECONDS, (fd,), hear)


async def _line(pipe: int) -> bytes:
    """What the process tells first; nothing where it dies before."""
    reader, loop = asyncio.StreamReader(), asyncio.get_running_loop()
    file = os.fdopen(pipe, "rb", buffering=0)
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)
    try:
        return await reader.readline()
    finally:
        transport.close()
