"""What happened at the door: one line in the log and one entry in the audit trail for each.

In: events in the past tense with their facts. Out: log lines, and whatever keeps the audit trail.
"""

from collections.abc import Callable

import structlog

#: Keeps one event: its name and its facts. Called in the event loop: it must not block.
Keep = Callable[[str, dict[str, object]], None]

log = structlog.get_logger()


class Events:
    """Tells of what happened. `facts` are bound: a session knows its district, login and address once."""

    def __init__(self, keep: Keep | None = None, **facts: object) -> None:
        self._keep = keep
        self._facts = facts

    def bind(self, **facts: object) -> "Events":
        """The same with more facts."""
        return Events(self._keep, **(self._facts | facts))

    def note(self, event: str, **facts: object) -> None:
        """Tell of what went as it should."""
        self._tell("info", event, facts)

    def warn(self, event: str, **facts: object) -> None:
        """Tell of a refusal, or of something broken off."""
        self._tell("warning", event, facts)

    def _tell(self, level: str, event: str, facts: dict[str, object]) -> None:
        known = self._facts | facts
        getattr(log, level)(event, **known)
        if self._keep is not None:
            self._keep(event, known)
