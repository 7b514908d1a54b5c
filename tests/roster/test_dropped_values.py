"""A dropped value is an empty cell; where it names a rejected row, what is held there stays."""

from sftpingest.roster.kinds import Kind
from tests.roster.district import District, Taken
from tests.roster.uploads import SECTION, SMALLEST, STUDENT, Said, lines, said

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


def test_a_co_teacher_replaced_by_a_rejected_one_stays_as_held() -> None:
    """Where the dropped value names a rejected row, what the store holds there stays."""
    district = District()
    district.take()
    assert district.teachers("bio") == [(1, "elm"), (2, "oak")]
    district.take(
        teachers=SMALLEST["teachers.csv"] + "north,fir,,Fir\n",
        sections=SMALLEST["sections.csv"].replace("elm,oak", "elm,fir"),
    )
    assert district.teachers("bio") == [(1, "elm"), (2, "oak")]


def test_a_section_has_one_primary_teacher_where_the_former_one_was_rejected() -> None:
    """The former primary teacher, now a rejected co-teacher, must not stay at place 1 beside the new one."""
    district = District()
    district.take(sections=lines(SECTION, "north,alg,oak,elm,Algebra,Fall", "south,bio,elm,,Biology,Fall"))
    district.take(
        teachers=SMALLEST["teachers.csv"].replace("Tia,Oak", ",Oak"),
        sections=lines(SECTION, "north,alg,elm,oak,Algebra,Fall", "south,bio,elm,,Biology,Fall"),
    )
    assert [place for place, _ in district.teachers("alg")].count(1) == 1


def test_a_course_that_only_a_malformed_row_names_is_kept() -> None:
    district = District()
    district.take()
    taken = district.take(
        sections=lines(
            SECTION, "north,alg,oak,,Geometry,Fall", "south,bio,elm,oak,Biology,Fall", "north,new,oak,,Algebra"
        )
    )
    assert "|Algebra" in district.ids(Kind.COURSE)
    assert "record.kept" in {one.code for one in said(taken.findings)}


def test_no_two_teachers_hold_one_place_of_a_section() -> None:
    """Contract 3: where the dropped value names a rejected row, what the store holds there stays: oak at place 2."""
    district = District()
    teachers = SMALLEST["teachers.csv"] + "north,fir,Tim,Fir\n"
    headings = f"{SECTION},Teacher_3_id"
    other = "south,bio,elm,,Biology,Fall,"
    district.take(teachers=teachers, sections=lines(headings, "north,alg,elm,oak,Algebra,Fall,fir", other))
    district.take(
        teachers=teachers.replace("Tim,", ","), sections=lines(headings, "north,alg,elm,fir,Algebra,Fall,", other)
    )
    places = [place for place, _ in district.teachers("alg")]
    assert len(places) == len(set(places))
