"""Our records in the shape of OneRoster: what is common to all of them, courses and classes.

In:  how the rows of a kind are read.
Out: Make: of what was found and its row a dictionary, ready for JSON. People are in people.py, orgs and sessions in
     places.py.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import compress
from typing import Any

from sftpingest.doors.vendor.oneroster.meaning import LIVE, Properties
from sftpingest.doors.vendor.oneroster.words import Release, beyond
from sftpingest.roster.kinds import Kind
from sftpingest.store.found import Found
from sftpingest.store.reading import View
from sftpingest.store.values import OWN, PREFIX, ZEROS, Around, Cells, Row, called

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
#: Makes the shape of a record that is seen.
Make = Callable[[Found, Row], Shape]
#: Adds properties of a row to its shape.
Add = Callable[[Shape, Row], None]


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
    times: Mapping[int, str] = field(default_factory=dict)  #: when editions were made
    around: dict[int, Around] = field(default_factory=dict)  #: by district
    agents: dict[int, dict[str, list[str]]] = field(default_factory=dict)  #: by district and student: ids of contacts
    references: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    placed: dict[tuple[str, ...], Shape] = field(default_factory=dict)  #: the roles of people, by role and orgs

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


# ------------------------------------------------------------------------------------------------------- made ready


def always(its: Properties, names: Iterable[str], cells: Cells) -> Add:
    """Properties that are told of every record."""
    fixed, read = _parted(its, names, cells)

    def add(out: Shape, row: Row) -> None:
        out.update(fixed)
        for name, of in read:
            out[name] = of(row)

    return add


def where_said(its: Properties, names: Iterable[str], cells: Cells) -> Add:
    """Properties that are left out where they say nothing."""
    every, read = _parted(its, names, cells)
    fixed = {name: text for name, text in every.items() if text}

    def add(out: Shape, row: Row) -> None:
        out.update(fixed)
        for name, of in read:
            if text := of(row):
                out[name] = text

    return add


def _parted(
    its: Properties, names: Iterable[str], cells: Cells
) -> tuple[dict[str, str], list[tuple[str, Callable[[Row], str]]]]:
    """The texts that all rows have, and how the others are read."""
    reads = [(name, its[name].read(cells)) for name in names]
    fixed = {name: read for name, read in reads if isinstance(read, str)}
    return fixed, [(name, read) for name, read in reads if not isinstance(read, str)]


def metadata(kind: Kind, cells: Cells) -> Callable[[Row], dict[str, str]]:
    """What OneRoster has no property for: the district's own id, further columns of ours, columns of its own."""
    columns = [name for name in BEYOND.get(kind, ()) if name in cells.places]
    names, texts = [OWN_ID, *(f"clever.{name}" for name in columns)], cells.several(["id", *columns])

    def made(row: Row) -> dict[str, str]:
        told = texts(row)
        out = dict(compress(zip(names, told, strict=True), told))  # those that are not empty
        if row[OWN]:
            out |= {name: text for name, text in row[OWN].items() if name not in _SAID}
        return out

    return made


# ------------------------------------------------------------------------------------------------- courses and classes


def course(of: Shaping, kind: Kind, cells: Cells) -> Make:
    """Courses."""
    add, more = always(LIVE[of.release][kind], ("title", "courseCode"), cells), metadata(kind, cells)
    here = of.reference("org", cells.around.view.id)

    def made(found: Found, row: Row) -> Shape:
        out = of.record(found.id, found.changed)
        out["metadata"] = more(row)
        add(out, row)
        out["org"] = here
        return out

    return made


def section(of: Shaping, kind: Kind, cells: Cells) -> Make:
    """Sections."""
    its, more = LIVE[of.release][kind], metadata(kind, cells)
    title = always(its, ("title",), cells)
    said = where_said(its, ("classCode", "classType", "location"), cells)
    lists = [(name, called(its[name].read(cells))) for name in ("grades", "subjects", "periods")]
    names = {"course": "course", "school": "org", "terms": "academicSession"}
    named = [(name, type_, called(its[f"{name}.sourcedId"].read(cells))) for name, type_ in names.items()]

    def made(found: Found, row: Row) -> Shape:
        out = of.record(found.id, found.changed)
        out["metadata"] = more(row)
        title(out, row)
        said(out, row)
        for name, read in lists:
            if text := read(row):
                out[name] = [text]
        for name, type_, read in named:
            out[name] = of.reference(type_, read(row))
        out["terms"] = [out["terms"]]
        return out

    return made


#: The course that stands in where a section has none.
NO_COURSE = {"title": "No course", "courseCode": ""}


def course_none(of: Shaping, found: Found) -> Shape:
    """The same as a course."""
    here = of.reference("org", district_of(found.id))
    return of.record(found.id, found.changed) | NO_COURSE | {"org": here}


def course_gone(of: Shaping, found: Found) -> Shape:
    """A course that went: nothing but what must be said."""
    out = of.record(found.id, found.changed, gone=True) | {"title": "", "courseCode": ""}
    return out | {"org": of.reference("org", district_of(found.id))}


def section_gone(of: Shaping, found: Found) -> Shape:
    """A section that went."""
    here = district_of(found.id)
    types = {"course": "course", "school": "org"}
    out = of.record(found.id, found.changed, gone=True) | {"title": ""}
    out |= {name: of.reference(type_, here) for name, type_ in types.items()}
    return out | {"terms": [of.reference("academicSession", here)]}


#: Makes ready how records of a kind are shown.
Live = Callable[[Shaping, Kind, Cells], Make]
Went = Callable[[Shaping, Found], Shape]
