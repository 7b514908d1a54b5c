"""One part of a long row is made while another is worked on.

In:  parts, as they are made.
Out: the same parts.
"""

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Part = TypeVar("_Part")


def ahead(parts: Iterable[_Part]) -> Generator[_Part, None, None]:
    """The parts; the next one is made in a thread while the caller works on this one.

    Who stops early must close it before he ends what the parts are made with: it waits for the thread.
    """
    making = iter(parts)
    with ThreadPoolExecutor(1) as beside:
        coming = beside.submit(next, making, None)
        while (part := coming.result()) is not None:
            coming = beside.submit(next, making, None)
            yield part
