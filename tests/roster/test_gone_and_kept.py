"""With a removed record go its enrollments, contacts and who teaches; what rows still name is kept and said."""

from sftpingest.roster.kinds import Kind
from tests.roster.district import District, Taken
from tests.roster.uploads import ENROLLMENT, SCHOOL, SECTION, SMALLEST, STUDENT, TEACHER, Said, lines, said

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


WEST = SMALLEST["schools.csv"] + "west,West School\n"


def test_a_school_that_only_an_enrollment_names_which_stays_is_kept_and_said(district: District) -> None:
    """Ann's row is rejected, so her enrollment stays as held, and the school that it names."""
    district.take(schools=WEST, enrollments=lines(ENROLLMENT, "west,alg,ann", "north,alg,bob", "south,bio,cid"))
    taken = district.take(students=STUDENTS.replace("ann,Ann", "ann,"), enrollments=lines(ENROLLMENT, "north,alg,bob"))
    assert "west" in [one.school for one in district.enrolled() if one.person == "ann"]
    assert "west" in district.ids(Kind.SCHOOL)
    assert ("schools.csv", "west", "note") in kept(taken)


def test_a_school_that_only_a_further_school_names_which_stays_is_kept_and_said(district: District) -> None:
    """A row of Ann's is rejected, so it may be the one with her further school."""
    district.take(schools=WEST, students=f"{STUDENTS}west,ann,Ann,Ash\n")
    for spoilt in ("north,ann,Ann,Ash", "north,,Dan,Dow"):
        taken = district.take(students=f"{STUDENTS}{spoilt}\n")
        assert district.record(Kind.STUDENT, "ann")["more_school_ids"] == '["west"]'
        assert "west" in district.ids(Kind.SCHOOL)
        assert ("schools.csv", "west", "note") in kept(taken)


def test_a_section_has_one_primary_teacher_whatever_stands_in_the_enrollments(district: District) -> None:
    """A row of enrollments.csv that cannot be read puts students in doubt, and no teacher."""
    sections = SMALLEST["sections.csv"].replace("north,alg,oak,", "north,alg,elm,")
    district.take(sections=sections, enrollments=SMALLEST["enrollments.csv"] + "north,alg\n")
    assert district.teachers("alg") == [(1, "elm")]
    assert district.learners("alg") == ["ann", "bob"]


def test_two_teachers_never_hold_one_place_of_a_section_though_teachers_are_in_doubt(district: District) -> None:
    """A teacher without an id may be Oak, so Oak stays; but not in the places that others are given."""
    teachers = lines(TEACHER, "south,elm,Tom,Elm", "south,fir,Tim,Fir", "south,,Tia,Oak")
    sections = lines(SECTION, "north,alg,elm,,Algebra,Fall", "south,bio,elm,fir,Biology,Fall")
    district.take(teachers=teachers, sections=sections)
    assert "oak" in district.ids(Kind.TEACHER)
    assert district.teachers("alg") == [(1, "elm")]
    assert district.teachers("bio") == [(1, "elm"), (2, "fir")]


def test_a_school_goes_with_the_enrollments_that_named_it(district: District) -> None:
    district.take(schools=WEST, enrollments=lines(ENROLLMENT, "west,alg,ann", "north,alg,bob", "south,bio,cid"))
    taken = district.take()
    assert district.ids(Kind.SCHOOL) == ["north", "south"]
    assert said(taken.findings) == []
