"""What a vendor sees of a district, as SQL: the one definition, which every door that gives data reads by.

In:  a Sharing, a district, and the sync as of which it is asked.
Out: Shared: for each kind a select of the records that are seen, with the columns that are seen.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

import sqlalchemy as sa

from sftpingest.roster.kinds import STUDENT, TEACHER, Kind
from sftpingest.roster.rules import EXT, Condition, Sign
from sftpingest.roster.sharing import Group, Mode, Sharing, columns, seen_in_ext
from sftpingest.store.versions import VERSIONS, then
from sftpingest.store.wording import ext_only, ext_without, holds_text, in_ext, lists, one_of

_ROLE = {Kind.STUDENT: STUDENT, Kind.TEACHER: TEACHER}
#: The kind of another record whose field a condition looks at, and the column that names it.
_BESIDE = {"course": (Kind.COURSE, "course_id"), "term": (Kind.TERM, "term_id")}

Table: TypeAlias = sa.FromClause
Where = sa.ColumnElement[bool]
Test = Callable[[sa.ColumnElement[str]], Where]


@dataclass(frozen=True)
class Shared:
    """What is seen of one district, now or as it was after the sync `as_of`."""

    sharing: Sharing
    district_id: int
    as_of: int | None = None

    def select(self, kind: Kind) -> "sa.Select[Any]":
        """The records of a kind that are seen: `no`, `id` and the columns that are seen; of enrollments all columns."""
        return granted(kind, self.sharing.groups).where(self.seen(kind, VERSIONS[kind]))

    def columns_of(self, kind: Kind) -> "sa.Select[Any]":
        """The same columns of all records there are: for whoever names records that he knows to be seen."""
        return granted(kind, self.sharing.groups).where(*then(VERSIONS[kind], self.district_id, self.as_of))

    def seen(self, kind: Kind, table: Table) -> Where:
        """Whether a version in a table of that kind is seen."""
        return sa.and_(*then(table, self.district_id, self.as_of), self._chosen(kind, table))

    def _chosen(self, kind: Kind, table: Table) -> Where:
        if kind is Kind.CONTACT:
            return self._of_seen_students(table)
        if self._everything:
            return sa.true() if kind is not Kind.STAFF or self.sharing.staff else sa.false()
        ways: dict[Kind, Callable[[Table], Where]] = {
            Kind.SCHOOL: self._school,
            Kind.SECTION: self._section,
            Kind.COURSE: lambda its: its.c.id.in_(self._of_sections("course_id")),
            Kind.TERM: lambda its: its.c.id.in_(self._of_sections("term_id")),
            Kind.STUDENT: lambda its: self._person(Kind.STUDENT, its),
            Kind.TEACHER: lambda its: self._person(Kind.TEACHER, its),
            Kind.STAFF: self._staff,
            Kind.ENROLLMENT: lambda its: its.c.section_no.in_(self._of_sections("no")),
        }
        return ways[kind](table)

    @cached_property
    def _everything(self) -> bool:
        return self.sharing.mode is Mode.EVERYTHING

    # -------------------------------------------------------------------------------------------- sections and schools

    def _section(self, its: Table) -> Where:
        if self.sharing.mode is Mode.SCHOOLS:
            return one_of(its.c.school_id, _list(self.sharing.schools))
        if self.sharing.mode is Mode.SECTIONS:
            return one_of(its.c.id, _list(self.sharing.sections))
        return self._ruled(Kind.SECTION, its)

    def _school(self, its: Table) -> Where:
        """Chosen ones; else those in which something lies that is seen."""
        if self.sharing.mode is Mode.SCHOOLS:
            return one_of(its.c.id, _list(self.sharing.schools))
        schools = [self._of_sections("school_id")]
        schools += [self._ruled_of(kind, "school_id") for kind in (Kind.STUDENT, Kind.TEACHER, Kind.STAFF)]
        return sa.or_(*(its.c.id.in_(each) for each in schools))

    def _of_sections(self, column: str) -> "sa.Select[Any]":
        """A column of the sections that are seen."""
        section = _another(Kind.SECTION)
        return sa.select(section.c[column]).where(*self._then(section), self._section(section))

    # ---------------------------------------------------------------------------------------------------------- people

    def _person(self, kind: Kind, its: Table) -> Where:
        """Students and teachers: in a section that is seen, at a chosen school, or chosen by a rule."""
        enrollment = _another(Kind.ENROLLMENT)
        in_section = sa.select(enrollment.c.person_no).where(
            *self._then(enrollment),
            enrollment.c.role == _ROLE[kind],
            enrollment.c.section_no.in_(self._of_sections("no")),
        )
        ways: list[Where] = [its.c.no.in_(in_section)]
        if self.sharing.mode is Mode.SCHOOLS:
            ways.append(self._at_school(its))
        return sa.or_(*ways, self._ruled(kind, its))

    def _staff(self, its: Table) -> Where:
        ticked = self._at_school(its) if self.sharing.staff else sa.false()
        return sa.or_(ticked, self._ruled(Kind.STAFF, its))

    def _at_school(self, its: Table) -> Where:
        """At a school that is seen, be it a further one."""
        school = _another(Kind.SCHOOL)
        seen = sa.select(school.c.id).where(*self._then(school), self._school(school))
        home = its.c.school_id.in_(seen)
        if "more_school_ids" not in its.c:
            return home
        further = sa.exists(seen.where(lists(its.c.more_school_ids, school.c.id)).correlate(its))
        return sa.or_(home, sa.and_(its.c.more_school_ids != "", further))

    def _of_seen_students(self, its: Table) -> Where:
        """Contacts come with the students, where they are granted at all."""
        if not columns(Kind.CONTACT, self.sharing.groups):
            return sa.false()
        student = _another(Kind.STUDENT)
        return its.c.student_id.in_(sa.select(student.c.id).where(self.seen(Kind.STUDENT, student)))

    # ----------------------------------------------------------------------------------------------------------- rules

    def _ruled(self, kind: Kind, its: Table) -> Where:
        """Whether any rule chooses a record."""
        rules = [rule for rule in self.sharing.rules if rule.kind is kind]
        chosen = [sa.and_(*(self._holds(one, its) for one in rule.where)) for rule in rules]
        return sa.or_(sa.false(), *chosen)

    def _ruled_of(self, kind: Kind, column: str) -> "sa.Select[Any]":
        """A column of the records that rules choose."""
        its = _another(kind)
        return sa.select(its.c[column]).where(*self._then(its), self._ruled(kind, its))

    def _holds(self, one: Condition, its: Table) -> Where:
        """Whether a condition holds. A field that a record has not is as an empty one."""
        name, _, beside = one.field.partition(".")
        if one.field == "teacher_id":
            return self._taught(one, its)
        if one.field.startswith(EXT):
            return _test(one)(in_ext(its.c.ext, sa.literal(one.field.removeprefix(EXT))))
        if beside:
            kind, key = _BESIDE[name]
            other = _another(kind)
            value = sa.select(other.c[beside]).where(*self._then(other), other.c.id == its.c[key]).correlate(its)
            return _test(one)(sa.func.coalesce(value.scalar_subquery(), ""))
        return _test(one)(its.c[one.field])

    def _taught(self, one: Condition, its: Table) -> Where:
        """Whether one of its teachers is meant; of "is not", none of them."""
        enrollment, teacher = _another(Kind.ENROLLMENT), _another(Kind.TEACHER)
        turned = {Sign.IS_NOT: Sign.IS, Sign.IS_NONE_OF: Sign.IS_ANY_OF}
        asked = Condition(one.field, turned.get(one.sign, one.sign), one.values)
        of_section = (*self._then(enrollment), enrollment.c.section_no == its.c.no, enrollment.c.role == TEACHER)
        is_it = (*self._then(teacher), teacher.c.no == enrollment.c.person_no, _test(asked)(teacher.c.id))
        found = sa.exists(sa.select(1).select_from(enrollment).where(*of_section).join(teacher, sa.and_(*is_it)))
        return ~found if one.sign in turned else found

    def _then(self, its: Table) -> list[Where]:
        return then(its, self.district_id, self.as_of)


@lru_cache(maxsize=256)  # a select that is there already is quicker to run: SQLAlchemy remembers what it said of it
def granted(kind: Kind, groups: frozenset[Group]) -> "sa.Select[Any]":
    """All records of a kind, with the columns that groups of fields grant."""
    its = VERSIONS[kind]
    if kind is Kind.ENROLLMENT:
        names = ["section_no", "person_no", "school_no", "role", "position"]
    else:
        names = ["no", "id", *columns(kind, groups)]
    return sa.select(*(_ext(its, groups) if name == "ext" else its.c[name] for name in names))


def _ext(its: Table, groups: frozenset[Group]) -> "sa.ColumnElement[str]":
    """What of the district's own columns is seen."""
    all_but, names = seen_in_ext(groups)
    if all_but and not names:
        return its.c.ext
    part = ext_without if all_but else ext_only
    return part(its.c.ext, sa.literal(json.dumps(sorted(names)))).label("ext")


def _another(kind: Kind) -> sa.FromClause:
    """The table of a kind once more, under a name of its own."""
    return VERSIONS[kind].alias()


def _test(one: Condition) -> Test:
    """How a value is compared."""
    if one.sign is Sign.CONTAINS:
        return lambda value: holds_text(value, sa.literal(one.values[0]))
    if one.sign in {Sign.IS_NOT, Sign.IS_NONE_OF}:
        return lambda value: sa.not_(one_of(value, _list(one.values)))
    return lambda value: one_of(value, _list(one.values))


def _list(values: Iterable[str]) -> "sa.ColumnElement[str]":
    """Many values as one parameter: neither store takes more than some ten thousands of them."""
    return sa.literal(json.dumps(list(values)))
