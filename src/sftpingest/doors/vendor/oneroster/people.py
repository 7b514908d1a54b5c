"""People in the shape of OneRoster: users, and demographics of students.

In:  what was found, and its row as it is seen.
Out: a dictionary a person, ready for JSON.
"""

import json

from sftpingest.doors.vendor.oneroster.meaning import DEMOGRAPHICS, LIVE, gone_role
from sftpingest.doors.vendor.oneroster.shapes import Shape, Shaping, district_of, metadata, texts
from sftpingest.doors.vendor.oneroster.words import Release
from sftpingest.roster.kinds import Kind
from sftpingest.store.asking import Found
from sftpingest.store.reading import Row, further_of
from sftpingest.store.values import Around

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


#: Those of them that do not stand in the district's own columns alone.
_WITHOUT_EXT = ("middleName", "identifier", "email", "phone")


def user(of: Shaping, found: Found, row: Row) -> Shape:
    """A student, a teacher, a member of staff or a contact."""
    key = found.key
    around, its = of.around[key.district_id], LIVE[of.release][key.kind]
    row["own_id_of_record"] = key.id
    out = of.record(key.id, key.changed)
    out["metadata"] = metadata(key.kind, row)
    for name in _ALWAYS:
        out[name] = its[name].of(row, around)
    texts(out, its, _TEXTS[of.release] if row.get("ext") else _WITHOUT_EXT, row, around)
    if grade := its["grades"].of(row, around):
        out["grades"] = [grade]
    if agents := _agents(of, found, row, around):
        out["agents"] = [of.reference("user", one) for one in agents]
    home = around.id_of(Kind.SCHOOL, row.get("school_id", ""))
    return _placed(of, out, its["role"].of(row, around), home, _orgs(found, row, around, home))


def _orgs(found: Found, row: Row, around: Around, home: str) -> list[str]:
    """The schools that are seen, the one that counts first; the district for who has none."""
    more = row.get("more_school_ids")
    if not more and not found.key.schools:
        return [home or around.view.id]
    keys = [*(json.loads(more) if more else ()), *further_of(found.key)]
    seen = [home, *(around.id_of(Kind.SCHOOL, key) for key in keys)]
    return list(dict.fromkeys(id_ for id_ in seen if id_)) or [around.view.id]


def _placed(of: Shaping, out: Shape, role: str, home: str, orgs: list[str]) -> Shape:
    """With the roles of a person, which 1.1 says otherwise than 1.2."""
    if of.release is Release.V1_1:
        out["role"] = role
        out["orgs"] = [of.reference("org", org) for org in orgs]
        return out
    out["roles"] = [{"roleType": "primary", "role": role, "org": of.reference("org", org)} for org in orgs]
    if home:
        out["primaryOrg"] = of.reference("org", home)
    return out


def _agents(of: Shaping, found: Found, row: Row, around: Around) -> list[str]:
    if found.key.kind is Kind.CONTACT:
        student = around.id_of(Kind.STUDENT, row.get("student_id", ""))
        return [student] if student else []
    return of.agents.get((found.key.district_id, row["id"]), []) if found.key.kind is Kind.STUDENT else []


def user_gone(of: Shaping, found: Found) -> Shape:
    """A person who went: nothing but what must be said."""
    out = of.record(found.key.id, found.key.changed, gone=True)
    out |= {"enabledUser": "false", "givenName": "", "familyName": ""}
    if of.release is Release.V1_1:
        out["username"] = found.key.id
    return _placed(of, out, gone_role(found.key.kind, of.release), "", [district_of(found.key.id)])


def demographics(of: Shaping, found: Found, row: Row) -> Shape:
    """What is special about a student."""
    around, its = of.around[found.key.district_id], DEMOGRAPHICS[of.release]
    out = of.record(found.key.id, found.key.changed)
    texts(out, its, (name for name in its if name not in {"sourcedId", "status"}), row, around)
    return out


def demographics_gone(of: Shaping, found: Found) -> Shape:
    """Of a student who went."""
    return of.record(found.key.id, found.key.changed, gone=True)
