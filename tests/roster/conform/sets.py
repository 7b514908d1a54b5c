"""Whole sets of OneRoster 1.1 and 1.2 that nothing is wrong with, and ways to spoil them.

In:  what is to be spoilt.
Out: files as uploaded, and the findings of the specification as plain tuples.
"""

import csv
import io
from collections.abc import Mapping
from functools import cache

from sftpingest.roster.conform import conform
from tests.roster.uploads import Said, said

WHEN = "2026-11-01T06:30:00.000Z"

#: Files of both versions, without status and dateLastModified, which stand after sourcedId.
_BOTH = {
    "orgs": """sourcedId,name,type,identifier,parentSourcedId
lake,Lake District,district,,
north,North School,school,101,lake""",
    "academicSessions": """sourcedId,title,type,startDate,endDate,parentSourcedId,schoolYear
year,Year,schoolYear,2026-08-01,2027-07-01,,2027
fall,Fall,term,2026-08-01,2027-01-15,year,2027""",
    "courses": """sourcedId,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes
algebra,year,Algebra,MA1,"08,09",north,"Math,Logic","M,L\"""",
    "classes": """sourcedId,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,\
subjects,subjectCodes,periods
alg1,Algebra 1,09,algebra,A1,scheduled,Room 3,north,"fall,year",Math,M,"1,2\"""",
    "enrollments": """sourcedId,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate
e1,alg1,north,ann,student,,2026-08-01,2027-01-15
e2,alg1,north,oak,teacher,true,,""",
    "resources": """sourcedId,vendorResourceId,title,roles,importance,vendorId,applicationId
book,v-1,Book,"student,teacher",primary,v,a""",
    "classResources": """sourcedId,title,classSourcedId,resourceSourcedId
cr1,Book,alg1,book""",
    "courseResources": """sourcedId,title,courseSourcedId,resourceSourcedId
cr1,Book,algebra,book""",
    "demographics": """sourcedId,birthDate,sex,americanIndianOrAlaskaNative,asian,blackOrAfricanAmerican,\
nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,\
countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus
ann,2012-02-29,female,false,true,false,false,true,true,false,US,OR,Lake,01652""",
}

_OF_1_1 = {
    "users": """sourcedId,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,\
email,sms,phone,agentSourcedIds,grades,password
ann,true,"north,lake",student,ann,"{LDAP:ann},{LTI:7}",Ann,Ash,,7,ann@example.org,,,gil,09,
gil,true,north,parent,gil,,Gil,Ash,,,,,,,,
oak,true,north,teacher,oak,,Tia,Oak,,,,,,,,""",
    "categories": """sourcedId,title
work,Homework""",
    "lineItems": """sourcedId,title,description,assignDate,dueDate,classSourcedId,categorySourcedId,\
gradingPeriodSourcedId,resultValueMin,resultValueMax
quiz,Quiz,First,2026-09-01,2026-09-08,alg1,work,fall,0,100""",
    "results": """sourcedId,lineItemSourcedId,studentSourcedId,scoreStatus,score,scoreDate,comment
r1,quiz,ann,fully graded,95.5,2026-09-09,Good""",
}

_OF_1_2 = {
    "users": """sourcedId,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,\
agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,preferredMiddleName,preferredFamilyName,\
primaryOrgSourcedId,pronouns
ann,true,ann,"{LDAP:ann},{LTI:7}",Ann,Ash,,7,ann@example.org,,,gil,09,,,Annie,,,north,she
gil,true,gil,,Gil,Ash,,,,,,,,,,,,,,
oak,true,oak,,Tia,Oak,,,,,,,,,,,,,north,""",
    "userProfiles": """sourcedId,userSourcedId,profileType,vendorId,applicationId,description,credentialType,\
username,password
f1,ann,app,v,a,,sso,ann,""",
    "roles": """sourcedId,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId
ra,ann,primary,student,2026-08-01,,north,f1
rb,ann,secondary,aide,,,north,
rg,gil,primary,guardian,,,north,
ro,oak,primary,teacher,,,north,""",
    "userResources": """sourcedId,userSourcedId,orgSourcedId,classSourcedId,resourceSourcedId
ur1,ann,north,alg1,book
ur2,oak,,,book""",
    "categories": """sourcedId,title,weight
work,Homework,20""",
    "lineItems": """sourcedId,title,description,assignDate,dueDate,classSourcedId,categorySourcedId,\
academicSessionSourcedId,resultValueMin,resultValueMax,schoolSourcedId
quiz,Quiz,First,2026-09-01,2026-09-08,alg1,work,fall,0,100,north""",
    "results": """sourcedId,lineItemSourcedId,studentSourcedId,scoreStatus,score,scoreDate,comment,textScore,\
classSourcedId,inProgress,incomplete,late,missing
r1,quiz,ann,fully graded,95.5,2026-09-09,Good,A,alg1,false,false,false,false""",
    "scoreScales": """sourcedId,title,type,orgSourcedId,courseSourcedId,classSourcedId,scoreScaleValue
scale,Letters,letter,north,algebra,alg1,"{A:94},{B:84}\"""",
    "lineItemLearningObjectiveIds": """sourcedId,lineItemSourcedId,source,learningObjectiveId
lo1,quiz,case,urn:uuid:0a1b2c3d-0000-4000-8000-00000000000f""",
    "resultLearningObjectiveIds": """sourcedId,resultSourcedId,source,learningObjectiveId,score,textScore
ro1,r1,unknown,sums,1.5,good""",
    "lineItemScoreScales": """sourcedId,title,lineItemSourcedId,scoreScaleSourcedId
ls1,Letters,quiz,scale""",
    "resultScoreScales": """sourcedId,title,resultSourcedId,scoreScaleSourcedId
rs1,Letters,r1,scale""",
}

Rows = list[list[str]]


@cache
def _read(version: str, mode: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    texts = _BOTH | (_OF_1_1 if version == "1.1" else _OF_1_2)
    status, when = ("active", WHEN) if mode == "delta" else ("", "")
    return {
        name: tuple(
            (cells[0], *(("status", "dateLastModified") if at == 0 else (status, when)), *cells[1:])
            for at, cells in enumerate(csv.reader(io.StringIO(text)))
        )
        for name, text in texts.items()
    }


def whole(version: str = "1.2", mode: str = "bulk") -> dict[str, Rows]:
    """Every file of a version, header first."""
    return {name: [list(row) for row in rows] for name, rows in _read(version, mode).items()}


def manifest(version: str, modes: Mapping[str, str]) -> Rows:
    """What says of every file of the version how it is meant; absent where `modes` says nothing."""
    lines = [[f"file.{name}", modes.get(name, "absent")] for name in whole(version)]
    return [["propertyName", "value"], ["manifest.version", "1.0"], ["oneroster.version", version], *lines]


def written(rows: Rows) -> bytes:
    """CSV as RFC 4180 has it."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def files_of(sheets: Mapping[str, Rows], version: str = "1.2", mode: str = "bulk") -> dict[str, bytes]:
    """The files with their manifest."""
    said_of = manifest(version, dict.fromkeys(sheets, mode))
    return {f"{name}.csv": written(rows) for name, rows in {"manifest": said_of, **sheets}.items()}


def spoilt(
    file: str, column: str, value: str, *, row: int = 2, version: str = "1.2", mode: str = "bulk"
) -> dict[str, bytes]:
    """A whole set in which one cell is another; the header is row 1."""
    sheets = whole(version, mode)
    sheets[file][row - 1][sheets[file][0].index(column)] = value
    return files_of(sheets, version, mode)


def lone(file: str, column: str, value: str, *, version: str = "1.2", mode: str = "delta") -> dict[str, bytes]:
    """The same with that file alone: a delta names what is held, so nothing else is missed."""
    rows = whole(version, mode)[file]
    rows[1][rows[0].index(column)] = value
    return files_of({file: rows}, version, mode)


def only(*names: str, version: str = "1.2") -> dict[str, bytes]:
    """A set of these files and no others."""
    return files_of({name: rows for name, rows in whole(version).items() if name in names}, version)


def found(files: Mapping[str, bytes], *members: str) -> list[Said]:
    """What the specification says of them, in the order in which it is said."""
    return said(conform(files, members).findings)
