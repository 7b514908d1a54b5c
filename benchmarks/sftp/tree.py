"""What the processes of a server have used, those that are gone too.

In:  the pid of a keeper (keeper.py).
Out: seconds of CPU, bytes of memory.
"""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICK: Final = 1 / os.sysconf("SC_CLK_TCK")
_PROC: Final = Path("/proc")
_KB: Final = 1024
_PATIENCE: Final = 20
#: seconds in which a server may still do something about a session that has ended: our watcher looks at the folder
_AFTERTHOUGHTS: Final = 0.15
#: fields of /proc/PID/stat behind the name, which stands in brackets and may hold anything
_PARENT, _USER, _SYSTEM, _GONE_USER, _GONE_SYSTEM = 1, 11, 12, 13, 14


@dataclass(frozen=True)
class Memory:
    """Bytes in memory of a server's processes."""

    #: the sum over processes; what they share counts once for each
    resident: int
    #: what they share counts once in all (the kernel's PSS)
    proportional: int
    processes: int


@dataclass(frozen=True)
class Tree:
    """All processes below a keeper."""

    keeper: int

    def pids(self) -> list[int]:
        """Every process of the server that is there now."""
        children: dict[int, list[int]] = {}
        for pid, fields in _everybody():
            children.setdefault(int(fields[_PARENT]), []).append(pid)
        found, new = [], [self.keeper]
        while new:
            new = [child for parent in new for child in children.get(parent, ())]
            found += new
        return found

    def cpu(self) -> float:
        """User and system seconds since the start, of those that run and of those that are gone."""
        gone = [_fields(pid) for pid in (self.keeper, *self.pids())]
        ended = sum(int(fields[at]) for fields in gone if fields for at in (_GONE_USER, _GONE_SYSTEM))
        return ended * _TICK + sum(map(_own, self.pids()))

    def memory(self) -> Memory:
        """What is in memory now."""
        found = [both for pid in self.pids() if (both := _resident(pid))]
        return Memory(sum(one[0] for one in found), sum(one[1] for one in found), len(found))

    def settle(self, resting: int) -> None:
        """Wait until no more than the `resting` processes are there: what sessions used is then all counted."""
        give_up = time.monotonic() + _PATIENCE
        while len(self.pids()) > resting and time.monotonic() < give_up:
            time.sleep(0.02)
        time.sleep(_AFTERTHOUGHTS)


def _everybody() -> Iterator[tuple[int, list[str]]]:
    for path in _PROC.iterdir():
        if path.name.isdigit() and (fields := _fields(int(path.name))):
            yield int(path.name), fields


def _fields(pid: int) -> list[str] | None:
    with suppress(OSError):
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return None


def _own(pid: int) -> float:
    """Seconds of one process with all its threads, to the nanosecond where the kernel tells."""
    try:
        return time.clock_gettime(~pid << 3 | 2)  # the CPU clock of a process, as in the kernel's posix-timers.h
    except OSError:
        fields = _fields(pid)
        return sum(int(fields[at]) for at in (_USER, _SYSTEM)) * _TICK if fields else 0.0


def _resident(pid: int) -> tuple[int, int] | None:
    with suppress(OSError):
        lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
        sizes = {line.split(":")[0]: int(line.split()[1]) * _KB for line in lines[1:]}
        return sizes["Rss"], sizes["Pss"]
    return None
