"""Refused proofs by address: how long an answer waits, and when an address is banned.

In: refusals and the time. Out: delays and bans. No clock, store or network: times are seconds since 1970.
"""

from collections import deque
from collections.abc import Mapping

from sftpingest.doors.sftp.guarding.origin import is_wide
from sftpingest.doors.sftp.guarding.watching import Ban
from sftpingest.doors.sftp.rules import Rules

#: addresses that are remembered, and bans; the one that was quiet for longest is forgotten first
_MOST = 20_000
#: so many times the refusals of one address ban a wide network: one customer's, or ten customers' who all forgot
_WIDER = 10


class Refusals:
    """What one process has seen, and what it was told of the others."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        #: when each of our own refusals was, oldest first; addresses in the order of their last refusal
        self._own: dict[str, deque[float]] = {}
        #: refusals of other processes as last told, and when
        self._others: dict[str, tuple[int, float]] = {}
        self._bans: dict[str, Ban] = {}

    def ban(self, origin: str, now: float) -> Ban | None:
        """The ban that keeps this address out now."""
        ban = self._bans.get(origin)
        return ban if ban and now < ban.until else None

    def count(self, origin: str, now: float) -> int:
        """How many refusals count for this address."""
        own = self._own.get(origin)
        while own and own[0] <= now - self._rules.refusals_seconds:
            own.popleft()
        others, told = self._others.get(origin, (0, 0.0))
        return len(own or ()) + (others if told > now - self._rules.refusals_seconds else 0)

    def add(self, origin: str, now: float) -> Ban | None:
        """Count a refusal; gives the ban that this one brings."""
        most = self._rules.most_refusals_per_address * (_WIDER if is_wide(origin) else 1)
        self._own[origin] = self._own.pop(origin, deque(maxlen=most))
        self._own[origin].append(now)
        if len(self._own) > _MOST:
            self._forget(next(iter(self._own)))
        if self.ban(origin, now) or self.count(origin, now) < most:
            return None
        return self._make_ban(origin, now)

    def delay(self, origin: str, now: float) -> float:
        """Seconds that the answer to the last refusal waits."""
        over = self.count(origin, now) - self._rules.delay_from
        if over < 0:
            return 0
        return float(min(2 ** min(over, 16), self._rules.longest_delay_seconds))

    def told(self, totals: Mapping[str, int], now: float) -> None:
        """Learn how many refusals all processes have seen from some addresses."""
        for origin, total in totals.items():
            if origin in self._own:
                self._others[origin] = (max(0, total - len(self._own[origin])), now)

    def learn(self, bans: Mapping[str, Ban]) -> None:
        """Take over every ban that is remembered; what is not among them was lifted."""
        for origin, ban in bans.items():
            known = self._bans.get(origin)
            if known is None or ban.since > known.since:  # counted once: after a ban an address begins anew
                self._forget(origin)
        self._bans = dict(bans)

    def _make_ban(self, origin: str, now: float) -> Ban:
        last = self._bans.get(origin)
        again = last is not None and now < last.until + self._rules.ban_remembered_seconds
        times = last.times + 1 if last and again else 1
        length = min(self._rules.ban_seconds * 2 ** min(times - 1, 32), self._rules.longest_ban_seconds)
        self._bans[origin] = made = Ban(times, now, now + length)
        if len(self._bans) > _MOST:
            del self._bans[next(iter(self._bans))]
        self._forget(origin)
        return made

    def _forget(self, origin: str) -> None:
        self._own.pop(origin, None)
        self._others.pop(origin, None)
