"""What must go together: people, roles, classes, results, resources."""

import pytest

from tests.roster.conform.sets import files_of, found, spoilt, whole
from tests.roster.uploads import Said


def row(file: str, at: int, column: str, code: str) -> list[Said]:
    return [Said(f"{file}.csv", at, column, code, "row")]


def with_row(file: str, *cells: str) -> list[Said]:
    """A set in which a file has one more row."""
    sheets = whole()
    sheets[file].append(list(cells))
    return found(files_of(sheets))


# -------------------------------------------------------------------------------------------------------------- people


def test_a_person_has_one_primary_role_at_an_organisation() -> None:
    assert with_row("roles", "rx", "", "", "ann", "primary", "proctor", "", "", "north", "") == row(
        "roles", 6, "roleType", "value.unfit"
    )


def test_a_person_has_a_primary_role_at_every_organisation() -> None:
    assert with_row("roles", "rx", "", "", "ann", "secondary", "aide", "", "", "lake", "") == row(
        "roles", 6, "roleType", "value.unfit"
    )


def test_a_person_may_have_primary_roles_at_two_organisations() -> None:
    assert with_row("roles", "rx", "", "", "ann", "primary", "aide", "", "", "lake", "") == []


def test_a_role_type_that_cannot_be_read_may_be_the_primary_one() -> None:
    assert found(spoilt("roles", "roleType", "first")) == row("roles", 2, "roleType", "value.unknown")


def test_roles_of_a_delta_are_not_counted() -> None:
    sheets = whole(mode="delta")
    sheets["roles"].append(["rx", *sheets["roles"][1][1:]])
    assert found(files_of(sheets, mode="delta")) == []


def test_a_person_has_a_role_at_the_primary_organisation() -> None:
    assert found(spoilt("users", "primaryOrgSourcedId", "lake")) == row(
        "users", 2, "primaryOrgSourcedId", "reference.unfit"
    )


def test_the_profile_of_a_role_is_one_of_the_same_person() -> None:
    assert found(spoilt("roles", "userProfileSourcedId", "f1", row=4)) == row(
        "roles", 4, "userProfileSourcedId", "reference.unfit"
    )


def test_only_a_teacher_is_the_primary_one() -> None:
    assert found(spoilt("enrollments", "primary", "true")) == row("enrollments", 2, "primary", "value.unfit")
    assert found(spoilt("enrollments", "primary", "false")) == []


@pytest.mark.parametrize("file", ["courses", "classes"])
def test_there_are_as_many_codes_as_subjects(file: str) -> None:
    assert found(spoilt(file, "subjectCodes", "A,B,C")) == row(file, 2, "subjectCodes", "value.unfit")
    assert found(spoilt(file, "subjectCodes", "")) == []


@pytest.mark.parametrize(("file", "top", "at"), [("orgs", "north", [2, 3]), ("academicSessions", "fall", [2, 3])])
def test_nobody_is_above_itself(file: str, top: str, at: list[int]) -> None:
    assert found(spoilt(file, "parentSourcedId", top)) == [
        Said(f"{file}.csv", one, "parentSourcedId", "reference.unfit", "row") for one in at
    ]


def test_a_long_line_of_parents_is_no_circle_and_what_hangs_below_one_is_not_blamed() -> None:
    sheets = whole()
    sheets["orgs"] += [[f"o{at}", "", "", "Part", "local", "", f"o{at - 1}" if at else "lake"] for at in range(40)]
    assert found(files_of(sheets)) == []
    sheets["orgs"][1][6] = "lake"
    assert found(files_of(sheets)) == row("orgs", 2, "parentSourcedId", "reference.unfit")


# ----------------------------------------------------------------------------------------------------------- gradebook


def test_the_lowest_result_is_not_above_the_highest() -> None:
    assert found(spoilt("lineItems", "resultValueMin", "100.5")) == row("lineItems", 2, "resultValueMin", "value.unfit")
    assert found(spoilt("lineItems", "resultValueMin", "")) == []


@pytest.mark.parametrize("score", ["-0.5", "100.5", "1e3"])
def test_a_score_lies_in_the_range_of_its_line_item(score: str) -> None:
    assert found(spoilt("results", "score", score)) == row("results", 2, "score", "value.unfit")


@pytest.mark.parametrize("score", ["0", "100", "1e2", ""])
def test_a_score_at_the_end_of_the_range_is_right(score: str) -> None:
    assert found(spoilt("results", "score", score)) == []


def test_a_score_cannot_be_outside_of_an_open_range() -> None:
    assert found(spoilt("lineItems", "resultValueMax", "")) == []


def another_class(enrolled: bool = True) -> dict[str, list[list[str]]]:
    sheets = whole()
    sheets["classes"].append(["alg2", *sheets["classes"][1][1:]])
    if enrolled:
        sheets["enrollments"].append(["e9", "", "", "alg2", *sheets["enrollments"][1][4:]])
    return sheets


def test_a_result_is_of_the_class_of_its_line_item() -> None:
    sheets = another_class()
    sheets["results"][1][10] = "alg2"
    assert found(files_of(sheets)) == row("results", 2, "classSourcedId", "reference.unfit")


@pytest.mark.parametrize("named", ["alg1", ""])
def test_who_has_a_result_is_enrolled_in_the_class(named: str) -> None:
    sheets = whole()
    sheets["results"][1][4], sheets["results"][1][10] = "gil", named
    assert found(files_of(sheets)) == row("results", 2, "studentSourcedId", "reference.unfit")


@pytest.mark.parametrize("file", ["lineItemLearningObjectiveIds", "resultLearningObjectiveIds"])
@pytest.mark.parametrize(
    "value",
    [
        "sums",
        "0a1b2c3d-0000-4000-8000-00000000000f",
        "urn:uuid:0A1B2C3D-0000-4000-8000-00000000000F",
        "urn:uuid:0a1b2c3d-0000-4000-8000-0000000000",
    ],
)
def test_a_learning_objective_of_case_is_named_by_a_uuid(file: str, value: str) -> None:
    sheets = whole()
    sheets[file][1][4:6] = ["case", value]
    assert found(files_of(sheets)) == row(file, 2, "learningObjectiveId", "value.malformed")
    sheets[file][1][4] = "unknown"
    assert found(files_of(sheets)) == []


# ----------------------------------------------------------------------------------------------------------- resources


def test_the_organisation_of_a_resource_is_the_school_of_its_class() -> None:
    assert found(spoilt("userResources", "orgSourcedId", "lake")) == row(
        "userResources", 2, "orgSourcedId", "reference.unfit"
    )


def test_who_has_a_resource_of_a_class_is_enrolled_there() -> None:
    sheets = another_class(enrolled=False)
    sheets["userResources"][1][5] = "alg2"
    assert found(files_of(sheets)) == row("userResources", 2, "userSourcedId", "reference.unfit")


def test_who_has_a_resource_has_one_of_its_roles() -> None:
    assert found(spoilt("userResources", "userSourcedId", "gil", row=3)) == row(
        "userResources", 3, "resourceSourcedId", "reference.unfit"
    )


def test_a_resource_without_roles_is_for_everybody() -> None:
    sheets = whole()
    sheets["resources"][1][5] = ""
    sheets["userResources"][2][3] = "gil"
    assert found(files_of(sheets)) == []


def test_a_principal_has_the_resources_of_administrators() -> None:
    sheets = whole()
    sheets["resources"][1][5] = "administrator,student"
    sheets["roles"][4][5] = "principal"
    assert found(files_of(sheets)) == []
