"""The rows of what was found, and which of the records that they name are seen.

In:  a Connection, districts as they are seen.
Out: rows; ids of records by their keys.
"""

import json
from collections.abc import Collection, Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy import Connection

from sftpingest.roster.kinds import Kind
from sftpingest.store.asked import Within
from sftpingest.store.asking import Found, alike, held, within_id
from sftpingest.store.editions import SEEN
from sftpingest.store.reading import Row, View
from sftpingest.store.reading import rows as rows_of
from sftpingest.store.values import Around, Place
from sftpingest.store.versions import VERSIONS
from sftpingest.store.wording import one_of


def rows(c: Connection, of: Sequence[View], found: Iterable[Found]) -> dict[tuple[int, Kind, int], Row]:
    """The rows of those that are seen, by district, kind and number."""
    views = {view.district.id: view for view in of}
    numbers: dict[tuple[int, Kind], list[int]] = {}
    for one in found:
        if not one.gone:
            numbers.setdefault((one.key.district_id, one.key.kind), []).append(one.key.no)
    return {
        (district, kind, no): row
        for (district, kind), nos in numbers.items()
        for no, row in rows_of(c, views[district], kind, nos).items()
    }


def named(c: Connection, around: Around, kind: Kind, keys: Collection[str]) -> None:
    """Find which of the records that rows name are seen."""
    known, view = around.ids.setdefault(kind, {}), around.view
    if asked := sorted({*keys} - known.keys() - {""}):
        seen, its = SEEN, VERSIONS[kind]
        same = (its.c.district_id == seen.c.district_id, its.c.no == seen.c.no, *held(its, (view,)))
        chosen = sa.select(its.c.id.label("key"), seen.c.id).select_from(sa.join(seen, its, sa.and_(*same)))
        chosen = chosen.where(*within_id(seen, kind, (view,)), its.c.district_id == view.district.id)
        chosen = chosen.where(one_of(its.c.id, sa.literal(json.dumps(asked))))
        known.update((row.key, row.id) for row in c.execute(chosen))


def all_named(c: Connection, view: View, kind: Kind) -> dict[str, str]:
    """The ids of all records of a kind that are seen, by key: of schools, say, of which there are few."""
    seen, its = SEEN, VERSIONS[kind]
    same = (its.c.district_id == seen.c.district_id, its.c.no == seen.c.no, *held(its, (view,)))
    chosen = sa.select(its.c.id.label("key"), seen.c.id).select_from(sa.join(seen, its, sa.and_(*same)))
    return {row.key: row.id for row in c.execute(chosen.where(*within_id(seen, kind, (view,))))}


def districts_with(c: Connection, of: Sequence[View], kind: Kind, *within: Within | None) -> set[int]:
    """The districts in which a record is seen of which all that is so."""
    found: set[int] = set()
    for group in alike(of):
        seen, its = SEEN, VERSIONS[kind]
        place = Place(kind, group, seen, its)
        same = (its.c.district_id == seen.c.district_id, its.c.no == seen.c.no, *held(its, group))
        chosen = sa.select(seen.c.district_id).distinct().select_from(sa.join(seen, its, sa.and_(*same)))
        where = (each(place) for each in within if each)
        found.update(c.scalars(chosen.where(*within_id(seen, kind, group), *where)))
    return found


def contacts_of(c: Connection, view: View, students: Collection[str]) -> dict[str, list[str]]:
    """The ids of the contacts of students, by the students' keys, as far as they are seen."""
    seen, its = SEEN, VERSIONS[Kind.CONTACT]
    same = (its.c.district_id == seen.c.district_id, its.c.no == seen.c.no, *held(its, (view,)))
    chosen = sa.select(its.c.student_id, seen.c.id).select_from(sa.join(seen, its, sa.and_(*same)))
    chosen = chosen.where(
        *within_id(seen, Kind.CONTACT, (view,)), one_of(its.c.student_id, sa.literal(json.dumps([*students])))
    )
    found: dict[str, list[str]] = {}
    for row in c.execute(chosen.order_by(seen.c.id)):
        found.setdefault(row.student_id, []).append(row.id)
    return found


def keys_named(c: Connection, view: View, kind: Kind, column: str, of: tuple[str, str]) -> set[str]:
    """What the records of a kind that are seen, and that have a key in another column, name in one."""
    seen, its = SEEN, VERSIONS[kind]
    same = (its.c.district_id == seen.c.district_id, its.c.no == seen.c.no, *held(its, (view,)))
    chosen = sa.select(its.c[column]).distinct().select_from(sa.join(seen, its, sa.and_(*same)))
    return {*c.scalars(chosen.where(*within_id(seen, kind, (view,)), its.c[of[0]] == of[1]))}
