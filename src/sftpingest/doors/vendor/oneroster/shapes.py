"""Our records in the shape of OneRoster: what is common to all of them, courses and classes.

In:  what was found, and its row as it is seen.
Out: a dictionary a record, ready for JSON. People are in people.py, orgs and sessions in orgs.py and sessions.py.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sftpingest.doors.vendor.oneroster.meaning import LIVE, Properties
from sftpingest.doors.vendor.oneroster.words import Release, beyond
from sftpingest.roster.kinds import Kind
from sftpingest.store.asking import Found
from sftpingest.store.reading import Row, View
from sftpingest.store.values import PREFIX, ZEROS, Around, own_columns

Shape = dict[str, Any]
#: Where records of each type of reference are read.
_PLACES = {
    "org": "orgs",
    "course": "courses",
    "class": "classes",
    "user": "users",
    "academicSession": "academicSessions",
}
#: Under this name the district's own id of a record stands in `metadata`.
OWN_ID = "sftpingest.id"
_FILES = {Kind.SECTION: "classes.csv", Kind.SCHOOL: "orgs.csv"}
#: Our columns without a property, by kind; and names of the district's own columns that have one.
BEYOND = {
    kind: beyond(_FILES.get(kind, "users.csv"), kind) for kind in (*_FILES, Kind.STUDENT, Kind.TEACHER, Kind.STAFF)
}
BEYOND |= {Kind.CONTACT: ("sis_id", "type", "relationship", "phone_type")}
BEYOND[Kind.SECTION] = ("course_description",)
_SAID = frozenset(
    (
        *("userIds", "userId", "username", "sms", "phone", "enabledUser", "middleName", "identifier", "pronouns"),
        *("userMasterIdentifier", "preferredGivenName", "preferredMiddleName", "preferredFamilyName"),
        *("countryOfBirthCode", "stateOfBirthAbbreviation", "cityOfBirth", "publicSchoolResidenceStatus"),
        *("classType", "location", "type", "parentSourcedId", "schoolYear"),
    )
)


def said_at(at: datetime) -> str:
    """A time as OneRoster has it: UTC, in milliseconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def district_of(id_: str) -> str:
    """The id of the district of a record."""
    return id_[:PREFIX] + ZEROS


@dataclass
class Shaping:
    """What records of one answer have in common."""

    release: Release
    root: str  #: the address below which everything is read
    views: Mapping[int, View]
    times: dict[int, str] = field(default_factory=dict)  #: when editions were made
    around: dict[int, Around] = field(default_factory=dict)  #: by district
    agents: dict[tuple[int, str], list[str]] = field(default_factory=dict)  #: by district and student: ids of contacts
    references: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Nothing is known yet of what rows name."""
        self.around = {number: Around(view) for number, view in self.views.items()}

    def reference(self, type_: str, id_: str) -> dict[str, str]:
        """A reference to a record. The same one is made once: thousands of students name one school."""
        made = self.references.get((type_, id_))
        if made is None:
            made = {"href": f"{self.root}/{_PLACES[type_]}/{id_}", "sourcedId": id_, "type": type_}
            self.references[type_, id_] = made
        return made

    def record(self, id_: str, changed: int, *, gone: bool = False) -> Shape:
        """What every record has."""
        status = "tobedeleted" if gone else "active"
        return {"sourcedId": id_, "status": status, "dateLastModified": self.times[changed]}


def texts(out: Shape, its: Properties, names: Iterable[str], row: Row, around: Around) -> None:
    """Add the properties that say something."""
    for name in names:
        if text := its[name].of(row, around):
            out[name] = text


def metadata(kind: Kind, row: Row) -> dict[str, str]:
    """What OneRoster has no property for: the district's own id, further columns of ours, columns of its own."""
    out = {OWN_ID: row["id"]}
    for name in BEYOND.get(kind, ()):
        if text := row.get(name):
            out[f"clever.{name}"] = text
    if row.get("ext"):
        out |= {name: text for name, text in own_columns(row).items() if name not in _SAID}
    return out


def course(of: Shaping, found: Found, row: Row) -> Shape:
    """A course."""
    around, its = of.around[found.key.district_id], LIVE[of.release][Kind.COURSE]
    out = of.record(found.key.id, found.key.changed) | {"metadata": metadata(Kind.COURSE, row)}
    out |= {name: its[name].of(row, around) for name in ("title", "courseCode")}
    return out | {"org": of.reference("org", around.view.id)}


def section(of: Shaping, found: Found, row: Row) -> Shape:
    """A section."""
    around, its = of.around[found.key.district_id], LIVE[of.release][Kind.SECTION]
    out = of.record(found.key.id, found.key.changed) | {"metadata": metadata(Kind.SECTION, row)}
    out["title"] = its["title"].of(row, around)
    texts(out, its, ("classCode", "classType", "location"), row, around)
    for name in ("grades", "subjects", "periods"):
        if text := its[name].of(row, around):
            out[name] = [text]
    out["course"] = of.reference("course", its["course.sourcedId"].of(row, around))
    out["school"] = of.reference("org", its["school.sourcedId"].of(row, around))
    out["terms"] = [of.reference("academicSession", its["terms.sourcedId"].of(row, around))]
    return out


#: The course that stands in where a section has none.
NO_COURSE = {"title": "No course", "courseCode": ""}


def course_none(of: Shaping, found: Found) -> Shape:
    """The same as a course."""
    here = of.reference("org", district_of(found.key.id))
    return of.record(found.key.id, found.key.changed) | NO_COURSE | {"org": here}


def course_gone(of: Shaping, found: Found) -> Shape:
    """A course that went: nothing but what must be said."""
    out = of.record(found.key.id, found.key.changed, gone=True) | {"title": "", "courseCode": ""}
    return out | {"org": of.reference("org", district_of(found.key.id))}


def section_gone(of: Shaping, found: Found) -> Shape:
    """A section that went."""
    here = district_of(found.key.id)
    types = {"course": "course", "school": "org"}
    out = of.record(found.key.id, found.key.changed, gone=True) | {"title": ""}
    out |= {name: of.reference(type_, here) for name, type_ in types.items()}
    return out | {"terms": [of.reference("academicSession", here)]}


Live = Callable[[Shaping, Found, Row], Shape]
Went = Callable[[Shaping, Found], Shape]
