"""What a door finds: a record that is seen, or one that went lately.

In:  a Place; rows of a select with the columns that are named here.
Out: Found; the selects of which every page consists.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import sqlalchemy as sa

from sftpingest.roster.kinds import Kind
from sftpingest.store.editions import EVENT, KINDS, NUMBER, SEEN, Happened
from sftpingest.store.reading import Key
from sftpingest.store.values import Place

#: The number of a record that stands in no table.
MADE = -1
#: The columns of every part of a page.
NAMES = ("id", "kind", "district_id", "no", "changed", "schools", "gone", "sorted_by")


class Found(NamedTuple):
    """A record that is seen, or that went. A tuple, for ten thousand are made for a page."""

    id: str
    kind: Kind
    district_id: int  #: 0 of one that went
    no: int
    changed: int  #: the edition in which it last changed
    schools: str = ""  #: as Seen.schools
    gone: bool = False


def found_at(key: Key) -> Found:
    """The record that is seen there."""
    return Found(key.id, key.kind, key.district_id, key.no, key.changed, key.schools)


def found_in(rows: Iterable[Any]) -> list[Found]:
    """Those of a page."""
    return [
        Found(id_, KINDS[kind], district, no, changed, schools, gone == 1)
        for id_, kind, district, no, changed, schools, gone, _ in rows
    ]


def columns(place: Place, gone: "sa.ColumnElement[int]", sorted_by: Any) -> "sa.Select[Any]":  # noqa: ANN401  (a number or a text)
    """A part of a page."""
    its = place.seen.c
    number = sa.literal(NUMBER[place.kind])
    chosen: tuple[Any, ...] = (its.id, number, its.district_id, its.no, its.changed, its.schools, gone, sorted_by)
    return sa.select(*(column.label(name) for column, name in zip(chosen, NAMES, strict=True)))


def went(kind: Kind, vendor_id: int, since: int) -> "sa.Select[Any]":
    """Those that an event told as deleted since an edition and that are not seen again; as `seen` tells of records."""
    again = sa.exists().where(SEEN.c.vendor_id == vendor_id, SEEN.c.kind == NUMBER[kind], SEEN.c.id == EVENT.c.id)
    chosen = sa.select(
        EVENT.c.id,
        sa.literal(0).label("district_id"),
        sa.func.max(EVENT.c.no).label("no"),
        sa.func.max(EVENT.c.edition_id).label("changed"),
        sa.literal("").label("schools"),
    )
    # in letters, as the index says it: it is a partial one
    deleted: sa.ColumnElement[int] = sa.literal_column(str(int(Happened.DELETED)))
    lately = (EVENT.c.happened == deleted, EVENT.c.edition_id >= since)
    of = (EVENT.c.vendor_id == vendor_id, EVENT.c.kind == NUMBER[kind])
    return chosen.where(*of, *lately, ~again).group_by(EVENT.c.id)
