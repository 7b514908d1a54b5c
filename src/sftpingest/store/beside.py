"""Which records belong to one that is seen: the sections of a school, the students of a teacher.

In:  a Connection, a view, the record.
Out: pages of keys by ascending id, only of records that are seen too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import Connection, select

from sftpingest.roster.kinds import PEOPLE, STUDENT, TEACHER, Kind
from sftpingest.store.editions import NUMBER, SEEN
from sftpingest.store.reading import Key, Row, View, key_of
from sftpingest.store.related import ROLE
from sftpingest.store.versions import VERSIONS, then
from sftpingest.store.wording import lists

Where: TypeAlias = "sa.ColumnElement[bool]"


@dataclass(frozen=True)
class Beside:
    """What lies beside one record: `kind` and `row` are its own."""

    view: View
    kind: Kind
    row: Row
    schools: tuple[str, ...] = ()  #: of a person: the district's ids of all its schools

    def page(
        self, c: Connection, of: Kind, limit: int, *, after: str = "", before: str = "", primary: bool = False
    ) -> list[Key]:
        """The next `limit` records of that kind that belong to it; `primary`: only by the school that is their own."""
        its = VERSIONS[of]
        by_school = Kind.SCHOOL in {self.kind, of} and {self.kind, of} & {*PEOPLE}
        where = self._primary(its) if primary and by_school else self._where(of, its)
        chosen = select(SEEN).join(its, sa.and_(its.c.no == SEEN.c.no, *self._then(its)))
        chosen = chosen.where(*self._seen(of), where)
        if after:
            chosen = chosen.where(SEEN.c.id > after)
        if before:
            chosen = chosen.where(SEEN.c.id < before)
        rows = c.execute(chosen.order_by(SEEN.c.id.desc() if before else SEEN.c.id).limit(limit)).all()
        return [key_of(row) for row in (reversed(rows) if before else rows)]

    # ---------------------------------------------------------------------------------------------------- conditions

    def _where(self, of: Kind, its: sa.FromClause) -> Where:
        ways: dict[Kind, Callable[[Kind, sa.FromClause], Where]] = {
            Kind.SCHOOL: self._of_school,
            Kind.SECTION: self._of_section,
            Kind.COURSE: lambda kind, table: self._of_plan("course_id", kind, table),
            Kind.TERM: lambda kind, table: self._of_plan("term_id", kind, table),
            Kind.STUDENT: self._of_person,
            Kind.TEACHER: self._of_person,
            Kind.STAFF: self._of_person,
            Kind.CONTACT: self._of_contact,
        }
        return ways[self.kind](of, its)

    def _primary(self, its: sa.FromClause) -> Where:
        at_school = self.kind is Kind.SCHOOL and "school_id" in its.c
        mine: Where = its.c.school_id == self.row["id"] if at_school else its.c.id == self.row.get("school_id", "")
        return mine

    def _of_school(self, of: Kind, its: sa.FromClause) -> Where:
        key = self.row["id"]
        if of in {Kind.COURSE, Kind.TERM}:
            return its.c.id.in_(self._sections(f"{of}_id", lambda section: section.c.school_id == key))
        if of is Kind.CONTACT:
            return sa.false()
        at = [its.c.school_id == key, lists(SEEN.c.schools, sa.literal(key))]
        if "more_school_ids" in its.c:
            at.append(lists(its.c.more_school_ids, sa.literal(key)))
        return sa.or_(*at)

    def _of_section(self, of: Kind, its: sa.FromClause) -> Where:
        if of in ROLE:
            return its.c.no.in_(self._enrolled("person_no", "section_no", self.row["no"], ROLE[of]))
        column = f"{of}_id"
        return its.c.id == self.row[column] if column in self.row else sa.false()

    def _of_plan(self, column: str, of: Kind, its: sa.FromClause) -> Where:
        """Of a course or a term: its sections, and their schools."""
        key = self.row["id"]
        mine: Where = its.c[column] == key if of is Kind.SECTION else sa.true()
        return (
            mine
            if of is Kind.SECTION
            else its.c.id.in_(self._sections("school_id", lambda section: section.c[column] == key))
        )

    def _of_person(self, of: Kind, its: sa.FromClause) -> Where:
        if of is Kind.SCHOOL:
            return its.c.id.in_(self.schools)
        if of is Kind.CONTACT:
            return its.c.student_id == self.row["id"] if self.kind is Kind.STUDENT else sa.false()
        if self.kind not in ROLE:
            return sa.false()
        mine = self._enrolled("section_no", "person_no", self.row["no"], ROLE[self.kind])
        if of is Kind.SECTION:
            return its.c.no.in_(mine)
        other = {Kind.STUDENT: TEACHER, Kind.TEACHER: STUDENT}[self.kind]
        return its.c.no.in_(self._in_sections(mine, other)) if ROLE.get(of) == other else sa.false()

    def _of_contact(self, of: Kind, its: sa.FromClause) -> Where:
        return its.c.id == self.row["student_id"] if of is Kind.STUDENT else sa.false()

    # ---------------------------------------------------------------------------------------------------- selects

    def _enrolled(self, column: str, by: str, no: int, role: int) -> "sa.Select[Any]":
        its = VERSIONS[Kind.ENROLLMENT].alias()
        return select(its.c[column]).where(*self._then(its), its.c[by] == no, its.c.role == role)

    def _in_sections(self, sections: "sa.Select[Any]", role: int) -> "sa.Select[Any]":
        """Who is in those sections, as far as they are seen."""
        its, seen = VERSIONS[Kind.ENROLLMENT].alias(), SEEN.alias()
        joined = sa.join(its, seen, sa.and_(seen.c.no == its.c.section_no, *self._seen(Kind.SECTION, seen)))
        chosen = select(its.c.person_no).select_from(joined)
        return chosen.where(*self._then(its), its.c.role == role, its.c.section_no.in_(sections))

    def _sections(self, column: str, where: Callable[[sa.FromClause], Where]) -> "sa.Select[Any]":
        """A column of sections that are seen."""
        its, seen = VERSIONS[Kind.SECTION].alias(), SEEN.alias()
        joined = sa.join(its, seen, sa.and_(seen.c.no == its.c.no, *self._seen(Kind.SECTION, seen)))
        return select(its.c[column]).select_from(joined).where(*self._then(its), where(its))

    def _then(self, its: sa.FromClause) -> list[Where]:
        return then(its, self.view.district.id, self.view.shared.as_of)

    def _seen(self, kind: Kind, seen: sa.FromClause = SEEN) -> list[Where]:
        of = (seen.c.vendor_id == self.view.edition.vendor_id, seen.c.district_id == self.view.district.id)
        return [*of, seen.c.kind == NUMBER[kind]]
