"""Which records a door finds: those that are seen, and those that went lately, by what is asked of them.

In:  a Connection, an Asking.
Out: a page of Found, how many there are.

Where nothing is asked, `seen` alone is read, and a page that begins after an id enters its index there. A select for
pages is built once a question: that takes SQLAlchemy longer than the store takes to answer it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from sftpingest.roster.kinds import Kind
from sftpingest.store.asked import Asking, Condition, Extra, Sign
from sftpingest.store.counted import LIMIT, OFFSET, UPTO, Counted, Cut, between, by_first_digits, counted
from sftpingest.store.editions import EDITION, EVENT, NUMBER, SEEN
from sftpingest.store.found import MADE, NAMES, Found, columns, found_in, went
from sftpingest.store.reading import View
from sftpingest.store.unions import together
from sftpingest.store.values import PREFIX, Always, Own, Place, Where
from sftpingest.store.versions import OPEN, VERSIONS
from sftpingest.store.wording import by_bytes

#: The name by which conditions ask when a record last changed.
CHANGED = "changed"
_ALONE = sa.text("SET LOCAL max_parallel_workers_per_gather = 0")
_MILLISECOND = timedelta(milliseconds=1)


def by_index(c: Connection) -> None:
    """Read a page by index alone: for several processes at once the store goes through the whole table."""
    if c.dialect.name == "postgresql":
        c.execute(_ALONE)


def pages(asking: Asking) -> "sa.Select[Any] | None":
    """For all pages one select; None where there is nothing to ask."""
    order = _order(asking)
    parts = [part.order_by(*order).limit(UPTO) for part in _parts(asking, paged=True)]
    if not parts:
        return None
    chosen = together(parts).order_by(*order) if len(parts) > 1 else parts[0]
    return chosen.limit(LIMIT).offset(OFFSET)


def page(c: Connection, pages: "sa.Select[Any] | None", cut: Cut) -> list[Found]:
    """The records that stand there."""
    return found_in(c.execute(pages, cut.facts).all()) if pages is not None else []


def count(c: Connection, asking: Asking) -> Counted:
    """How many there are."""
    parts = (by_first_digits(part) for part in _parts(asking))
    return counted((digits, many) for part in parts for digits, many in c.execute(part))


def gone_with(c: Connection, asking: Asking, id_: str) -> Found | None:
    """The record that went and had that id."""
    for kind in asking.gone if asking.since else ():
        events = went(kind, asking.vendor_id, asking.since).where(EVENT.c.id == id_)
        if row := c.execute(sa.select(events.subquery())).first():
            return Found(row.id, kind, row.district_id, row.no, row.changed, gone=True)
    return None


# --------------------------------------------------------------------------------------------------------------- parts


def alike(of: Sequence[View]) -> Iterator[tuple[View, ...]]:
    """Districts of which the same is seen in the same way, so that one select asks them all."""
    groups: dict[object, list[View]] = {}
    for view in of:
        then = view.shared.as_of
        groups.setdefault((view.sharing.groups, then if then is None else (then, view.district.id)), []).append(view)
    return (tuple(group) for group in groups.values())


def _parts(asking: Asking, *, paged: bool = False) -> list["sa.Select[Any]"]:
    parts = []
    for kind in asking.live:
        parts += [_live(asking, kind, group) for group in alike(asking.of)]
    if asking.since and not asking.within:
        parts += [_gone(asking, kind) for kind in asking.gone]
    parts += [_extra(asking, one) for one in asking.extra if _holds(asking, one)]
    return [part.where(*between(part.selected_columns["id"])) for part in parts] if paged else parts


def _holds(asking: Asking, one: Extra) -> bool:
    each = (
        asked.holds_at(one.at) if asked.name == CHANGED else asked.holds(one.texts[asked.name])
        for asked in asking.where
    )
    return (any if asking.any_of else all)(each) if asking.where else True


def _extra(asking: Asking, one: Extra) -> "sa.Select[Any]":
    order: Any = sa.literal(0)
    if asking.sort:
        order = sa.literal(one.changed) if asking.sort == CHANGED else by_bytes(sa.literal(one.texts[asking.sort]))
    id_ = by_bytes(sa.literal(one.id))
    facts: tuple[Any, ...] = (
        id_,
        *map(sa.literal, (NUMBER[one.kind], one.district_id, MADE, one.changed)),
    )
    facts = (*facts, sa.literal(""), sa.literal(0), order)
    return sa.select(*(column.label(name) for column, name in zip(facts, NAMES, strict=True)))


def _live(asking: Asking, kind: Kind, group: tuple[View, ...]) -> "sa.Select[Any]":
    seen, its = SEEN, VERSIONS[kind] if _looks_into(asking, kind) else None
    place = Place(kind, group, seen, its)
    chosen = columns(place, sa.literal(0), _sorted_by(asking, place, asking.live[kind]))
    if its is not None:
        same = (its.c.district_id == seen.c.district_id, its.c.no == seen.c.no, *held(its, group))
        chosen = chosen.select_from(sa.join(seen, its, sa.and_(*same)))
    chosen = chosen.where(*within_id(seen, kind, group))
    return chosen.where(_asked(asking, place, asking.live[kind]))


def _looks_into(asking: Asking, kind: Kind) -> bool:
    """Whether anything is asked for which a record must be looked into: `seen` says its id and when it changed."""
    names = {*(one.name for one in asking.where), asking.sort} - {CHANGED, ""}
    return asking.within is not None or any(not isinstance(asking.live[kind][name], Always | Own) for name in names)


def held(its: sa.FromClause, group: Sequence[View]) -> list[Where]:
    """The versions that the last edition shows."""
    then = group[0].shared.as_of
    if then is None:
        return [its.c.end_sync == OPEN]
    return [its.c.first_sync <= then, its.c.end_sync > then]


def within_id(seen: sa.FromClause, kind: Kind, group: Sequence[View]) -> list[Where]:
    """Records of a kind in `seen`, of those districts."""
    where: list[Where] = [seen.c.vendor_id == group[0].edition.vendor_id, seen.c.kind == NUMBER[kind]]
    where.append(seen.c.district_id.in_([view.district.id for view in group]))
    if len(group) == 1:  # else an index of all districts is read to find the one
        first = group[0].id[:PREFIX]
        where += [seen.c.id >= first, seen.c.id < f"{first}g"]
    return where


def _sorted_by(asking: Asking, place: Place, meaning: Mapping[str, Any]) -> Any:  # noqa: ANN401  (a number of an edition, or a text)
    if asking.sort == CHANGED:
        return place.seen.c.changed
    return by_bytes(meaning[asking.sort].sql(place)) if asking.sort else sa.literal(0)


def _gone(asking: Asking, kind: Kind) -> "sa.Select[Any]":
    """Those that an event told as deleted and that are not seen again."""
    events = went(kind, asking.vendor_id, asking.since)
    place = Place(kind, (), events.subquery())
    chosen = columns(place, sa.literal(1), _sorted_by(asking, place, asking.gone[kind]))
    return chosen.where(_asked(asking, place, asking.gone[kind]))


# --------------------------------------------------------------------------------------------------------------- where


def _asked(asking: Asking, place: Place, meaning: Mapping[str, Any]) -> Where:
    """The conditions, in a group of their own: no OR of theirs reaches beyond it."""
    each = [
        changed(one, place.seen.c.changed, asking.vendor_id)
        if one.name == CHANGED
        else one.sql(meaning[one.name].sql(place))
        for one in asking.where
    ]
    asked = (sa.or_ if asking.any_of else sa.and_)(*each) if each else sa.true()
    return sa.and_(asking.within(place), asked) if asking.within else asked


def changed(one: Condition, edition: "sa.ColumnElement[int]", vendor_id: int) -> Where:
    """Whether a record changed after that time, or before it: whether its last edition is one of those."""
    return edition.in_(sa.select(EDITION.c.id).where(EDITION.c.vendor_id == vendor_id, of_time(one)))


def of_time(one: Condition) -> Where:
    """Editions by their time, as it is said: in whole milliseconds."""
    at = one.value
    assert isinstance(at, datetime)  # noqa: S101  (tells mypy what the door has made of it)
    floor = at - timedelta(microseconds=at.microsecond % 1000)
    ceiling = floor if floor == at else floor + _MILLISECOND
    ways = {
        Sign.AFTER: EDITION.c.at >= floor + _MILLISECOND,
        Sign.NOT_BEFORE: EDITION.c.at >= ceiling,
        Sign.BEFORE: EDITION.c.at < ceiling,
        Sign.NOT_AFTER: EDITION.c.at < floor + _MILLISECOND,
    }
    same = sa.and_(ways[Sign.NOT_BEFORE], ways[Sign.NOT_AFTER])
    return ways.get(one.sign, sa.not_(same) if one.sign is Sign.IS_NOT else same)


# --------------------------------------------------------------------------------------------------------------- order


def _order(asking: Asking) -> list[Any]:
    """By the names of columns: a part is in its order by itself, and all of them together once more."""
    id_: sa.ColumnElement[str] = sa.literal_column("id")
    value: sa.ColumnElement[Any] = sa.literal_column("sorted_by")
    if not asking.sort:
        return [id_.desc() if asking.descending else id_]
    return [value.desc() if asking.descending else value, id_]
