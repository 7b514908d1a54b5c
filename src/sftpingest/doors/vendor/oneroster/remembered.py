"""Where pages begin and how many records there are, so that a deep page costs no more than the first.

In:  what was asked, and of which state of the store.
Out: the total; the id after which an offset begins. Lost with the process, and then found anew.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from threading import Lock

#: Questions that are remembered, and beginnings of each.
_QUESTIONS, _BEGINNINGS = 500, 50


@dataclass
class _Known:
    total: int | None = None
    beginnings: "OrderedDict[int, str]" = field(default_factory=OrderedDict)


class Remembered:
    """What was found lately. Threads share it."""

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, _Known] = OrderedDict()
        self._lock = Lock()

    def total(self, question: Hashable) -> int | None:
        """How many records answer it."""
        with self._lock:
            return self._of(question).total

    def found(self, question: Hashable, total: int) -> None:
        """So many answer it."""
        with self._lock:
            self._of(question).total = total

    def beginning(self, question: Hashable, offset: int) -> str | None:
        """The id after which an offset begins."""
        with self._lock:
            return self._of(question).beginnings.get(offset)

    def begins(self, question: Hashable, offset: int, after: str) -> None:
        """An offset begins after that id."""
        with self._lock:
            beginnings = self._of(question).beginnings
            beginnings[offset] = after
            beginnings.move_to_end(offset)
            while len(beginnings) > _BEGINNINGS:
                beginnings.popitem(last=False)

    def _of(self, question: Hashable) -> _Known:
        known = self._known.setdefault(question, _Known())
        self._known.move_to_end(question)
        while len(self._known) > _QUESTIONS:
            self._known.popitem(last=False)
        return known
