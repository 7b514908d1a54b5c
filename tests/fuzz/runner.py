"""Runs one fuzz target under atheris: instruments our modules only, and calls slow inputs crashes.

In: a target (it takes bytes and raises where something is wrong). Out: libFuzzer's lines on stderr, its exit status.
"""

import sys
import time
from collections.abc import Callable

import atheris  # type: ignore[import-untyped]

#: a single input that takes longer than this many seconds is a finding
SLOWEST = 1.0


def run(target: Callable[[bytes], None], *, long: bool = False) -> None:
    """Fuzz until libFuzzer's own options (`-max_total_time`, `-runs`) end it; `long`: inputs are long at once."""

    def timed(content: bytes) -> None:
        began = time.process_time()
        target(content)
        took = time.process_time() - began
        if took > SLOWEST:
            raise AssertionError(f"one input took {took:.1f} s")

    atheris.Setup([sys.argv[0], *(["-len_control=0"] if long else []), *sys.argv[1:]], timed)
    atheris.Fuzz()
