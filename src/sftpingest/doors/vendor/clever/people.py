"""Users in Clever's shape: a person with the one role it has here.

In:  a row as it is seen, and its schools.
Out: an object. A person who is both teacher and staff is two users.
"""

import json
from collections.abc import Sequence

from sftpingest.doors.vendor.clever.objects import Object, Stamp, ext_of, location, times
from sftpingest.roster.kinds import Kind
from sftpingest.store.reading import Row, View

#: A role by its name in `role=` and in `roles`.
ROLES = {"student": Kind.STUDENT, "teacher": Kind.TEACHER, "staff": Kind.STAFF, "contact": Kind.CONTACT}
NAMES = {kind: name for name, kind in ROLES.items()}
#: What a student has of itself, by its name there and here.
_OF_STUDENT = {
    "grade": "grade",
    "graduation_year": "graduation_year",
    "gender": "gender",
    "race": "race",
    "hispanic_ethnicity": "hispanic",
    "home_language": "home_language",
    "ell_status": "ell",
    "frl_status": "frl",
    "iep_status": "iep",
}
#: And since version 3.1.
_SINCE_3_1 = {"gifted_status": "gifted", "section_504_status": "section_504"}
_DISABILITY = {"status": "disability", "type": "disability_type", "code": "disability_code"}


def user(view: View, kind: Kind, row: Row, stamp: Stamp, version: str) -> Object:
    """A user."""
    role = _role(view, kind, row, stamp, version)
    middle = row.get("middle_name", "")
    return {
        "id": stamp.id,
        "district": view.id,
        "email": row.get("email") or None,
        "name": {"first": row["first_name"], "middle": middle, "last": row["last_name"]},
        "lms_status": "",
        "roles": {NAMES[kind]: role},
        **times(stamp),
    }


def _role(view: View, kind: Kind, row: Row, stamp: Stamp, version: str) -> Object:
    if kind is Kind.CONTACT:
        return _contact(view, row)
    schools = [view.id_of(Kind.SCHOOL, key) for key in schools_of(row, stamp)]
    if kind is Kind.STAFF:
        return _staff(row, schools)
    common = {"legacy_id": "", "credentials": {"district_username": ""}, "ext": ext_of(row)}
    common |= {"school": view.id_of(Kind.SCHOOL, row["school_id"]), "schools": schools}
    return common | (_teacher(row) if kind is Kind.TEACHER else _student(row, schools, version))


def schools_of(row: Row, stamp: Stamp) -> list[str]:
    """All schools of a person by the district's ids, its own first, each once."""
    own = row.get("school_id", "")
    more = json.loads(row["more_school_ids"]) if row.get("more_school_ids") else []
    if not more and not stamp.schools:  # as with nearly all
        return [own] if own else []
    return [school for school in dict.fromkeys((own, *more, *stamp.schools)) if school]


def _student(row: Row, schools: Sequence[str], version: str) -> Object:
    facts = _OF_STUDENT if version == "v3.0" else _OF_STUDENT | _SINCE_3_1
    out = {
        "sis_id": row["id"],
        "student_number": row.get("number") or None,
        "state_id": row.get("state_id") or None,
        "dob": birthday(row.get("birth_date", "")),
        "location": location(row, "street"),
        "enrollments": [{"school": school, "start_date": None, "end_date": None} for school in schools],
        **{name: row.get(column, "") for name, column in facts.items()},
    }
    if version == "v3.0":
        return out | {"email": row.get("email") or None}
    disability = {name: row.get(column, "") for name, column in _DISABILITY.items()}
    return out | {"disability": disability, "home_language_code": "", "preferred_name": _NOT_KNOWN}


_NOT_KNOWN = {"first": "", "middle": "", "last": ""}


def _teacher(row: Row) -> Object:
    return {
        "sis_id": row["id"],
        "teacher_number": row.get("number") or None,
        "state_id": row.get("state_id") or None,
        "title": row.get("title") or None,
    }


def _staff(row: Row, schools: list[str]) -> Object:
    return {
        "staff_id": row["id"],
        "department": row.get("department") or None,
        "title": row.get("title") or None,
        "schools": schools,
        "roles": [row["role"]] if row.get("role") else [],
        "credentials": {"district_username": ""},
        "ext": ext_of(row),
        "legacy_id": "",
    }


def _contact(view: View, row: Row) -> Object:
    student = view.id_of(Kind.STUDENT, row["student_id"])
    return {
        "sis_id": row["sis_id"] or None,
        "phone": row["phone"] or None,
        "phone_type": row["phone_type"] or None,
        "student_relationships": [{"student": student, "relationship": row["relationship"], "type": row["type"]}],
        "legacy_id": "",
    }


def birthday(day: str) -> str:
    """YYYY-MM-DD as Clever writes it: M/D/YYYY without leading zeros."""
    if not day:
        return ""
    year, month, date = day.split("-")
    return f"{int(month)}/{int(date)}/{year}"
