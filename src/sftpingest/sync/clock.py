"""How long each stage took, for the log and the benchmarks.

In:  blocks of code by name.
Out: seconds.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stages:
    """Seconds by stage, and of the whole since it was made."""

    def __init__(self) -> None:
        self._since = time.perf_counter()
        self.seconds: dict[str, float] = {}

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Time a block."""
        since = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - since, 3)

    def whole(self) -> float:
        """Seconds until now."""
        return round(time.perf_counter() - self._since, 3)
