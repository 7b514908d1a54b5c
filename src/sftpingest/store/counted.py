"""How many records answer a question, and where one enters them: a deep page costs no more than the first.

In:  how many records there are by the first digits of their ids.
Out: Counted.

Ids are spread evenly, so a few digits more than the district's divide them finely; and counting them by these costs no
more than counting them.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from sftpingest.store.values import PREFIX

#: Where a page stands, in a select that is built once for all pages.
LIMIT, OFFSET, UPTO = (sa.bindparam(name, type_=sa.Integer()) for name in ("limit", "offset", "upto"))
#: Beyond all ids.
_END = "g"
#: The digits by which is counted: four beyond those of the district.
_DIGITS = PREFIX + 4
#: Fewer records are not worth a place of their own to enter.
_APART = 500


@dataclass(frozen=True)
class Cut:
    """A page, as it is cut out of the records that answer a question."""

    limit: int
    offset: int = 0
    after: str = ""  #: only records with ids after that
    before: str = _END  #: and before that; where the order is another one there is no need for either

    @property
    def facts(self) -> dict[str, object]:
        """The same, for a select."""
        return asdict(self) | {"upto": self.offset + self.limit}


def between(id_: "sa.ColumnElement[str]") -> "tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]":
    """Whether an id is in the cut."""
    after, before = (sa.bindparam(name, type_=sa.Text()) for name in ("after", "before"))
    return id_ > after, id_ < before


@dataclass(frozen=True)
class Counted:
    """The records that answer a question, in the order of their ids."""

    total: int
    begins: str  #: the first digits before which one may enter, one after the other: millions of records have thousands
    before: "array[int]"  #: and so many records stand before

    def cut(self, limit: int, offset: int) -> Cut:
        """A page in the order of ids: it is entered close before where it begins, and left close behind its end."""
        first, last = bisect_right(self.before, offset) - 1, bisect_left(self.before, offset + limit)
        before = self._begin(last) if last < len(self.before) else _END
        return (
            Cut(limit, offset - self.before[first], self._begin(first), before)
            if first >= 0
            else Cut(limit, offset, before=before)
        )

    def _begin(self, at: int) -> str:
        return self.begins[at * _DIGITS : (at + 1) * _DIGITS]


def by_first_digits(part: "sa.Select[Any]", id_: str = "id") -> "sa.Select[Any]":
    """How many records a select finds, by the first digits of their ids."""
    its = part.subquery().c
    digits = sa.func.substr(its[id_], 1, _DIGITS).label("digits")
    return sa.select(digits, sa.func.count()).group_by(digits)


def counted(by_digits: Iterable[tuple[str, int]]) -> Counted:
    """Of counts by first digits; the same digits may be there for several kinds."""
    many: dict[str, int] = {}
    for digits, number in by_digits:
        many[digits] = many.get(digits, 0) + number
    total, begins, before = 0, list[str](), array("q")
    for digits in sorted(many):
        if total >= (before[-1] if before else 0) + _APART:
            begins.append(digits)
            before.append(total)
        total += many[digits]
    return Counted(total, "".join(begins), before)
