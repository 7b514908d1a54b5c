"""What is so as long as a state of the store lasts, so that it is found once: how many records there are, and the like.

In:  what is asked, with the state of which it is asked.
Out: what was found. Lost with the process, and then found anew.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")
#: Answers that are remembered of each sort; fewer of large ones: statements, and what is told of all districts.
_MOST, _LARGE = 1_000, 100
_ARE_LARGE = frozenset({"pages", "seats", "first", "times"})


class Remembered:
    """What was found lately. Threads share it, so nobody changes what he gets."""

    def __init__(self) -> None:
        self._known: defaultdict[str, OrderedDict[Hashable, Any]] = defaultdict(OrderedDict)
        self._lock = Lock()

    def once(self, sort: str, asked: Hashable, find: Callable[[], T]) -> T:
        """The answer, which is found where it is not known. `asked` has in it all on which the answer depends."""
        with self._lock:
            known = self._known[sort]
            if asked in known:
                known.move_to_end(asked)
                found: T = known[asked]
                return found
        made = find()  # without the lock: others need not wait for it
        with self._lock:
            known[asked] = made
            while len(known) > (_LARGE if sort in _ARE_LARGE else _MOST):
                known.popitem(last=False)
        return made
