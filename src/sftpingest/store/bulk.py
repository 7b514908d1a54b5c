"""A whole kind of what a vendor sees of a district, by ascending id, some ten thousand records at a time.

In:  a Connection on which nothing moves, a View; the sync as of which it is asked.
Out: tables of Arrow with the columns of roster.exported as text; ids as vendors know them.

In memory there are, beside the records of one table, 32 bytes for each record of the kind and of those it refers to.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa

from sftpingest.roster.exported import Field, Type, exported
from sftpingest.roster.kinds import ROLES, STUDENT, Kind
from sftpingest.store.editions import NUMBER, SEEN
from sftpingest.store.packed import numbered, packed
from sftpingest.store.reading import View
from sftpingest.store.shared import Shared
from sftpingest.store.versions import VERSIONS

#: Records of one table; and sections whose enrollments are one.
BATCH, SECTIONS = 50_000, 5_000
_WIDTH = 24
Numbers: TypeAlias = "npt.NDArray[np.int64]"


@dataclass(frozen=True)
class Keys:
    """The records of a kind that are seen, by ascending id."""

    no: Numbers
    id: "npt.NDArray[np.bytes_]"

    @cached_property
    def place(self) -> Numbers:
        """By number the place of a record here; -1 for what is not seen."""
        out = np.full(int(self.no.max(initial=-1)) + 2, -1, np.int64)
        out[self.no] = np.arange(len(self.no))
        return out

    def placed(self, nos: Numbers) -> Numbers:
        """The places of records by their numbers; -1 for those not seen."""
        return self.place[np.minimum(nos, len(self.place) - 1)]

    @cached_property
    def ids(self) -> pa.Array:
        """The ids as text, and '' after the last."""
        return _texts(self.id)


@dataclass(frozen=True, eq=False)
class Bulk:
    """What a vendor sees of a district, whole: as of the last edition, or of an earlier sync under today's sharing."""

    c: sa.Connection
    view: View
    as_of: int | None = None

    @cached_property
    def shared(self) -> Shared:
        """By it records are selected."""
        return self.view.shared if self.as_of is None else replace(self.view.shared, as_of=self.as_of)

    def fields(self, kind: Kind) -> tuple[Field, ...]:
        """The columns of a kind."""
        return exported(kind, self.shared.sharing.groups)

    @lru_cache(len(Kind))  # noqa: B019  (lives as long as one answer is made)
    def keys(self, kind: Kind) -> Keys:
        """Which records are seen."""
        if self.as_of is None:
            its = self.view.edition
            of = (SEEN.c.vendor_id == its.vendor_id, SEEN.c.district_id == its.district_id)
            seen = sa.select(SEEN.c.no, SEEN.c.id).where(*of, SEEN.c.kind == NUMBER[kind])
            rows = packed(self.c, seen, ["no"], ["id"])
            ids = np.array(rows["id"].to_numpy(zero_copy_only=False), f"S{_WIDTH}")
        else:
            versions = VERSIONS[kind]
            chosen = self.shared.select(kind).with_only_columns(versions.c.no, versions.c.id)
            rows = packed(self.c, chosen, ["no"], ["id"])
            ids = np.array([self.view.id_of(kind, key) for key in rows["id"].to_pylist()], f"S{_WIDTH}")
        order = np.argsort(ids, kind="stable")
        return Keys(rows["no"].to_numpy()[order], ids[order])

    def tables(self, kind: Kind) -> Iterator[pa.Table]:
        """All records of a kind; at least one table, which may have no rows."""
        if kind is Kind.ENROLLMENT:
            yield from self._enrollments()
            return
        nos = self.keys(kind).no
        for start in range(0, max(len(nos), 1), BATCH):
            yield self.records(kind, nos[start : start + BATCH])

    # ------------------------------------------------------------------------------------------------------- records

    def records(self, kind: Kind, nos: Numbers) -> pa.Table:
        """Records by their numbers, which are seen, in that order."""
        fields = self.fields(kind)
        chosen = self.shared.columns_of(kind).where(numbered(self.c, VERSIONS[kind].c.no, nos.tolist()))
        rows = packed(self.c, chosen, ["no"], sorted({field.source for field in fields}))
        order = _places(rows.pop("no").to_numpy(), nos)
        its = pa.table({name: column.take(pa.array(order)) for name, column in rows.items()})
        ids = self.keys(kind).ids.take(pa.array(self.keys(kind).placed(nos)))
        return pa.table({field.name: self._column(field, its) if field.name != "id" else ids for field in fields})

    def _column(self, field: Field, its: pa.Table) -> pa.Array:
        own = its.column(field.source)
        if field.of and field.type is Type.ID:
            return self._ids(field.of, _whole(own))
        return self._lists(_whole(own)) if field.name == "more_school_ids" else own

    def _ids(self, kind: Kind, own: pa.Array) -> pa.Array:
        """Keys of the district as ids; '' for none and for what is not seen."""
        coded = own.dictionary_encode()
        ids = [self.view.id_of(kind, key) for key in coded.dictionary.to_pylist()]
        there = np.isin(np.array(ids, f"S{_WIDTH}"), self.keys(kind).id)
        seen = [id_ if known else "" for id_, known in zip(ids, there.tolist(), strict=True)]
        return pa.array(seen, pa.string()).take(coded.indices)

    def _lists(self, own: pa.Array) -> pa.Array:
        """The same of lists of schools."""
        coded = own.dictionary_encode()
        seen = {id_.decode() for id_ in self.keys(Kind.SCHOOL).id.tolist()}

        def known(text: str) -> str:
            ids = [self.view.id_of(Kind.SCHOOL, str(key)) for key in json.loads(text)] if text else []
            return json.dumps([id_ for id_ in ids if id_ in seen]) if text else ""

        return pa.array([known(text) for text in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)

    # --------------------------------------------------------------------------------------------------- enrollments

    def _enrollments(self) -> Iterator[pa.Table]:
        nos = self.keys(Kind.SECTION).no
        for start in range(0, max(len(nos), 1), SECTIONS):
            chosen = self.shared.columns_of(Kind.ENROLLMENT)
            versions = VERSIONS[Kind.ENROLLMENT]
            yield self.enrolled(
                chosen.where(numbered(self.c, versions.c.section_no, nos[start : start + SECTIONS].tolist()))
            )

    def enrolled(self, chosen: "sa.Select[Any]") -> pa.Table:
        """Enrollments of a select, without those of whom one side is not seen; by section, role and person."""
        names = ["section_no", "person_no", "school_no", "role", "position"]
        rows = {name: column.to_numpy() for name, column in packed(self.c, chosen, names, []).items()}
        learns = rows["role"] == STUDENT
        section = self.keys(Kind.SECTION).placed(rows["section_no"])
        student = self.keys(Kind.STUDENT).placed(rows["person_no"])
        teacher = self.keys(Kind.TEACHER).placed(rows["person_no"])
        person = np.where(learns, student, np.where(teacher < 0, -1, teacher + len(self.keys(Kind.STUDENT).no)))
        order = np.argsort((section << 32) | np.maximum(person, 0), kind="stable")
        order = order[(section[order] >= 0) & (person[order] >= 0)]
        school = self.keys(Kind.SCHOOL).placed(rows["school_no"])
        school[school < 0] = len(self.keys(Kind.SCHOOL).no)
        at = {"section": section, "person": person, "school": school} | {one: rows[one] for one in ("role", "position")}
        return self._joined({name: pa.array(places[order]) for name, places in at.items()})

    def _joined(self, at: dict[str, pa.Array]) -> pa.Table:
        """Places among what is seen as ids and keys."""
        section, person, school = at["section"], at["person"], at["school"]
        return pa.table(
            {
                "section_id": self.keys(Kind.SECTION).ids.take(section),
                "person_id": self._people[0].take(person),
                "role": pa.array([role.value for role in ROLES]).take(at["role"]),
                "school_id": self.keys(Kind.SCHOOL).ids.take(school),
                "position": at["position"],
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

    @lru_cache(len(Kind))  # noqa: B019
    def _owns(self, kind: Kind) -> pa.Array:
        """The district's own keys of what is seen, in the order of ids, and '' after the last."""
        versions = VERSIONS[kind]
        chosen = self.shared.columns_of(kind).with_only_columns(versions.c.no, versions.c.id)
        rows = packed(self.c, chosen, ["no"], ["id"])
        order = _places(rows["no"].to_numpy(), self.keys(kind).no)
        return pa.concat_arrays([rows["id"].take(pa.array(order)), pa.array([""])])


def _places(there: Numbers, wanted: Numbers) -> Numbers:
    """Where wanted numbers stand among those there; what is not there is left out."""
    sorted_ = np.argsort(there, kind="stable")
    wanted = wanted[np.isin(wanted, there)]
    found: Numbers = sorted_[np.searchsorted(there[sorted_], wanted)]
    return found


def _texts(ids: "npt.NDArray[np.bytes_]") -> pa.Array:
    """Ids of equal length as text, and '' after the last."""
    ends = np.append(np.arange(len(ids) + 1) * _WIDTH, len(ids) * _WIDTH).astype(np.int32)
    return pa.StringArray.from_buffers(len(ids) + 1, pa.py_buffer(ends), pa.py_buffer(ids.tobytes()))


def _but_last(texts: pa.Array) -> pa.Array:
    return texts.slice(0, len(texts) - 1)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks()
