"""The same district as a bulk set of OneRoster 1.2, in all that OneRoster has columns for.

In:  District.
Out: one Sheet a file: the manifest, the eight files of a roster and demographics.

A row of Clever's is several here: people have one in users.csv, one in roles.csv and students one in demographics.csv.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks import clever, words
from benchmarks.district import District
from benchmarks.draw import Numbers, join, pick, text
from benchmarks.sheet import Sheet

_HEAD: Final = ("sourcedId", "status", "dateLastModified")
_GRADES: Final = ("KG", *(f"{number:02d}" for number in range(1, 13)))
_TERMS: Final = (("Fall 2026", "2026-08-17", "2026-12-19"), ("Full Year", "2026-08-17", "2027-06-12"))
_YEAR, _DISTRICT = "year-2027", "district"
_TRUE: Final = {"Y": "true", "N": "false"}
_SEX: Final = {"F": "female", "female": "female", "M": "male", "male": "male", "X": "unspecified"}
_ROSTERED: Final = ("academicSessions", "classes", "courses", "demographics", "enrollments", "orgs", "roles", "users")
_ABSENT: Final = (
    *("categories", "classResources", "courseResources", "lineItemLearningObjectiveIds", "lineItems"),
    *("lineItemScoreScales", "resources", "resultLearningObjectiveIds", "results", "resultScoreScales", "scoreScales"),
    *("userProfiles", "userResources"),
)


def manifest(_: District) -> Sheet:
    """manifest.csv: every file whole."""
    said = {"manifest.version": "1.0", "oneroster.version": "1.2"}
    said |= {f"file.{name}": "bulk" for name in _ROSTERED} | {f"file.{name}": "absent" for name in _ABSENT}
    return Sheet("manifest.csv", {"propertyName": pa.array(list(said)), "value": pa.array(list(said.values()))})


def orgs(now: District) -> Sheet:
    """orgs.csv: the district, and its schools."""
    there = clever.schools(now).cells
    more = len(now.schools)
    return _sheet(
        "orgs",
        _after(_DISTRICT, there["School_id"]),
        name=_after("Bench District", there["School_name"]),
        type=_after("district", _same("school", more)),
        identifier=_after("", there["School_number"]),
        parentSourcedId=_after("", _same(_DISTRICT, more)),
    )


def sessions(_: District) -> Sheet:
    """academicSessions.csv: the school year and its terms."""
    names, starts, ends = zip(("2026-2027", "2026-08-01", "2027-07-01"), *_TERMS, strict=True)
    more = len(_TERMS)
    return _sheet(
        "academicSessions",
        pa.array([_YEAR, *(f"term-{at}" for at in range(more))]),
        title=pa.array(names),
        type=_after("schoolYear", _same("term", more)),
        startDate=pa.array(starts),
        endDate=pa.array(ends),
        parentSourcedId=_after("", _same(_YEAR, more)),
        schoolYear=_same("2027", more + 1),
    )


def courses(_: District) -> Sheet:
    """courses.csv."""
    places = np.arange(len(words.COURSE_NAMES), dtype=np.int64)
    grade = pick(_GRADES, places % len(_GRADES))
    return _sheet(
        "courses",
        _course(places),
        schoolYearSourcedId=_same(_YEAR, len(places)),
        title=pick(words.COURSE_NAMES, places),
        courseCode=pick(words.COURSE_NUMBERS, places),
        grades=grade,
        orgSourcedId=_same(_DISTRICT, len(places)),
        subjects=_same("", len(places)),
        subjectCodes=_same("", len(places)),
    )


def classes(now: District) -> Sheet:
    """classes.csv."""
    there = clever.sections(now).cells
    taken = pc.index_in(there["Course_number"], pa.array(words.COURSE_NUMBERS)).to_numpy(zero_copy_only=False)
    term = pc.index_in(there["Term_name"], pa.array([name for name, *_ in _TERMS])).to_numpy(zero_copy_only=False)
    return _sheet(
        "classes",
        there["Section_id"],
        title=there["Course_name"],
        grades=_grade(there["Grade"]),
        courseSourcedId=_course(taken),
        classCode=there["Section_number"],
        classType=_same("scheduled", len(taken)),
        location=_same("", len(taken)),
        schoolSourcedId=there["School_id"],
        termSourcedIds=join("term-", text(term.astype(np.int64))),
        subjects=there["Subject"],
        subjectCodes=_same("", len(taken)),
        periods=there["Period"],
    )


def users(now: District) -> Sheet:
    """users.csv: students, teachers, staff."""
    learn, teach, work = (make(now).cells for make in (clever.students, clever.teachers, clever.staff))
    rest = len(now.teachers) + len(now.staff)
    numbers = {"identifier": learn["Student_number"], "grades": _grade(learn["Grade"]), "middle": learn["Middle_name"]}
    only = {name: pa.concat_arrays([cells, _same("", rest)]) for name, cells in numbers.items()}
    size = len(now.students) + rest
    none = {name: _same("", size) for name in ("userIds", "sms", "phone", "agentSourcedIds", "password")}
    later = ("userMasterIdentifier", "preferredGivenName", "preferredMiddleName", "preferredFamilyName")
    return _sheet(
        "users",
        _people(now),
        enabledUser=_same("true", size),
        username=pa.concat_arrays([learn["Username"], teach["Teacher_email"], work["Staff_email"]]),
        userIds=none["userIds"],
        givenName=pa.concat_arrays([each["First_name"] for each in (learn, teach, work)]),
        familyName=pa.concat_arrays([each["Last_name"] for each in (learn, teach, work)]),
        middleName=only["middle"],
        identifier=only["identifier"],
        email=pa.concat_arrays([learn["Student_email"], teach["Teacher_email"], work["Staff_email"]]),
        sms=none["sms"],
        phone=none["phone"],
        agentSourcedIds=none["agentSourcedIds"],
        grades=only["grades"],
        password=none["password"],
        **{name: _same("", size) for name in later},
        primaryOrgSourcedId=_schools(learn, teach, work),
        pronouns=_same("", size),
    )


def roles(now: District) -> Sheet:
    """roles.csv: one role each."""
    learn, teach, work = (make(now).cells for make in (clever.students, clever.teachers, clever.staff))
    sizes = {"student": len(now.students), "teacher": len(now.teachers), "aide": len(now.staff)}
    size = sum(sizes.values())
    return _sheet(
        "roles",
        join("r", _people(now)),
        userSourcedId=_people(now),
        roleType=_same("primary", size),
        role=pa.concat_arrays([_same(word, count) for word, count in sizes.items()]),
        beginDate=_same("", size),
        endDate=_same("", size),
        orgSourcedId=_schools(learn, teach, work),
        userProfileSourcedId=_same("", size),
    )


def demographics(now: District) -> Sheet:
    """demographics.csv: of every student."""
    there = clever.students(now).cells
    month, day, year = _parts(there["DOB"])
    flags = {name: _flag(there["Race"], spelt) for name, spelt in words.RACE_FLAGS.items()}
    empty = ("countryOfBirthCode", "stateOfBirthAbbreviation", "cityOfBirth", "publicSchoolResidenceStatus")
    return _sheet(
        "demographics",
        there["Student_id"],
        birthDate=join(year, "-", month, "-", day),
        sex=_spelt(there["Gender"], _SEX),
        **flags,
        hispanicOrLatinoEthnicity=_spelt(there["Hispanic_Latino"], _TRUE),
        **{name: _same("", len(now.students)) for name in empty},
    )


def enrollments(now: District) -> Sheet:
    """enrollments.csv: who learns, then who teaches."""
    learn, teach = clever.enrollments(now).cells, clever.sections(now).cells
    helped = pa.array(now.co_teacher(now.sections) >= 0)
    also = {name: teach[name].filter(helped) for name in ("School_id", "Section_id", "Teacher_2_id")}
    counts = {"": len(now.taught), "true": len(now.sections), "false": len(also["School_id"])}
    size = sum(counts.values())
    leads, helps = (join("t-", cells) for cells in (teach["Teacher_id"], also["Teacher_2_id"]))
    return _sheet(
        "enrollments",
        join("e", text(np.arange(size, dtype=np.int64))),
        classSourcedId=pa.concat_arrays([each["Section_id"] for each in (learn, teach, also)]),
        schoolSourcedId=pa.concat_arrays([each["School_id"] for each in (learn, teach, also)]),
        userSourcedId=pa.concat_arrays([learn["Student_id"], leads, helps]),
        role=pa.concat_arrays([_same("teacher" if primary else "student", n) for primary, n in counts.items()]),
        primary=pa.concat_arrays([_same(primary, count) for primary, count in counts.items()]),
        beginDate=_same("", size),
        endDate=_same("", size),
    )


def _sheet(file: str, ids: pa.Array, /, **cells: pa.Array) -> Sheet:
    """A file of a bulk set: status and dateLastModified are empty."""
    nothing = _same("", len(ids))
    return Sheet(f"{file}.csv", dict(zip(_HEAD, (ids, nothing, nothing), strict=True)) | cells)


def _same(word: str, size: int) -> pa.Array:
    return pa.repeat(pa.scalar(word), size)


def _after(word: str, cells: pa.Array) -> pa.Array:
    return pa.concat_arrays([pa.array([word]), cells])


def _course(places: Numbers) -> pa.Array:
    return join("course-", text(places.astype(np.int64)))


def _people(now: District) -> pa.Array:
    """The ids of students, teachers and staff: in one file no two people may share one."""
    teach = join("t-", clever.teacher_id(now.teachers))
    return pa.concat_arrays([clever.student_id(now.students), teach, join("w-", clever.staff(now).cells["Staff_id"])])


def _schools(*files: Mapping[str, pa.Array]) -> pa.Array:
    return pa.concat_arrays([cells["School_id"] for cells in files])


def _grade(cells: pa.Array) -> pa.Array:
    return _spelt(cells, dict(zip(words.GRADES, _GRADES, strict=True)))


def _flag(cells: pa.Array, spelt: tuple[str, ...]) -> pa.Array:
    return pc.if_else(pc.is_in(cells, pa.array(spelt)), "true", "false")


def _spelt(cells: pa.Array, spellings: Mapping[str, str]) -> pa.Array:
    """Other words for the cells; a word that has none stays away."""
    places = pc.index_in(cells, pa.array(list(spellings)))
    return pc.fill_null(pa.array(list(spellings.values())).take(places), "")


def _parts(dates: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Month, day and year, of two, two and four digits."""
    parts = pc.split_pattern(dates, "/")
    month, day, year = (pc.list_element(parts, at) for at in range(3))
    return pc.utf8_lpad(month, 2, "0"), pc.utf8_lpad(day, 2, "0"), year


#: one function a file
FILES: Final = (manifest, orgs, sessions, courses, classes, users, roles, demographics, enrollments)
