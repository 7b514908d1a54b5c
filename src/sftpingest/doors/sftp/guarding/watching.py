"""What processes of the door tell each other, through the store.

In: refusals, bans and sessions of one process. Out: those of all the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Ban:
    """An address that is kept out. Times are seconds since 1970."""

    #: how many bans it has had, this one included, without a quiet time between them
    times: int
    since: float
    until: float


@dataclass(frozen=True)
class Inside:
    """A connection through which a login is in. `number` is its own within the process."""

    number: int
    username: str
    origin: str
    since: float


@dataclass(frozen=True)
class News:
    """What one process has to tell."""

    refused: Mapping[str, int] = field(default_factory=dict)
    bans: Mapping[str, Ban] = field(default_factory=dict)
    entered: Sequence[Inside] = ()
    left: Sequence[int] = ()

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.refused or self.bans or self.entered or self.left)


@dataclass(frozen=True)
class Known:
    """What stands in the store: every ban that is remembered, and the sessions of other processes."""

    bans: Mapping[str, Ban] = field(default_factory=dict)
    logins: Mapping[str, int] = field(default_factory=dict)
    origins: Mapping[str, int] = field(default_factory=dict)
    #: our own sessions that came too late: two processes let in the last one at the same moment
    surplus: Sequence[int] = ()


class Watchlist(Protocol):
    """Keeps it for all processes. Every function may block and may fail: the guard calls them in threads."""

    def write(self, news: News) -> Mapping[str, int]:
        """Keep the news. Gives how many refusals in all now count for each address that the news tell of."""

    def read(self) -> Known:
        """What all processes know."""

    def close(self) -> None:
        """Take this process's sessions back."""
