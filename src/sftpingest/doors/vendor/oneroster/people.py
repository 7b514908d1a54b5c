"""People in the shape of OneRoster: users, and demographics of students.

In:  how the rows of a kind are read.
Out: Make: of what was found and its row a dictionary, ready for JSON.
"""

import json
from collections.abc import Callable, Sequence

from sftpingest.doors.vendor.oneroster.meaning import DEMOGRAPHICS, LIVE, gone_role
from sftpingest.doors.vendor.oneroster.shapes import (
    Add,
    Make,
    Shape,
    Shaping,
    always,
    district_of,
    metadata,
    where_said,
)
from sftpingest.doors.vendor.oneroster.words import Release
from sftpingest.roster.kinds import Kind
from sftpingest.store.found import Found
from sftpingest.store.values import Cells, Named, Row, called

_ALWAYS = ("username", "enabledUser", "givenName", "familyName")
_1_1 = ("middleName", "identifier", "email", "sms", "phone")
#: The texts of a user that are left out where they say nothing.
_TEXTS = {
    Release.V1_1: _1_1,
    Release.V1_2: (
        *_1_1,
        "userMasterIdentifier",
        "preferredFirstName",
        "preferredMiddleName",
        "preferredLastName",
        "pronouns",
    ),
}


def user(of: Shaping, kind: Kind, cells: Cells) -> Make:
    """Students, teachers, staff or contacts."""
    its = LIVE[of.release][kind]
    more, add = metadata(kind, cells), always(its, _ALWAYS, cells)
    said, listed = where_said(its, _TEXTS[of.release], cells), _lists(of, kind, cells)
    role, orgs = called(its["role"].read(cells)), _orgs(cells)

    def made(found: Found, row: Row) -> Shape:
        out = of.record(found.id, found.changed)
        out["metadata"] = more(row)
        add(out, row)
        said(out, row)
        listed(out, row)
        out.update(_placed(of, role(row), *orgs(found, row)))
        return out

    return made


def _lists(of: Shaping, kind: Kind, cells: Cells) -> Add:
    """The grade, and who belongs to whom."""
    grade, agents = called(LIVE[of.release][kind]["grades"].read(cells)), _agents(of, kind, cells)

    def add(out: Shape, row: Row) -> None:
        if text := grade(row):
            out["grades"] = [text]
        if ids := agents(row):
            out["agents"] = [of.reference("user", id_) for id_ in ids]

    return add


def _orgs(cells: Cells) -> Callable[[Found, Row], tuple[str, ...]]:
    """The school that counts, '' for none; then all that are seen, it first; the district for who has none."""
    home = called(Named("school_id", Kind.SCHOOL).read(cells))
    more, ids = called(cells.column("more_school_ids")), cells.around.of(Kind.SCHOOL)
    here = cells.around.view.id

    def orgs(found: Found, row: Row) -> tuple[str, ...]:
        first, further = home(row), more(row)
        if not further and not found.schools:
            return first, first or here
        keys = [*_listed(further), *_listed(found.schools)]
        seen = dict.fromkeys(id_ for id_ in (first, *(ids.get(key, "") for key in keys)) if id_)
        return first, *(seen or (here,))

    return orgs


def _listed(text: str) -> list[str]:
    """The texts in a list of JSON, '' for none."""
    return [str(one) for one in json.loads(text)] if text else []


def _placed(of: Shaping, role: str, home: str, *orgs: str) -> Shape:
    """The roles of a person, which 1.1 says otherwise than 1.2. Made once for all that are alike."""
    made = of.placed.get((role, home, *orgs))
    if made is None:
        made = of.placed[role, home, *orgs] = _roles(of, role, home, orgs)
    return made


def _roles(of: Shaping, role: str, home: str, orgs: Sequence[str]) -> Shape:
    if of.release is Release.V1_1:
        return {"role": role, "orgs": [of.reference("org", org) for org in orgs]}
    roles = [{"roleType": "primary", "role": role, "org": of.reference("org", org)} for org in orgs]
    return {"roles": roles} | ({"primaryOrg": of.reference("org", home)} if home else {})


def _agents(of: Shaping, kind: Kind, cells: Cells) -> Callable[[Row], Sequence[str]]:
    """The ids of the contacts of a student, and of the student of a contact."""
    if kind is Kind.CONTACT:
        student = called(Named("student_id", Kind.STUDENT).read(cells))
        return lambda row: [id_] if (id_ := student(row)) else ()
    if kind is not Kind.STUDENT:
        return lambda _: ()
    key, agents = cells.places["id"], of.agents.get(cells.around.view.district.id, {})
    return lambda row: agents.get(row[key], ())


def user_gone(of: Shaping, found: Found) -> Shape:
    """A person who went: nothing but what must be said."""
    out = of.record(found.id, found.changed, gone=True)
    out |= {"enabledUser": "false", "givenName": "", "familyName": ""}
    if of.release is Release.V1_1:
        out["username"] = found.id
    return out | _placed(of, gone_role(found.kind, of.release), "", district_of(found.id))


def demographics(of: Shaping, _: Kind, cells: Cells) -> Make:
    """What is special about students."""
    its = DEMOGRAPHICS[of.release]
    said = where_said(its, (name for name in its if name not in {"sourcedId", "status"}), cells)

    def made(found: Found, row: Row) -> Shape:
        out = of.record(found.id, found.changed)
        said(out, row)
        return out

    return made


def demographics_gone(of: Shaping, found: Found) -> Shape:
    """Of a student who went."""
    return of.record(found.id, found.changed, gone=True)
