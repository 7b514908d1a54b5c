"""All records of some kinds by the order of their ids: what is asked most, in statements that are built once.

In:  a Connection, an Asking that is plain.
Out: a page of Found; the selects by which they are counted.

To build such a statement takes SQLAlchemy several times as long as the store takes to answer it.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from sftpingest.roster.kinds import Kind
from sftpingest.store.asked import Asking
from sftpingest.store.editions import EVENT, NUMBER, SEEN
from sftpingest.store.found import Found, columns, found_in, went
from sftpingest.store.unions import together
from sftpingest.store.values import PREFIX, Place


def _named(name: str) -> "sa.BindParameter[Any]":
    return sa.bindparam(
        name, type_=sa.Integer() if name in {"vendor", "since", "limit", "offset", "upto"} else sa.Text()
    )


def page(c: Connection, asking: Asking, limit: int, offset: int, after: str) -> list[Found]:
    """The records from an offset on, after an id."""
    if not (asking.of or asking.since):
        return []
    chosen = _page(tuple(asking.live), _gone(asking), one=len(asking.of) == 1)
    asked = {"after": after, "limit": limit, "offset": offset, "upto": offset + limit}
    return found_in(c.execute(chosen, _facts(asking) | asked).all())


def parts(asking: Asking) -> list["sa.Select[Any]"]:
    """The same records, each kind a select of its own."""
    chosen = _parts(tuple(asking.live), _gone(asking), one=len(asking.of) == 1)
    return [part.params(_facts(asking) | {"after": ""}) for part in chosen]


def _gone(asking: Asking) -> tuple[Kind, ...]:
    return tuple(asking.gone) if asking.since else ()


def _facts(asking: Asking) -> dict[str, object]:
    first = asking.of[0].id[:PREFIX] if asking.of else ""
    districts = [view.district.id for view in asking.of]
    of = {"vendor": asking.vendor_id, "districts": districts, "since": asking.since}
    return of | {"first": first, "beyond": f"{first}g"}


@lru_cache(maxsize=64)
def _page(kinds: tuple[Kind, ...], gone: tuple[Kind, ...], *, one: bool) -> "sa.Select[Any]":
    id_: sa.ColumnElement[str] = sa.literal_column("id")
    each = [part.order_by(id_).limit(_named("upto")) for part in _parts(kinds, gone, one=one)]
    chosen = together(each).order_by(id_) if len(each) > 1 else each[0]
    return chosen.limit(_named("limit")).offset(_named("offset"))


def _parts(kinds: Sequence[Kind], gone: Sequence[Kind], *, one: bool) -> list["sa.Select[Any]"]:
    return [_seen(kind, one=one) for kind in kinds] + [_went(kind) for kind in gone]


def _seen(kind: Kind, *, one: bool) -> "sa.Select[Any]":
    its = SEEN.c
    of = (its.vendor_id == _named("vendor"), its.kind == NUMBER[kind], its.id > _named("after"))
    chosen = columns(Place(kind, (), SEEN), sa.literal(0), sa.literal(0)).where(*of)
    chosen = chosen.where(its.district_id.in_(sa.bindparam("districts", expanding=True)))
    if one:  # else an index of all districts is read to find the one
        chosen = chosen.where(its.id >= _named("first"), its.id < _named("beyond"))
    return chosen


def _went(kind: Kind) -> "sa.Select[Any]":
    events = went(kind, _named("vendor"), _named("since")).where(EVENT.c.id > _named("after"))
    return columns(Place(kind, (), events.subquery()), sa.literal(1), sa.literal(0))
