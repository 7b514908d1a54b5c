"""While an id cannot be read, or stands in a row whose cells may have shifted, nothing of its kind is removed."""

import pytest

from sftpingest.roster.kinds import Kind
from tests.roster.district import District, Taken
from tests.roster.uploads import ENROLLMENT, SCHOOL, SECTION, SMALLEST, STUDENT, TEACHER, lines

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
