"""Users in Clever's shape: a person with the one role it has here.

In:  a row as it is seen, and its schools.
Out: an object. A person who is both teacher and staff is two users.
"""

import json
from collections.abc import Sequence
from functools import lru_cache

from sftpingest.doors.vendor.clever.objects import Object, Stamp, ext_of, location, moment
from sftpingest.roster.kinds import Kind
from sftpingest.store.reading import Row, View

#: A role by its name in `role=` and in `roles`.
ROLES = {"student": Kind.STUDENT, "teacher": Kind.TEACHER, "staff": Kind.STAFF, "contact": Kind.CONTACT}
NAMES = {kind: name for name, kind in ROLES.items()}


def user(view: View, kind: Kind, row: Row, stamp: Stamp, version: str) -> Object:
    """A user."""
    get = row.get
    return {
        "id": stamp.id,
        "district": view.id,
        "email": get("email") or None,
        "name": {"first": row["first_name"], "middle": get("middle_name", ""), "last": row["last_name"]},
        "lms_status": "",
        "roles": {NAMES[kind]: _ROLE[kind](view, row, stamp, version)},
        "created": moment(stamp.created),
        "last_modified": moment(stamp.changed),
    }


def _schools(view: View, row: Row, stamp: Stamp) -> list[str]:
    return [view.id_of(Kind.SCHOOL, key) for key in schools_of(row, stamp.schools)]


def schools_of(row: Row, further: Sequence[str]) -> list[str]:
    """All schools of a person by the district's ids, its own first, each once."""
    own = row.get("school_id", "")
    more = json.loads(row["more_school_ids"]) if row.get("more_school_ids") else []
    if not more and not further:  # as with nearly all
        return [own] if own else []
    return [school for school in dict.fromkeys((own, *more, *further)) if school]


#: The same for everybody. Nobody changes it.
_NO_CREDENTIALS = {"district_username": ""}
_NOT_KNOWN = {"first": "", "middle": "", "last": ""}


def _student(view: View, row: Row, stamp: Stamp, version: str) -> Object:
    get, schools = row.get, _schools(view, row, stamp)
    out = {
        "legacy_id": "",
        "credentials": _NO_CREDENTIALS,
        "ext": ext_of(row),
        "school": view.id_of(Kind.SCHOOL, row["school_id"]),
        "schools": schools,
        "sis_id": row["id"],
        "student_number": get("number") or None,
        "state_id": get("state_id") or None,
        "dob": birthday(get("birth_date", "")),
        "location": location(row, "street"),
        "enrollments": [{"school": school, "start_date": None, "end_date": None} for school in schools],
        "grade": get("grade", ""),
        "graduation_year": get("graduation_year", ""),
        "gender": get("gender", ""),
        "race": get("race", ""),
        "hispanic_ethnicity": get("hispanic", ""),
        "home_language": get("home_language", ""),
        "ell_status": get("ell", ""),
        "frl_status": get("frl", ""),
        "iep_status": get("iep", ""),
    }
    out.update({"email": get("email") or None} if version == "v3.0" else _since_3_1(row))
    return out


def _since_3_1(row: Row) -> Object:
    """What a student has since version 3.1."""
    get = row.get
    return {
        "gifted_status": get("gifted", ""),
        "section_504_status": get("section_504", ""),
        "disability": {
            "status": get("disability", ""),
            "type": get("disability_type", ""),
            "code": get("disability_code", ""),
        },
        "home_language_code": "",
        "preferred_name": _NOT_KNOWN,
    }


def _teacher(view: View, row: Row, stamp: Stamp, _: str) -> Object:
    return {
        "legacy_id": "",
        "credentials": _NO_CREDENTIALS,
        "ext": ext_of(row),
        "school": view.id_of(Kind.SCHOOL, row["school_id"]),
        "schools": _schools(view, row, stamp),
        "sis_id": row["id"],
        "teacher_number": row.get("number") or None,
        "state_id": row.get("state_id") or None,
        "title": row.get("title") or None,
    }


def _staff(view: View, row: Row, stamp: Stamp, _: str) -> Object:
    return {
        "staff_id": row["id"],
        "department": row.get("department") or None,
        "title": row.get("title") or None,
        "schools": _schools(view, row, stamp),
        "roles": [row["role"]] if row.get("role") else [],
        "credentials": _NO_CREDENTIALS,
        "ext": ext_of(row),
        "legacy_id": "",
    }


def _contact(view: View, row: Row, _: Stamp, __: str) -> Object:
    student = view.id_of(Kind.STUDENT, row["student_id"])
    return {
        "sis_id": row["sis_id"] or None,
        "phone": row["phone"] or None,
        "phone_type": row["phone_type"] or None,
        "student_relationships": [{"student": student, "relationship": row["relationship"], "type": row["type"]}],
        "legacy_id": "",
    }


_ROLE = {Kind.STUDENT: _student, Kind.TEACHER: _teacher, Kind.STAFF: _staff, Kind.CONTACT: _contact}


@lru_cache(maxsize=16_384)  # as many days as children were born on
def birthday(day: str) -> str:
    """YYYY-MM-DD as Clever writes it: M/D/YYYY without leading zeros."""
    if not day:
        return ""
    year, month, date = day.split("-")
    return f"{int(month)}/{int(date)}/{year}"
