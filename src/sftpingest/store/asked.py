"""What a door asks of records: conditions on their values, which records, in which order.

In:  values (values.py) under names of the door's own.
Out: Condition and Asking.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from sftpingest.roster.kinds import Kind
from sftpingest.store.reading import View
from sftpingest.store.values import Place, Text, Value, Where
from sftpingest.store.wording import by_bytes, holds_text


class Sign(StrEnum):
    """How two texts are compared; letters A to Z without their size."""

    IS = "="
    IS_NOT = "!="
    AFTER = ">"
    NOT_BEFORE = ">="
    BEFORE = "<"
    NOT_AFTER = "<="
    CONTAINS = "~"


COMPARES: dict[Sign, Callable[[Any, Any], Any]] = {
    Sign.IS: operator.eq,
    Sign.IS_NOT: operator.ne,
    Sign.AFTER: operator.gt,
    Sign.NOT_BEFORE: operator.ge,
    Sign.BEFORE: operator.lt,
    Sign.NOT_AFTER: operator.le,
}
_SMALL = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}


def small(text: str) -> str:
    """A text with its letters A to Z small; other letters stay, since the two stores differ in them."""
    return text.translate(_SMALL)


@dataclass(frozen=True)
class Condition:
    """One thing asked of each record."""

    name: str  #: of a value, as the door calls it; of CHANGED, when the record last changed
    sign: Sign
    value: str | datetime

    def holds(self, text: str) -> bool:
        """Whether it holds of a text."""
        asked = small(str(self.value))
        if self.sign is Sign.CONTAINS:
            return asked in small(text)
        return bool(COMPARES[self.sign](small(text), asked))

    def holds_at(self, at: datetime) -> bool:
        """Whether it holds of a time, which is told in whole milliseconds."""
        return bool(COMPARES[self.sign](at.replace(microsecond=at.microsecond // 1000 * 1000), self.value))

    def sql(self, text: Text) -> Where:
        """The same in SQL."""
        asked, text = sa.literal(small(str(self.value))), sa.func.lower(by_bytes(text))
        return holds_text(text, asked) if self.sign is Sign.CONTAINS else COMPARES[self.sign](text, by_bytes(asked))


@dataclass(frozen=True)
class Extra:
    """A record that is asked for and stands in no table: the door has made it."""

    id: str
    kind: Kind
    district_id: int
    changed: int
    at: datetime  #: when that edition was made
    texts: Mapping[str, str]


#: The door's names of values, and what each is of a record of one kind.
Meaning = Mapping[str, Value]
Within = Callable[[Place], Where]


@dataclass(frozen=True)
class Asking:
    """Which records are asked for, and in which order."""

    of: Sequence[View]
    vendor_id: int
    live: Mapping[Kind, Meaning]  #: the kinds, and what they are asked for by
    gone: Mapping[Kind, Meaning] = field(default_factory=dict)  #: the same of records that went; empty: none
    since: int = 0  #: the first edition whose deleted records are among them; 0: none
    where: tuple[Condition, ...] = ()
    any_of: bool = False  #: one of the conditions is enough
    extra: tuple[Extra, ...] = ()
    within: Within | None = None  #: only these, none that went
    sort: str = ""  #: the name of a value; '' for the order of ids
    descending: bool = False

    @property
    def plain(self) -> bool:
        """Whether all records of its kinds are asked for, in the order of their ids."""
        return not (self.where or self.extra or self.within or self.sort or self.descending)
