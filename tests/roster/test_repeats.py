"""A student's further rows: contacts up to five with their identity rule, and further schools."""

import json

import pytest

from sftpingest.roster.kinds import Kind
from sftpingest.roster.sheet import Validated
from tests.roster.uploads import SCHOOL, SMALLEST, STAFF, STUDENT, Said, cells_of, judged, lines, rows_of, said

CONTACT = (
    f"{STUDENT},Contact_sis_id,Contact_name,Contact_email,Contact_phone,Contact_type,Contact_relationship,"
    "Contact_phone_type"
)
OTHERS = "north,bob,Bob,Bay,,,,,,,", "south,cid,Cid,Cob,,,,,,,"


def with_contacts(*contacts: str) -> Validated:
    """Ann with so many rows, each with those contact cells."""
    return judged(students=lines(CONTACT, *(f"north,ann,Ann,Ash,{cells}" for cells in contacts), *OTHERS))


def repeated(*rows: int) -> list[Said]:
    return [Said("students.csv", row, "Student_id", "id.repeated", "row") for row in rows]


def names(validated: Validated) -> list[str]:
    return cells_of(validated.roster[Kind.CONTACT], "last_name")


def test_a_student_repeated_for_each_contact_is_no_duplicate() -> None:
    validated = with_contacts("c1,Val Ash,,,,,", "c2,Wim Ash,,,,,", "c3,Xia Ash,,,,,")
    assert said(validated) == []
    assert names(validated) == ["Val Ash", "Wim Ash", "Xia Ash"]
    assert cells_of(validated.roster[Kind.CONTACT], "student_id") == ["ann"] * 3
    assert cells_of(validated.roster[Kind.STUDENT], "id") == ["ann", "bob", "cid"]


def test_five_contacts_are_taken_and_the_sixth_is_rejected() -> None:
    validated = with_contacts(*(f"c{at},Name {at},,,,," for at in range(6)))
    assert said(validated) == repeated(7)
    assert names(validated) == [f"Name {at}" for at in range(5)]


def test_a_student_without_contacts_in_the_first_row_may_still_have_five() -> None:
    validated = with_contacts(",,,,,,", *(f"c{at},Name {at},,,,," for at in range(6)))
    assert said(validated) == repeated(8)
    assert len(names(validated)) == 5


def test_the_same_contact_again_is_repeated() -> None:
    assert said(with_contacts("c1,Val Ash,,,,,", "c1,Val Ash,,,,,")) == repeated(3)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("c1,Val,v@example.org,1,Primary,Parent,Cell", "c1,Wim,w@example.org,2,Other,Self,Home", id="id"),
        pytest.param(",Val,v@example.org,1,Primary,Parent,Cell", ",Val,v@example.org,2,Other,Self,Home", id="email"),
        pytest.param(",Val,,1,Primary,Parent,Cell", ",Val,,1,Other,Self,Home", id="phone"),
    ],
)
def test_contacts_that_agree_in_their_first_filled_key_are_one(one: str, other: str) -> None:
    validated = with_contacts(one, other)
    assert said(validated) == repeated(3)
    assert names(validated) == ["Val"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("c1,Val,v@example.org,1,,,", "c2,Val,v@example.org,1,,,", id="id"),
        pytest.param(",Val,v@example.org,1,,,", ",Val,w@example.org,1,,,", id="email"),
        pytest.param(",Val,v@example.org,1,,,", ",Wim,v@example.org,1,,,", id="name beside email"),
        pytest.param(",Val,,1,,,", ",Val,,2,,,", id="phone"),
        pytest.param(",Val,,,Primary,,", ",Val,,,Secondary,,", id="type"),
        pytest.param(",Val,,,,Parent,", ",Val,,,,Sibling,", id="relationship"),
        pytest.param(",Val,,,,,Cell", ",Val,,,,,Home", id="phone type"),
        pytest.param("c1,Val,v@example.org,1,,,", ",Val,v@example.org,1,,,", id="with and without an id"),
    ],
)
def test_contacts_that_differ_in_their_first_filled_key_are_two(one: str, other: str) -> None:
    validated = with_contacts(one, other)
    assert said(validated) == []
    assert len(set(cells_of(validated.roster[Kind.CONTACT], "id"))) == 2


def test_one_contact_of_two_students_is_two_contacts() -> None:
    text = lines(CONTACT, "north,ann,Ann,Ash,c1,Val,,,,,", "north,bob,Bob,Bay,c1,Val,,,,,", OTHERS[1])
    validated = judged(students=text)
    assert rows_of(validated.roster[Kind.CONTACT], "student_id", "sis_id") == [("ann", "c1"), ("bob", "c1")]
    assert len(set(cells_of(validated.roster[Kind.CONTACT], "id"))) == 2


def test_a_contact_without_a_name_is_dropped_and_said() -> None:
    validated = with_contacts("c1,,v@example.org,,,,")
    assert said(validated) == [Said("students.csv", 2, "Contact_name", "value.missing", "value")]
    assert names(validated) == []


def test_the_whole_name_of_a_contact_is_the_last_name() -> None:
    validated = with_contacts(",Dr. Val van Ash,,1,,,")
    assert rows_of(validated.roster[Kind.CONTACT], "first_name", "last_name") == [("", "Dr. Val van Ash")]


def test_contact_words_that_are_none_are_dropped_and_said_and_the_contact_kept() -> None:
    validated = with_contacts("c1,Val,,,Landlord,Friend,Pager")
    assert sorted(one[2:] for one in said(validated)) == [
        ("Contact_phone_type", "value.unknown", "value"),
        ("Contact_relationship", "value.unknown", "value"),
        ("Contact_type", "value.unknown", "value"),
    ]
    assert rows_of(validated.roster[Kind.CONTACT], "last_name", "type") == [("Val", "")]


def test_a_contact_row_that_differs_in_anything_else_is_repeated() -> None:
    text = lines(CONTACT, "north,ann,Ann,Ash,c1,Val,,,,,", "north,ann,Anne,Ash,c2,Wim,,,,,", *OTHERS)
    assert said(judged(students=text)) == repeated(3)


def test_the_contact_of_a_rejected_row_is_rejected_with_it() -> None:
    text = lines(CONTACT, "north,ann,Ann,,c1,Val,,,,,", *OTHERS)
    assert names(judged(students=text)) == []


# ----------------------------------------------------------------------------------------------------------- schools


def test_only_another_school_is_a_second_school() -> None:
    validated = judged(students=SMALLEST["students.csv"] + "south,ann,Ann,Ash\n")
    assert said(validated) == []
    assert rows_of(validated.roster[Kind.STUDENT], "id", "school_id", "more_school_ids")[0] == (
        "ann",
        "north",
        '["south"]',
    )


def test_further_schools_stand_in_the_order_of_the_rows_and_each_once() -> None:
    schools = lines(SCHOOL, "north,N", "south,S", "east,E", "west,W")
    more = [f"{school},ann,Ann,Ash\n" for school in ("west", "south", "west", "north")]
    validated = judged(schools=schools, students=SMALLEST["students.csv"] + "".join(more))
    assert said(validated) == repeated(7, 8)
    assert json.loads(validated.roster[Kind.STUDENT]["more_school_ids"].iloc[0]) == ["west", "south"]


def test_another_school_and_another_contact_at_once_is_repeated() -> None:
    text = lines(CONTACT, "north,ann,Ann,Ash,c1,Val,,,,,", "south,ann,Ann,Ash,c2,Wim,,,,,", *OTHERS)
    validated = judged(students=text)
    assert said(validated) == repeated(3)
    assert names(validated) == ["Val"]


def test_another_school_that_is_not_there_is_rejected() -> None:
    validated = judged(students=SMALLEST["students.csv"] + "nowhere,ann,Ann,Ash\n")
    assert said(validated) == [Said("students.csv", 5, "School_id", "reference.unknown", "row")]
    assert validated.roster[Kind.STUDENT]["more_school_ids"].iloc[0] == ""


def test_staff_may_work_at_several_schools() -> None:
    validated = judged(staff=lines(STAFF, "north,yew,u@example.org,Una,Yew", "south,yew,u@example.org,Una,Yew"))
    assert said(validated) == []
    assert rows_of(validated.roster[Kind.STAFF], "school_id", "more_school_ids") == [("north", '["south"]')]


def test_a_teacher_has_one_row_and_one_school() -> None:
    validated = judged(teachers=SMALLEST["teachers.csv"] + "south,oak,Tia,Oak\n")
    assert said(validated) == [Said("teachers.csv", 4, "Teacher_id", "id.repeated", "row")]
