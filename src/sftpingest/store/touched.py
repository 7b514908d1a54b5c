"""Which records may look otherwise to a vendor than in the edition before: those that are worth comparing.

In:  a Connection, what was seen and what is seen now.
Out: numbers of records. Too many does no harm but takes time; one too few is a change that vendors never hear of.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa

from sftpingest.roster.kinds import Kind
from sftpingest.roster.sharing import Mode, columns, seen_in_ext
from sftpingest.store.related import ROLE, people_in
from sftpingest.store.shared import Shared
from sftpingest.store.versions import VERSIONS, then


@dataclass(frozen=True)
class Between:
    """Two editions of one district."""

    c: sa.Connection
    before: Shared
    after: Shared

    def own(self, kind: Kind) -> set[int]:
        """Records of which a version began or ended."""
        its = VERSIONS[kind]
        return set(self.c.scalars(sa.select(its.c.no).where(*self.moved(its))))

    def fields_differ(self, kind: Kind) -> bool:
        """Whether the sharings grant different fields of a kind."""
        groups = [shared.sharing.groups for shared in (self.before, self.after)]
        first, second = ((columns(kind, each), seen_in_ext(each)) for each in groups)
        return first != second

    def sections_with_other_people(self) -> set[int]:
        """Sections in which an enrollment began or ended."""
        its = VERSIONS[Kind.ENROLLMENT]
        return set(self.c.scalars(sa.select(its.c.section_no).distinct().where(*self.moved(its))))

    @cached_property
    def _people(self) -> dict[int, set[int]]:
        """By role the people of whom an enrollment began or ended: each once, for enrollments there are millions."""
        its = VERSIONS[Kind.ENROLLMENT]
        out: dict[int, set[int]] = {role: set() for role in ROLE.values()}
        for role, person in self.c.execute(sa.select(its.c.role, its.c.person_no).distinct().where(*self.moved(its))):
            out[role].add(person)
        return out

    def people_of(self, kind: Kind, sections: Collection[int]) -> set[int]:
        """People of whom an enrollment began or ended, and all who are in those sections."""
        return self._people[ROLE[kind]] | people_in(self.c, self.after, sections, ROLE[kind])

    def sections_of_another_school(self) -> set[int]:
        """Sections that have moved to another school."""
        was, is_now = VERSIONS[Kind.SECTION].alias(), VERSIONS[Kind.SECTION].alias()
        same = (was.c.no == is_now.c.no, was.c.school_id != is_now.c.school_id)
        return set(self.c.scalars(sa.select(is_now.c.no).where(*same, *self._in_both(was, is_now))))

    def _in_both(self, was: sa.FromClause, is_now: sa.FromClause) -> list[sa.ColumnElement[bool]]:
        """A version then and one now, of which at least one is not the other: only those that moved are looked at."""
        return [
            *then(was, self.before.district_id, self.before.as_of),
            *then(is_now, self.after.district_id, self.after.as_of),
            is_now.c.first_sync > (self.before.as_of or 0),
        ]

    @property
    def follows(self) -> bool:
        """Whether the same sharing shows all there is: then nothing comes or goes but with a version."""
        return self.before.sharing == self.after.sharing and self.after.sharing.mode is Mode.EVERYTHING

    def moved(self, its: sa.FromClause) -> list[sa.ColumnElement[bool]]:
        """A version that began or ended since."""
        first, last = self.before.as_of or 0, self.after.as_of or 0
        began = sa.and_(its.c.first_sync > first, its.c.first_sync <= last)
        ended = sa.and_(its.c.end_sync > first, its.c.end_sync <= last)
        return [its.c.district_id == self.after.district_id, sa.or_(began, ended)]
