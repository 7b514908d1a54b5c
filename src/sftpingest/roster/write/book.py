"""What all files of a OneRoster set share: who is who in it.

In: a roster, whose it is, a version.
Out: Book: the records in the order of their keys, and the id of each as OneRoster allows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.format import FileFormat, Format, load
from sftpingest.roster.frames import Positions, arrow, compose, look_up, names, text
from sftpingest.roster.kinds import PERSON, RECORDS, ROLES, STUDENT, Kind, Roster
from sftpingest.roster.write.ids import ids, made
from sftpingest.roster.write.lines import Cells
from sftpingest.roster.write.rendered import Asked, as_asked, rendered
from sftpingest.roster.write.spec import HEADINGS, Version, limited, may_hold
from sftpingest.roster.write.spelling import columns_of, each, spelling


@dataclass(frozen=True)
class About:
    """Whose roster it is, and of which day."""

    slug: str
    name: str
    day: date  #: in its school year lie terms that have no dates


@dataclass(frozen=True)
class Book:
    """A roster on its way out."""

    roster: Roster
    about: About
    version: Version
    form: Format
    ids: Mapping[Kind, pd.Series]  #: the written id of each record

    @property
    def root(self) -> str:
        """The id of the district itself: what belongs to no school belongs to it."""
        return made("district", self.about.slug)

    def reading(self, kind: Kind, name: str) -> FileFormat:
        """How a file is read as that kind."""
        return next(form for form in self.form.readings(name) if form.kind is kind)

    def wanted(self, kind: Kind) -> Cells:
        """The records of a kind by our columns; records that they name by their written ids."""
        form = next(form for form in self.form.files if form.kind is kind and not form.adds)
        cells = columns_of(self.roster[kind], kind)
        named = {column.name: column.refers for column in form.columns.values() if column.refers}
        return cells | {name: self.named(other, cells[name]) for name, other in named.items() if name in cells}

    def named(self, kind: Kind, keys: pa.Array) -> pa.Array:
        """The written ids of records by their keys; '' for one that is not there."""
        at = look_up(text(keys), self.roster[kind]["id"])
        return pc.fill_null(pc.take(arrow(self.ids[kind]), pa.array(at, mask=at < 0)), "")

    def listed(self, kind: Kind, lists: pa.Array) -> pa.Array:
        """The same for lists, without those that are not there."""
        own = dict(zip(self.roster[kind]["id"], self.ids[kind], strict=True))
        return each(lists, lambda cell: ",".join(own[key] for part in cell.split(",") if (key := part.strip()) in own))

    def cells(self, form: FileFormat, wanted: Cells, asked: Asked, more: "Cells | None" = None) -> Cells:
        """The cells of a file. `more`: cells by heading, in the place of what our columns say."""
        there = rendered(form, spelling(self.form, form), wanted) | (more or {})
        known = {*HEADINGS[self.version][form.name], "role"}  # in 1.2 the role is written into a file of its own
        kept = {heading: cells for heading, cells in there.items() if heading in known or "." in heading}
        allowed = {heading: partial(may_hold, self.version, heading) for heading in limited(self.version)}
        return as_asked(form, kept, wanted, replace(asked, may_hold=allowed))


def book(roster: Roster, about: About, version: Version) -> Book:
    """A roster in order, with the ids that it is written by."""
    ordered = in_order(roster)
    written = {kind: ids(kind, ordered[kind]["id"], ordered[kind]["id"]) for kind in RECORDS if kind not in _USERS}
    return Book(ordered, about, version, load("oneroster"), written | _users(ordered))


#: The kinds whose ids stand in one file, so that two of them may not have one id.
_USERS = (Kind.STUDENT, Kind.TEACHER, Kind.STAFF, Kind.CONTACT)


def _users(roster: Roster) -> dict[Kind, pd.Series]:
    taken: set[str] = set()
    out = {}
    for kind in _USERS[:-1]:
        keys = roster[kind]["id"]
        out[kind] = ids(kind, keys, keys, taken)
        taken |= set(out[kind])
    return out | {Kind.CONTACT: _contacts(roster[Kind.CONTACT], taken)}


def _contacts(frame: pd.DataFrame, taken: set[str]) -> pd.Series:
    """One id for all records of one contact, if nothing but the student is different in them."""
    own = frame["own_id"]
    rest = compose([frame[name] for name in names(frame) if name not in {"id", "student_id"}])
    several = rest.groupby(own.array, sort=False).transform("nunique") if len(frame) else rest
    one = np.asarray(several == 1, bool) if len(frame) else np.zeros(0, bool)
    return ids(Kind.CONTACT, own, frame["id"], taken, one)


def in_order(roster: Roster) -> Roster:
    """Records in the order of their keys; enrollments in that of their sections, teachers first, by their place."""
    orders = {kind: pc.array_sort_indices(arrow(roster[kind]["id"])).to_numpy() for kind in RECORDS}
    out: Roster = {kind: roster[kind].iloc[orders[kind]].reset_index(drop=True) for kind in RECORDS}
    out[Kind.ENROLLMENT] = _joins(roster[Kind.ENROLLMENT], {kind: _inverse(order) for kind, order in orders.items()})
    return out


def _inverse(order: Positions) -> Positions:
    """Old position -> new one; the last place stands for none."""
    out = np.full(len(order) + 1, -1, np.int32)
    out[order] = np.arange(len(order), dtype=np.int32)
    return out


def _joins(frame: pd.DataFrame, now: Mapping[Kind, Positions]) -> pd.DataFrame:
    role = frame["role"].to_numpy()
    person = np.empty(len(frame), np.int32)
    for at, name in enumerate(ROLES):
        person[role == at] = now[PERSON[name]][frame["person"].to_numpy()[role == at]]
    moved = frame.assign(
        section=now[Kind.SECTION][frame["section"].to_numpy()],
        person=person,
        school=now[Kind.SCHOOL][frame["school"].to_numpy()],
    )
    order = np.lexsort((person, moved["position"].to_numpy(), role == STUDENT, moved["section"].to_numpy()))
    return moved.iloc[order].reset_index(drop=True)
