"""What the processes of the door tell their parent, where the watcher runs.

In:  uploads that start and end in a door process, over a pipe, one line each: an event and a slug.
Out: the same in the parent's `Uploads`; what a process that died had open counts as ended.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable

from sftpingest.doors.sftp import Uploads
from sftpingest.doors.sftp.uploads import Event

#: A process says so when its door is open; no upload's event has that name.
OPEN = "open"


async def teller(pipe: int) -> Callable[[str, str], None]:
    """The door's end of the pipe: a function that tells one event. Never blocks; keeps what the pipe cannot take.

    A line is in the pipe before the client is answered, unless the parent is far behind.
    """
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(pipe, "wb", buffering=0))

    def tell(event: str, slug: str) -> None:
        transport.write(f"{event} {slug}\n".encode())

    return tell


async def hear(pipe: int, uploads: Uploads, opened: Callable[[], None]) -> None:
    """The parent's end: count what one process tells until it is gone. `opened` is called when its door is open."""
    reader, loop = asyncio.StreamReader(), asyncio.get_running_loop()
    file = os.fdopen(pipe, "rb", buffering=0)
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)
    writing: Counter[str] = Counter()
    try:
        async for line in reader:
            event, _, slug = line.decode().rstrip("\n").partition(" ")
            if event == OPEN:
                opened()
            else:
                _count(event, slug, uploads, writing)
    finally:
        for slug in writing.elements():  # broken off: the process is gone
            uploads.ended(slug)
        transport.close()


def _count(event: str, slug: str, uploads: Uploads, writing: Counter[str]) -> None:
    match event:
        case Event.STARTED:
            writing[slug] += 1
            uploads.started(slug)
        case Event.WITHDRAWN:
            writing[slug] -= 1
            uploads.withdrawn(slug)
        case Event.ENDED:
            writing[slug] -= 1
            uploads.ended(slug)
        case Event.TOUCHED:
            uploads.touched(slug)
        case _:
            raise ValueError(f"a door process told {event!r}, which nobody knows")
