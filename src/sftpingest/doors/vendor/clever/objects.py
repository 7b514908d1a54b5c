"""Schools, sections, courses and terms in Clever's shape.

In:  a row as it is seen, and what it is related to.
Out: an object; what is not known, or not granted, is null where Clever's may be, else an empty text.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from sftpingest.store.reading import Row, View

Object = dict[str, Any]


class Stamp(NamedTuple):
    """What an object has beside its row. A tuple, for ten thousand are made for a page."""

    id: str
    created: datetime | None
    changed: datetime | None
    schools: tuple[str, ...] = ()  #: of a person: the district's ids of further schools of its sections


@lru_cache(maxsize=1_024)
def moment(at: datetime | None) -> str:
    """A time as Clever writes it."""
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def times(stamp: Stamp) -> Object:
    """When it was first seen, and when it last changed."""
    return {"created": moment(stamp.created), "last_modified": moment(stamp.changed)}


def ext_of(row: Row) -> Object:
    """The district's own columns, as far as they are granted."""
    cell = row.get("ext")
    return dict(orjson.loads(cell)) if cell else {}


def school(view: View, row: Row, stamp: Stamp) -> Object:
    """A school. Clever promises a number: where the district gives none, it is the id."""
    return {
        "id": stamp.id,
        "district": view.id,
        "name": row["name"],
        "sis_id": row["id"],
        "school_number": row["number"] or row["id"],
        "state_id": row["state_id"] or None,
        "nces_id": row["nces_id"] or None,
        "mdr_number": row["mdr_number"] or None,
        "low_grade": row["low_grade"] or None,
        "high_grade": row["high_grade"] or None,
        "phone": row["phone"] or None,
        "location": {name: row.get(name, "") for name in ("address", "city", "state", "zip")},
        "principal": {"name": row["principal"], "email": row["principal_email"]},
        "ext": ext_of(row),
        **times(stamp),
    }


@dataclass(frozen=True, slots=True)
class Class:
    """Who is in a section, by ids."""

    first: str | None  #: its primary teacher
    teachers: list[str]
    students: list[str]


def section(view: View, row: Row, stamp: Stamp, people: Class, refers: "Refers") -> Object:
    """A section with all who are in it."""
    return {
        "id": stamp.id,
        "district": view.id,
        "school": refers.school,
        "sis_id": row["id"],
        "name": row["name"],
        "section_number": row["number"] or None,
        "period": row["period"] or None,
        "grade": row["grade"] or None,
        "subject": row["subject"] or None,
        "course": refers.course or None,
        "term_id": refers.term or None,
        "teacher": people.first,
        "teachers": people.teachers,
        "students": people.students,
        "ext": ext_of(row),
        "lms_status": "",
        **times(stamp),
    }


@dataclass(frozen=True, slots=True)
class Refers:
    """The ids of what a section refers to."""

    school: str
    course: str
    term: str


def course(view: View, row: Row, stamp: Stamp) -> Object:
    """A course."""
    return {"id": stamp.id, "district": view.id, "name": row["name"] or None, "number": row["number"] or None}


def term(view: View, row: Row, stamp: Stamp) -> Object:
    """A term; its days are YYYY-MM-DD."""
    return {
        "id": stamp.id,
        "district": view.id,
        "name": row["name"] or None,
        "start_date": row["start_date"] or None,
        "end_date": row["end_date"] or None,
    }


def district(view: View, synced: datetime | None) -> Object:
    """A district. It has no people of its own here."""
    return {
        "id": view.id,
        "name": view.district.name,
        "sis_type": "sftp",
        "state": "success" if synced else "pending",
        "error": "",
        "last_sync": moment(synced) or None,
        "last_attendance_sync": None,
        "launch_date": moment(view.district.created_at)[:10],
        "login_methods": [],
        "mdr_number": None,
        "nces_id": None,
        "pause_start": None,
        "pause_end": None,
        "portal_url": "",
        "lms_state": None,
        "lms_type": None,
        "district_contact": {"id": "", "district": view.id, "name": "", "email": "", "title": ""},
    }
