"""The rules of contract 3 that never bend: a rejected row is no deletion, of nothing."""

import pytest

from sftpingest.roster.kinds import Kind
from tests.roster.conftest import (
    ENROLLMENT,
    SCHOOL,
    SECTION,
    SMALLEST,
    STAFF,
    STUDENT,
    TEACHER,
    District,
    Said,
    Taken,
    lines,
    said,
)

STUDENTS = SMALLEST["students.csv"]


def kept(taken: Taken) -> list[tuple[str, str, str]]:
    """File, record and severity of what is said to be kept."""
    rows = taken.findings[(taken.findings["code"] == "record.kept").to_numpy(bool)]
    return [
        (str(file), str(record), str(severity))
        for file, record, severity in zip(rows["file"], rows["record"], rows["severity"], strict=True)
    ]


def unchanged(district: District, taken: Taken, *kinds: Kind) -> bool:
    """Whether nothing was touched, or nothing of these kinds."""
    return not any(sum(taken.counts(kind)[:3]) for kind in kinds or Kind)


# -------------------------------------------------------------------------------------------------- a row is rejected


@pytest.mark.parametrize(
    "spoilt",
    [
        pytest.param("north,ann,,Ash", id="a required cell is empty"),
        pytest.param("nowhere,ann,Ann,Ash", id="names a school that is not there"),
        pytest.param("north,ann,Ann", id="too few cells"),
        pytest.param("north,ann,Ann,Ash,oops", id="too many cells"),
        pytest.param('north,ann,"Ann,Ash', id="a quotation mark is never closed"),
    ],
)
def test_a_rejected_row_is_not_a_deletion_and_what_refers_to_it_stays(district: District, spoilt: str) -> None:
    before = district.whole()
    taken = district.take(students=STUDENTS.replace("north,ann,Ann,Ash", spoilt))
    assert Said("students.csv", 2, "", "row.malformed", "row") in said(taken.findings) or any(
        one[:2] == ("students.csv", 2) and one.severity == "row" for one in said(taken.findings)
    )
    assert Said("enrollments.csv", 2, "Student_id", "reference.rejected", "row") in said(taken.findings)
    assert district.whole() == before
    assert unchanged(district, taken)


@pytest.mark.parametrize(
    ("file", "good", "spoilt"),
    [
        ("schools", "south,South School", "south,"),
        ("teachers", "south,elm,Tom,Elm", "south,elm,Tom,"),
        ("teachers", "north,oak,Tia,Oak", "north,oak,,Oak"),
        ("sections", "south,bio,elm,oak,Biology,Fall", "south,bio,,oak,Biology,Fall"),
        ("sections", "south,bio,elm,oak,Biology,Fall", "south,bio,elm"),
        ("students", "south,cid,Cid,Cob", "south,cid,,"),
        ("enrollments", "south,bio,cid", "nowhere,bio,cid"),
        ("enrollments", "south,bio,cid", ",bio,cid"),
        ("enrollments", "south,bio,cid", "south,bio,cid,oops"),
    ],
)
def test_one_rejected_row_of_any_file_changes_nothing(district: District, file: str, good: str, spoilt: str) -> None:
    before = district.whole()
    taken = district.take(**{file: SMALLEST[f"{file}.csv"].replace(good, spoilt)})
    assert unchanged(district, taken)
    assert district.whole() == before


def test_what_refers_to_a_rejected_row_keeps_its_held_version_though_it_changed(district: District) -> None:
    before = district.whole()
    taken = district.take(
        schools=lines(SCHOOL, "north,North School", "south,"),
        teachers=SMALLEST["teachers.csv"].replace("Tom,Elm", "Thomas,Elm"),
        students=STUDENTS.replace("Cid,Cob", "Sid,Cob"),
    )
    assert unchanged(district, taken)
    assert district.whole() == before


def test_a_new_record_under_a_rejected_row_waits(district: District) -> None:
    district.take(students=STUDENTS + "north,dan,,Dew\n", enrollments=SMALLEST["enrollments.csv"] + "north,alg,dan\n")
    assert district.ids(Kind.STUDENT) == ["ann", "bob", "cid"]
    assert district.learners("alg") == ["ann", "bob"]


def test_other_rows_of_the_file_are_applied_beside_a_rejected_one(district: District) -> None:
    taken = district.take(
        students=lines(STUDENT, "north,ann,,Ash", "north,bob,Robert,Bay", "north,dan,Dan,Dew"),
        enrollments=lines(ENROLLMENT, "north,alg,ann", "north,alg,bob", "north,alg,dan"),
    )
    assert taken.counts(Kind.STUDENT) == (1, 1, 1, 1)
    assert district.ids(Kind.STUDENT) == ["ann", "bob", "dan"]
    assert district.learners("alg") == ["ann", "bob", "dan"]


def test_enrollments_of_a_rejected_student_stay_though_they_have_no_row(district: District) -> None:
    taken = district.take(
        students=STUDENTS.replace("Ann,Ash", ",Ash"), enrollments=lines(ENROLLMENT, "north,alg,bob", "south,bio,cid")
    )
    assert unchanged(district, taken)
    assert district.learners("alg") == ["ann", "bob"]


def test_enrollments_of_a_rejected_section_stay_though_they_have_no_row(district: District) -> None:
    taken = district.take(
        sections=SMALLEST["sections.csv"].replace("north,alg,oak", "north,alg,"),
        enrollments=lines(ENROLLMENT, "south,bio,cid"),
    )
    assert unchanged(district, taken)


def test_a_rejected_repetition_leaves_the_first_row_applied(district: District) -> None:
    taken = district.take(students=STUDENTS.replace("Bob,", "Robert,") + "north,bob,Bert,Bay\n")
    assert district.record(Kind.STUDENT, "bob")["first_name"] == "Robert"
    assert taken.counts(Kind.STUDENT) == (0, 1, 0, 2)


def test_contacts_of_a_rejected_student_stay() -> None:
    district = District()
    headings = f"{STUDENT},Contact_sis_id,Contact_name"
    bob, cid = "north,bob,Bob,Bay,,", "south,cid,Cid,Cob,,"
    district.take(students=lines(headings, "north,ann,Ann,Ash,c1,Val", "north,ann,Ann,Ash,c2,Wim", bob, cid))
    taken = district.take(students=lines(headings, "north,ann,,Ash,c1,Val", bob, cid))
    assert unchanged(district, taken)


def test_a_rejected_contact_row_is_no_deletion_of_the_contact() -> None:
    district = District()
    headings = f"{STUDENT},Contact_sis_id,Contact_name"
    bob, cid = "north,bob,Bob,Bay,,", "south,cid,Cid,Cob,,"
    ann = "north,ann,Ann,Ash,c1,Val"
    district.take(students=lines(headings, ann, "north,ann,Ann,Ash,c2,Wim", bob, cid))
    for spoilt in ("nowhere,ann,Ann,Ash,c2,Wim", "north,ann,Ann,Ash,c2", "north,ann,,Ash,c2,Wim"):
        assert unchanged(district, district.take(students=lines(headings, ann, spoilt, bob, cid)))


def test_a_rejected_row_of_a_second_school_is_no_deletion_of_that_school() -> None:
    district = District()
    district.take(students=STUDENTS + "south,ann,Ann,Ash\n")
    for spoilt in ("nowhere,ann,Ann,Ash", "south,ann,,Ash", "south,ann,Ann"):
        assert unchanged(district, district.take(students=f"{STUDENTS}{spoilt}\n"))
        assert district.record(Kind.STUDENT, "ann")["more_school_ids"] == '["south"]'


def test_a_rejected_row_of_staff_is_not_a_deletion() -> None:
    district = District()
    yew = "north,yew,una@example.org,Una,Yew"
    district.take(staff=lines(STAFF, yew, "north,fig,flo@example.org,Flo,Fig"))
    taken = district.take(staff=lines(STAFF, yew, "north,fig,,Flo,Fig"))
    assert unchanged(district, taken)


# ----------------------------------------------------------------------------------------------- ids that are not read


@pytest.mark.parametrize("broken", ["north,,Dan,Dew", "north", ",,Dan", '"north,dan'])
def test_while_an_id_cannot_be_read_nothing_of_the_kind_is_removed(district: District, broken: str) -> None:
    taken = district.take(students=lines(STUDENT, "north,ann,Ann,Ash", broken), enrollments=SMALLEST["enrollments.csv"])
    assert taken.counts(Kind.STUDENT)[2] == 0
    assert district.ids(Kind.STUDENT) == ["ann", "bob", "cid"]
    assert district.learners("alg") == ["ann", "bob"]


def test_while_an_id_cannot_be_read_records_are_still_created_and_updated(district: District) -> None:
    taken = district.take(students=lines(STUDENT, "north,ann,Anne,Ash", "north,,X,Y", "north,dan,Dan,Dew"))
    assert taken.counts(Kind.STUDENT) == (1, 1, 0, 2)


def test_an_id_that_cannot_be_read_makes_only_its_own_kind_doubtful(district: District) -> None:
    taken = district.take(
        students=lines(STUDENT, "north,ann,Ann,Ash", "north,,X,Y"),
        sections=lines(SECTION, "north,alg,oak,,Algebra,Fall"),
        enrollments=lines(ENROLLMENT, "north,alg,ann"),
    )
    assert taken.counts(Kind.STUDENT)[2] == 0
    assert taken.counts(Kind.SECTION)[2] == 1


def test_contacts_stay_while_the_id_of_a_student_cannot_be_read() -> None:
    district = District()
    headings = f"{STUDENT},Contact_sis_id,Contact_name"
    rest = "north,bob,Bob,Bay,,", "south,cid,Cid,Cob,,"
    district.take(students=lines(headings, "north,ann,Ann,Ash,c1,Val", "north,ann,Ann,Ash,c2,Wim", *rest))
    taken = district.take(students=lines(headings, "north,ann,Ann,Ash,c1,Val", "north,,Ann,Ash,c2,Wim", *rest))
    assert taken.counts(Kind.CONTACT) == (0, 0, 0, 2)


@pytest.mark.parametrize(
    "spoilt", ["north,alg,", "north,,ann", "north,alg", "north", '"north,alg,dan', "north,alg,dan,oops,oops"]
)
def test_while_an_enrollment_cannot_be_read_none_is_removed(district: District, spoilt: str) -> None:
    taken = district.take(enrollments=lines(ENROLLMENT, spoilt))
    assert taken.counts(Kind.ENROLLMENT) == (0, 0, 0, 6)


def test_an_enrollment_that_is_rejected_but_can_be_read_stays_alone(district: District) -> None:
    taken = district.take(enrollments=lines(ENROLLMENT, "nowhere,alg,ann", "south,bio,cid"))
    assert taken.counts(Kind.ENROLLMENT) == (0, 0, 1, 5)
    assert district.learners("alg") == ["ann"]


# ---------------------------------------------------------------------------------------------- wrong number of cells


def test_a_row_of_the_wrong_length_with_a_held_id_keeps_that_record_and_others_may_go(district: District) -> None:
    taken = district.take(
        students=lines(STUDENT, "north,ann,Ann", "south,cid,Cid,Cob"),
        enrollments=lines(ENROLLMENT, "north,alg,ann", "south,bio,cid"),
    )
    assert taken.counts(Kind.STUDENT) == (0, 0, 1, 2)
    assert district.ids(Kind.STUDENT) == ["ann", "cid"]
    assert district.learners("alg") == ["ann"]


def test_a_row_of_the_wrong_length_with_an_id_not_held_stops_every_removal_of_its_kind(district: District) -> None:
    taken = district.take(
        students=lines(STUDENT, "x,north,ann,Ann,Ash", "south,cid,Cid,Cob"),
        enrollments=lines(ENROLLMENT, "south,bio,cid"),
    )
    assert taken.counts(Kind.STUDENT) == (0, 0, 0, 3)
    assert district.learners("alg") == ["ann", "bob"]


def test_an_enrollment_of_the_wrong_length_that_is_held_stays_and_others_may_go(district: District) -> None:
    taken = district.take(enrollments=lines(ENROLLMENT, "north,alg,ann,oops", "south,bio,cid"))
    assert taken.counts(Kind.ENROLLMENT) == (0, 0, 1, 5)
    assert district.learners("alg") == ["ann"]


def test_an_enrollment_of_the_wrong_length_that_is_not_held_stops_every_removal(district: District) -> None:
    taken = district.take(enrollments=lines(ENROLLMENT, "north,bio,ann,oops", "south,bio,cid"))
    assert taken.counts(Kind.ENROLLMENT) == (0, 0, 0, 6)


@pytest.mark.parametrize(
    ("file", "kind", "text"),
    [
        ("schools", Kind.SCHOOL, lines(SCHOOL, "north,North School", "new")),
        ("teachers", Kind.TEACHER, lines(TEACHER, "north,oak,Tia,Oak", "north,new")),
        ("sections", Kind.SECTION, lines(SECTION, "north,alg,oak,,Algebra,Fall", "south,new")),
    ],
)
def test_a_short_row_with_an_id_not_held_stops_removals_in_every_file(
    district: District, file: str, kind: Kind, text: str
) -> None:
    before = district.ids(kind)
    district.take(**{file: text})
    assert district.ids(kind) == before


# ------------------------------------------------------------------------------------------------ what goes with what


def test_with_a_removed_student_go_enrollments_whatever_became_of_their_rows(district: District) -> None:
    taken = district.take(students=lines(STUDENT, "north,bob,Bob,Bay", "south,cid,Cid,Cob"))
    assert said(taken.findings) == [Said("enrollments.csv", 2, "Student_id", "reference.unknown", "row")]
    assert taken.counts(Kind.STUDENT) == (0, 0, 1, 2)
    assert taken.counts(Kind.ENROLLMENT) == (0, 0, 1, 5)
    assert district.learners("alg") == ["bob"]


def test_with_a_removed_student_go_enrollments_though_others_cannot_be_read(district: District) -> None:
    taken = district.take(
        students=lines(STUDENT, "north,bob,Bob,Bay", "south,cid,Cid,Cob"),
        enrollments=lines(ENROLLMENT, "north,alg,", "south,bio,cid"),
    )
    assert taken.counts(Kind.ENROLLMENT) == (0, 0, 1, 5)
    assert district.learners("alg") == ["bob"]


def test_with_a_removed_teacher_goes_who_teaches(district: District) -> None:
    taken = district.take(
        teachers=lines(TEACHER, "south,elm,Tom,Elm"),
        sections=lines(SECTION, "north,alg,elm,,Algebra,Fall", "south,bio,elm,,Biology,Fall"),
    )
    assert taken.counts(Kind.TEACHER) == (0, 0, 1, 1)
    assert district.teachers("alg") == [(1, "elm")]
    assert district.teachers("bio") == [(1, "elm")]


# ----------------------------------------------------------------------------------------------- named, and so kept


def test_a_school_that_rows_still_name_is_kept_and_said(district: District) -> None:
    before = district.whole()
    taken = district.take(schools=lines(SCHOOL, "north,North School"))
    assert ("schools.csv", "south", "note") in kept(taken)
    assert district.whole() == before


def test_a_teacher_whom_rows_still_name_is_kept_and_said(district: District) -> None:
    before = district.whole()
    taken = district.take(teachers=lines(TEACHER, "north,oak,Tia,Oak"))
    assert ("teachers.csv", "elm", "note") in kept(taken)
    assert district.whole() == before


def test_a_co_teacher_whom_rows_still_name_is_kept_and_said(district: District) -> None:
    sections = lines(SECTION, "north,alg,oak,,Algebra,Fall", "south,bio,oak,elm,Biology,Fall")
    taken = district.take(teachers=lines(TEACHER, "north,oak,Tia,Oak"), sections=sections)
    assert kept(taken) == [("teachers.csv", "elm", "note")]
    assert district.ids(Kind.TEACHER) == ["elm", "oak"]


def test_a_section_that_enrollments_still_name_is_kept_with_its_course_and_teachers(district: District) -> None:
    before = district.whole()
    taken = district.take(sections=lines(SECTION, "north,alg,oak,,Algebra,Fall"))
    assert ("sections.csv", "bio", "note") in kept(taken)
    assert district.whole() == before


def test_a_course_and_a_term_that_a_rejected_section_names_are_kept_and_said(district: District) -> None:
    sections = lines(SECTION, "north,alg,oak,,Algebra,Fall", "nowhere,new,elm,,Biology,Fall")
    taken = district.take(sections=sections, enrollments=lines(ENROLLMENT, "north,alg,ann", "north,alg,bob"))
    assert taken.counts(Kind.SECTION) == (0, 0, 1, 1)
    assert district.ids(Kind.COURSE) == ["|Algebra", "|Biology"]
    assert kept(taken) == [("sections.csv", "Biology", "note")]


def test_a_school_that_only_a_row_of_the_wrong_length_names_is_kept(district: District) -> None:
    three = SMALLEST["schools.csv"] + "west,West School\n"
    district.take(schools=three)
    taken = district.take(students=STUDENTS + "west,dan,Dan\n")
    assert "west" in district.ids(Kind.SCHOOL)
    assert ("schools.csv", "west", "note") in kept(taken)


def test_a_teacher_whom_only_a_rejected_section_names_is_kept(district: District) -> None:
    district.take(teachers=SMALLEST["teachers.csv"] + "north,fir,Tim,Fir\n")
    taken = district.take(sections=SMALLEST["sections.csv"] + "nowhere,art,fir,,Art,Fall\n")
    assert "fir" in district.ids(Kind.TEACHER)
    assert ("teachers.csv", "fir", "note") in kept(taken)


def test_what_nobody_names_any_more_goes(district: District) -> None:
    three = SMALLEST["schools.csv"] + "west,West School\n"
    district.take(schools=three, teachers=SMALLEST["teachers.csv"] + "west,fir,Tim,Fir\n")
    taken = district.take()
    assert taken.counts(Kind.SCHOOL) == (0, 0, 1, 2)
    assert taken.counts(Kind.TEACHER) == (0, 0, 1, 2)
    assert said(taken.findings) == []


# ------------------------------------------------------------------------------------------------------ dropped values


def test_a_dropped_value_leaves_the_field_as_an_empty_cell_would() -> None:
    district = District()
    headings = f"{STUDENT},Grade,DOB"
    rest = "north,bob,Bob,Bay,,", "south,cid,Cid,Cob,,"
    district.take(students=lines(headings, "north,ann,Ann,Ash,7,8/1/15", *rest))
    taken = district.take(students=lines(headings, "north,ann,Ann,Ash,seventh,someday", *rest))
    assert taken.counts(Kind.STUDENT) == (0, 1, 0, 2)
    ann = district.record(Kind.STUDENT, "ann")
    assert (ann["grade"], ann["birth_date"]) == ("", "")


def test_a_co_teacher_whose_row_is_rejected_still_teaches_as_held(district: District) -> None:
    before = district.whole()
    taken = district.take(
        teachers=SMALLEST["teachers.csv"].replace("Tia,Oak", ",Oak"), sections=SMALLEST["sections.csv"]
    )
    assert Said("sections.csv", 3, "Teacher_2_id", "reference.rejected", "value") in said(taken.findings)
    assert district.whole() == before


def test_a_co_teacher_whose_row_is_rejected_still_teaches_a_section_that_changes() -> None:
    district = District()
    teachers = SMALLEST["teachers.csv"] + "north,fir,Tim,Fir\n"
    sections = lines(SECTION, "north,alg,oak,fir,Algebra,Fall", "south,bio,elm,oak,Biology,Fall")
    district.take(teachers=teachers, sections=sections)
    taken = district.take(
        teachers=teachers.replace("Tim,Fir", ",Fir"), sections=sections.replace("Algebra", "Geometry")
    )
    assert taken.counts(Kind.SECTION) == (0, 1, 0, 1)
    assert district.teachers("alg") == [(1, "oak"), (2, "fir")]


def test_a_co_teacher_who_is_not_there_leaves_as_an_empty_cell_would(district: District) -> None:
    taken = district.take(sections=SMALLEST["sections.csv"].replace("elm,oak", "elm,nobody"))
    assert Said("sections.csv", 3, "Teacher_2_id", "reference.unknown", "value") in said(taken.findings)
    assert district.teachers("bio") == [(1, "elm")]


# ------------------------------------------------------------------------------------------------------ rows add up


def test_every_row_is_accepted_or_said() -> None:
    students = lines(
        STUDENT,
        "north,ann,Ann,Ash",
        "",
        "north,bob,,Bay",
        "north,ann,Ann,Ash",
        "north,cid",
        "x,dan,D,D",
        ",,,",
        "north,eve,E,E",
    )
    district = District()
    validated = district.take(students=students, enrollments=lines(ENROLLMENT, "north,alg,ann")).validated
    rejected = {one.row for one in said(validated) if one.file == "students.csv" and one.severity == "row"}
    assert rejected == {4, 5, 6, 7}
    assert len(validated.roster[Kind.STUDENT]) == 2
