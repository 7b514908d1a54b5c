"""The rows of what was found, and which of the records that they name are seen.

In:  a Connection, districts as they are seen.
Out: rows; ids of records by their keys.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from sftpingest.roster.kinds import Kind
from sftpingest.store.asked import Within
from sftpingest.store.asking import alike, held, within_id
from sftpingest.store.editions import NUMBER, SEEN
from sftpingest.store.found import MADE, Found
from sftpingest.store.reading import View
from sftpingest.store.shared import Shared
from sftpingest.store.values import OWN, Around, Cells, Place, Row
from sftpingest.store.versions import VERSIONS, then
from sftpingest.store.wording import Numbers, at_numbers, one_of, texts_in


@dataclass(frozen=True)
class Rows:
    """The rows of one kind and district, by number."""

    places: Mapping[str, int]  #: where each column stands
    of: Mapping[int, Row]

    def column(self, name: str) -> set[str]:
        """The texts that stand in a column; none where it is not seen."""
        at = self.places.get(name)
        return {row[at] for row in self.of.values()} if at is not None else set()

    def cells(self, around: Around, *, own: bool = True) -> Cells:
        """How they are read."""
        return Cells(self.places, around, own)


def rows(c: Connection, of: Sequence[View], found: Iterable[Found]) -> dict[tuple[int, Kind], Rows]:
    """The rows of those that are seen, by district and kind."""
    views = {view.district.id: view for view in of}
    ids: dict[tuple[int, Kind], dict[int, str]] = {}
    for one in found:
        if not one.gone and one.no != MADE:
            ids.setdefault((one.district_id, one.kind), {})[one.no] = one.id
    return {(district, kind): _rows(c, views[district], kind, its) for (district, kind), its in ids.items()}


def text(c: Connection, view: View, one: Found, column: str) -> str:
    """What stands in a column of a record that is seen; '' where the column is not."""
    its = rows(c, [view], [one])[one.district_id, one.kind]
    return str(its.of[one.no][its.places[column]]) if column in its.places else ""


def _rows(c: Connection, view: View, kind: Kind, ids: Mapping[int, str]) -> Rows:
    chosen, names = _chosen(view.shared, kind)
    places = {name: at for at, name in enumerate(names, OWN + 1)}
    found, ext = c.execute(chosen, {"numbers": sorted(ids)}).all(), places.get("ext", 0) - OWN - 1
    # `no` is the first of the columns
    return Rows(
        places, {row[0]: (ids[row[0]], json.loads(row[ext]) if ext >= 0 and row[ext] else {}, *row) for row in found}
    )


@lru_cache(maxsize=256)
def _chosen(shared: Shared, kind: Kind) -> tuple["sa.Select[Any]", tuple[str, ...]]:
    """The columns that are seen, of records by their numbers: built once, which takes longer than to read a few."""
    chosen = shared.columns_of(kind)
    return chosen.where(at_numbers(VERSIONS[kind].c.no, sa.bindparam("numbers", type_=Numbers()))), tuple(
        chosen.selected_columns.keys()
    )


def named(c: Connection, around: Around, kind: Kind, keys: Collection[str]) -> None:
    """Find which of the records that rows name are seen."""
    known, view = around.of(kind), around.view
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


def any_seen(c: Connection, view: View, kind: Kind) -> bool:
    """Whether a record of a kind is seen at all."""
    return c.execute(sa.select(SEEN.c.no).where(*within_id(SEEN, kind, (view,))).limit(1)).first() is not None


def contacts_of(c: Connection, view: View, students: Collection[str]) -> dict[str, list[str]]:
    """The ids of the contacts of students, by the students' keys, as far as they are seen."""
    keys = [key.replace("\\", "\\\\").replace("|", "\\|") for key in sorted(students)]
    found: dict[str, list[str]] = {}
    for student, id_ in c.execute(
        _contacts(view.shared, view.edition.vendor_id, c.dialect.name), {"keys": json.dumps(keys)}
    ):
        found.setdefault(student, []).append(id_)
    return found


@lru_cache(maxsize=256)
def _contacts(shared: Shared, vendor_id: int, store: str) -> "sa.Select[Any]":
    """By their keys, which begin with those of the students: nothing else of them is in an index."""
    seen, its, keys = SEEN, VERSIONS[Kind.CONTACT], texts_in(sa.bindparam("keys", type_=sa.Text()), store)
    of_one = (its.c.id > keys.c.value.concat("|"), its.c.id < keys.c.value.concat("}"))  # the sign that follows on it
    same = (seen.c.district_id == its.c.district_id, seen.c.no == its.c.no)
    of = (
        seen.c.vendor_id == vendor_id,
        seen.c.kind == NUMBER[Kind.CONTACT],
        *then(its, shared.district_id, shared.as_of),
    )
    joined = sa.join(keys, its, sa.and_(*of_one)).join(seen, sa.and_(*same))
    return sa.select(its.c.student_id, seen.c.id).select_from(joined).where(*of).order_by(seen.c.id)


def keys_named(c: Connection, view: View, kind: Kind, column: str, of: tuple[str, str]) -> set[str]:
    """What the records of a kind that are seen, and that have a key in another column, name in one."""
    seen, its = SEEN, VERSIONS[kind]
    same = (its.c.district_id == seen.c.district_id, its.c.no == seen.c.no, *held(its, (view,)))
    chosen = sa.select(its.c[column]).distinct().select_from(sa.join(seen, its, sa.and_(*same)))
    return {*c.scalars(chosen.where(*within_id(seen, kind, (view,)), its.c[of[0]] == of[1]))}
