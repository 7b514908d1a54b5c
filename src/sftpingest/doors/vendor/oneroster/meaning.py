"""What each property of OneRoster is of our records: one table, by which records are shown, filtered and sorted.

In:  nothing.
Out: LIVE and GONE: for each release and kind, property -> Value. Lists, references and metadata are in shapes.py.
"""

from collections.abc import Callable, Mapping

from sftpingest.doors.vendor.oneroster.derived import course_none, newest_year
from sftpingest.doors.vendor.oneroster.words import AGENTS, GRADES, RACES, SEXES, STAFF_ROLES, YES_NO, Release
from sftpingest.roster.kinds import PEOPLE, Kind
from sftpingest.store.values import Always, Column, Ext, Named, OfDistrict, OrElse, Own, Spelt, Value

Properties = dict[str, Value]
_RECORD: Properties = {"sourcedId": Own(), "status": Always("active")}
_GONE: Properties = {"sourcedId": Own(), "status": Always("tobedeleted")}


def first(*parts: Value) -> Value:
    """The first that is not empty."""
    return OrElse(parts)


# -------------------------------------------------------------------------------------------------------------- people


def _school(kind: Kind) -> Value:
    return Named("school_id", Kind.SCHOOL) if kind in PEOPLE else Always("")


def _role(kind: Kind, release: Release) -> Value:
    if kind in {Kind.STUDENT, Kind.TEACHER}:
        return Always(kind.value)
    if kind is Kind.CONTACT:
        return Spelt(Column("type"), AGENTS, Always("relative"))
    known = {role: role for role in STAFF_ROLES[release]}
    if release is Release.V1_1:
        return Spelt(Column("role"), known, Always("administrator"))
    by_school = Spelt(_school(kind), {"": "districtAdministrator"}, Always("siteAdministrator"))
    return Spelt(Column("role"), known, by_school)


def _person(kind: Kind, release: Release) -> Properties:
    more = {
        "username": first(Column("email"), Own()),
        "enabledUser": Spelt(
            Ext("enabledUser"), {"false": "false", "FALSE": "false", "False": "false"}, Always("true")
        ),
        "givenName": Column("first_name"),
        "familyName": Column("last_name"),
        "middleName": first(Column("middle_name"), Ext("middleName")),
        "identifier": first(Column("number"), Ext("identifier"), _own_id(kind)),
        "email": Column("email"),
        "sms": Ext("sms"),
        "phone": first(Column("phone"), Ext("phone")) if kind is Kind.CONTACT else Ext("phone"),
        "grades": Spelt(Column("grade"), GRADES),
        "role": _role(kind, release),
    }
    return _RECORD | more | (_person_1_2(kind, more["role"]) if release is Release.V1_2 else {})


def _own_id(kind: Kind) -> Value:
    """A contact's own id; the key has the student's with it."""
    return Column("own_id") if kind is Kind.CONTACT else Column("id")


def _person_1_2(kind: Kind, role: Value) -> Properties:
    return {
        "roles.role": role,
        "userMasterIdentifier": Ext("userMasterIdentifier"),
        "preferredFirstName": Ext("preferredGivenName"),
        "preferredMiddleName": Ext("preferredMiddleName"),
        "preferredLastName": Ext("preferredFamilyName"),
        "pronouns": Ext("pronouns"),
        "primaryOrg.sourcedId": _school(kind),
    }


#: What is said of people who went: nothing but what they were.
_GONE_ROLE = {
    Kind.STUDENT: "student",
    Kind.TEACHER: "teacher",
    Kind.CONTACT: "relative",
}


def gone_role(kind: Kind, release: Release) -> str:
    """The role of a person who went."""
    other = "administrator" if release is Release.V1_1 else "siteAdministrator"
    return _GONE_ROLE.get(kind, other)


def _person_gone(kind: Kind, release: Release) -> Properties:
    role = Always(gone_role(kind, release))
    said: Properties = {"enabledUser": Always("false"), "role": role}
    said |= {"username": Own()} if release is Release.V1_1 else {"username": Always(""), "roles.role": role}
    return _emptied(_person(kind, release)) | _GONE | said


def _emptied(of: Mapping[str, Value]) -> Properties:
    return dict.fromkeys(of, Always(""))


def _demographics(release: Release) -> Properties:
    def flag(race: str) -> Value:
        return Spelt(Column("race"), {"": "", "Unknown": "", race: "true"}, Always("false"))

    names = ("countryOfBirthCode", "stateOfBirthAbbreviation", "cityOfBirth", "publicSchoolResidenceStatus")
    return (
        _RECORD
        | {"birthDate": Column("birth_date"), "sex": Spelt(Column("gender"), SEXES[release])}
        | {name: flag(race) for name, race in RACES.items()}
        | {"hispanicOrLatinoEthnicity": Spelt(Column("hispanic"), YES_NO)}
        | {name: Ext(name) for name in names}
    )


# ------------------------------------------------------------------------------------------------ courses and sections


def _course(_: Release) -> Properties:
    return _RECORD | {
        "title": first(Column("name"), Column("number"), Always("Course")),
        "courseCode": Column("number"),
        "org.sourcedId": OfDistrict(),
    }


_CLASS_TYPES = {"homeroom": "homeroom"}


def _section(_: Release) -> Properties:
    return _RECORD | {
        "title": first(Column("name"), Column("given_name"), Column("number"), Always("Class")),
        "classCode": Column("number"),
        "classType": Spelt(Ext("classType"), _CLASS_TYPES, Always("scheduled")),
        "location": Ext("location"),
        "grades": Spelt(Column("grade"), GRADES),
        "subjects": Column("subject"),
        "periods": Column("period"),
        "course.sourcedId": first(Named("course_id", Kind.COURSE), OfDistrict(lambda view: course_none(view.id))),
        "school.sourcedId": first(Named("school_id", Kind.SCHOOL), OfDistrict()),
        "terms.sourcedId": first(Named("term_id", Kind.TERM), OfDistrict(newest_year)),
    }


def _gone(made: Callable[[Release], Properties], release: Release, **references: Value) -> Properties:
    said = {f"{name}.sourcedId": value for name, value in references.items()}
    return _emptied(made(release)) | _GONE | said


def _live(release: Release) -> dict[Kind, Properties]:
    people = {kind: _person(kind, release) for kind in (*PEOPLE, Kind.CONTACT)}
    return people | {Kind.COURSE: _course(release), Kind.SECTION: _section(release)}


def _went(release: Release) -> dict[Kind, Properties]:
    people = {kind: _person_gone(kind, release) for kind in (*PEOPLE, Kind.CONTACT)}
    here = OfDistrict()
    return people | {
        Kind.COURSE: _gone(_course, release, org=here),
        Kind.SECTION: _gone(_section, release, course=here, school=here, terms=here),
    }


LIVE: dict[Release, dict[Kind, Properties]] = {release: _live(release) for release in Release}
GONE: dict[Release, dict[Kind, Properties]] = {release: _went(release) for release in Release}
DEMOGRAPHICS: dict[Release, Properties] = {release: _demographics(release) for release in Release}
DEMOGRAPHICS_GONE: dict[Release, Properties] = {release: _emptied(its) | _GONE for release, its in DEMOGRAPHICS.items()}
