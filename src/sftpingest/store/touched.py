"""Which records may look otherwise to a vendor than in the edition before: those that are worth comparing.

In:  a Connection, what was seen and what is seen now.
Out: numbers of records. Too many does no harm but takes time; one too few is a change that vendors never hear of.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from sftpingest.roster.kinds import RECORDS, Kind
from sftpingest.roster.sharing import Mode, columns, seen_in_ext
from sftpingest.store.related import ROLE, chunks, people_in
from sftpingest.store.shared import Shared
from sftpingest.store.versions import VERSIONS, then
from sftpingest.store.wording import among

#: Beside the roles.
_SECTION = -1


@dataclass(frozen=True)
class Between:
    """Two editions of one district."""

    c: sa.Connection
    before: Shared
    after: Shared

    @cached_property
    def own(self) -> dict[Kind, set[int]]:
        """By kind the records of which a version began or ended. Each table is read through for it, once."""
        return {kind: self._own(VERSIONS[kind]) for kind in RECORDS}

    def _own(self, its: sa.FromClause) -> set[int]:
        return set(self.c.scalars(sa.select(its.c.no).where(*self._moved(its))))

    def fields_differ(self, kind: Kind) -> bool:
        """Whether the sharings grant different fields of a kind."""
        groups = [shared.sharing.groups for shared in (self.before, self.after)]
        first, second = ((columns(kind, each), seen_in_ext(each)) for each in groups)
        return first != second

    @cached_property
    def _enrolled(self) -> dict[int, set[int]]:
        """The sections in which an enrollment began or ended, under _SECTION; by role people of these enrollments.

        Each once, for enrollments there are millions; and they are read through once.
        """
        its = VERSIONS[Kind.ENROLLMENT]
        moved = sa.select(its.c.role, its.c.person_no, its.c.section_no).where(*self._moved(its)).cte("moved")
        sections = sa.select(sa.literal(_SECTION), moved.c.section_no).distinct()
        people = (self._elsewhere(kind, moved) for kind in ROLE)
        out: dict[int, set[int]] = {number: set() for number in (_SECTION, *ROLE.values())}
        for number, no in self.c.execute(sections.union_all(*people)).all():
            out[number].add(no)
        return out

    def _elsewhere(self, kind: Kind, moved: sa.FromClause) -> "sa.Select[Any]":
        """People of whom that changes the further schools: the section was or is of another school than they.

        Whatever time that was: of the versions of both any two will do.
        """
        section, person = VERSIONS[Kind.SECTION].alias(), VERSIONS[kind].alias()
        other = sa.exists().where(
            *self._numbered(section, moved.c.section_no),
            *self._numbered(person, moved.c.person_no),
            section.c.school_id != person.c.school_id,
        )  # as a join SQLite would begin with all sections
        chosen = sa.select(moved.c.role, moved.c.person_no).distinct()
        return chosen.where(moved.c.role == ROLE[kind], other.correlate(moved))

    def _numbered(self, its: sa.FromClause, no: "sa.ColumnElement[int]") -> list[sa.ColumnElement[bool]]:
        return [its.c.district_id == self.after.district_id, its.c.no == no]

    def sections_with_other_people(self) -> set[int]:
        """Sections in which an enrollment began or ended."""
        return self._enrolled[_SECTION]

    def people_of(self, kind: Kind, sections: Collection[int]) -> set[int]:
        """People whose further schools may be others: by an enrollment, their own school, or one of those sections."""
        in_them = people_in(self.c, self.after, sections, ROLE[kind])
        return self._enrolled[ROLE[kind]] | self.of_another_school(kind) | in_them

    def of_another_school(self, kind: Kind) -> set[int]:
        """Records that have moved to another school."""
        was, is_now = VERSIONS[kind].alias(), VERSIONS[kind].alias()
        chosen = sa.select(is_now.c.no).where(
            was.c.no == is_now.c.no,
            was.c.school_id != is_now.c.school_id,
            *then(was, self.before.district_id, self.before.as_of),
            *then(is_now, self.after.district_id, self.after.as_of),
        )
        parts = (self.c.scalars(chosen.where(among(is_now.c.no, those))) for those in chunks(self.own[kind]))
        return {no for part in parts for no in part}

    @property
    def follows(self) -> bool:
        """Whether the same sharing shows all there is: then nothing comes or goes but with a version."""
        return self.before.sharing == self.after.sharing and self.after.sharing.mode is Mode.EVERYTHING

    def _moved(self, its: sa.FromClause) -> list[sa.ColumnElement[bool]]:
        """A version that began or ended since."""
        first, last = self.before.as_of or 0, self.after.as_of or 0
        if first == last:  # the sharing alone is another one: no table need be read
            return [sa.false()]
        began = sa.and_(its.c.first_sync > first, its.c.first_sync <= last)
        ended = sa.and_(its.c.end_sync > first, its.c.end_sync <= last)
        return [its.c.district_id == self.after.district_id, sa.or_(began, ended)]
