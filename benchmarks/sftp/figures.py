"""One case at each server in turn, several times: what came out.

In:  servers that run, cases.
Out: Figure: the median of each case at each server.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from benchmarks.sftp.cases import Case
from benchmarks.sftp.servers import Server

#: the smallest CPU time that is believed, in seconds
_LEAST: Final = 0.001


@dataclass(frozen=True)
class Figure:
    """A case at a server: medians over the rounds."""

    case: str
    server: str
    amount: int
    unit: str
    wall_seconds: float
    cpu_seconds: float
    #: every round, in the order in which they were measured
    rounds: tuple[tuple[float, float], ...]
    #: CPU seconds a second that the server uses while nobody is there; taken off already
    idle_share: float = 0.0

    @property
    def per_cpu_second(self) -> float:
        """Amount done in one second of the server's CPU."""
        return self.amount / self.cpu_seconds

    @property
    def per_second(self) -> float:
        """Amount done in one second on the wall."""
        return self.amount / self.wall_seconds


def idle(servers: Sequence[Server], seconds: float) -> dict[str, float]:
    """CPU seconds a second that each server needs while nobody is there, measured for so long."""
    before = {server.name: server.cpu() for server in servers}
    start = time.monotonic()
    time.sleep(seconds)
    return {server.name: (server.cpu() - before[server.name]) / (time.monotonic() - start) for server in servers}


def measured(
    servers: Sequence[Server],
    cases: Iterable[Case],
    rounds: int,
    idles: Mapping[str, float],
    say: Callable[[str], None],
) -> Iterator[Figure]:
    """Every case: each server in turn, `rounds` times over."""
    for case in cases:
        found: dict[str, list[tuple[float, float]]] = {server.name: [] for server in servers}
        for _ in range(rounds):
            for server in servers:
                found[server.name].append(_once(server, case, idles[server.name]))
        for name, pairs in found.items():
            wall, cpu = (median(column) for column in zip(*pairs, strict=True))
            say(f"{case.name}, {name}: {wall:.2f} s, {cpu:.3f} CPU s")
            yield Figure(case.name, name, case.amount, case.unit, wall, cpu, tuple(pairs), idles[name])


def _once(server: Server, case: Case, idle_share: float) -> tuple[float, float]:
    """Wall and CPU seconds; what the server would have used anyway is taken off."""
    case.prepare(server)
    start, before = time.monotonic(), server.cpu()
    wall = case.do(server)
    used = server.cpu() - before
    meanwhile = time.monotonic() - start
    server.clear()
    return wall, max(used - idle_share * meanwhile, _LEAST)
