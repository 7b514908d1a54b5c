"""How often: requests of a token in a minute; lines about a stranger in the log.

In:  who asks.
Out: what is left to them; whether it is time for a line.

Each process of the door counts by itself: there is one. Its threads may ask at the same time.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

#: Requests a minute, as with Clever.
PER_MINUTE = 1200
_SECONDS = 60
#: Strangers that are remembered; more than these in a minute are not told of one by one.
_STRANGERS = 10_000


@dataclass(frozen=True)
class Counted:
    """Where a token stands in this minute."""

    limit: int
    asked: int
    #: when the next minute begins: seconds since 1970
    reset: int

    @property
    def over(self) -> bool:
        """More were asked than may be."""
        return self.asked > self.limit

    @property
    def headers(self) -> dict[str, str]:
        """The same for the client, in Clever's spelling."""
        return {
            "X-Ratelimit-Bucket": "bearer",
            "X-Ratelimit-Limit": str(self.limit),
            "X-Ratelimit-Remaining": str(max(self.limit - self.asked, 0)),
            "X-Ratelimit-Reset": str(self.reset),
        }


class Rate:
    """A fixed window: all counts begin anew with each minute of the clock."""

    def __init__(self, per_minute: int = PER_MINUTE, clock: Callable[[], float] = time.time) -> None:
        self._per_minute, self._clock = per_minute, clock
        self._minute, self._asked = 0, Counter[str]()
        self._lock = Lock()

    def count(self, token: str) -> Counted:
        """Count one request of a token, by its hash."""
        minute = int(self._clock()) // _SECONDS
        with self._lock:
            if minute != self._minute:
                self._minute, self._asked = minute, Counter()
            self._asked[token] += 1
            asked = self._asked[token]
        return Counted(self._per_minute, asked, (minute + 1) * _SECONDS)


class Seldom:
    """At most once a minute for each of them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._minute, self._seen = -1, set[str]()
        self._lock = Lock()

    def first(self, who: str) -> bool:
        """Whether this is the first time in this minute."""
        minute = int(self._clock()) // _SECONDS
        with self._lock:
            if minute != self._minute:
                self._minute, self._seen = minute, set()
            first = who not in self._seen and len(self._seen) < _STRANGERS
            if first:
                self._seen.add(who)
        return first
