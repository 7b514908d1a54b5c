"""The words of the field: which kinds of record a roster has, and their columns.

In: nothing.
Out: Kind, Role, VALUES, REFERS, and the type of a roster.
"""

from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:  # the doors and the command line know kinds, and do without a second and 100 MB for pandas
    import pandas as pd


class Kind(StrEnum):
    """A kind of record. People are students, teachers, staff and contacts."""

    SCHOOL = "school"  #: a school of the district
    TERM = "term"  #: a span of the school year
    COURSE = "course"  #: what is taught, whoever teaches it
    SECTION = "section"  #: one class that meets
    STUDENT = "student"  #: a person who learns
    TEACHER = "teacher"  #: a person who teaches sections
    STAFF = "staff"  #: a person who works there and teaches no section
    CONTACT = "contact"  #: a person to call about one student
    ENROLLMENT = "enrollment"  #: a student or a teacher in a section


class Role(StrEnum):
    """What a person is in a section."""

    STUDENT = "student"  #: learns there
    TEACHER = "teacher"  #: teaches there


#: A role as a number, in frames and in the store: its place in Role.
STUDENT, TEACHER = range(2)
ROLES = tuple(Role)

#: Kinds that have a key of their own and columns of text; an enrollment only joins two of them.
RECORDS: tuple[Kind, ...] = tuple(kind for kind in Kind if kind is not Kind.ENROLLMENT)

#: The kind of the person that an enrollment of that role names.
PERSON = {Role.STUDENT: Kind.STUDENT, Role.TEACHER: Kind.TEACHER}

#: The kinds of people who have an id of their own in the district.
PEOPLE = (Kind.STUDENT, Kind.TEACHER, Kind.STAFF)

#: The columns of each kind beside its key `id`, in the order in which they are stored and shown. All are text;
#: empty is ''. Dates are YYYY-MM-DD. `more_school_ids` and `ext` are JSON or ''.
VALUES: dict[Kind, tuple[str, ...]] = {
    Kind.SCHOOL: (
        "name",
        "number",
        "state_id",
        "nces_id",
        "mdr_number",
        "low_grade",
        "high_grade",
        "principal",
        "principal_email",
        "address",
        "city",
        "state",
        "zip",
        "phone",
        "ext",
    ),
    Kind.TERM: ("name", "start_date", "end_date", "ext"),
    Kind.COURSE: ("number", "name", "ext"),
    Kind.SECTION: (
        "school_id",
        "course_id",
        "term_id",
        "name",
        "given_name",
        "number",
        "grade",
        "period",
        "subject",
        "course_description",
        "ext",
    ),
    Kind.STUDENT: (
        "school_id",
        "more_school_ids",
        "number",
        "state_id",
        "first_name",
        "middle_name",
        "last_name",
        "grade",
        "gender",
        "birth_date",
        "graduation_year",
        "race",
        "hispanic",
        "home_language",
        "ell",
        "frl",
        "iep",
        "section_504",
        "gifted",
        "disability",
        "disability_type",
        "disability_code",
        "street",
        "city",
        "state",
        "zip",
        "email",
        "username",
        "unweighted_gpa",
        "weighted_gpa",
        "ext",
    ),
    Kind.TEACHER: (
        "school_id",
        "number",
        "state_id",
        "first_name",
        "middle_name",
        "last_name",
        "title",
        "email",
        "username",
        "ext",
    ),
    Kind.STAFF: (
        "school_id",
        "more_school_ids",
        "first_name",
        "last_name",
        "department",
        "title",
        "role",
        "email",
        "username",
        "ext",
    ),
    Kind.CONTACT: (
        "own_id",
        "student_id",
        "sis_id",
        "first_name",
        "last_name",
        "relationship",
        "type",
        "phone",
        "phone_type",
        "email",
        "ext",
    ),
}

#: Columns that a kind has had from a later version of the program on: an empty one leaves the hash as it was before.
LATER: dict[Kind, str] = {Kind.TERM: "ext", Kind.COURSE: "ext", Kind.CONTACT: "ext"}

#: Which column of a kind holds the key of another kind. Terms and courses before the schools they lie in.
REFERS: dict[Kind, dict[str, Kind]] = {
    Kind.SECTION: {"course_id": Kind.COURSE, "term_id": Kind.TERM, "school_id": Kind.SCHOOL},
    Kind.STUDENT: {"school_id": Kind.SCHOOL},
    Kind.TEACHER: {"school_id": Kind.SCHOOL},
    Kind.STAFF: {"school_id": Kind.SCHOOL},
    Kind.CONTACT: {"student_id": Kind.STUDENT},
}

#: Kinds of which one record is kept where rows of the upload still name it, though it has no row any more.
NAMED = (Kind.SCHOOL, Kind.TEACHER, Kind.COURSE, Kind.TERM, Kind.SECTION)

#: One frame a kind. Records: columns `id` and VALUES, all TEXT. Enrollments: `section`, `person`, `school` are row
#: positions (int32) in the frames of section, student or teacher, and school; `role` is 0 student, 1 teacher (int8);
#: `position` is the teacher's place, 1 the primary one, 0 for students (int8).
Roster: TypeAlias = "dict[Kind, pd.DataFrame]"
