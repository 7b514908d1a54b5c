"""Who is in sections, by the ids under which vendors know them.

In:  a Connection, a view, numbers of sections that are seen in it.
Out: by section its students; its teachers in their order. A vendor who sees a section sees all who are in it.

The store joins and gathers: a page of sections has a quarter of a million people in it, and Python would take seconds.
Ids are taken from `seen`. In a view of the past there are people who are in it no more: of them alone, which are few,
the store gives the number, and their ids are worked out.
"""

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, select

from sftpingest.roster.ids import record_id
from sftpingest.roster.kinds import STUDENT, TEACHER, Kind
from sftpingest.store.editions import NUMBER, SEEN
from sftpingest.store.reading import View
from sftpingest.store.related import own_ids
from sftpingest.store.versions import VERSIONS, then
from sftpingest.store.wording import Numbers, at_numbers

#: From so many sections on, what is joined is more than PostgreSQL keeps in memory by itself.
_MANY = 1_000
_BETWEEN = ","
#: Before the number of a person who is not in `seen`; no id has it.
_GONE = "#"
_ITS = VERSIONS[Kind.ENROLLMENT]


def students_of(c: Connection, view: View, sections: Collection[int]) -> dict[int, list[str]]:
    """By section the ids of its students, in ascending order; a section without any is not there."""
    if len(sections) > _MANY and c.dialect.name == "postgresql":
        c.execute(_MORE_MEMORY)
    found = c.execute(_students(now=_is_now(view), past=view.past), _given(view, sections)).all()
    parts = {section: ids.split(_BETWEEN) for section, ids in found}
    gone = _ids_of_gone(c, view, Kind.STUDENT, (one for _, ids in found if _GONE in ids for one in ids.split(_BETWEEN)))
    if gone:
        parts = {section: [gone.get(one, one) for one in ids] for section, ids in parts.items()}
    return {section: sorted(one for one in ids if one[0] != _GONE) for section, ids in parts.items()}


def teachers_of(c: Connection, view: View, sections: Collection[int]) -> list[tuple[int, int, str]]:
    """Sections, positions and ids of teachers; by section and position."""
    found = c.execute(_teachers(now=_is_now(view), past=view.past), _given(view, sections)).all()
    gone = _ids_of_gone(c, view, Kind.TEACHER, (id_ for _, _, id_ in found))
    return [
        (section, position, gone.get(id_, id_)) for section, position, id_ in found if id_[0] != _GONE or id_ in gone
    ]


def _is_now(view: View) -> bool:
    return view.shared.as_of is None


def _ids_of_gone(c: Connection, view: View, kind: Kind, ids: Iterable[str]) -> dict[str, str]:
    """By what the store gives for people who are not in `seen` their ids."""
    nos = {int(one.removeprefix(_GONE)) for one in ids if one.startswith(_GONE)}
    keys = own_ids(c, view.shared, kind, nos)
    return {f"{_GONE}{no}": record_id(view.slug, kind, key) for no, key in keys.items()}


_MORE_MEMORY = sa.text("SET LOCAL work_mem = '64MB'")


def _given(view: View, sections: Collection[int]) -> dict[str, Any]:
    own = {"vendor": view.edition.vendor_id, "district": view.district.id, "as_of": view.shared.as_of}
    return own | {"sections": list(sections)}


@lru_cache
def _students(*, now: bool, past: bool) -> "sa.Select[Any]":
    ids = sa.func.aggregate_strings(_id(past=past), _BETWEEN)
    chosen = _joined(Kind.STUDENT, STUDENT, [_ITS.c.section_no, ids], now=now, past=past)
    return chosen.group_by(_ITS.c.section_no)


@lru_cache
def _teachers(*, now: bool, past: bool) -> "sa.Select[Any]":
    columns = [_ITS.c.section_no, _ITS.c.position, _id(past=past)]
    return _joined(Kind.TEACHER, TEACHER, columns, now=now, past=past).order_by(*columns)


def _id(*, past: bool) -> "sa.ColumnElement[str]":
    return (
        sa.func.coalesce(SEEN.c.id, sa.literal(_GONE).concat(sa.cast(_ITS.c.person_no, sa.Text))) if past else SEEN.c.id
    )


def _joined(kind: Kind, role: int, columns: list[Any], *, now: bool, past: bool) -> "sa.Select[Any]":
    district: sa.BindParameter[int] = sa.bindparam("district")
    there = then(_ITS, district, None if now else sa.bindparam("as_of"))
    person = (SEEN.c.vendor_id == sa.bindparam("vendor"), SEEN.c.district_id == district, SEEN.c.kind == NUMBER[kind])
    joined = sa.join(_ITS, SEEN, sa.and_(*person, SEEN.c.no == _ITS.c.person_no), isouter=past)
    chosen = select(*columns).select_from(joined).where(*there, _ITS.c.role == role)
    return chosen.where(at_numbers(_ITS.c.section_no, sa.bindparam("sections", type_=Numbers())))
