"""What OneRoster asks of a set of CSV files: its files, their columns in order, what their cells may hold.

In: nothing.
Out: HEADINGS and FILES by version; `may_hold`. What stands beside them is formats/oneroster.toml.
"""

import re
from enum import StrEnum


class Version(StrEnum):
    """The versions of OneRoster that are written."""

    V1_1 = "1.1"
    V1_2 = "1.2"


_RECORD = "sourcedId status dateLastModified"
_FLAGS = (
    "americanIndianOrAlaskaNative asian blackOrAfricanAmerican nativeHawaiianOrOtherPacificIslander white "
    "demographicRaceTwoOrMoreRaces hispanicOrLatinoEthnicity"
)
_SAME = {
    "academicSessions.csv": "title type startDate endDate parentSourcedId schoolYear",
    "classes.csv": "title grades courseSourcedId classCode classType location schoolSourcedId termSourcedIds subjects "
    "subjectCodes periods",
    "courses.csv": "schoolYearSourcedId title courseCode grades orgSourcedId subjects subjectCodes",
    "demographics.csv": f"birthDate sex {_FLAGS} countryOfBirthCode stateOfBirthAbbreviation cityOfBirth "
    "publicSchoolResidenceStatus",
    "enrollments.csv": "classSourcedId schoolSourcedId userSourcedId role primary beginDate endDate",
    "orgs.csv": "name type identifier parentSourcedId",
}
_PERSON = "username userIds givenName familyName middleName identifier email sms phone agentSourcedIds grades password"
_OF_VERSION = {
    Version.V1_1: _SAME | {"users.csv": f"enabledUser orgSourcedIds role {_PERSON}"},
    Version.V1_2: _SAME
    | {
        "roles.csv": "userSourcedId roleType role beginDate endDate orgSourcedId userProfileSourcedId",
        "users.csv": f"enabledUser {_PERSON} userMasterIdentifier preferredGivenName preferredMiddleName "
        "preferredFamilyName primaryOrgSourcedId pronouns",
    },
}

#: The columns of each file that is written, in the order of the specification.
HEADINGS: dict[Version, dict[str, tuple[str, ...]]] = {
    version: {name: tuple(f"{_RECORD} {columns}".split()) for name, columns in files.items()}
    for version, files in _OF_VERSION.items()
}

_IN_BOTH = (
    "academicSessions categories classes classResources courses courseResources demographics enrollments lineItems "
    "orgs resources results users"
)
_NEW = (
    " lineItemLearningObjectiveIds lineItemScoreScales resultLearningObjectiveIds resultScoreScales roles scoreScales "
    "userProfiles userResources"
)

#: The files of which a manifest says whether they are there.
FILES: dict[Version, tuple[str, ...]] = {
    Version.V1_1: tuple(_IN_BOTH.split()),
    Version.V1_2: tuple(sorted((_IN_BOTH + _NEW).split(), key=str.casefold)),
}

_BOOLEAN = frozenset({"true", "false"})
_SAME_WORDS = {
    "type": frozenset({"gradingPeriod", "schoolYear", "semester", "term"}),
    "classType": frozenset({"homeroom", "scheduled"}),
    "enabledUser": _BOOLEAN,
    **dict.fromkeys(_FLAGS.split(), _BOOLEAN),
}
_ROLES = "aide guardian parent proctor relative student teacher"

#: The words that a column may hold, by heading.
_WORDS: dict[Version, dict[str, frozenset[str]]] = {
    Version.V1_1: _SAME_WORDS
    | {"role": frozenset(f"administrator {_ROLES}".split()), "sex": frozenset({"female", "male"})},
    Version.V1_2: _SAME_WORDS
    | {
        "role": frozenset(
            f"counselor districtAdministrator principal siteAdministrator systemAdministrator {_ROLES}".split()
        ),
        "sex": frozenset({"female", "male", "other", "unspecified"}),
    },
}

#: Columns that may hold words of the district's own in 1.2, and how these are spelt.
_OPEN, _OWN_WORD = {"type", "classType"}, re.compile(r"ext:[a-zA-Z0-9.\-_]+")
_PATTERNS = {
    "userIds": re.compile(r"\{[^{}:,]+:[^{}]+\}(,\{[^{}:,]+:[^{}]+\})*"),
    "schoolYear": re.compile(r"[0-9]{4}"),
}


def may_hold(version: Version, heading: str, cell: str) -> bool:
    """Whether a column may hold that; what it may not is said in a column of our own."""
    known = _WORDS[version].get(heading)
    own = version is Version.V1_2 and heading in _OPEN and _OWN_WORD.fullmatch(cell)
    if known is not None and cell not in known and not own:
        return False
    pattern = _PATTERNS.get(heading)
    return pattern is None or pattern.fullmatch(cell) is not None


def limited(version: Version) -> frozenset[str]:
    """The columns that may not hold any text."""
    return frozenset({*_WORDS[version], *_PATTERNS})
