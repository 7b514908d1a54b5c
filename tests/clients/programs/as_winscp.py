"""What WinSCP sends, by its documentation and its published source, for WinSCP itself runs on Windows only.

In: the verbs of tests/clients/libraries.py. Out: its requests in its order.

Files over 100 KB go to NAME.filepart first: LSTAT of NAME and of NAME.filepart, OPEN without truncating, WRITEs with 32
unanswered, CLOSE, REMOVE of an older NAME, RENAME, and SETSTAT of the times by the final name. Where NAME.filepart is
there already, it goes on behind its last byte.
"""

from pathlib import Path

from tests.clients.programs.packets import CREATE, TRUNCATE, WRITE, Packets, replay

#: "transfer to temporary filename": files above 100 KB, as it is set by default
THRESHOLD = 100 * 1024
PIECE = 32 * 1024
UNDER_WAY = 32


def size_of(local: str) -> int:
    return Path(local).stat().st_size


def changed(local: str) -> int:
    return int(Path(local).stat().st_mtime)


async def put(packets: Packets, local: str, name: str) -> None:
    if size_of(local) <= THRESHOLD:
        await plain(packets, local, name)
        return
    older, partial = await packets.size(name), await packets.size(f"{name}.filepart")
    handle = await packets.open(f"/{name}.filepart", WRITE | CREATE)
    await packets.send(handle, local, partial or 0, piece=PIECE, under_way=UNDER_WAY)
    await packets.close(handle)
    if older is not None:
        await packets.remove(name)
    await packets.rename(f"{name}.filepart", name)
    await packets.times(name, changed(local))


async def plain(packets: Packets, local: str, name: str) -> None:
    """Small files go straight to their name."""
    handle = await packets.open(f"/{name}", WRITE | CREATE | TRUNCATE)
    await packets.send(handle, local, 0, piece=PIECE, under_way=UNDER_WAY)
    await packets.close(handle)
    await packets.times(name, changed(local))


async def resume(packets: Packets, local: str, name: str) -> None:
    if not await packets.size(f"{name}.filepart"):
        raise FileNotFoundError(f"{name}.filepart is not shown, so WinSCP would begin anew")
    await put(packets, local, name)


replay("as of 5.21", put, resume)
