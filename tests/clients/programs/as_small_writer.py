"""An exporter with a small buffer: writes of 4 KiB, each answered before the next is sent.

In: the verbs of tests/clients/libraries.py. Out: its requests in its order.
"""

from tests.clients.programs.packets import CREATE, TRUNCATE, WRITE, Packets, replay

PIECE = 4096


async def put(packets: Packets, local: str, name: str) -> None:
    handle = await packets.open(f"/{name}", WRITE | CREATE | TRUNCATE)
    await packets.send(handle, local, 0, piece=PIECE, under_way=1)
    await packets.close(handle)


async def resume(packets: Packets, local: str, name: str) -> None:
    start = await packets.size(name) or 0
    handle = await packets.open(f"/{name}", WRITE)
    await packets.send(handle, local, start, piece=PIECE, under_way=1)
    await packets.close(handle)


replay("made up", put, resume)
