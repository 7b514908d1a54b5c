"""What cells name: the file, the record, its type."""

import pytest

from tests.roster.conform.sets import files_of, found, lone, only, spoilt, whole
from tests.roster.uploads import Said

#: file, column, what it names; lists end with *.
NAMED = [
    line.split()
    for line in """
    orgs parentSourcedId orgs
    academicSessions parentSourcedId academicSessions
    courses schoolYearSourcedId academicSessions
    courses orgSourcedId orgs
    classes courseSourcedId courses
    classes schoolSourcedId orgs
    classes termSourcedIds* academicSessions
    users agentSourcedIds* users
    users primaryOrgSourcedId orgs
    userProfiles userSourcedId users
    roles userSourcedId users
    roles orgSourcedId orgs
    roles userProfileSourcedId userProfiles
    enrollments classSourcedId classes
    enrollments schoolSourcedId orgs
    enrollments userSourcedId users
    demographics sourcedId users
    classResources classSourcedId classes
    classResources resourceSourcedId resources
    courseResources courseSourcedId courses
    courseResources resourceSourcedId resources
    userResources userSourcedId users
    userResources orgSourcedId orgs
    userResources classSourcedId classes
    userResources resourceSourcedId resources
    lineItems classSourcedId classes
    lineItems categorySourcedId categories
    lineItems academicSessionSourcedId academicSessions
    lineItems schoolSourcedId orgs
    results lineItemSourcedId lineItems
    results studentSourcedId users
    results classSourcedId classes
    scoreScales orgSourcedId orgs
    scoreScales courseSourcedId courses
    scoreScales classSourcedId classes
    lineItemLearningObjectiveIds lineItemSourcedId lineItems
    resultLearningObjectiveIds resultSourcedId results
    lineItemScoreScales lineItemSourcedId lineItems
    lineItemScoreScales scoreScaleSourcedId scoreScales
    resultScoreScales resultSourcedId results
    resultScoreScales scoreScaleSourcedId scoreScales
    """.strip().splitlines()
]
OF_1_1 = [
    ("users", "orgSourcedIds*", "orgs"),
    ("users", "agentSourcedIds*", "users"),
    ("demographics", "sourcedId", "users"),
    ("lineItems", "gradingPeriodSourcedId", "academicSessions"),
    ("lineItems", "categorySourcedId", "categories"),
    ("results", "lineItemSourcedId", "lineItems"),
    ("results", "studentSourcedId", "users"),
]
EVERY = [(*one, "1.2") for one in NAMED] + [(*one, "1.1") for one in OF_1_1]


@pytest.mark.parametrize(("file", "column", "named", "version"), EVERY)
def test_what_a_cell_of_a_bulk_file_names_must_be_there(file: str, column: str, named: str, version: str) -> None:
    value = "north,nobody" if column.endswith("*") and named == "orgs" else "nobody"
    said = found(spoilt(file, column.rstrip("*"), value, version=version))
    assert said[0] == Said(f"{file}.csv", 2, column.rstrip("*"), "reference.unknown", "row")
    assert [one.code for one in said].count("reference.unknown") == 1


@pytest.mark.parametrize(("file", "column", "named", "version"), EVERY)
def test_the_file_that_a_bulk_file_names_must_be_there(file: str, column: str, named: str, version: str) -> None:
    if file != named:
        sheets = whole(version)
        sheets[file][1][sheets[file][0].index(column.rstrip("*"))] = "somebody"
        taken = {name: rows for name, rows in sheets.items() if name in {file, "roles"} - {named}}
        absent = Said(f"{file}.csv", None, column.rstrip("*"), "reference.absent", "file")
        assert absent in found(files_of(taken, version))


def test_every_name_of_a_list_that_is_not_there_is_said() -> None:
    said = found(spoilt("classes", "termSourcedIds", "fall,winter,spring"))
    assert said == [Said("classes.csv", 2, "termSourcedIds", "reference.unknown", "row")] * 2


def test_an_optional_cell_may_name_nothing() -> None:
    assert found(spoilt("courses", "schoolYearSourcedId", "")) == []


def test_a_delta_names_what_may_be_held() -> None:
    assert found(spoilt("classes", "courseSourcedId", "held", mode="delta")) == []


def test_a_delta_names_what_may_be_held_though_the_other_file_came_whole() -> None:
    files = only("orgs") | {"courses.csv": lone("courses", "orgSourcedId", "held")["courses.csv"]}
    files["manifest.csv"] = files["manifest.csv"].replace(b"file.courses,absent", b"file.courses,delta")
    assert found(files) == []


def test_a_bulk_file_may_name_records_of_which_only_changes_came() -> None:
    sheets = whole() | {"courses": whole(mode="delta")["courses"]}
    sheets["classes"][1][sheets["classes"][0].index("courseSourcedId")] = "held"
    files = files_of(sheets)
    files["manifest.csv"] = files["manifest.csv"].replace(b"file.courses,bulk", b"file.courses,delta")
    named = {one.column for one in found(files)}
    assert "courseSourcedId" not in named


def test_a_malformed_id_is_not_looked_for() -> None:
    assert found(spoilt("courses", "orgSourcedId", "no where")) == [
        Said("courses.csv", 2, "orgSourcedId", "value.malformed", "row")
    ]


def test_a_file_without_its_key_is_not_missed_record_by_record() -> None:
    sheets = whole()
    sheets["courses"] = [row[1:] for row in sheets["courses"]]
    assert {one.code for one in found(files_of(sheets))} == {"column.missing"}


@pytest.mark.parametrize("mode", ["bulk", "delta"])
@pytest.mark.parametrize("file", ["orgs", "roles", "results"])
def test_a_second_row_with_an_id_is_repeated(file: str, mode: str) -> None:
    sheets = whole("1.2", mode)
    sheets[file].append(list(sheets[file][1]))
    said = found(files_of(sheets, "1.2", mode))
    assert said[0] == Said(f"{file}.csv", len(sheets[file]), "sourcedId", "id.repeated", "row")


def test_ids_in_other_letters_are_two() -> None:
    sheets = whole()
    sheets["orgs"].append(["NORTH", "", "", "North", "school", "", ""])
    assert found(files_of(sheets)) == []


@pytest.mark.parametrize(
    ("file", "column", "value", "version"),
    [
        ("classes", "schoolSourcedId", "lake", "1.2"),
        ("enrollments", "schoolSourcedId", "lake", "1.2"),
        ("enrollments", "schoolSourcedId", "lake", "1.1"),
        ("lineItems", "schoolSourcedId", "lake", "1.2"),
        ("courses", "schoolYearSourcedId", "fall", "1.2"),
        ("lineItems", "academicSessionSourcedId", "year", "1.2"),
        ("lineItems", "gradingPeriodSourcedId", "year", "1.1"),
    ],
)
def test_a_record_of_another_type_cannot_be_named(file: str, column: str, value: str, version: str) -> None:
    said = found(spoilt(file, column, value, version=version))
    assert said[0] == Said(f"{file}.csv", 2, column, "reference.unfit", "row")
    # the one that follows: a resource of a class that moved to another school
    assert {one.file for one in said[1:]} <= {"userResources.csv"}


@pytest.mark.parametrize(("file", "column"), [("courses", "orgSourcedId"), ("scoreScales", "orgSourcedId")])
def test_any_organisation_can_be_named_where_nothing_else_is_asked(file: str, column: str) -> None:
    assert found(spoilt(file, column, "lake")) == []


def test_a_type_of_the_own_district_may_be_a_school() -> None:
    assert found(spoilt("orgs", "type", "ext:academy", row=3)) == []


def test_users_need_their_roles_in_1_2() -> None:
    assert found(only("orgs", "users")) == [Said("users.csv", None, "", "file.alone", "file")]
