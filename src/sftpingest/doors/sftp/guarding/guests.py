"""Who is at the door of this process now: those who knock, and those who are in.

In: connections that come, enter and leave. Out: how many of each there are, by address and by login.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from sftpingest.doors.sftp.entrance.entry import Entry
from sftpingest.doors.sftp.guarding.origin import origins


class Connected(Protocol):
    """A connection, as far as we look at it."""

    address: str
    #: changes with every request
    moved: int

    def disconnect(self, code: int, reason: str) -> None:
        """End it with a sentence."""


@dataclass(eq=False)
class Guest:
    """One connection. Times are `time.monotonic()`."""

    connection: Connected
    number: int
    #: what its address counts as, the narrowest first
    origins: tuple[str, ...]
    refusals: int = 0
    key_refused: bool = False
    #: a proof of its is being looked at
    asking: bool = False
    entry: Entry | None = None
    #: what it had done when we last looked, and when that last changed
    moved: int = 0
    moved_at: float = 0.0

    @property
    def origin(self) -> str:
        """What its address counts as where one has to be named."""
        return self.origins[0]


class Guests:
    """Everybody at this process."""

    def __init__(self) -> None:
        #: in the order in which they came
        self._all: dict[Connected, Guest] = {}
        self._numbers = 0
        self._starting: dict[str, dict[Connected, Guest]] = {}
        self._starting_in_all = 0
        self.logins: Counter[str] = Counter()
        self.origins: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Guest]:
        """Those that are here now; they may leave meanwhile."""
        return iter(list(self._all.values()))

    def inside(self) -> list[tuple[Guest, Entry]]:
        """Those that are in."""
        return [(guest, guest.entry) for guest in self if guest.entry is not None]

    def of(self, connection: Connected) -> Guest | None:
        """The guest of a connection; None where it has left."""
        return self._all.get(connection)

    def come(self, connection: Connected) -> Guest:
        """One more knocks."""
        self._numbers += 1
        guest = Guest(connection, self._numbers, origins(connection.address))
        self._all[connection] = guest
        for origin in guest.origins:
            self._starting.setdefault(origin, {})[connection] = guest
        self._starting_in_all += 1
        return guest

    def enter(self, guest: Guest, entry: Entry, now: float) -> None:
        """One that knocked is in."""
        self._no_longer_starting(guest)
        guest.entry, guest.moved_at = entry, now
        self.logins[entry.username] += 1
        self.origins[guest.origin] += 1

    def leave(self, connection: Connected) -> Guest | None:
        """One goes. None where it had gone before."""
        guest = self._all.pop(connection, None)
        if guest is None:
            return None
        if guest.entry is None:
            self._no_longer_starting(guest)
            return guest
        for counted, key in ((self.logins, guest.entry.username), (self.origins, guest.origin)):
            counted[key] -= 1
            if not counted[key]:
                del counted[key]
        return guest

    def starting(self, of: str | None = None) -> int:
        """How many knock, in all or from one address."""
        return self._starting_in_all if of is None else len(self._starting.get(of, ()))

    def knocking(self, of: str) -> list[Guest]:
        """Those who knock from one address, the oldest first."""
        return list(self._starting.get(of, {}).values())

    def most_knocking(self) -> list[Guest]:
        """Those of the address or wide network from which most knock, the oldest first."""
        return list(max(self._starting.values(), key=len, default={}).values())

    def _no_longer_starting(self, guest: Guest) -> None:
        for origin in guest.origins:
            there = self._starting[origin]
            del there[guest.connection]
            if not there:
                del self._starting[origin]
        self._starting_in_all -= 1
