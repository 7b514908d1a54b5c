"""What a vendor gets of a record where whole kinds are handed on: columns of files and of SQL views, in our words.

In:  a kind, the groups of fields that are granted.
Out: Field: its name, where it comes from, its type, and one sentence on it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from sftpingest.roster.kinds import REFERS, Kind
from sftpingest.roster.sharing import GRANTED, Group, columns


class Type(StrEnum):
    """What stands in a column."""

    TEXT = "text"  #: any text
    ID = "id"  #: 24 hexadecimal digits
    DATE = "date"  #: a day
    WHOLE = "whole"  #: a whole number
    NUMBER = "number"  #: a number with a point
    JSON = "json"  #: a JSON list or object, as text where the format has none


@dataclass(frozen=True, slots=True)
class Field:
    """One column."""

    name: str
    source: str  #: the column of the roster it is made of
    type: Type = Type.TEXT
    of: Kind | None = None  #: the kind it refers to
    group: Group | None = None  #: what it needs a grant of

    @property
    def said(self) -> str:
        """One sentence on it."""
        return SAID[self.name]


_TYPES = dict.fromkeys(("start_date", "end_date", "birth_date"), Type.DATE) | {
    "graduation_year": Type.WHOLE,
    "position": Type.WHOLE,
    "unweighted_gpa": Type.NUMBER,
    "weighted_gpa": Type.NUMBER,
    "ext": Type.JSON,
}
#: An enrollment has no key of its own.
ENROLLMENT = (
    Field("section_id", "section_no", Type.ID, Kind.SECTION),
    Field("person_id", "person_no", Type.ID),
    Field("role", "role"),
    Field("school_id", "school_no", Type.ID, Kind.SCHOOL),
    Field("position", "position", Type.WHOLE),
    Field("section_sis_id", "section_no"),
    Field("person_sis_id", "person_no"),
    Field("school_sis_id", "school_no"),
)


def exported(kind: Kind, groups: Iterable[Group]) -> tuple[Field, ...]:
    """The columns that are seen; none where the kind is not granted."""
    if kind is Kind.ENROLLMENT:
        return ENROLLMENT
    seen = columns(kind, groups)
    return (*_key(kind), *(field for name in seen for field in _fields(kind, name))) if seen else ()


def _key(kind: Kind) -> tuple[Field, Field]:
    return Field("id", "id", Type.ID, kind), Field("sis_id", "own_id" if kind is Kind.CONTACT else "id")


def _fields(kind: Kind, name: str) -> Iterator[Field]:
    group = next((group for group, by_kind in GRANTED.items() if name in by_kind.get(kind, ())), None)
    if other := REFERS.get(kind, {}).get(name):
        yield Field(name, name, Type.ID, other)
        yield Field(f"{name.removesuffix('_id')}_sis_id", name)
    elif name == "more_school_ids":
        yield Field(name, name, Type.JSON, Kind.SCHOOL)
        yield Field("more_school_sis_ids", name, Type.JSON)
    elif (kind, name) == (Kind.CONTACT, "sis_id"):  # sis_id is the name of the key here
        yield Field("contact_sis_id", name)
    elif name != "own_id":
        yield Field(name, name, _TYPES.get(name, Type.TEXT), group=group)


#: One sentence a column.
SAID = {
    "id": "The id of the record, the same in every door and for ever.",
    "sis_id": "The district's own key of the record.",
    "contact_sis_id": "The number of the contact in the student information system.",
    "school_id": "The id of the school; empty where that school is not shared.",
    "school_sis_id": "The district's own key of the school.",
    "more_school_ids": "The ids of further schools of the person that are shared, a list.",
    "more_school_sis_ids": "The district's own keys of the further schools of the person, a list.",
    "course_id": "The id of the course; empty where there is none.",
    "course_sis_id": "The district's own key of the course.",
    "term_id": "The id of the term; empty where there is none.",
    "term_sis_id": "The district's own key of the term.",
    "section_id": "The id of the section.",
    "section_sis_id": "The district's own key of the section.",
    "student_id": "The id of the student whom the contact belongs to.",
    "student_sis_id": "The district's own key of that student.",
    "person_id": "The id of the student or teacher.",
    "person_sis_id": "The district's own key of the student or teacher.",
    "role": "What the person is there: in an enrollment student or teacher, of staff as the district says it.",
    "position": "The place of a teacher in a section, 1 the primary one; 0 for students.",
    "name": "The name.",
    "given_name": "The name that the teacher gave the section.",
    "number": "The number by which the district calls it, beside its key.",
    "state_id": "The number that the state gave.",
    "nces_id": "The number of the National Center for Education Statistics.",
    "mdr_number": "The number of Market Data Retrieval.",
    "low_grade": "The lowest grade of the school.",
    "high_grade": "The highest grade of the school.",
    "principal": "The name of the principal.",
    "principal_email": "The e-mail address of the principal.",
    "address": "Street and number of the school.",
    "street": "Street and number of where the student lives.",
    "city": "The town of that address.",
    "state": "The state of that address.",
    "zip": "The ZIP code of that address.",
    "phone": "The telephone number.",
    "phone_type": "What sort of telephone it is.",
    "start_date": "The first day of the term.",
    "end_date": "The last day of the term.",
    "grade": "The grade, as Clever spells them.",
    "period": "When the section meets.",
    "subject": "The subject of the section.",
    "course_description": "What the course is about.",
    "first_name": "The first name.",
    "middle_name": "The middle name.",
    "last_name": "The last name.",
    "title": "What the person is called at work.",
    "department": "The department the person works in.",
    "email": "The e-mail address.",
    "gender": "Gender: M, F or X.",
    "birth_date": "Date of birth.",
    "graduation_year": "The year in which the student will leave school.",
    "race": "Race, in the words of Clever.",
    "hispanic": "Whether the student is Hispanic or Latino.",
    "home_language": "The language spoken at home.",
    "ell": "Whether the student learns English as a further language.",
    "frl": "Whether meals are free or at a lower price.",
    "iep": "Whether there is an individualized education program.",
    "section_504": "Whether there is a plan under Section 504.",
    "gifted": "Whether the student is gifted.",
    "disability": "Whether there is a disability.",
    "disability_type": "Which disability.",
    "disability_code": "The code of the disability.",
    "unweighted_gpa": "Grade point average, unweighted.",
    "weighted_gpa": "Grade point average, weighted.",
    "relationship": "Who the contact is to the student.",
    "type": "What sort of contact it is.",
    "ext": "The district's own columns, an object.",
}
