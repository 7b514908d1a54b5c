"""What happened at the door: one line in the log and one entry in the audit trail for each.

In: events in the past tense with their facts. Out: log lines, and whatever keeps the audit trail.
"""

from collections.abc import Callable

import structlog

#: Keeps one event: its name and its facts. Called in the event loop: it must not block.
Keep = Callable[[str, dict[str, object]], None]
#: Says whether events can be kept now. While they cannot, nobody new is let in.
Sound = Callable[[], bool]

#: Times that one client is told of what it may not do.
_MOST = 100

log = structlog.get_logger()


class Events:
    """Tells of what happened. `facts` are bound: a session knows its district, login and address once.

    Facts called district, username, address, file and bytes have columns of their own in the audit trail. Every name
    of an event stands in docs/audit.md.
    """

    def __init__(self, keep: Keep | None = None, *, sound: Sound | None = None, **facts: object) -> None:
        self._keep = keep
        self._sound = sound
        self._facts = facts
        self._some = 0

    def bind(self, **facts: object) -> "Events":
        """The same with more facts."""
        return Events(self._keep, sound=self._sound, **(self._facts | facts))

    def is_sound(self) -> bool:
        """Whether what happens now can be kept."""
        return self._sound is None or self._sound()

    def note(self, event: str, **facts: object) -> None:
        """Tell of what went as it should."""
        self._tell("info", event, facts)

    def warn(self, event: str, **facts: object) -> None:
        """Tell of a refusal, or of something broken off."""
        self._tell("warning", event, facts)

    def warn_some(self, event: str, **facts: object) -> None:
        """As `warn`, up to a hundred times: a client that repeats itself fills neither the log nor the trail."""
        self._some += 1
        if self._some <= _MOST:
            self.warn(event, **facts)

    def _tell(self, level: str, event: str, facts: dict[str, object]) -> None:
        known = self._facts | facts
        getattr(log, level)(event, **known)
        if self._keep is not None:
            self._keep(event, known)
