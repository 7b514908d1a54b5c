"""Courses, terms, names of sections, who teaches, and a district's own columns, out of accepted rows."""

import json

from sftpingest.roster.kinds import VALUES, Kind
from tests.roster.uploads import (
    ENROLLMENT,
    SCHOOL,
    SECTION,
    STAFF,
    STUDENT,
    TEACHER,
    cells_of,
    judged,
    lines,
    rows_of,
    said,
)

COURSES = "School_id,Section_id,Teacher_id,Course_number,Course_name,Period,Name,Term_name,Term_start,Term_end"


def sections(*rows: str, headings: str = COURSES) -> dict[str, str]:
    """Sections of the smallest upload with those cells after school, id and teacher."""
    named = [f"north,sec{at},oak,{row}" for at, row in enumerate(rows)]
    return {"sections": lines(headings, *named), "enrollments": lines(ENROLLMENT, "north,sec0,ann")}


def test_the_key_of_a_course_is_its_number_and_its_name_together() -> None:
    validated = judged(**sections("101,Algebra,,,,,", "101,Geometry,,,,,", "102,Algebra,,,,,", "101,Algebra,2,,,,"))
    assert rows_of(validated.roster[Kind.COURSE], "number", "name") == [
        ("101", "Algebra"),
        ("101", "Geometry"),
        ("102", "Algebra"),
    ]
    section = validated.roster[Kind.SECTION]
    assert section["course_id"].iloc[0] == section["course_id"].iloc[3]
    assert len(set(section["course_id"])) == 3


def test_keys_of_courses_never_clash_whatever_stands_in_them() -> None:
    validated = judged(**sections("a|b,c,,,,,", "a,b|c,,,,,", "a\\,|c,,,,,", "a,,,,,,", ",a,,,,,"))
    assert len(set(validated.roster[Kind.SECTION]["course_id"])) == 5
    assert len(validated.roster[Kind.COURSE]) == 5


def test_a_section_without_course_or_term_refers_to_none() -> None:
    validated = judged(**sections(",,,Homeroom,,,", "101,,,,Fall,,"))
    assert rows_of(validated.roster[Kind.SECTION], "course_id", "term_id") == [("", ""), ("101|", "Fall||")]
    assert len(validated.roster[Kind.COURSE]) == 1
    assert len(validated.roster[Kind.TERM]) == 1


def test_one_of_three_makes_a_term_and_dates_are_read() -> None:
    validated = judged(
        **sections(",,,,Fall,8/1/26,12/20/2026", ",,,,Fall,2026-08-01,2026-12-20", ",,,,,8/1/2026,", ",,,,,,")
    )
    assert said(validated) == []
    assert rows_of(validated.roster[Kind.TERM], "name", "start_date", "end_date") == [
        ("Fall", "2026-08-01", "2026-12-20"),
        ("", "2026-08-01", ""),
    ]


def test_a_term_date_that_is_none_is_dropped_and_said() -> None:
    validated = judged(**sections(",,,,Fall,someday,12/20/2026"))
    assert [(one.column, one.code, one.severity) for one in said(validated)] == [
        ("Term_start", "value.malformed", "value")
    ]
    assert rows_of(validated.roster[Kind.TERM], "name", "start_date") == [("Fall", "")]


def test_the_name_of_a_section_is_course_then_teacher_then_period() -> None:
    validated = judged(**sections("1,Algebra,3,Mine,,,", "1,Algebra,,Mine,,,", "1,,3,Mine,,,", "1,,3,,,,"))
    assert cells_of(validated.roster[Kind.SECTION], "name") == ["Algebra - Oak - 3", "Algebra - Oak", "Mine", ""]
    assert cells_of(validated.roster[Kind.SECTION], "given_name") == ["Mine", "Mine", "Mine", ""]


def test_the_name_of_a_section_holds_the_teacher_of_the_first_column() -> None:
    validated = judged()
    assert cells_of(validated.roster[Kind.SECTION], "name") == ["Algebra - Oak", "Biology - Elm"]


def test_a_section_may_have_ten_teachers_in_the_order_of_their_columns() -> None:
    more = [f"t{at}" for at in range(1, 11)]
    teachers = lines(TEACHER, *(f"north,{name},T,{name.upper()}" for name in more))
    columns = ",".join(f"Teacher_{at}_id" for at in range(2, 11))
    validated = judged(
        teachers=teachers,
        sections=lines(f"School_id,Section_id,Teacher_id,{columns}", f"north,alg,{','.join(more)}"),
        enrollments=lines(ENROLLMENT, "north,alg,ann"),
    )
    assert said(validated) == []
    teach = validated.roster[Kind.ENROLLMENT].query("role == 1")
    assert teach[["position", "person"]].to_numpy().tolist() == [[at + 1, at] for at in range(10)]


def test_a_gap_between_co_teachers_keeps_their_places() -> None:
    columns = f"{SECTION},Teacher_3_id"
    validated = judged(sections=lines(columns, "north,alg,oak,,Algebra,Fall,elm", "south,bio,elm,,Biology,Fall,"))
    teach = validated.roster[Kind.ENROLLMENT].query("role == 1 and section == 0")
    assert teach["position"].tolist() == [1, 3]


def test_own_columns_are_kept_as_json() -> None:
    headings = f'{STUDENT},"ext.nickname",ext.bus,EXT.Café'
    validated = judged(students=lines(headings, 'north,ann,Ann,Ash,"Say ""Hi""",,x', "north,bob,Bob,Bay,B,7,y"))
    ann, bob = cells_of(validated.roster[Kind.STUDENT], "ext")
    assert json.loads(ann) == {"nickname": 'Say "Hi"', "café": "x"}
    assert json.loads(bob) == {"nickname": "B", "bus": "7", "café": "y"}


def test_every_kind_that_may_have_own_columns_has_them() -> None:
    validated = judged(
        schools=lines(f"{SCHOOL},ext.a", "north,N,1", "south,S,2"),
        teachers=lines(f"{TEACHER},ext.a", "north,oak,Tia,Oak,1", "south,elm,Tom,Elm,2"),
        sections=lines(f"{SECTION},ext.a", "north,alg,oak,,Algebra,Fall,1", "south,bio,elm,oak,Biology,Fall,2"),
        staff=lines(f"{STAFF},ext.a", "north,yew,u@example.org,Una,Yew,1"),
    )
    for kind in (Kind.SCHOOL, Kind.TEACHER, Kind.SECTION, Kind.STAFF):
        assert cells_of(validated.roster[kind], "ext")[0] == '{"a": "1"}'


def test_a_row_whose_own_columns_are_all_empty_is_read() -> None:
    validated = judged(schools=lines(f"{SCHOOL},ext.a", "north,North,1", "south,South,"))
    assert cells_of(validated.roster[Kind.SCHOOL], "ext") == ['{"a": "1"}', ""]


def test_two_own_columns_that_are_both_empty_in_one_row_are_read() -> None:
    """pyarrow joins with null_handling="skip" into one element too few where every part is null."""
    text = lines(f"{STUDENT},ext.a,ext.b", "north,ann,Ann,Ash,1,", "north,bob,Bob,Bay,,", "south,cid,Cid,Cob,,2")
    ann, bob, cid = cells_of(judged(students=text).roster[Kind.STUDENT], "ext")
    assert (json.loads(ann), bob, json.loads(cid)) == ({"a": "1"}, "", {"b": "2"})


#: Each heading of clever.md 1.1 to 1.6 with a value of its own.
EVERY_COLUMN = {
    "schools": """
School_id=north|School_name=North|School_number=11|State_id=S1|Nces_id=N1|Mdr_number=M1|Low_grade=k|High_grade=08
Principal=Pat Pine|Principal_email=pat@example.org|School_address=1 Main St|School_city=Lake|School_state=MN
School_zip=55001|School_phone=555-0100
""",
    "teachers": """
School_id=north|Teacher_id=oak|Teacher_number=21|State_teacher_id=S2|First_name=Tia|Middle_name=Q|Last_name=Oak
Title=Ms|Teacher_email=tia@example.org|Username=toak|Password=hunter2
""",
    "students": """
School_id=north|Student_id=ann|Student_number=31|State_id=S3|First_name=Ann|Middle_name=R|Last_name=Ash|Grade=7
Gender=f|DOB=1/2/13|Graduation_year=2031|Race=w|Hispanic_Latino=n|Home_language=spa|Ell_status=y|Frl_status=r
IEP_status=n|Section_504_status=y|Gifted_status=n|Disability_status=y|Disability_type=autism|Disability_code=AUT
Student_street=2 Elm St|Student_city=Lake|Student_state=MN|Student_zip=55002|Student_email=ann@example.org
Username=aash|Password=hunter2|Unweighted_gpa=3.1|Weighted_gpa=3.9|Contact_relationship=parent|Contact_type=primary
Contact_name=Val Ash|Contact_phone=555-0101|Contact_phone_type=cell|Contact_email=val@example.org|Contact_sis_id=c9
""",
    "sections": """
School_id=north|Section_id=alg|Teacher_id=oak|Name=Mine|Section_number=41|Grade=7|Course_name=Algebra
Course_number=101|Course_description=About x|Period=3|Subject=Math|Term_name=Fall|Term_start=8/1/26|Term_end=12/20/26
""",
    "staff": """
School_id=north|Staff_id=yew|Staff_email=una@example.org|First_name=Una|Last_name=Yew|Department=Office|Title=Clerk
Username=uyew|Password=hunter2|Role=School Tech Lead
""",
    "enrollments": "School_id=north|Section_id=alg|Student_id=ann",
}


def one_row(cells: str) -> str:
    """CSV text of one row, out of its headings and values."""
    pairs = [cell.split("=") for cell in cells.strip().replace("\n", "|").split("|")]
    return lines(*(",".join(column) for column in zip(*pairs, strict=True)))


def test_every_column_of_the_format_arrives_in_the_roster() -> None:
    validated = judged(**{name: one_row(cells) for name, cells in EVERY_COLUMN.items()})
    assert said(validated) == []
    empty = {(Kind.STUDENT, "more_school_ids"), (Kind.STAFF, "more_school_ids"), (Kind.CONTACT, "first_name")}
    for kind, columns in VALUES.items():
        (row,) = rows_of(validated.roster[kind], *columns)
        unfilled = {(kind, name) for name, cell in zip(columns, row, strict=True) if not cell and name != "ext"}
        assert unfilled == {pair for pair in empty if pair[0] is kind}
    contact = validated.roster[Kind.CONTACT]
    assert rows_of(contact, "last_name", "sis_id", "phone") == [("Val Ash", "c9", "555-0101")]


def test_optional_columns_may_all_be_absent() -> None:
    validated = judged(sections=lines("School_id,Section_id,Teacher_id", "north,alg,oak", "south,bio,elm"))
    assert said(validated) == []
    assert rows_of(validated.roster[Kind.SECTION], "name", "course_id") == [("", ""), ("", "")]
