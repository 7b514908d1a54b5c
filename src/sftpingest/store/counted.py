"""How many records answer a question, and where one enters them: a deep page costs no more than the first.

In:  how many records there are by the first digits of their ids.
Out: Counted.

Ids are spread evenly, so a few digits more than the district's divide them finely; and counting them by these costs no
more than counting them.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from sftpingest.store.values import PREFIX

#: Digits by which is counted, beyond those of the district.
_FINELY = 3
#: Fewer records are not worth a place of their own to enter.
_APART = 1_000


@dataclass(frozen=True)
class Counted:
    """The records that answer a question, in the order of their ids."""

    total: int
    begins: Sequence[str]  #: before all ids that have these first digits one may enter
    before: Sequence[int]  #: and so many stand before

    def enter(self, offset: int) -> tuple[str, int]:
        """After which id to enter for an offset, and how many records to leave out there."""
        at = bisect_right(self.before, offset) - 1
        return (self.begins[at], offset - self.before[at]) if at >= 0 else ("", offset)


def by_first_digits(part: "sa.Select[Any]", id_: str = "id") -> "sa.Select[Any]":
    """How many records a select finds, by the first digits of their ids."""
    its = part.subquery().c
    digits = sa.func.substr(its[id_], 1, PREFIX + _FINELY).label("digits")
    return sa.select(digits, sa.func.count()).group_by(digits)


def counted(by_digits: Iterable[tuple[str, int]]) -> Counted:
    """Of counts by first digits; the same digits may be there for several kinds."""
    many: dict[str, int] = {}
    for digits, number in by_digits:
        many[digits] = many.get(digits, 0) + number
    total, begins, before = 0, list[str](), list[int]()
    for digits in sorted(many):
        if total >= (before[-1] if before else 0) + _APART:
            begins.append(digits)
            before.append(total)
        total += many[digits]
    return Counted(total, begins, before)
