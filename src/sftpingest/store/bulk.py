"""A whole kind of what a vendor sees of a district, by ascending id, some ten thousand records at a time.

In:  a Connection on which nothing moves, a View; the sync as of which it is asked.
Out: tables of Arrow with the columns of roster.exported as text, an empty one as null; ids as vendors know them.

In memory there are, beside the records of one request to the store, 28 bytes for each record of the kind and of those
it refers to.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa

from sftpingest.roster.exported import Field, Type, exported
from sftpingest.roster.kinds import PEOPLE, ROLES, STUDENT, Kind
from sftpingest.store.editions import NUMBER, SEEN
from sftpingest.store.packed import Numbers, of_many, packed
from sftpingest.store.reading import View
from sftpingest.store.shared import Shared
from sftpingest.store.versions import VERSIONS

#: Records of one table; how many the store is asked for at once, for it may look at all there are to find them; and
#: sections whose enrollments it is asked for at once.
BATCH, _ASKED, _SECTIONS = 50_000, 100_000, 30_000
#: Enrollments of one table.
_SEATS = 150_000
_WIDTH = 24
#: Enrollments: places among what is seen of section, person (students, then teachers) and school; role and position.
Seats: TypeAlias = "dict[str, npt.NDArray[np.integer[Any]]]"


@dataclass(frozen=True)
class Keys:
    """The records of a kind that are seen, by ascending id."""

    no: Numbers
    id: "npt.NDArray[np.bytes_]"

    @cached_property
    def place(self) -> Numbers:
        """By number the place of a record here; -1 for what is not seen."""
        out = np.full(int(self.no.max(initial=-1)) + 2, -1, np.int32)
        out[self.no] = np.arange(len(self.no), dtype=np.int32)
        return out

    def placed(self, nos: Numbers) -> Numbers:
        """The places of records by their numbers; -1 for those not seen."""
        return self.place[np.minimum(nos, len(self.place) - 1)]

    @cached_property
    def ids(self) -> pa.Array:
        """The ids as text, and null after the last."""
        ends = np.arange(len(self.id) + 1, dtype=np.int32) * _WIDTH
        texts = pa.StringArray.from_buffers(len(self.id), pa.py_buffer(ends), pa.py_buffer(self.id.tobytes()))
        return _and_null(texts)


@dataclass(frozen=True, eq=False)
class Bulk:
    """What a vendor sees of a district, whole: as of the last edition, or of an earlier sync under today's sharing."""

    c: sa.Connection
    view: View
    as_of: int | None = None
    _known: dict[Kind, Keys] = field(default_factory=dict)
    _own: dict[Kind, pa.Array] = field(default_factory=dict)

    @cached_property
    def shared(self) -> Shared:
        """By it records are selected."""
        return self.view.shared if self.as_of is None else replace(self.view.shared, as_of=self.as_of)

    def fields(self, kind: Kind) -> tuple[Field, ...]:
        """The columns of a kind."""
        return exported(kind, self.shared.sharing.groups)

    def keys(self, kind: Kind) -> Keys:
        """Which records are seen."""
        if kind not in self._known:
            self._known[kind] = self._keys(kind)
        return self._known[kind]

    def _keys(self, kind: Kind) -> Keys:
        if self.as_of is None:
            its = self.view.edition
            of = (SEEN.c.vendor_id == its.vendor_id, SEEN.c.district_id == its.district_id)
            seen = sa.select(SEEN.c.no, SEEN.c.id).where(*of, SEEN.c.kind == NUMBER[kind])
            rows = packed(self.c, seen, ["no"], ["id"])
            ids = np.frombuffer(rows.texts["id"].buffers()[2] or b"", f"S{_WIDTH}")
        else:
            versions = VERSIONS[kind]
            chosen = self.shared.select(kind).with_only_columns(versions.c.no, versions.c.id)
            rows = packed(self.c, chosen, ["no"], ["id"])
            ids = np.array([self.view.id_of(kind, key) for key in rows.texts["id"].to_pylist()], f"S{_WIDTH}")
        order = np.argsort(ids, kind="stable")
        return Keys(rows.numbers["no"][order], ids[order])

    def tables(self, kind: Kind) -> Iterator[pa.Table]:
        """All records of a kind; at least one table, which may have no rows."""
        if kind is Kind.ENROLLMENT:
            for start in range(0, max(len(self._seats["role"]), 1), _SEATS):
                yield self._joined({name: its[start : start + _SEATS] for name, its in self._seats.items()})
            return
        nos = self.keys(kind).no
        for start in range(0, max(len(nos), 1), _ASKED):
            found = self.records(kind, nos[start : start + _ASKED])
            yield from (found.slice(part, BATCH) for part in range(0, max(len(found), 1), BATCH))

    def people(self, kind: Kind) -> int:
        """How many people all records of a kind are of."""
        if kind is Kind.ENROLLMENT:
            return int(np.count_nonzero(np.bincount(self._seats["person"])))
        return len(self.keys(kind).no) if kind in {*PEOPLE, Kind.CONTACT} else 0

    # ------------------------------------------------------------------------------------------------------- records

    def records(self, kind: Kind, nos: Numbers) -> pa.Table:
        """Records by their numbers, which are seen, in that order."""
        fields = self.fields(kind)
        chosen = self.shared.columns_of(kind).where(of_many(self.c, VERSIONS[kind].c.no, nos.tolist()))
        rows = packed(self.c, chosen, ["no"], sorted({field.source for field in fields}))
        places = self.keys(kind).placed(rows.numbers["no"])
        order = np.argsort(places)
        its = {name: column.take(pa.array(order)) for name, column in rows.texts.items()}
        ids = self.keys(kind).ids.take(pa.array(places[order]))
        return pa.table({field.name: ids if field.name == "id" else self._column(field, its) for field in fields})

    def _column(self, field: Field, its: dict[str, pa.Array]) -> pa.Array:
        own = its[field.source]
        if field.of and field.type is Type.ID:
            return self._ids(field.of, own)
        return self._lists(own) if field.name == "more_school_ids" else own

    def _ids(self, kind: Kind, own: pa.Array) -> pa.Array:
        """Keys of the district as ids; null for none and for what is not seen."""
        coded = own.dictionary_encode()
        ids = np.array([self.view.id_of(kind, key) for key in coded.dictionary.to_pylist()], f"S{_WIDTH}")
        keys = self.keys(kind)
        places = np.searchsorted(keys.id, ids)
        there = np.append(keys.id, b"")[places] == ids
        known = keys.ids.take(pa.array(np.where(there, places, len(keys.id))))
        return known.take(coded.indices)

    def _lists(self, own: pa.Array) -> pa.Array:
        """The same of lists of schools."""
        coded = own.dictionary_encode()
        seen = {id_.decode() for id_ in self.keys(Kind.SCHOOL).id.tolist()}

        def known(text: str) -> str:
            ids = [self.view.id_of(Kind.SCHOOL, str(key)) for key in json.loads(text)]
            return json.dumps([id_ for id_ in ids if id_ in seen])

        return pa.array([known(text) for text in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)

    # --------------------------------------------------------------------------------------------------- enrollments

    @cached_property
    def _seats(self) -> Seats:
        """All enrollments."""
        nos, versions = np.sort(self.keys(Kind.SECTION).no), VERSIONS[Kind.ENROLLMENT]
        chosen = self.shared.columns_of(Kind.ENROLLMENT)
        parts = [
            self._seen(chosen.where(of_many(self.c, versions.c.section_no, nos[start : start + _SECTIONS].tolist())))
            for start in range(0, max(len(nos), 1), _SECTIONS)
        ]
        return _in_order({name: np.concatenate([part.pop(name) for part in parts]) for name in list(parts[0])})

    def enrolled(self, chosen: "sa.Select[Any]") -> pa.Table:
        """Enrollments of a select, without those of whom one side is not seen; by section, role and person."""
        return self._joined(_in_order(self._seen(chosen)))

    def _seen(self, chosen: "sa.Select[Any]") -> Seats:
        """Those of a select of which both sides are seen."""
        rows = packed(self.c, chosen, ["section_no", "person_no", "school_no", "role", "position"]).numbers
        students, schools = (len(self.keys(kind).no) for kind in (Kind.STUDENT, Kind.SCHOOL))
        teacher = self.keys(Kind.TEACHER).placed(rows["person_no"])
        student = self.keys(Kind.STUDENT).placed(rows["person_no"])
        section = self.keys(Kind.SECTION).placed(rows["section_no"])
        person = np.where(rows["role"] == STUDENT, student, np.where(teacher < 0, -1, teacher + students))
        school = self.keys(Kind.SCHOOL).placed(rows["school_no"])
        seen = (section >= 0) & (person >= 0)
        narrow = {"section": section, "person": person, "school": np.where(school < 0, schools, school)}
        out: Seats = {name: places[seen] for name, places in narrow.items()}
        return out | {name: rows[name][seen].astype(np.int16) for name in ("role", "position")}

    def _joined(self, seats: Seats) -> pa.Table:
        """Places among what is seen as ids and keys."""
        section, person, school, role = (pa.array(seats[name]) for name in ("section", "person", "school", "role"))
        return pa.table(
            {
                "section_id": self.keys(Kind.SECTION).ids.take(section),
                "person_id": self._people[0].take(person),
                "role": pa.array([role.value for role in ROLES]).take(role),
                "school_id": self.keys(Kind.SCHOOL).ids.take(school),
                "position": pa.array(seats["position"]),
                "section_sis_id": self._owns(Kind.SECTION).take(section),
                "person_sis_id": self._people[1].take(person),
                "school_sis_id": self._owns(Kind.SCHOOL).take(school),
            }
        )

    @cached_property
    def _people(self) -> tuple[pa.Array, pa.Array]:
        """Ids and own keys of students, and after them of teachers."""
        both = (Kind.STUDENT, Kind.TEACHER)
        ids = pa.concat_arrays([_but_last(self.keys(kind).ids) for kind in both])
        return ids, pa.concat_arrays([_but_last(self._owns(kind)) for kind in both])

    def _owns(self, kind: Kind) -> pa.Array:
        """The district's own keys of what is seen, in the order of ids, and null after the last."""
        if kind not in self._own:
            self._own[kind] = self._made_own(kind)
        return self._own[kind]

    def _made_own(self, kind: Kind) -> pa.Array:
        versions = VERSIONS[kind]
        chosen = self.shared.columns_of(kind).with_only_columns(versions.c.no, versions.c.id)
        rows = packed(self.c, chosen, ["no"], ["id"])
        places = self.keys(kind).placed(rows.numbers["no"])
        order = np.full(len(self.keys(kind).no) + 1, len(places))  # null, unless it is found
        order[places[places >= 0]] = np.flatnonzero(places >= 0)
        return _and_null(rows.texts["id"]).take(pa.array(order))


def _in_order(seats: Seats) -> Seats:
    """By section, role and person. One column after the other, so that not all are held twice."""
    order = np.argsort(seats["section"].astype(np.int64) << 32 | seats["person"])
    return {name: seats.pop(name)[order] for name in list(seats)}


def _and_null(texts: pa.Array) -> pa.Array:
    return pa.concat_arrays([texts, pa.nulls(1, pa.string())])


def _but_last(texts: pa.Array) -> pa.Array:
    return texts.slice(0, len(texts) - 1)
