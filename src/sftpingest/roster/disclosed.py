"""What a vendor has read, as the disclosure log keeps it, and whether a person was in it.

In:  what a door answers: ids, names of kinds and fields, counts. Never a name or a birth date.
Out: Read; Sight: whether somebody's record was in a read.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sftpingest.roster.kinds import Kind

#: So many ids may be named; a larger answer is a range of ids, or the whole.
MOST_IDS = 10_000
#: The vendors' view follows the roster a little later: somebody who was removed may be seen so much longer.
FOLLOWS = timedelta(hours=1)
_ID = re.compile("[0-9a-f]{24}")
_LARGEST = (1 << 63) - 1
#: What no store or terminal should be given: control characters, and halves of characters.
_UNKEPT = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
#: Names of kinds and fields stand in one line of the log with a space between them.
_NAME = re.compile(r"[^\s\x00-\x1f\x7f\ud800-\udfff]+")


class Door(StrEnum):
    """Through which a vendor read."""

    CLEVER = "clever"  #: the Clever-shaped API
    ONEROSTER = "oneroster"  #: OneRoster 1.1 and 1.2
    EXPORT = "export"  #: bulk snapshots
    SQL = "sql"  #: views in the store
    EVENTS = "events"  #: what has changed
    UNREADABLE = "unreadable"  #: a read that was kept, and could not be read back when it was to be entered


class WrongRead(ValueError):
    """A read that cannot be entered in the disclosure log. The door that said it is wrong."""


@dataclass(frozen=True)
class Read:
    """One answer to a vendor. Exactly one of `whole`, `range` and `ids` says which records were in it.

    Raises WrongRead: whatever a Read holds, the store can hold, so that no read ever stops those after it.
    """

    at: datetime
    vendor: str  #: its name
    district: str  #: its slug
    door: Door
    request: str  #: the method and the template of the path, without any value: GET /v3.1/users/{id}
    kinds: tuple[Kind, ...]
    fields: tuple[str, ...]  #: the groups granted, or the fields chosen
    people: int  #: how many records of students, teachers, staff and contacts
    records: int  #: how many records in all
    sequence: int  #: the vendor's view as of which it was answered
    whole: bool = False  #: all that the vendor sees of these kinds
    range: tuple[str, str] | None = None  #: all that it sees of these kinds from the first id to the last, both in it
    ids: tuple[str, ...] | None = None  #: these alone; none: an answer without records

    def __post_init__(self) -> None:
        """See that it can be kept."""
        faults = (fault for fault, there in _faults(self) if there)
        if fault := next(faults, None):
            raise WrongRead(f"a read with {fault} cannot be entered in the disclosure log")


def _faults(read: Read) -> Sequence[tuple[str, bool]]:
    counts = (read.people, read.records, read.sequence)
    named = [*(read.range or ()), *(read.ids or ())]
    ways = (read.whole, read.range is not None, read.ids is not None)
    return (
        ("a time without a time zone", read.at.tzinfo is None),
        ("signs that cannot be kept", any(_UNKEPT.search(text) for text in (read.vendor, read.district, read.request))),
        ("a field that is no name", not all(_NAME.fullmatch(name) for name in read.fields)),
        ("a count that is none", not all(type(count) is int and 0 <= count <= _LARGEST for count in counts)),
        ("not one of whole, range and ids", sum(ways) != 1),
        (f"more than {MOST_IDS} ids", len(read.ids or ()) > MOST_IDS),
        ("an id that is none", not all(_ID.fullmatch(one) for one in named)),
        ("a range that ends before it begins", read.range is not None and read.range[0] > read.range[1]),
    )


class Sight(StrEnum):
    """Whether somebody was in a read."""

    SURE = "yes"  #: named by its id
    MAYBE = "may have been"  #: all of a range of ids, or of a kind, was read while the district held it


@dataclass(frozen=True)
class Span:
    """The district held a record from then; until then, None: it still does."""

    since: datetime
    until: datetime | None = None


@dataclass(frozen=True)
class Shown:
    """What a vendor was told of a record by its events: from which to before which it saw it; None: it still does."""

    since: datetime  #: the vendor is known from then on; one before had its name perhaps
    spans: tuple[tuple[int, int | None], ...] = ()

    def at(self, sequence: int) -> bool:
        """Whether the record was seen after that event."""
        return any(first <= sequence and (last is None or sequence < last) for first, last in self.spans)


@dataclass(frozen=True)
class Sought:
    """Whom we ask about. One person may be held as several records, a contact as one for each student."""

    kind: Kind
    ids: frozenset[str]
    #: when the district held it
    spans: tuple[Span, ...] = ()
    #: what was held before then nobody can tell any more: a read before may have had it
    told_since: datetime | None = None
    #: by the name of a vendor, what it saw of them
    shown: Mapping[str, Shown] = field(default_factory=dict)


def sight(read: Read, sought: Sought, first: datetime) -> Sight | None:
    """Whether one of these records was in a read; None: it was not. `first`: when its sequence was first read.

    The one place that decides. A sequence is one state of a vendor's view: the events up to it say whether the record
    was in it. Of a vendor that is gone, and of a read that has no sequence, only what the district held can be asked:
    the answer says too much rather than too little.
    """
    if read.ids is not None:
        return Sight.SURE if sought.ids.intersection(read.ids) else None
    if read.door is Door.UNREADABLE:
        return Sight.MAYBE
    if sought.kind not in read.kinds:
        return None
    if read.range is not None and not any(read.range[0] <= one <= read.range[1] for one in sought.ids):
        return None
    shown = sought.shown.get(read.vendor)
    if shown is not None and read.sequence and shown.since <= read.at:
        return Sight.SURE if shown.at(read.sequence) else None
    # without a sequence it is of an earlier roster, or what has changed since one
    there = not read.sequence or _held(sought, min(first, read.at), read.at)
    return Sight.MAYBE if there else None


def _held(sought: Sought, first: datetime, last: datetime) -> bool:
    """Whether the district held it at any time between."""
    if sought.told_since is None or first < sought.told_since:
        return True
    return any(span.since <= last and (span.until is None or first <= span.until + FOLLOWS) for span in sought.spans)
