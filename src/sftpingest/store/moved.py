"""Which records a vendor sees otherwise at one sync than at another, both under today's sharing.

In:  two Bulks of one district, as of two syncs.
Out: Moved: numbers of records; candidates among enrollments, of some thousand sections at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from sftpingest.roster.kinds import Kind
from sftpingest.store.bulk import Bulk, Keys
from sftpingest.store.packed import Numbers, of_many
from sftpingest.store.versions import VERSIONS, then

#: Sections whose enrollments are compared at once.
_SECTIONS = 5_000


@dataclass(frozen=True)
class Moved:
    """By number, each by ascending id: what came and went, and what may look otherwise (its number then and now)."""

    came: Numbers
    gone: Numbers
    was: Numbers
    now: Numbers


def moved(before: Bulk, after: Bulk, kind: Kind) -> Moved:
    """Of records. What has another version, or names what came or went, may look otherwise."""
    then_, now = before.keys(kind), after.keys(kind)
    _, at, to = np.intersect1d(then_.id, now.id, assume_unique=True, return_indices=True)
    was, is_ = then_.no[at], now.no[to]
    if not _names_what_moved(before, after, kind):
        otherwise = np.isin(was, _ended(before, after, kind)) | (was != is_)
        was, is_ = was[otherwise], is_[otherwise]
    return Moved(_without(now, then_), _without(then_, now), was, is_)


def _without(these: Keys, those: Keys) -> Numbers:
    return these.no[~np.isin(these.id, those.id, assume_unique=True)]


def _names_what_moved(before: Bulk, after: Bulk, kind: Kind) -> bool:
    """Whether ids that it names are seen at one sync and not at the other. A contact has always its student."""
    named = {one.of for one in before.fields(kind) if one.of and one.name != "id"} - {Kind.STUDENT}
    return any(not np.array_equal(before.keys(one).id, after.keys(one).id) for one in named)


def _ended(before: Bulk, after: Bulk, kind: Kind) -> Numbers:
    its = VERSIONS[kind]
    held = then(its, before.view.district.id, before.as_of)
    return np.array(before.c.scalars(sa.select(its.c.no).where(*held, its.c.end_sync <= after.as_of)).all(), np.int32)


def moved_joins(before: Bulk, after: Bulk) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Enrollments that may have come, gone or changed: as they were and as they are, of the same sections."""
    ids = np.union1d(before.keys(Kind.SECTION).id, after.keys(Kind.SECTION).id)
    versions = VERSIONS[Kind.ENROLLMENT].c
    ended, begun = versions.end_sync <= after.as_of, versions.first_sync > before.as_of
    for start in range(0, len(ids), _SECTIONS):
        those = ids[start : start + _SECTIONS]
        yield _of(before, after, those, ended), _of(after, before, those, begun)


def _of(one: Bulk, other: Bulk, ids: "np.typing.NDArray[np.bytes_]", has_moved: sa.ColumnElement[bool]) -> pa.Table:
    """Of some sections those whose version does not hold at the other sync, or that name what is not seen there."""
    sections = one.keys(Kind.SECTION)
    nos = sections.no[np.isin(sections.id, ids, assume_unique=True)]
    its = VERSIONS[Kind.ENROLLMENT].c
    people = [*_alone(one, other, Kind.STUDENT), *_alone(one, other, Kind.TEACHER)]
    schools = [*_alone(one, other, Kind.SCHOOL), *_alone(other, one, Kind.SCHOOL)]
    named = {its.section_no: _alone(one, other, Kind.SECTION), its.person_no: people, its.school_no: schools}
    may = sa.or_(
        has_moved,
        *(of_many(one.c, column, nos) for column, nos in named.items() if nos),
    )
    return one.enrolled(one.shared.columns_of(Kind.ENROLLMENT).where(of_many(one.c, its.section_no, nos.tolist()), may))


def _alone(one: Bulk, other: Bulk, kind: Kind) -> list[int]:
    numbers: list[int] = _without(one.keys(kind), other.keys(kind)).tolist()
    return numbers
