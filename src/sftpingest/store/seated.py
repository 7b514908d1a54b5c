"""Who is in the sections of the last edition, by the ids under which vendors know them.

In:  a Connection, a view that is not of the past, numbers of sections that are seen in it.
Out: by section its students; its teachers in their order. A vendor who sees a section sees all who are in it.

The store joins and gathers: a page of sections has a quarter of a million people in it, and Python would take seconds.
"""

from collections.abc import Collection
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, select

from sftpingest.roster.kinds import STUDENT, TEACHER, Kind
from sftpingest.store.editions import NUMBER, SEEN
from sftpingest.store.reading import View
from sftpingest.store.versions import VERSIONS, then
from sftpingest.store.wording import listed, numbered

#: From so many sections on, what is joined is more than PostgreSQL keeps in memory by itself.
_MANY = 1_000
_BETWEEN = ","
_ITS = VERSIONS[Kind.ENROLLMENT]


def students_of(c: Connection, view: View, sections: Collection[int]) -> dict[int, list[str]]:
    """By section the ids of its students, in ascending order; a section without any is not there."""
    if len(sections) > _MANY and c.dialect.name == "postgresql":
        c.execute(_MORE_MEMORY)
    found = c.execute(_students(now=view.shared.as_of is None), _given(view, sections)).all()
    return {section: sorted(ids.split(_BETWEEN)) for section, ids in found}


def teachers_of(c: Connection, view: View, sections: Collection[int]) -> list[tuple[int, int, str]]:
    """Sections, positions and ids of teachers; by section and position."""
    found = c.execute(_teachers(now=view.shared.as_of is None), _given(view, sections))
    return [(section, position, id_) for section, position, id_ in found.all()]


_MORE_MEMORY = sa.text("SET LOCAL work_mem = '64MB'")


def _given(view: View, sections: Collection[int]) -> dict[str, Any]:
    own = {"vendor": view.edition.vendor_id, "district": view.district.id, "as_of": view.shared.as_of}
    return own | {"sections": listed(sections)}


@lru_cache
def _students(*, now: bool) -> "sa.Select[Any]":
    ids = sa.func.aggregate_strings(SEEN.c.id, _BETWEEN)
    return _joined(Kind.STUDENT, STUDENT, [_ITS.c.section_no, ids], now=now).group_by(_ITS.c.section_no)


@lru_cache
def _teachers(*, now: bool) -> "sa.Select[Any]":
    columns = [_ITS.c.section_no, _ITS.c.position, SEEN.c.id]
    return _joined(Kind.TEACHER, TEACHER, columns, now=now).order_by(*columns)


def _joined(kind: Kind, role: int, columns: list[Any], *, now: bool) -> "sa.Select[Any]":
    district: sa.BindParameter[int] = sa.bindparam("district")
    there = then(_ITS, district, None if now else sa.bindparam("as_of"))
    person = (SEEN.c.vendor_id == sa.bindparam("vendor"), SEEN.c.district_id == district, SEEN.c.kind == NUMBER[kind])
    joined = sa.join(_ITS, SEEN, sa.and_(*person, SEEN.c.no == _ITS.c.person_no))
    chosen = select(*columns).select_from(joined).where(*there, _ITS.c.role == role)
    return chosen.where(numbered(_ITS.c.section_no, sa.bindparam("sections")))
