"""Who is in which section, as far as a vendor sees it: the joins that records do not carry themselves.

In:  a Connection, what is seen (shared.Shared), numbers of records.
Out: numbers and ids of what they are related to.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import sqlalchemy as sa

from sftpingest.roster.kinds import STUDENT, TEACHER, Kind
from sftpingest.store.shared import Shared
from sftpingest.store.versions import VERSIONS, then
from sftpingest.store.wording import among

#: What a person of a kind is in an enrollment.
ROLE = {Kind.STUDENT: STUDENT, Kind.TEACHER: TEACHER}
#: So many numbers go into one statement.
CHUNK = 10_000


def chunks(numbers: Collection[int]) -> Iterator[list[int]]:
    """Numbers in order, CHUNK at a time: neighbours lie together in the store."""
    ordered = sorted(numbers)
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]


def further_schools(c: sa.Connection, shared: Shared, kind: Kind, nos: Collection[int] | None = None) -> dict[int, str]:
    """Of students or teachers, all or those: ids of the schools of their sections beside their own, as a JSON list.

    Only of sections that are seen; who has none is not there.
    """
    found: dict[int, list[str]] = {}
    parts: Iterable[list[int] | None] = [None] if nos is None else chunks(nos)
    for those in parts:
        for no, school in c.execute(_further(shared, kind, those)).all():
            found.setdefault(no, []).append(school)
    return {no: json.dumps(sorted(schools), ensure_ascii=False) for no, schools in found.items()}


def _further(shared: Shared, kind: Kind, nos: Collection[int] | None) -> "sa.Select[Any]":
    enrollment, section, person = _another(Kind.ENROLLMENT), _another(Kind.SECTION), _another(kind)
    joined = sa.join(enrollment, section, section.c.no == enrollment.c.section_no)
    joined = joined.join(person, person.c.no == enrollment.c.person_no)
    chosen = sa.select(enrollment.c.person_no, section.c.school_id).distinct().select_from(joined)
    chosen = chosen.where(
        *then(enrollment, shared.district_id, shared.as_of),
        *then(person, shared.district_id, shared.as_of),
        shared.seen(Kind.SECTION, section),
        enrollment.c.role == ROLE[kind],
        section.c.school_id != person.c.school_id,
        section.c.school_id != "",
    )
    return chosen if nos is None else chosen.where(among(enrollment.c.person_no, nos))


def _another(kind: Kind) -> sa.FromClause:
    return VERSIONS[kind].alias()


def people_in(c: sa.Connection, shared: Shared, sections: Collection[int], role: int) -> set[int]:
    """Numbers of the people with that role who are in any of those sections."""
    enrollment = VERSIONS[Kind.ENROLLMENT]
    chosen = sa.select(enrollment.c.person_no).where(
        *then(enrollment, shared.district_id, shared.as_of), enrollment.c.role == role
    )
    return {no for those in chunks(sections) for no in c.scalars(chosen.where(among(enrollment.c.section_no, those)))}


def own_ids(c: sa.Connection, shared: Shared, kind: Kind, nos: Collection[int]) -> dict[int, str]:
    """The district's own ids of records by their numbers."""
    its = VERSIONS[kind]
    chosen = sa.select(its.c.no, its.c.id).where(*then(its, shared.district_id, shared.as_of))
    found = (c.execute(chosen.where(among(its.c.no, those))).all() for those in chunks(nos))
    return {no: key for part in found for no, key in part}
