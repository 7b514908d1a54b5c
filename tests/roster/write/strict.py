"""A strict reader of OneRoster sets, written from the specification's rules and from nothing of the writer.

In:  files by name.
Out: faults, one sentence each; none for a set that keeps the rules.
"""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date

Rows = list[dict[str, str]]

SSD = ["sourcedId", "status", "dateLastModified"]
RACES = [
    "americanIndianOrAlaskaNative",
    "asian",
    "blackOrAfricanAmerican",
    "nativeHawaiianOrOtherPacificIslander",
    "white",
    "demographicRaceTwoOrMoreRaces",
    "hispanicOrLatinoEthnicity",
]
BOTH = {
    "academicSessions": ["title!", "type!", "startDate!", "endDate!", "parentSourcedId", "schoolYear!"],
    "orgs": ["name!", "type!", "identifier", "parentSourcedId"],
    "courses": ["schoolYearSourcedId", "title!", "courseCode", "grades", "orgSourcedId!", "subjects", "subjectCodes"],
    "classes": [
        "title!",
        "grades",
        "courseSourcedId!",
        "classCode",
        "classType!",
        "location",
        "schoolSourcedId!",
        "termSourcedIds!",
        "subjects",
        "subjectCodes",
        "periods",
    ],
    "enrollments": [
        "classSourcedId!",
        "schoolSourcedId!",
        "userSourcedId!",
        "role!",
        "primary",
        "beginDate",
        "endDate",
    ],
    "demographics": [
        "birthDate",
        "sex",
        *RACES,
        "countryOfBirthCode",
        "stateOfBirthAbbreviation",
        "cityOfBirth",
        "publicSchoolResidenceStatus",
    ],
}
NAMES = ["userIds", "givenName!", "familyName!", "middleName", "identifier", "email", "sms", "phone"]
COLUMNS = {
    "1.1": BOTH
    | {
        "users": [
            "enabledUser!",
            "orgSourcedIds!",
            "role!",
            "username!",
            *NAMES,
            "agentSourcedIds",
            "grades",
            "password",
        ]
    },
    "1.2": BOTH
    | {
        "users": [
            "enabledUser!",
            "username!",
            *NAMES,
            "agentSourcedIds",
            "grades",
            "password",
            "userMasterIdentifier",
            "preferredGivenName",
            "preferredMiddleName",
            "preferredFamilyName",
            "primaryOrgSourcedId",
            "pronouns",
        ],
        "roles": [
            "userSourcedId!",
            "roleType!",
            "role!",
            "beginDate",
            "endDate",
            "orgSourcedId!",
            "userProfileSourcedId",
        ],
    },
}
_BOTH = """academicSessions categories classes classResources courses courseResources demographics enrollments
lineItems orgs resources results users"""
_NEW = """lineItemLearningObjectiveIds lineItemScoreScales resultLearningObjectiveIds resultScoreScales roles
scoreScales
userProfiles userResources"""
PROPERTIES = {"1.1": _BOTH.split(), "1.2": f"{_BOTH} {_NEW}".split()}
ROLES = {
    "1.1": {"administrator", "aide", "guardian", "parent", "proctor", "relative", "student", "teacher"},
    "1.2": {
        "aide",
        "counselor",
        "districtAdministrator",
        "guardian",
        "parent",
        "principal",
        "proctor",
        "relative",
        "siteAdministrator",
        "student",
        "systemAdministrator",
        "teacher",
    },
}
WORDS = {
    ("orgs", "type"): {"department", "school", "district", "local", "state", "national"},
    ("academicSessions", "type"): {"gradingPeriod", "semester", "schoolYear", "term"},
    ("classes", "classType"): {"homeroom", "scheduled"},
    ("enrollments", "role"): {"administrator", "proctor", "student", "teacher"},
    ("roles", "roleType"): {"primary", "secondary"},
    **{("demographics", race): {"true", "false"} for race in RACES},
    ("users", "enabledUser"): {"true", "false"},
    ("enrollments", "primary"): {"true", "false"},
}
SEX = {"1.1": {"male", "female"}, "1.2": {"male", "female", "unspecified", "other"}}
REFERS = {
    ("orgs", "parentSourcedId"): "orgs",
    ("academicSessions", "parentSourcedId"): "academicSessions",
    ("courses", "schoolYearSourcedId"): "academicSessions",
    ("courses", "orgSourcedId"): "orgs",
    ("classes", "courseSourcedId"): "courses",
    ("classes", "schoolSourcedId"): "orgs",
    ("classes", "termSourcedIds"): "academicSessions",
    ("users", "orgSourcedIds"): "orgs",
    ("users", "agentSourcedIds"): "users",
    ("users", "primaryOrgSourcedId"): "orgs",
    ("roles", "userSourcedId"): "users",
    ("roles", "orgSourcedId"): "orgs",
    ("enrollments", "classSourcedId"): "classes",
    ("enrollments", "schoolSourcedId"): "orgs",
    ("enrollments", "userSourcedId"): "users",
    ("demographics", "sourcedId"): "users",
}
SCHOOLS = {("classes", "schoolSourcedId"), ("enrollments", "schoolSourcedId")}
GUID = re.compile(r"[0-9A-Za-z./@_-]{1,255}")
OWN_WORD = re.compile(r"ext:[a-zA-Z0-9.\-_]+")


def faults(files: dict[str, bytes]) -> list[str]:
    return list(_faults(files))


def _faults(files: dict[str, bytes]) -> Iterator[str]:
    manifest = {row["propertyName"]: row["value"] for row in _rows(files["manifest.csv"])[1]}
    version = manifest.get("oneroster.version", "")
    expected = {"manifest.version", "oneroster.version", *(f"file.{name}" for name in PROPERTIES[version])}
    if set(manifest) - {"source.systemName", "source.systemCode"} != expected or manifest["manifest.version"] != "1.0":
        yield "manifest.csv: its properties are not those of its version"
    said = {f"{name}.csv" for name in PROPERTIES[version] if manifest[f"file.{name}"] == "bulk"}
    if said != set(files) - {"manifest.csv"}:
        yield f"manifest.csv: says {said}, there are {set(files)}"
    tables: dict[str, Rows] = {}
    for name in sorted(said & set(files)):
        yield from _lines(name, files[name])
        headings, rows = _rows(files[name])
        tables[name.removesuffix(".csv")] = rows
        yield from _headings(name.removesuffix(".csv"), headings, version)
    for name, rows in tables.items():
        for row in rows:
            yield from _row(name, row, version)
        yield from _references(name, rows, tables)
    yield from _whole(tables, version)


def _lines(name: str, raw: bytes) -> Iterator[str]:
    if not raw.endswith(b"\r\n") or raw.startswith(b"\xef\xbb\xbf"):
        yield f"{name}: no CRLF at its end, or a byte order mark"
    text = raw.decode()
    if text.count("\n") != text.count("\r\n") or text.count("\r") != text.count("\r\n"):
        yield f"{name}: a line end that is none"
    if text.count("\r\n") != len(list(csv.reader(io.StringIO(text, newline=""), strict=True))):
        yield f"{name}: a line end in a field"


def _rows(raw: bytes) -> tuple[list[str], Rows]:
    headings, *rows = csv.reader(io.StringIO(raw.decode(), newline=""), strict=True)
    return headings, [dict(zip(headings, row, strict=True)) for row in rows]


def _headings(name: str, headings: list[str], version: str) -> Iterator[str]:
    asked = SSD + [column.rstrip("!") for column in COLUMNS[version][name]]
    if headings[: len(asked)] != asked:
        yield f"{name}: headings {headings}"
    if not all(re.fullmatch("metadata..+", own) for own in headings[len(asked) :]) or len(set(headings)) < len(
        headings
    ):
        yield f"{name}: own headings {headings[len(asked) :]}"


def _row(name: str, row: dict[str, str], version: str) -> Iterator[str]:
    if row["status"] or row["dateLastModified"]:
        yield f"{name}: a bulk row has no status"
    for needed in ("sourcedId", *(column[:-1] for column in COLUMNS[version][name] if column.endswith("!"))):
        if not row[needed]:
            yield f"{name}: {needed} is empty in {row}"
    for heading, cell in row.items():
        if cell and not _good(name, heading, cell, version):
            yield f"{name}: {heading} may not be {cell!r}"


def _good(name: str, heading: str, cell: str, version: str) -> bool:
    if heading.startswith("metadata."):
        return True
    if heading == "sourcedId" or heading.endswith(("SourcedId", "SourcedIds")):
        parts = cell.split(",") if heading.endswith("s") else [cell]
        return all(GUID.fullmatch(part) for part in parts) and len(set(parts)) == len(parts)
    if heading.endswith("Date"):
        return cell == str(date.fromisoformat(cell))
    if heading == "schoolYear":
        return re.fullmatch("[0-9]{4}", cell) is not None
    if heading == "userIds":
        return re.fullmatch(r"\{[^{}:,]+:[^{}]+\}(,\{[^{}:,]+:[^{}]+\})*", cell) is not None
    words = WORDS.get((name, heading))
    words = SEX[version] if heading == "sex" else words
    words = ROLES[version] if heading == "role" and name in {"users", "roles"} else words
    own = version == "1.2" and heading in {"type", "classType"} and OWN_WORD.fullmatch(cell) is not None
    return words is None or cell in words or own


def _references(name: str, rows: Rows, tables: dict[str, Rows]) -> Iterator[str]:
    if len({row["sourcedId"] for row in rows}) < len(rows):
        yield f"{name}: a sourcedId twice"
    if not rows:
        yield f"{name}: no rows"
    for (file, heading), other in REFERS.items():
        if file == name and heading in rows[0]:
            there = {row["sourcedId"]: row for row in tables.get(other, [])}
            for cell in (part for row in rows if row[heading] for part in row[heading].split(",")):
                if cell not in there:
                    yield f"{name}: {heading} {cell} is not there"
                elif (file, heading) in SCHOOLS and there[cell]["type"] != "school":
                    yield f"{name}: {heading} {cell} is no school"
                elif heading == "schoolYearSourcedId" and there[cell]["type"] != "schoolYear":
                    yield f"{name}: {heading} {cell} is no school year"


def _whole(tables: dict[str, Rows], version: str) -> Iterator[str]:
    """What holds over rows and files."""
    leads = [row["classSourcedId"] for row in tables.get("enrollments", []) if row["primary"] == "true"]
    if len(set(leads)) < len(leads):
        yield "enrollments: two primary teachers"
    for name in ("courses", "classes"):
        pairs = [(row["subjects"], row["subjectCodes"]) for row in tables.get(name, [])]
        if any(some and codes and some.count(",") != codes.count(",") for some, codes in pairs):
            yield f"{name}: not one code a subject"
    if version == "1.2" and "users" in tables:
        yield from _roles(tables["users"], tables["roles"])


def _roles(users: Rows, roles: Rows) -> Iterator[str]:
    first = [(row["userSourcedId"], row["orgSourcedId"]) for row in roles if row["roleType"] == "primary"]
    if len(set(first)) < len(first):
        yield "roles: two primary ones"
    if {row["sourcedId"] for row in users} - {user for user, _ in first}:
        yield "roles: a user without a primary one"
    for row in users:
        if row["primaryOrgSourcedId"] and (row["sourcedId"], row["primaryOrgSourcedId"]) not in first:
            yield "users: no role at the primary organisation"
