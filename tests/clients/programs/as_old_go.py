"""Go's pkg/sftp before 1.13.6: bytes behind the end of every WRITE, 64 requests unanswered.

In: the verbs of tests/clients/libraries.py. Out: its requests in its order. (rclone 1.60 is built on it, too.)
"""

from tests.clients.programs.packets import CREATE, TRUNCATE, WRITE, Packets, replay

PIECE = 32 * 1024
UNDER_WAY = 64
#: what is left in its buffer
BEHIND = bytes(9)


async def put(packets: Packets, local: str, name: str) -> None:
    handle = await packets.open(f"/{name}", WRITE | CREATE | TRUNCATE)
    await packets.send(handle, local, 0, piece=PIECE, under_way=UNDER_WAY, behind=BEHIND)
    await packets.close(handle)


async def resume(packets: Packets, local: str, name: str) -> None:
    start = await packets.size(name) or 0
    handle = await packets.open(f"/{name}", WRITE)
    await packets.send(handle, local, start, piece=PIECE, under_way=UNDER_WAY, behind=BEHIND)
    await packets.close(handle)


replay("before 1.13.6", put, resume)
