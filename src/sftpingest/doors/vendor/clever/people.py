"""Users in Clever's shape: a person with the one role it has here.

In:  rows as they are seen, and the schools of each person.
Out: JSON. A person who is both teacher and staff is two users.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter

import orjson

from sftpingest.doors.vendor.clever.objects import Stamp, moment
from sftpingest.doors.vendor.clever.written import Cell, Made, OrNull, Writer, writer
from sftpingest.roster.ids import record_id
from sftpingest.roster.kinds import Kind
from sftpingest.store.reading import View
from sftpingest.store.rows import Rows

VERSIONS = ("v3.0", "v3.1")

#: A role by its name in `role=` and in `roles`.
ROLES = {"student": Kind.STUDENT, "teacher": Kind.TEACHER, "staff": Kind.STAFF, "contact": Kind.CONTACT}
NAMES = {kind: name for name, kind in ROLES.items()}


_COMMON = {
    "legacy_id": "",
    "credentials": {"district_username": ""},
    "ext": Made("ext"),
    "school": Made("school"),
    "schools": Made("schools"),
    "sis_id": Cell("id"),
}
_STUDENT = {
    **_COMMON,
    "student_number": OrNull("number"),
    "state_id": OrNull("state_id"),
    "dob": Made("dob"),
    "location": {"address": Cell("street"), "city": Cell("city"), "state": Cell("state"), "zip": Cell("zip")},
    "enrollments": Made("enrollments"),
    "grade": Cell("grade"),
    "graduation_year": Cell("graduation_year"),
    "gender": Cell("gender"),
    "race": Cell("race"),
    "hispanic_ethnicity": Cell("hispanic"),
    "home_language": Cell("home_language"),
    "ell_status": Cell("ell"),
    "frl_status": Cell("frl"),
    "iep_status": Cell("iep"),
}
_SINCE_3_1 = {
    "gifted_status": Cell("gifted"),
    "section_504_status": Cell("section_504"),
    "disability": {
        "status": Cell("disability"),
        "type": Cell("disability_type"),
        "code": Cell("disability_code"),
    },
    "home_language_code": "",
    "preferred_name": {"first": "", "middle": "", "last": ""},
}
_TEACHER = {
    **_COMMON,
    "teacher_number": OrNull("number"),
    "state_id": OrNull("state_id"),
    "title": OrNull("title"),
}
_STAFF = {
    "staff_id": Cell("id"),
    "department": OrNull("department"),
    "title": OrNull("title"),
    "schools": Made("schools"),
    "roles": Made("roles"),
    "credentials": {"district_username": ""},
    "ext": Made("ext"),
    "legacy_id": "",
}
_CONTACT = {
    "sis_id": OrNull("sis_id"),
    "phone": OrNull("phone"),
    "phone_type": OrNull("phone_type"),
    "student_relationships": Made("students"),
    "legacy_id": "",
}
_ROLES = {
    (Kind.STUDENT, "v3.0"): _STUDENT | {"email": OrNull("email")},
    (Kind.STUDENT, "v3.1"): _STUDENT | _SINCE_3_1,
    **{(Kind.TEACHER, version): _TEACHER for version in VERSIONS},
    **{(Kind.STAFF, version): _STAFF for version in VERSIONS},
    **{(Kind.CONTACT, version): _CONTACT for version in VERSIONS},
}
#: What is made for each person beside its cells: JSON, in this order.
_MADE = (
    *("id", "district", "created", "changed"),
    *("school", "schools", "enrollments", "dob", "ext", "roles", "students"),
)


@lru_cache(maxsize=256)
def _writer(kind: Kind, version: str, columns: tuple[str, ...]) -> Writer:
    shape = {
        "id": Made("id"),
        "district": Made("district"),
        "email": OrNull("email"),
        "name": {"first": Cell("first_name"), "middle": Cell("middle_name"), "last": Cell("last_name")},
        "lms_status": "",
        "roles": {NAMES[kind]: _ROLES[kind, version]},
        "created": Made("created"),
        "last_modified": Made("changed"),
    }
    return writer(shape, columns, _MADE)


def users(view: View, kind: Kind, found: Rows, stamps: Mapping[int, Stamp], version: str) -> Iterator[tuple[int, str]]:
    """Users as JSON, each with its number."""
    columns = found.names[1:]
    write, make = _writer(kind, version, columns), _Maker(view, kind, columns)
    for no, *cells in found.rows:
        cells.append("")  # what is not granted
        yield no, write(cells, make(cells, stamps[no]))


class _Maker:
    """Makes what is not simply a cell."""

    def __init__(self, view: View, kind: Kind, columns: tuple[str, ...]) -> None:
        self._view, self._kind = view, kind
        place = {name: at for at, name in enumerate(columns)}
        names = ("school_id", "more_school_ids", "birth_date", "ext", "role", "student_id", "relationship", "type")
        self._places = itemgetter(*(place.get(name, -1) for name in names))

    def __call__(self, cells: Sequence[str], stamp: Stamp) -> tuple[str, ...]:
        own, more, born, ext, *others = self._places(cells)
        return (
            f'"{stamp.id}"',
            f'"{self._view.id}"',
            f'"{moment(stamp.created)}"',
            f'"{moment(stamp.changed)}"',
            *_schools(self._view.slug, own, more, stamp.schools),
            f'"{birthday(born)}"',
            ext or "{}",
            *(self._of_others(*others) if self._kind in _OTHERS else ("", "")),
        )

    def _of_others(self, role: str, student: str, relationship: str, kind: str) -> tuple[str, str]:
        """Of staff its roles, of a contact whose it is."""
        id_ = self._view.id_of(Kind.STUDENT, student)
        of = {"student": id_, "relationship": relationship, "type": kind}
        return orjson.dumps([role] if role else []).decode(), orjson.dumps([of]).decode()


_OTHERS = frozenset({Kind.STAFF, Kind.CONTACT})


@lru_cache(maxsize=4_096)  # ten thousand people are of a few schools
def _schools(slug: str, own: str, more: str, further: Sequence[str]) -> tuple[str, str, str]:
    """A person's own school, all of them, and since when it goes there, which nobody knows here."""
    ids = [record_id(slug, Kind.SCHOOL, key) for key in schools_of(own, more, further)]
    enrolled = [{"school": id_, "start_date": None, "end_date": None} for id_ in ids]
    its = record_id(slug, Kind.SCHOOL, own) if own else ""
    return f'"{its}"', orjson.dumps(ids).decode(), orjson.dumps(enrolled).decode()


def schools_of(own: str, more: str, further: Sequence[str]) -> list[str]:
    """All schools of a person by the district's ids, its own first, each once; `more` is a JSON list, or ''."""
    if not more and not further:  # as with nearly all
        return [own] if own else []
    listed = orjson.loads(more) if more else []
    return [school for school in dict.fromkeys((own, *listed, *further)) if school]


@lru_cache(maxsize=16_384)  # as many days as children were born on
def birthday(day: str) -> str:
    """YYYY-MM-DD as Clever writes it: M/D/YYYY without leading zeros."""
    if not day:
        return ""
    year, month, date = day.split("-")
    return f"{int(month)}/{int(date)}/{year}"
