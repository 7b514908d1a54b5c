"""Events that a flood would repeat without end, told sparingly: the log and the audit trail are no target.

In: events with the address and the reason. Out: the first of its kind, and at most one a minute with their number.
"""

from sftpingest.doors.sftp.events import Events
from sftpingest.doors.sftp.guarding.origin import origins

_SECONDS = 60.0
#: kinds that are remembered; a flood from many addresses must not fill the memory
_MOST = 4096


class Sparing:
    """Tells of refused connections."""

    def __init__(self, events: Events) -> None:
        self._events = events
        #: by origin and reason: when it was last told, and how many were not told since
        self._told: dict[tuple[str, str], tuple[float, int]] = {}

    def refused(self, address: str, reason: str, now: float) -> None:
        """Tell of a refused connection, with how many of them there were since it was last told."""
        kind = origins(address)[-1], reason  # whoever has one IPv6 address may have another for each connection
        last, untold = self._told.pop(kind, (now - _SECONDS, 0))
        if now - last < _SECONDS:
            self._told[kind] = (last, untold + 1)
            return
        self._told[kind] = (now, 0)
        if len(self._told) > _MOST:
            del self._told[next(iter(self._told))]
        self._events.warn("connection.refused", address=address, reason=reason, times=untold + 1)
