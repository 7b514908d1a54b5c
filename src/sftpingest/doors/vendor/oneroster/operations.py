"""The 41 reads, with the scopes that open them. Both releases have the same.

In:  nothing.
Out: OPERATIONS.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sftpingest.doors.vendor.oneroster import few, seats
from sftpingest.doors.vendor.oneroster.entities import (
    CLASS,
    COURSE,
    DEMOGRAPHIC,
    ENROLLMENT,
    ORG,
    SESSION,
    USER,
    Entity,
)
from sftpingest.doors.vendor.oneroster.lists import (
    Ids,
    all_demographics,
    all_of,
    classes_naming,
    classes_of,
    classes_of_course,
    classes_of_term,
    course,
    courses,
    courses_of_school,
    demographic,
    enrollments,
    one_of,
    one_session,
    org,
    orgs,
    people,
    periods_of_term,
    sessions,
    terms_of_school,
)
from sftpingest.doors.vendor.oneroster.reads import USERS, Reading, Shown
from sftpingest.doors.vendor.oneroster.shapes import Shape
from sftpingest.doors.vendor.scopes import CORE, DEMOGRAPHICS, ROSTER
from sftpingest.roster.kinds import Kind

#: Either of them opens the core; the others need the first.
_CORE, _ALL, _SPECIAL = (ROSTER, CORE), (ROSTER,), (DEMOGRAPHICS,)


@dataclass(frozen=True)
class Operation:
    """One path that is read."""

    path: str
    entity: Entity
    scopes: Sequence[str]
    page: Callable[[Reading, Ids], Shown] | None = None
    one: Callable[[Reading, Ids], Shape | None] | None = None


_SCHOOL, _IN_SCHOOL = "/schools/{schoolSourcedId}", "/schools/{schoolSourcedId}/classes/{classSourcedId}"
#: Those that everybody reads, and single ones.
_GET = (
    ("academicSessions", SESSION, sessions(), one_session()),
    ("classes", CLASS, all_of(Kind.SECTION), one_of(Kind.SECTION)),
    ("courses", COURSE, courses, course),
    ("enrollments", ENROLLMENT, enrollments, lambda reading, ids: seats.one(reading, ids["sourcedId"])),
    ("gradingPeriods", SESSION, sessions(few.PERIODS), one_session(few.PERIODS)),
    ("orgs", ORG, orgs(), org()),
    ("schools", ORG, orgs(few.SCHOOLS), org(few.SCHOOLS)),
    ("students", USER, all_of(Kind.STUDENT), one_of(Kind.STUDENT)),
    ("teachers", USER, all_of(Kind.TEACHER), one_of(Kind.TEACHER)),
    ("terms", SESSION, sessions(few.TERMS), one_session(few.TERMS)),
    ("users", USER, all_of(*USERS), one_of(*USERS)),
)
_NESTED = (
    ("/classes/{classSourcedId}/students", USER, people(Kind.STUDENT)),
    ("/classes/{classSourcedId}/teachers", USER, people(Kind.TEACHER)),
    ("/courses/{courseSourcedId}/classes", CLASS, classes_of_course),
    (f"{_SCHOOL}/classes", CLASS, classes_naming("school_id", Kind.SCHOOL, "schoolSourcedId")),
    (f"{_SCHOOL}/courses", COURSE, courses_of_school),
    (f"{_SCHOOL}/enrollments", ENROLLMENT, enrollments),
    (f"{_SCHOOL}/students", USER, people(Kind.STUDENT)),
    (f"{_SCHOOL}/teachers", USER, people(Kind.TEACHER)),
    (f"{_SCHOOL}/terms", SESSION, terms_of_school),
    (f"{_IN_SCHOOL}/enrollments", ENROLLMENT, enrollments),
    (f"{_IN_SCHOOL}/students", USER, people(Kind.STUDENT)),
    (f"{_IN_SCHOOL}/teachers", USER, people(Kind.TEACHER)),
    ("/students/{studentSourcedId}/classes", CLASS, classes_of("studentSourcedId", Kind.STUDENT)),
    ("/teachers/{teacherSourcedId}/classes", CLASS, classes_of("teacherSourcedId", Kind.TEACHER)),
    ("/terms/{termSourcedId}/classes", CLASS, classes_of_term),
    ("/terms/{termSourcedId}/gradingPeriods", SESSION, periods_of_term),
    ("/users/{userSourcedId}/classes", CLASS, classes_of("userSourcedId", *USERS)),
)

OPERATIONS = (
    *(Operation(f"/{name}", entity, _CORE, page=page) for name, entity, page, _ in _GET),
    *(Operation(f"/{name}/{{sourcedId}}", entity, _CORE, one=one) for name, entity, _, one in _GET),
    Operation("/demographics", DEMOGRAPHIC, _SPECIAL, page=all_demographics),
    Operation("/demographics/{sourcedId}", DEMOGRAPHIC, _SPECIAL, one=demographic),
    *(Operation(path, entity, _ALL, page=page) for path, entity, page in _NESTED),
)
