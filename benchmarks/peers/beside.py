"""The same pages of the peers and of our own door, asked for in turn.

In:  our door, the store behind it.
Out: a figure for each page of each peer that is installed; a sentence for each that is not.
"""

from collections.abc import Iterator
from functools import partial
from typing import Final

import orjson

from benchmarks.asking import Client, Figure, in_turn
from benchmarks.peers.datasette import Datasette
from benchmarks.peers.postgraphile import PostGraphile
from benchmarks.peers.roster import Users, kept
from benchmarks.peers.server import Ask, Page, Peer
from benchmarks.program import Program
from benchmarks.run import say

PEERS: Final[tuple[Peer, ...]] = (Datasette(), PostGraphile())


def beside(ours: Client, program: Program, middle: str, times: int) -> Iterator[Figure]:
    """All peers that are here, one after the other; `middle` is the id at which a page in the middle begins."""
    here = [peer for peer in PEERS if _is_here(peer, program)]
    if not here:
        return
    users = kept(program.folder / "peers.db", ours.pages("/v3.1/users"), middle)
    for peer in here:
        with peer.serving(users, program.url) as ask:
            yield from _pages(peer, ask, ours, users, times)
    users.path.unlink()


def _is_here(peer: Peer, program: Program) -> bool:
    if not peer.version():
        say(f"{peer.name} is not here, so it does not stand beside our pages: `make peers` installs it")
        return False
    if isinstance(peer, PostGraphile) and not program.url.startswith("postgresql"):
        say(f"{peer.name} reads PostgreSQL alone, so it does not stand beside our pages on SQLite")
        return False
    return True


def _pages(peer: Peer, ask: Ask, ours: Client, users: Users, times: int) -> Iterator[Figure]:
    name = f"{peer.name} {peer.version()}"
    for limit, many in ((100, 10 * times), (10_000, times)):
        asked = {"first": Page(limit), "middle": Page(limit, after=users.middle)}
        if peer.by_offset:
            asked[f"middle, by offset {users.before:,}"] = Page(limit, offset=users.before)
        for place, page in asked.items():
            following = "" if place == "first" else f"&starting_after={users.middle}"
            path = f"/v3.1/users?limit={limit}{following}"
            same(peer.ids(ask(page)), ours.get(path))
            seconds, our_seconds = in_turn(partial(ask, page), partial(ours.get, path), many)
            yield Figure(f"{name}: a page of {limit:,} users, {place}", seconds, "sftpingest", our_seconds)


def same(ids: list[str], body: bytes) -> None:
    """Raise where the peer does not give the same users in the same order."""
    if ids != (expected := [one["data"]["id"] for one in orjson.loads(body)["data"]]):
        raise AssertionError(f"{len(ids)} users instead of {len(expected)}, or others")
