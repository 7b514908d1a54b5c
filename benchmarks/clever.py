"""A district's numbers as the six files of Clever's format.

In:  District.
Out: one Sheet a file.
"""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks import words
from benchmarks.district import District
from benchmarks.draw import Numbers, join, pick, text
from benchmarks.sheet import Sheet

#: odd, and not a multiple of 3 or 5: it meets every number of a span of 9 times a power of ten once
_STRIDE: Final = 7_919_777
_SCHOOL_YEAR_ENDS: Final = 2027
_PLAIN: Final = str.maketrans({"ú": "u", "ñ": "n", "á": "a", "ë": "e", "'": None})
_LOWER_FIRST: Final = tuple(word.lower() for word in words.FIRST)
_LOWER_LAST: Final = tuple(word.lower().translate(_PLAIN) for word in words.LAST)
#: contacts of a student, by a draw of ten
_CONTACTS: Final = np.array([0, 1, 1, 1, 1, 1, 1, 2, 2, 3], np.int64)


def _scattered(records: Numbers, low: int, span: int) -> pa.Array:
    """Different numbers for different records, in no order, from `low` up to `low + span`."""
    return text(low + records * _STRIDE % span)


def school_id(records: Numbers) -> pa.Array:
    """School_id: four digits up to 9,000 schools."""
    return text(1000 + records)


def teacher_id(records: Numbers) -> pa.Array:
    """Teacher_id: six digits; empty for -1."""
    return pc.if_else(pa.array(records >= 0), _scattered(records, 100_000, 900_000), "")


def section_id(records: Numbers) -> pa.Array:
    """Section_id: seven digits."""
    return _scattered(records, 1_000_000, 9_000_000)


def student_id(records: Numbers) -> pa.Array:
    """Student_id: eight digits."""
    return _scattered(records, 10_000_000, 90_000_000)


def schools(now: District) -> Sheet:
    """schools.csv."""
    who, draw = now.schools, now.draw
    first, count = np.array(words.LEVELS)[who % len(words.LEVELS)].T
    name = join(draw.word(who, "school", words.LAST), " ", pick(words.SCHOOL_LEVELS, who % len(words.LEVELS)))
    phone = draw.number(who, "phone", 9000) + now.is_revised("schools", who)
    cells = {
        "School_id": school_id(who),
        "School_name": name,
        "School_number": text(who + 1),
        "State_id": _scattered(who, 1_000_000, 9_000_000),
        "Low_grade": pick(words.GRADES, first),
        "High_grade": pick(words.GRADES, first + count - 1),
        "School_address": _street(now, who, "school street"),
        **_place(now, who, "School"),
        "School_phone": join("(555) 010-", text(1000 + phone)),
    }
    return Sheet("schools.csv", cells)


def staff(now: District) -> Sheet:
    """staff.csv."""
    who, draw = now.staff, now.draw
    given, family = _names(now, who, "staff")
    title = draw.number(who, "staff title", len(words.STAFF_TITLES)) + now.is_revised("staff", who)
    cells = {
        "School_id": school_id(now.home(who, now.sizes.staff)),
        "Staff_id": _scattered(who, 100_000, 900_000),
        "Staff_email": _email(given, family, who, "staff"),
        "First_name": pick(words.FIRST, given),
        "Last_name": pick(words.LAST, family),
        "Department": draw.word(who, "department", words.DEPARTMENTS),
        "Title": pick(words.STAFF_TITLES, title % len(words.STAFF_TITLES)),
        "Role": pick(("", "School Tech Lead"), (draw.number(who, "role", 20) == 0).astype(np.int64)),
    }
    return Sheet("staff.csv", cells)


def teachers(now: District) -> Sheet:
    """teachers.csv."""
    who, draw = now.teachers, now.draw
    given, family = _names(now, who, "teachers")
    title = draw.number(who, "title", len(words.TEACHER_TITLES)) + now.is_revised("teachers", who)
    cells = {
        "School_id": school_id(now.home(who, now.sizes.teachers)),
        "Teacher_id": teacher_id(who),
        "First_name": pick(words.FIRST, given),
        "Last_name": pick(words.LAST, family),
        "Teacher_email": _email(given, family, who, "teachers"),
        "Title": pick(words.TEACHER_TITLES, title % len(words.TEACHER_TITLES)),
    }
    return Sheet("teachers.csv", cells)


def sections(now: District) -> Sheet:
    """sections.csv; courses and terms are read out of it."""
    who, draw = now.sections, now.draw
    school = now.home(who, now.sizes.sections)
    grade = _grade(now, who, school)
    course = draw.number(who, "course", len(words.SUBJECTS))
    taken = course * len(words.GRADES) + grade
    period = draw.number(who, "period", 7) + now.is_revised("sections", who)
    names, starts, ends = zip(*words.TERMS, strict=True)
    term = draw.number(who, "term", len(names))
    cells = {
        "School_id": school_id(school),
        "Section_id": section_id(who),
        "Teacher_id": teacher_id(now.lead(who)),
        "Teacher_2_id": teacher_id(now.co_teacher(who)),
        "Section_number": text(who % 40 + 1),
        "Grade": pick(words.GRADES, grade),
        "Course_name": pick(words.COURSE_NAMES, taken),
        "Course_number": pick(words.COURSE_NUMBERS, taken),
        "Period": text(1 + period % 7),
        "Subject": pick(words.SUBJECTS, course),
        "Term_name": pick(names, term),
        "Term_start": pick(starts, term),
        "Term_end": pick(ends, term),
    }
    return Sheet("sections.csv", cells)


def students(now: District) -> Sheet:
    """students.csv; with contacts a student with two of them has two rows."""
    who, draw = now.students, now.draw
    school = now.home(who, now.sizes.students)
    grade = _grade(now, who, school)
    given, family = _names(now, who, "students")
    revised = now.is_revised("students", who)
    lunch = draw.number(who, "lunch", len(words.FRL))
    cells = {
        "School_id": school_id(school),
        "Student_id": student_id(who),
        "Student_number": text(100_000 + who),
        "State_id": _scattered(who, 1_000_000_000, 9_000_000_000),
        "Last_name": pick(words.LAST, family),
        "Middle_name": draw.word(who, "middle", (*words.FIRST, "", "", "", "")),
        "First_name": pick(words.FIRST, given),
        "Grade": pick(words.GRADES, grade),
        "Gender": draw.word(who, "gender", words.GENDERS),
        "Graduation_year": text(_SCHOOL_YEAR_ENDS + 12 - grade),
        "DOB": _birthday(now, who, _SCHOOL_YEAR_ENDS - 6 - grade),
        "Race": draw.word(who, "race", words.RACES),
        "Hispanic_Latino": draw.word(who, "hispanic", words.YES_NO),
        "Home_language": draw.word(who, "language", words.LANGUAGES),
        "Ell_status": draw.word(who, "ell", words.YES_NO),
        "Frl_status": pick(words.FRL[:3], np.where(revised, (lunch + 1) % 3, np.minimum(lunch, 2))),
        "IEP_status": draw.word(who, "iep", words.YES_NO),
        "Student_street": _street(now, who + revised * now.sizes.students, "street"),
        **_place(now, who, "Student"),
        "Student_email": _email(given, family, who, "students"),
        "Username": join(pick(_LOWER_FIRST, given), ".", text(who)),
    }
    return Sheet("students.csv", _with_contacts(now, cells) if now.contacts else cells)


def enrollments(now: District) -> Sheet:
    """enrollments.csv; the school is that of the section."""
    school = school_id(now.home(now.taught, now.sizes.sections))
    cells = {"School_id": school, "Section_id": section_id(now.taught), "Student_id": student_id(now.learner)}
    return Sheet("enrollments.csv", cells)


def contact_rows(now: District) -> Numbers:
    """For each row of students.csv the place of its student in `now.students`."""
    places = np.arange(len(now.students), dtype=np.int64)
    return np.repeat(places, np.maximum(_contacts(now), 1)) if now.contacts else places


def _contacts(now: District) -> Numbers:
    return _CONTACTS[now.draw.number(now.students, "contacts", len(_CONTACTS))]


def _with_contacts(now: District, cells: dict[str, pa.Array]) -> dict[str, pa.Array]:
    rows = contact_rows(now)
    first_row = np.concatenate([[True], rows[1:] != rows[:-1]])
    turn = np.arange(len(rows)) - np.flatnonzero(first_row)[np.cumsum(first_row) - 1]
    contact = now.students[rows] * len(_CONTACTS) + turn
    given, family = _names(now, contact, "contacts")
    relationship = now.draw.word(contact, "relationship", words.RELATIONSHIPS)
    more = {
        "Contact_relationship": relationship,
        "Contact_type": pick(("Parent/Guardian", "Emergency", "Family"), np.minimum(turn, 2)),
        "Contact_name": join(pick(words.FIRST, given), " ", pick(words.LAST, family)),
        "Contact_phone": join("(555) 010-", text(1000 + now.draw.number(contact, "phone", 9000))),
        "Contact_phone_type": now.draw.word(contact, "phone type", ("Cell", "Home", "Work")),
        "Contact_email": _email(given, family, contact, "families"),
        "Contact_sis_id": text(1_000_000 + contact),
    }
    has_one = pa.array(_contacts(now)[rows] > 0)
    repeated = {heading: column.take(pa.array(rows)) for heading, column in cells.items()}
    username = repeated.pop("Username")
    contacts = {heading: pc.if_else(has_one, column, "") for heading, column in more.items()}
    return {**repeated, **contacts, "Username": username}


def _grade(now: District, who: Numbers, school: Numbers) -> Numbers:
    levels = np.array(words.LEVELS, np.int64)[school % len(words.LEVELS)]
    first, count = levels[:, 0], levels[:, 1]
    return first + now.draw.number(who, "grade", 1 << 40) % count


def _names(now: District, who: Numbers, file: str) -> tuple[Numbers, Numbers]:
    given = now.draw.number(who, f"{file} first", len(words.FIRST))
    return given, now.draw.number(who, f"{file} last", len(words.LAST))


def _email(given: Numbers, family: Numbers, who: Numbers, host: str) -> pa.Array:
    return join(pick(_LOWER_FIRST, given), ".", pick(_LOWER_LAST, family), text(who), f"@{host}.example.org")


def _street(now: District, who: Numbers, what: str) -> pa.Array:
    return join(text(1 + now.draw.number(who, f"{what} number", 9999)), " ", now.draw.word(who, what, words.STREETS))


def _place(now: District, who: Numbers, prefix: str) -> dict[str, pa.Array]:
    return {
        f"{prefix}_city": now.draw.word(who, f"{prefix} city", words.CITIES),
        f"{prefix}_state": now.draw.word(who, f"{prefix} state", words.STATES),
        f"{prefix}_zip": text(10_000 + now.draw.number(who, f"{prefix} zip", 90_000)),
    }


def _birthday(now: District, who: Numbers, year: Numbers) -> pa.Array:
    month, day = (text(1 + now.draw.number(who, what, sides)) for what, sides in (("month", 12), ("day", 28)))
    return join(month, "/", day, "/", text(year))


#: one function a file
FILES: Final = (schools, staff, teachers, sections, students, enrollments)
