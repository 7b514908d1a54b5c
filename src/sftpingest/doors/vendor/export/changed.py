"""What a vendor sees changed between two syncs of a district, under today's sharing -> lines of JSON.

In:  a Connection on which nothing moves, a View, two syncs, kinds, an open file.
Out: lines: what was created and updated in the order in which it can be taken in, then what was removed.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import IO, Any

import orjson
import pyarrow as pa
from sqlalchemy import Connection

from sftpingest.doors.vendor.export.written import objects
from sftpingest.roster.kinds import PEOPLE, Kind
from sftpingest.store.bulk import BATCH, Bulk
from sftpingest.store.moved import Moved, moved, moved_joins
from sftpingest.store.reading import View

#: Kinds in the order in which a vendor can take them in.
_ORDER = (*(kind for kind in Kind if kind not in {Kind.SECTION, Kind.ENROLLMENT}), Kind.SECTION, Kind.ENROLLMENT)
_OF_PEOPLE = (*PEOPLE, Kind.CONTACT, Kind.ENROLLMENT)
#: What an enrollment is known by.
_JOIN = ("section_id", "person_id", "role")
Object = dict[str, Any]


def write(c: Connection, view: View, syncs: tuple[int, int], kinds: Iterable[Kind], out: IO[bytes]) -> dict[str, int]:
    """Write the lines; gives the numbers of `rows` and `people`."""
    before, after = (Bulk(c, view, sync) for sync in syncs)
    found = {kind: moved(before, after, kind) for kind in _ORDER if kind in set(kinds) and kind is not Kind.ENROLLMENT}
    present = chain.from_iterable(_present(kind, before, after, its) for kind, its in found.items())
    removed = chain.from_iterable(_removed(kind, before, its) for kind, its in reversed(found.items()))
    joins = _joins(before, after) if Kind.ENROLLMENT in set(kinds) else iter(())
    rows, people = 0, set()
    for line in chain(present, joins, removed):
        out.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        rows += 1
        if line["kind"] in _OF_PEOPLE:
            people.add(line.get("id") or line["object"]["person_id"])
    return {"rows": rows, "people": len(people)}


def _present(kind: Kind, before: Bulk, after: Bulk, its: Moved) -> Iterator[Object]:
    for start in range(0, len(its.came), BATCH):
        for one in _objects(after, kind, after.records(kind, its.came[start : start + BATCH])):
            yield {"change": "created", "kind": kind.value, "id": one["id"], "object": one}
    for start in range(0, len(its.now), BATCH):
        part = slice(start, start + BATCH)
        were = _objects(before, kind, before.records(kind, its.was[part]))
        are = _objects(after, kind, after.records(kind, its.now[part]))
        for was, is_ in zip(were, are, strict=True):
            if was != is_:
                yield {"change": "updated", "kind": kind.value, "id": is_["id"]} | _differing(was, is_)


def _removed(kind: Kind, before: Bulk, its: Moved) -> Iterator[Object]:
    for start in range(0, len(its.gone), BATCH):
        for one in _objects(before, kind, before.records(kind, its.gone[start : start + BATCH])):
            yield {"change": "removed", "kind": kind.value, "id": one["id"], "object": one}


def _joins(before: Bulk, after: Bulk) -> Iterator[Object]:
    """Enrollments have no id: section, person and role say which one it is."""
    kind = Kind.ENROLLMENT
    for then, now in moved_joins(before, after):
        were = {_key(one): one for one in _objects(before, kind, then)}
        for is_ in _objects(after, kind, now):
            was = were.pop(_key(is_), None)
            if was is None:
                yield {"change": "created", "kind": kind.value, "object": is_}
            elif was != is_:
                yield {"change": "updated", "kind": kind.value} | _differing(was, is_)
        yield from ({"change": "removed", "kind": kind.value, "object": was} for was in were.values())


def _key(one: Object) -> tuple[str, ...]:
    return tuple(one[name] for name in _JOIN)


def _differing(was: Object, is_: Object) -> Object:
    return {"object": is_, "previous": {name: value for name, value in was.items() if value != is_[name]}}


def _objects(bulk: Bulk, kind: Kind, table: pa.Table) -> Iterator[Object]:
    """As they stand in a file, read back so that they can be compared."""
    return (orjson.loads(orjson.dumps(one)) for one in objects(bulk.fields(kind), table))
