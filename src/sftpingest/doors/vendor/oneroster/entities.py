"""What is read here: the kinds of answer, and how their properties are called.

In:  nothing.
Out: Entity, one for each shape of OneRoster.
"""

from dataclasses import dataclass

from sftpingest.doors.vendor.oneroster.meaning import DEMOGRAPHICS, LIVE
from sftpingest.doors.vendor.oneroster.query import Names
from sftpingest.doors.vendor.oneroster.words import Release
from sftpingest.roster.kinds import Kind

_RECORD = "sourcedId status dateLastModified metadata"
_USER = (
    f"{_RECORD} username userIds enabledUser givenName familyName middleName identifier email sms phone agents grades"
)
_PROPERTIES = {
    "academicSession": f"{_RECORD} title startDate endDate type parent children schoolYear",
    "class": f"{_RECORD} title classCode classType location grades subjects course school terms subjectCodes periods "
    "resources",
    "course": f"{_RECORD} title schoolYear courseCode grades subjects org subjectCodes resources",
    "enrollment": f"{_RECORD} user class school role primary beginDate endDate",
    "org": f"{_RECORD} name type identifier parent children",
    "demographics": f"{_RECORD} {' '.join(name for name in DEMOGRAPHICS[Release.V1_2] if name[:8] != 'sourcedI')}",
}
_OF_USER = {
    Release.V1_1: f"{_USER} role orgs password",
    Release.V1_2: f"{_USER} userMasterIdentifier preferredFirstName preferredMiddleName preferredLastName pronouns "
    "roles userProfiles primaryOrg password resources",
}
#: Values of what is filtered here and not by the store; of enrollments: in the words of the store.
PLACES = {
    "org": ("sourcedId", "status", "name", "type", "identifier", "parent.sourcedId"),
    "academicSession": (
        "sourcedId",
        "status",
        "title",
        "startDate",
        "endDate",
        "type",
        "schoolYear",
        "parent.sourcedId",
    ),
}
SEATS = {
    "sourcedId": "id",
    "status": "status",
    "role": "role",
    "primary": "primary",
    "user.sourcedId": "person",
    "class.sourcedId": "section",
    "school.sourcedId": "school",
}
_KINDS = {"class": Kind.SECTION, "course": Kind.COURSE}


@dataclass(frozen=True)
class Entity:
    """One shape of OneRoster."""

    single: str
    plural: str

    def names(self, release: Release) -> Names:
        """What there is to ask for."""
        properties = _OF_USER[release] if self.single == "user" else _PROPERTIES[self.single]
        return Names(frozenset(properties.split()), frozenset(self._values(release)))

    def _values(self, release: Release) -> "set[str]":
        if self.single in PLACES:
            return set(PLACES[self.single])
        if self.single == "enrollment":
            return set(SEATS)
        if self.single == "demographics":
            return set(DEMOGRAPHICS[release])
        if self.single != "user":
            return set(LIVE[release][_KINDS[self.single]])
        own_name = {"role"} if release is Release.V1_1 else {"roles.role"}
        return {*LIVE[release][Kind.STUDENT], *own_name} - ({"role"} if release is Release.V1_2 else set())


SESSION = Entity("academicSession", "academicSessions")
CLASS = Entity("class", "classes")
COURSE = Entity("course", "courses")
DEMOGRAPHIC = Entity("demographics", "demographics")
ENROLLMENT = Entity("enrollment", "enrollments")
ORG = Entity("org", "orgs")
USER = Entity("user", "users")
