"""Cells: filled where they must be, and of the type of their column."""

import time

import numpy as np
import pyarrow as pa
import pytest

from sftpingest.roster.conform import conform
from sftpingest.roster.conform.page import Page
from sftpingest.roster.conform.rules import rules
from sftpingest.roster.finding import Code, messages
from tests.roster.conform.sets import WHEN, files_of, found, lone, whole
from tests.roster.uploads import Said

#: Columns that must be filled, by version and file; sourcedId is one of them everywhere.
REQUIRED = {
    "1.1": {
        "users": "enabledUser orgSourcedIds role username givenName familyName",
        "categories": "title",
        "lineItems": "title assignDate dueDate classSourcedId categorySourcedId gradingPeriodSourcedId resultValueMin "
        "resultValueMax",
        "results": "lineItemSourcedId studentSourcedId scoreStatus score scoreDate",
        "demographics": "",
    },
    "1.2": {
        "orgs": "name type",
        "academicSessions": "title type startDate endDate schoolYear",
        "courses": "title orgSourcedId",
        "classes": "title courseSourcedId classType schoolSourcedId termSourcedIds",
        "users": "enabledUser username givenName familyName",
        "userProfiles": "userSourcedId profileType vendorId credentialType username",
        "roles": "userSourcedId roleType role orgSourcedId",
        "enrollments": "classSourcedId schoolSourcedId userSourcedId role",
        "demographics": "",
        "resources": "vendorResourceId",
        "classResources": "classSourcedId resourceSourcedId",
        "courseResources": "courseSourcedId resourceSourcedId",
        "userResources": "userSourcedId resourceSourcedId",
        "categories": "title",
        "lineItems": "title assignDate dueDate classSourcedId categorySourcedId academicSessionSourcedId "
        "schoolSourcedId",
        "results": "lineItemSourcedId studentSourcedId scoreStatus scoreDate",
        "scoreScales": "title type orgSourcedId courseSourcedId classSourcedId scoreScaleValue",
        "lineItemLearningObjectiveIds": "lineItemSourcedId source learningObjectiveId",
        "resultLearningObjectiveIds": "resultSourcedId source learningObjectiveId",
        "lineItemScoreScales": "lineItemSourcedId scoreScaleSourcedId",
        "resultScoreScales": "resultSourcedId scoreScaleSourcedId",
    },
}


def needed(version: str, file: str) -> set[str]:
    return {"sourcedId", *REQUIRED[version].get(file, REQUIRED["1.2"][file]).split()}


EVERY = [
    (version, file, column) for version in ("1.1", "1.2") for file, rows in whole(version).items() for column in rows[0]
]


def about(said: list[Said], file: str, column: str) -> list[Said]:
    return [one for one in said if (one.file, one.column) == (f"{file}.csv", column)]


@pytest.mark.parametrize(("version", "file", "column"), EVERY)
def test_a_cell_is_filled_where_it_must_be_and_nowhere_else(version: str, file: str, column: str) -> None:
    missing = [Said(f"{file}.csv", 2, column, "value.missing", "row")]
    in_delta = {"status", "dateLastModified"}
    said = found(lone(file, column, "", version=version))
    assert said == (missing if column in needed(version, file) | in_delta else [])


@pytest.mark.parametrize("column", ["name", "type"])
def test_spaces_alone_are_nothing(column: str) -> None:
    assert found(lone("orgs", column, "  ")) == [Said("orgs.csv", 2, column, "value.missing", "row")]


# ---------------------------------------------------------------------------------------------------- status and time


@pytest.mark.parametrize("file", list(whole()))
@pytest.mark.parametrize(("column", "value"), [("status", "active"), ("dateLastModified", WHEN)])
def test_in_bulk_nothing_says_when_or_how(file: str, column: str, value: str) -> None:
    assert about(found(lone(file, column, value, mode="bulk")), file, column) == [
        Said(f"{file}.csv", 2, column, "value.unexpected", "row")
    ]


def test_in_a_delta_a_record_may_go() -> None:
    assert found(lone("orgs", "status", "tobedeleted")) == []


@pytest.mark.parametrize("status", ["inactive", "Active", "deleted", " active"])
def test_a_status_is_one_of_two_words(status: str) -> None:
    assert found(lone("orgs", "status", status)) == [Said("orgs.csv", 2, "status", "value.unknown", "row")]


# --------------------------------------------------------------------------------------------------------------- types

WRONG = {
    "id": ["a b", "a,b", "a|b", "x" * 256, "Käthe", " ann"],
    "ids": ["a, b", "a,,b", "a,", ",a", "a b", f"a,{'x' * 256}"],
    "date": [
        "8/31/2026",
        "2026-8-31",
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-04-31",
        "2026-08-31T00:00",
        "soon",
    ],
    "time": [
        "2026-11-01T06:30:00Z",
        "2026-11-01T06:30:00.00Z",
        "2026-11-01T06:30:00.0000Z",
        "2026-11-01T06:30:00.000",
        "2026-11-01T06:30:00.000+01:00",
        "2026-11-01 06:30:00.000Z",
        "2026-11-01T24:00:00.000Z",
        "2026-11-01T06:60:00.000Z",
        "2026-11-31T06:30:00.000Z",
        "2026-11-01",
    ],
    "year": ["27", "20270", "2026-27", "next"],
    "float": ["1,5", "1.", ".5", "ten", "NaN", "1e", "0x1"],
    "integer": ["1.5", "a", "1e3", "1,000"],
    "list": ["a,,b", ",", "a,"],
    "pairs": ["LDAP:ann", "{LDAP}", "{LDAP:}", "{:ann}", "{a:b}{c:d}", "{a:b}, {c:d}", "{a:b:c}", "{a:b},"],
}
PLACES = {
    "id": [("orgs", "sourcedId"), ("users", "primaryOrgSourcedId"), ("roles", "userProfileSourcedId")],
    "ids": [("users", "agentSourcedIds"), ("classes", "termSourcedIds")],
    "date": [
        ("academicSessions", "startDate"),
        ("academicSessions", "endDate"),
        ("roles", "beginDate"),
        ("roles", "endDate"),
        ("enrollments", "beginDate"),
        ("enrollments", "endDate"),
        ("demographics", "birthDate"),
        ("lineItems", "assignDate"),
        ("lineItems", "dueDate"),
        ("results", "scoreDate"),
    ],
    "year": [("academicSessions", "schoolYear")],
    "float": [
        ("lineItems", "resultValueMin"),
        ("lineItems", "resultValueMax"),
        ("results", "score"),
        ("resultLearningObjectiveIds", "score"),
    ],
    "integer": [("categories", "weight")],
    "list": [
        ("courses", "grades"),
        ("courses", "subjects"),
        ("courses", "subjectCodes"),
        ("classes", "grades"),
        ("classes", "subjects"),
        ("classes", "subjectCodes"),
        ("classes", "periods"),
    ],
    "pairs": [("users", "userIds"), ("scoreScales", "scoreScaleValue")],
}


@pytest.mark.parametrize(
    ("file", "column", "value"),
    [(*place, value) for kind, places in PLACES.items() for place in places for value in WRONG[kind]],
)
def test_a_cell_that_is_not_of_its_type_is_malformed(file: str, column: str, value: str) -> None:
    assert found(lone(file, column, value)) == [Said(f"{file}.csv", 2, column, "value.malformed", "row")]


@pytest.mark.parametrize("value", WRONG["time"])
def test_a_time_has_three_digits_after_the_second_and_a_z(value: str) -> None:
    assert found(lone("orgs", "dateLastModified", value)) == [
        Said("orgs.csv", 2, "dateLastModified", "value.malformed", "row")
    ]


@pytest.mark.parametrize(
    ("file", "column", "value"),
    [
        ("orgs", "sourcedId", "x" * 255),
        ("orgs", "sourcedId", "A-z_0.9/a@b"),
        ("demographics", "birthDate", "2000-02-29"),
        ("results", "score", "-1.5e1"),
        ("courses", "grades", "08, 09"),
        ("users", "userIds", "{Fed:x@example.org}"),
        ("categories", "weight", "-5"),
    ],
)
def test_a_cell_that_is_of_its_type_is_right(file: str, column: str, value: str) -> None:
    assert found(lone(file, column, value)) == []


# --------------------------------------------------------------------------------------------------------------- words

BOOLEANS = [
    ("users", "enabledUser"),
    ("enrollments", "primary"),
    *((("results"), name) for name in ("inProgress", "incomplete", "late", "missing")),
    *(("demographics", name) for name in whole()["demographics"][0][5:12]),
]


@pytest.mark.parametrize(("file", "column"), BOOLEANS)
@pytest.mark.parametrize("value", ["TRUE", "True", "1", "Y", "yes", " true"])
def test_true_and_false_are_the_only_words_for_it(file: str, column: str, value: str) -> None:
    assert found(lone(file, column, value)) == [Said(f"{file}.csv", 2, column, "value.unknown", "row")]


@pytest.mark.parametrize(
    ("file", "column", "value", "version"),
    [
        ("orgs", "type", "School", "1.2"),
        ("orgs", "type", "ext:", "1.2"),
        ("orgs", "type", "ext:a b", "1.2"),
        ("orgs", "type", "academy", "1.2"),
        ("orgs", "type", "ext:academy", "1.1"),
        ("academicSessions", "type", "quarter", "1.2"),
        ("classes", "classType", "Scheduled", "1.2"),
        ("enrollments", "role", "aide", "1.2"),
        ("roles", "roleType", "tertiary", "1.2"),
        ("roles", "roleType", "ext:tertiary", "1.2"),
        ("roles", "role", "administrator", "1.2"),
        ("users", "role", "principal", "1.1"),
        ("demographics", "sex", "F", "1.2"),
        ("demographics", "sex", "other", "1.1"),
        ("results", "scoreStatus", "graded", "1.2"),
        ("resources", "importance", "third", "1.2"),
        ("resources", "roles", "student,counselor", "1.2"),
        ("resources", "roles", "student, teacher", "1.2"),
        ("resultLearningObjectiveIds", "source", "CASE", "1.2"),
    ],
)
def test_a_word_that_is_none_of_its_column_is_unknown(file: str, column: str, value: str, version: str) -> None:
    said = found(lone(file, column, value, version=version))
    assert said == [Said(f"{file}.csv", 2, column, "value.unknown", "row")]


@pytest.mark.parametrize(
    ("file", "column", "words"),
    [
        ("orgs", "type", "department school district local state national"),
        ("academicSessions", "type", "gradingPeriod semester schoolYear term"),
        ("classes", "classType", "homeroom scheduled"),
        ("enrollments", "role", "administrator proctor student teacher"),
        (
            "roles",
            "role",
            "aide counselor districtAdministrator guardian parent principal proctor relative student teacher",
        ),
        ("roles", "role", "siteAdministrator systemAdministrator"),
        ("demographics", "sex", "male female unspecified other"),
    ],
)
def test_every_word_of_a_column_is_known(file: str, column: str, words: str) -> None:
    for word in words.split():
        assert found(lone(file, column, word)) == []


# ---------------------------------------------------------------------------------------------------------- many cells


def test_every_fault_of_a_row_is_said() -> None:
    sheets = whole()
    sheets["users"][1][3:5] = ["TRUE", ""]
    assert found(files_of(sheets)) == [
        Said("users.csv", 2, "enabledUser", "value.unknown", "row"),
        Said("users.csv", 2, "username", "value.missing", "row"),
    ]


@pytest.mark.parametrize("file", ["users", "userProfiles"])
def test_no_password_is_ever_shown(file: str) -> None:
    sheets = whole()
    at = sheets[file][0].index("password")
    sheets[file].append(list(sheets[file][1]))
    for row in sheets[file][1:]:
        row[:] = ["", *(["bad value"] * 2), *([""] * (len(row) - 3))]
        row[at] = "Hunter2"
    sheets[file][1] += ["too", "wide"]
    files = files_of(sheets)
    files[f"{file}.csv"] += b'"Hunter2'
    findings = conform(files).findings
    assert len(findings) > 3
    assert "Hunter2" not in findings.to_csv() + "".join(messages(findings))


def test_a_cell_under_a_heading_of_passwords_is_not_shown_whatever_is_said_of_it() -> None:
    cells = {"password": pa.array(["Hunter2"]), "pronouns": pa.array(["she"])}
    page = Page(rules("1.2").files["users.csv"], "users.csv", numbers=np.array([2]), cells=cells)
    told = [page.about(Code.VALUE_MALFORMED, np.array([True]), column) for column in cells]
    assert [one["value"].tolist() for one in told] == [[""], ["she"]]


def test_a_hundred_thousand_rows_take_a_few_seconds() -> None:
    sheets = whole()
    row = sheets["enrollments"][1]
    sheets["enrollments"] += [[f"x{at}", *row[1:]] for at in range(100_000)]
    files = files_of(sheets)
    begun = time.perf_counter()
    assert found(files) == []
    assert time.perf_counter() - begun < 20
