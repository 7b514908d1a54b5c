"""Values made of our columns, as they are seen: in SQL and of a row alike, so that filters find what is shown.

In:  a Place, where SQL looks for records; or Cells, how rows of one kind are read.
Out: Value, and the ways to make one.

Of rows a value is made ready once an answer: what is the same for all rows is then a text, anything else a function.

What is hidden from a vendor is as an empty column here, in conditions and in the order too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Protocol

import sqlalchemy as sa

from sftpingest.roster.kinds import Kind
from sftpingest.roster.sharing import columns, seen_in_ext
from sftpingest.store.editions import NUMBER, SEEN
from sftpingest.store.reading import View
from sftpingest.store.versions import VERSIONS
from sftpingest.store.wording import in_ext

Text = sa.ColumnElement[str]
Where = sa.ColumnElement[bool]
#: A row: the id under which vendors know the record, the district's own columns, then the columns that are seen.
Row = tuple[Any, ...]
ID, OWN = 0, 1
#: How a value is read: a text that all rows have, or what makes it of a row.
Read = str | Callable[[Row], str]
#: Of an id the digits that are the district's; the id of the district itself has these and zeros.
PREFIX, ZEROS = 6, "0" * 18


@dataclass(frozen=True)
class Place:
    """Where values are looked for in SQL: records of one kind, of districts with the same grants."""

    kind: Kind
    of: tuple[View, ...]
    seen: sa.FromClause  #: `id`, `district_id`, `no`, `changed`, `schools`
    its: sa.FromClause | None = None  #: the versions; none of records that went

    def column(self, name: str) -> Text:
        """A column of the record; empty where it is not seen."""
        if self.its is None or name not in {"id", *columns(self.kind, self.of[0].sharing.groups)}:
            return sa.literal("")
        return self.its.c[name]

    def ext(self, name: str) -> Text:
        """The same for one of the district's own columns."""
        all_but, names = seen_in_ext(self.of[0].sharing.groups)
        seen = (name.lower() in names) is not all_but
        return in_ext(self.its.c.ext, sa.literal(name)) if seen and self.its is not None else sa.literal("")


@dataclass
class Around:
    """What rows of one district name: the ids of records that are seen, by kind and key."""

    view: View
    ids: dict[Kind, dict[str, str]] = field(default_factory=dict)

    def of(self, kind: Kind) -> dict[str, str]:
        """Those of a kind."""
        return self.ids.setdefault(kind, {})


@dataclass(frozen=True)
class Cells:
    """How rows of one kind and district are read."""

    places: Mapping[str, int]  #: where each column that is seen stands in a row
    around: Around
    own: bool  #: whether the rows have any of the district's own columns

    def column(self, name: str) -> Read:
        """A column; empty where it is not seen."""
        return itemgetter(self.places[name]) if name in self.places else ""

    def several(self, names: Sequence[str]) -> Callable[[Row], Sequence[str]]:
        """Some columns that are seen, in one go."""
        places = [self.places[name] for name in names]
        return itemgetter(*places) if len(places) > 1 else lambda row: [row[at] for at in places]


def called(read: Read) -> Callable[[Row], str]:
    """The same as a function, be it of a text that all rows have."""
    return (lambda _: read) if isinstance(read, str) else read


class Value(Protocol):
    """A text that a record has."""

    def sql(self, place: Place) -> Text: ...  # noqa: D102
    def read(self, its: Cells) -> Read: ...  # noqa: D102


@dataclass(frozen=True)
class Always:
    """The same text for every record."""

    text: str

    def sql(self, place: Place) -> Text:  # noqa: ARG002, D102
        return sa.literal(self.text)

    def read(self, its: Cells) -> Read:  # noqa: ARG002, D102
        return self.text


@dataclass(frozen=True)
class Column:
    """A column of ours."""

    name: str

    def sql(self, place: Place) -> Text:  # noqa: D102
        return place.column(self.name)

    def read(self, its: Cells) -> Read:  # noqa: D102
        return its.column(self.name)


@dataclass(frozen=True)
class Ext:
    """One of the district's own columns."""

    name: str

    def sql(self, place: Place) -> Text:  # noqa: D102
        return place.ext(self.name)

    def read(self, its: Cells) -> Read:  # noqa: D102
        name = self.name
        return (lambda row: row[OWN].get(name, "")) if its.own else ""


@dataclass(frozen=True)
class OrElse:
    """The first of several values that is not empty."""

    parts: tuple[Value, ...]

    def sql(self, place: Place) -> Text:  # noqa: D102
        *first, last = (part.sql(place) for part in self.parts)
        return sa.func.coalesce(*(sa.func.nullif(part, "") for part in first), last)

    def read(self, its: Cells) -> Read:  # noqa: D102
        return _first([part.read(its) for part in self.parts])


def _first(parts: Sequence[Read]) -> Read:
    """The first that says something."""
    if not parts:
        return ""
    one, other = parts[0], _first(parts[1:])
    if isinstance(one, str):
        return one or other
    return (lambda row: one(row) or other) if isinstance(other, str) else (lambda row: one(row) or other(row))


@dataclass(frozen=True)
class Spelt:
    """A value in other words; `other` where there is none for it, else as it is."""

    value: Value
    words: Mapping[str, str]
    other: Value | None = None

    def sql(self, place: Place) -> Text:  # noqa: D102
        value = self.value.sql(place)
        other = self.other.sql(place) if self.other else value
        cases = [(value == ours, sa.literal(theirs)) for ours, theirs in self.words.items()]
        return sa.case(*cases, else_=other)

    def read(self, its: Cells) -> Read:  # noqa: D102
        value, words = self.value.read(its), self.words.get
        other = self.other.read(its) if self.other else value
        if isinstance(value, str):
            return words(value, other)
        if isinstance(other, str):
            return lambda row: words(value(row), other)
        # not `or`: a word may be spelt as nothing
        return lambda row: other(row) if (said := words(value(row))) is None else said


@dataclass(frozen=True)
class Own:
    """The id under which vendors know the record."""

    def sql(self, place: Place) -> Text:  # noqa: D102
        return place.seen.c.id

    def read(self, its: Cells) -> Read:  # noqa: ARG002, D102
        return itemgetter(ID)


@dataclass(frozen=True)
class OfDistrict:
    """What the whole district has: a text that is made of how it is seen; without one, its id."""

    made: Callable[[View], str] | None = None

    def sql(self, place: Place) -> Text:  # noqa: D102
        if self.made is None or not place.of:
            return sa.func.substr(place.seen.c.id, 1, PREFIX).concat(ZEROS)
        texts = [(place.seen.c.district_id == view.district.id, sa.literal(self.made(view))) for view in place.of]
        return sa.case(*texts, else_="")

    def read(self, its: Cells) -> Read:  # noqa: D102
        return self.made(its.around.view) if self.made else its.around.view.id


@dataclass(frozen=True)
class Named:
    """The id of another record that a column names by its key; '' where that is not seen."""

    column: str
    kind: Kind

    def sql(self, place: Place) -> Text:  # noqa: D102
        if place.its is None:
            return sa.literal("")
        seen, its = SEEN.alias(), VERSIONS[self.kind].alias()
        joined = sa.join(seen, its, sa.and_(its.c.district_id == seen.c.district_id, its.c.no == seen.c.no))
        of = (seen.c.vendor_id == place.of[0].edition.vendor_id, seen.c.kind == NUMBER[self.kind])
        same = (seen.c.district_id == place.seen.c.district_id, its.c.id == place.column(self.column))
        chosen = sa.select(sa.func.min(seen.c.id)).select_from(joined).where(*of, *same)
        return sa.func.coalesce(chosen.correlate(place.seen, place.its).scalar_subquery(), "")

    def read(self, its: Cells) -> Read:  # noqa: D102
        key, ids = its.column(self.column), its.around.of(self.kind).get
        return ids(key, "") if isinstance(key, str) else (lambda row: ids(key(row), ""))
