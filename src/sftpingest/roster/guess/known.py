"""Which headings mean which column of ours, and what each kind needs.

In: nothing.
Out: the tables that headings, in our words (spelt.py), are compared with.
"""

from sftpingest.roster.kinds import Kind

_PERSON = {
    "first_name": ("first name", "first"),
    "middle_name": ("middle name", "middle"),
    "last_name": ("last name", "last"),
    "email": ("email", "email address", "school email", "work email"),
    "username": ("username", "username id", "network id"),
}
_SCHOOL = {"school_id": ("school id", "school code", "school number", "school")}
#: Of each kind, our column and the headings that mean it, in our words; the word of the kind itself is left out.
COLUMNS: dict[Kind, dict[str, tuple[str, ...]]] = {
    Kind.SCHOOL: {
        "id": ("id", "code", "number", "key"),
        "name": ("name", "school"),
        "number": ("number", "code"),
        "state_id": ("state id", "state code", "state number"),
        "nces_id": ("nces id", "nces"),
        "low_grade": ("low grade", "grade low", "start grade"),
        "high_grade": ("high grade", "grade high", "end grade"),
        "principal": ("principal", "principal name"),
        "principal_email": ("principal email",),
        "address": ("address",),
        "city": ("city",),
        "state": ("state",),
        "zip": ("zip",),
        "phone": ("phone", "phone number"),
    },
    Kind.TERM: {
        "id": ("id", "code", "number", "key"),
        "name": ("name", "title", "term", "description"),
        "start_date": ("start date", "start", "first day"),
        "end_date": ("end date", "end", "last day"),
    },
    Kind.COURSE: {
        "id": ("id", "number", "code", "key"),
        "name": ("name", "title", "course", "description"),
        "number": ("number", "code"),
    },
    Kind.TEACHER: {
        "id": ("id", "number", "key", "staff id", "staff number"),
        **_SCHOOL,
        **_PERSON,
        "number": ("number", "staff number"),
        "state_id": ("state id", "state number", "state staff id"),
        "title": ("title", "job title"),
    },
    Kind.STAFF: {
        "id": ("id", "number", "key"),
        **_SCHOOL,
        **{name: spelt for name, spelt in _PERSON.items() if name != "middle_name"},
        "department": ("department",),
        "title": ("title", "job title"),
        "role": ("role", "position"),
    },
    Kind.STUDENT: {
        "id": ("id", "number", "key"),
        **_SCHOOL,
        **_PERSON,
        "number": ("number",),
        "state_id": ("state id", "state number"),
        "grade": ("grade",),
        "gender": ("gender",),
        "birth_date": ("birth date", "birth"),
        "graduation_year": ("graduation year", "year graduation", "section year"),
        "race": ("race", "race code"),
        "hispanic": ("hispanic", "hispanic latino", "latino"),
        "home_language": ("home language", "language"),
        "ell": ("ell", "ell status", "lep"),
        "iep": ("iep", "iep status"),
        "gifted": ("gifted", "gifted status"),
        "street": ("address", "home address", "mailing address"),
        "city": ("city", "mailing city"),
        "state": ("state", "mailing state"),
        "zip": ("zip", "mailing zip"),
    },
    Kind.SECTION: {
        "id": ("id", "key", "code"),
        **_SCHOOL,
        "course_id": ("course id", "course number", "course code", "course key", "course"),
        "term_id": ("term id", "term code", "term"),
        "name": ("name", "title", "description"),
        "number": ("number", "section"),
        "grade": ("grade",),
        "period": ("period",),
        "course.number": ("course number", "course id", "course code", "course key"),
        "course.name": ("course name", "course title", "course description", "course"),
        "term.name": ("term name", "term", "term code", "term id"),
        "term.start_date": ("term start date", "start date"),
        "term.end_date": ("term end date", "end date"),
        "teaches.1": ("teacher id", "teacher number", "teacher 1 id", "teacher", "staff id", "staff number"),
        "teaches.2": ("teacher 2 id", "teacher 2", "co teacher id"),
        "teaches.3": ("teacher 3 id", "teacher 3"),
    },
    Kind.CONTACT: {
        "id": ("id", "number", "key"),
        "first_name": _PERSON["first_name"],
        "last_name": _PERSON["last_name"],
        "agents": ("student id", "student number", "student"),
        "relationship": ("relationship",),
        "phone": ("phone", "phone number", "home phone", "cell phone"),
        "email": _PERSON["email"],
    },
    Kind.ENROLLMENT: {
        "section_id": ("section id", "section", "section key", "section code", "section number"),
        "person_id": ("student id", "student number", "student", "teacher id", "teacher number", "teacher", "id"),
        **_SCHOOL,
        "primary": ("primary", "primary teacher"),
    },
}
#: What a file of each kind cannot do without.
NEEDED: dict[Kind, tuple[str, ...]] = {
    Kind.SCHOOL: ("id", "name"),
    Kind.TERM: ("id", "name"),
    Kind.COURSE: ("id", "name"),
    Kind.TEACHER: ("id", "first_name", "last_name"),
    Kind.STAFF: ("id", "first_name", "last_name"),
    Kind.STUDENT: ("id", "first_name", "last_name"),
    Kind.SECTION: ("id", "school_id"),
    Kind.CONTACT: ("id", "last_name", "agents"),
    Kind.ENROLLMENT: ("section_id", "person_id"),
}
#: The kinds in the order in which their files stand in a format, those referred to first.
ORDER = (
    Kind.SCHOOL,
    Kind.TERM,
    Kind.COURSE,
    Kind.TEACHER,
    Kind.STAFF,
    Kind.STUDENT,
    Kind.CONTACT,
    Kind.SECTION,
    Kind.ENROLLMENT,
)
#: Which of two words in the name of a file says its kind: student_enrollments are enrollments.
NAMED = (
    Kind.ENROLLMENT,
    Kind.CONTACT,
    Kind.SECTION,
    Kind.TERM,
    Kind.COURSE,
    Kind.STUDENT,
    Kind.TEACHER,
    Kind.STAFF,
    Kind.SCHOOL,
)
#: Which column holds the key of another kind.
REFERS: dict[str, Kind] = {
    "school_id": Kind.SCHOOL,
    "course_id": Kind.COURSE,
    "term_id": Kind.TERM,
    "section_id": Kind.SECTION,
    "teaches.1": Kind.TEACHER,
    "teaches.2": Kind.TEACHER,
    "teaches.3": Kind.TEACHER,
}
#: How the cells of a column are read.
WORDS_OF: dict[str, str] = {
    "grade": "grade",
    "low_grade": "grade",
    "high_grade": "grade",
    "gender": "gender",
    "race": "race",
    "hispanic": "yes_no",
    "home_language": "language",
    "ell": "yes_no",
    "iep": "yes_no",
    "gifted": "yes_no",
    "primary": "yes_no",
    "relationship": "relationship",
}
DATES = frozenset({"birth_date", "start_date", "end_date", "term.start_date", "term.end_date"})
EMAILS = frozenset({"email", "principal_email"})
#: Codes of grades that are no spellings of ours, and what they mean.
GRADES: dict[str, str] = {
    **dict.fromkeys(("-2", "k3", "p3", "pk3", "3k", "ec", "ps"), "Preschool"),
    **dict.fromkeys(("-1", "k4", "p4", "pk4", "4k", "vpk"), "PreKindergarten"),
    **dict.fromkeys(("kf", "kh", "k5", "ka", "kp"), "Kindergarten"),
}
