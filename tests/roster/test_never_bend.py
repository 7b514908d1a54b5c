"""The rules of contract 3 that never bend: a rejected row is no deletion, of nothing."""

import pytest

from sftpingest.roster.kinds import Kind
from tests.roster.district import District, Taken
from tests.roster.uploads import ENROLLMENT, SCHOOL, SMALLEST, STAFF, STUDENT, Said, lines, said

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
    ("spoilt", "column", "code"),
    [
        pytest.param("north,ann,,Ash", "First_name", "value.missing", id="a required cell is empty"),
        pytest.param("nowhere,ann,Ann,Ash", "School_id", "reference.unknown", id="names a school that is not there"),
        pytest.param("north,ann,Ann", "", "row.malformed", id="too few cells"),
        pytest.param("north,ann,Ann,Ash,oops", "", "row.malformed", id="too many cells"),
        pytest.param('north,ann,"Ann,Ash', "", "row.malformed", id="a quotation mark is never closed"),
    ],
)
def test_a_rejected_row_is_not_a_deletion_and_what_refers_to_it_stays(
    district: District, spoilt: str, column: str, code: str
) -> None:
    before = district.whole()
    taken = district.take(students=STUDENTS.replace("north,ann,Ann,Ash", spoilt))
    assert Said("students.csv", 2, column, code, "row") in said(taken.findings)
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


def test_an_accepted_second_school_comes_in_beside_a_rejected_one() -> None:
    schools = lines(SCHOOL, "north,N", "south,S", "west,W")
    district = District()
    district.take(schools=schools, students=SMALLEST["students.csv"] + "south,ann,Ann,Ash\n")
    district.take(schools=schools, students=SMALLEST["students.csv"] + "west,ann,Ann,Ash\n,ann,Ann,Ash\n")
    assert district.record(Kind.STUDENT, "ann")["more_school_ids"] == '["south", "west"]'


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
