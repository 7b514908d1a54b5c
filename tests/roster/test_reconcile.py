"""What an upload changes of the roster held, where nothing is rejected."""

from dataclasses import replace

from sftpingest.roster.changes import Changes
from sftpingest.roster.kinds import Kind
from tests.roster.district import District, Enrolled
from tests.roster.uploads import ENROLLMENT, SCHOOL, SECTION, SMALLEST, STAFF, STUDENT, lines, said, upload

YEW = lines(STAFF, "north,yew,una@example.org,Una,Yew")


def test_the_first_upload_creates_everything() -> None:
    district = District()
    taken = district.take(staff=YEW)
    created = {kind: taken.counts(kind)[0] for kind in Kind}
    assert created == {
        Kind.SCHOOL: 2,
        Kind.TERM: 1,
        Kind.COURSE: 2,
        Kind.SECTION: 2,
        Kind.STUDENT: 3,
        Kind.TEACHER: 2,
        Kind.STAFF: 1,
        Kind.CONTACT: 0,
        Kind.ENROLLMENT: 6,
    }
    assert taken.touched() == sum(created.values())


def test_who_learns_and_who_teaches_is_held_as_uploaded(district: District) -> None:
    assert district.enrolled() == [
        Enrolled("alg", "ann", "student", "north", 0),
        Enrolled("alg", "bob", "student", "north", 0),
        Enrolled("alg", "oak", "teacher", "north", 1),
        Enrolled("bio", "cid", "student", "south", 0),
        Enrolled("bio", "elm", "teacher", "south", 1),
        Enrolled("bio", "oak", "teacher", "south", 2),
    ]


def test_the_same_upload_again_changes_nothing(district: District) -> None:
    taken = district.take()
    assert taken.touched() == 0
    assert taken.counts(Kind.STUDENT) == (0, 0, 0, 3)
    assert taken.counts(Kind.ENROLLMENT) == (0, 0, 0, 6)


def test_the_order_of_rows_and_columns_changes_nothing(district: District) -> None:
    turned = {}
    for name, text in SMALLEST.items():
        header, *rows = [",".join(reversed(line.split(","))) for line in text.splitlines()]
        turned[name.removesuffix(".csv")] = lines(header, *reversed(rows))
    assert district.take(**turned).touched() == 0


def test_a_changed_cell_updates_one_record_and_nothing_else(district: District) -> None:
    taken = district.take(students=SMALLEST["students.csv"].replace("Bob,Bay", "Robert,Bay"))
    assert taken.counts(Kind.STUDENT) == (0, 1, 0, 2)
    assert taken.touched() == 1
    assert district.record(Kind.STUDENT, "bob")["first_name"] == "Robert"


def test_a_new_column_of_empty_cells_changes_nothing(district: District) -> None:
    text = "".join(f"{line},\n" for line in SMALLEST["students.csv"].splitlines()).replace(",\n", ",Middle_name\n", 1)
    assert district.take(students=text).touched() == 0


def test_a_new_spelling_of_the_same_value_changes_nothing() -> None:
    district = District()
    headings = f"{STUDENT},Gender,DOB"
    rest = "north,bob,Bob,Bay,,", "south,cid,Cid,Cob,,"
    district.take(students=lines(headings, "north,ann,Ann,Ash,F,8/1/15", *rest))
    assert district.take(students=lines(headings, "north,ann,Ann,Ash,female,2015-08-01", *rest)).touched() == 0


def test_a_record_without_a_row_goes_and_its_enrollments_with_it(district: District) -> None:
    taken = district.take(
        students=lines(STUDENT, "north,bob,Bob,Bay", "south,cid,Cid,Cob"),
        enrollments=lines(ENROLLMENT, "north,alg,bob", "south,bio,cid"),
    )
    assert said(taken.findings) == []
    assert taken.counts(Kind.STUDENT) == (0, 0, 1, 2)
    assert taken.counts(Kind.ENROLLMENT) == (0, 0, 1, 5)
    assert district.ids(Kind.STUDENT) == ["bob", "cid"]
    assert district.learners("alg") == ["bob"]


def test_an_enrollment_without_a_row_goes_alone(district: District) -> None:
    taken = district.take(enrollments=lines(ENROLLMENT, "north,alg,ann", "south,bio,cid"))
    assert taken.touched() == 1
    assert taken.counts(Kind.ENROLLMENT) == (0, 0, 1, 5)
    assert district.learners("alg") == ["ann"]


def test_a_student_who_moves_to_another_section_leaves_the_first(district: District) -> None:
    taken = district.take(enrollments=lines(ENROLLMENT, "north,alg,ann", "south,bio,bob", "south,bio,cid"))
    assert taken.counts(Kind.ENROLLMENT) == (1, 0, 1, 5)
    assert district.learners("bio") == ["bob", "cid"]


def test_a_changed_school_of_an_enrollment_updates_it(district: District) -> None:
    taken = district.take(enrollments=SMALLEST["enrollments.csv"].replace("south,bio,cid", "north,bio,cid"))
    assert taken.counts(Kind.ENROLLMENT) == (0, 1, 0, 5)
    assert Enrolled("bio", "cid", "student", "north", 0) in district.enrolled()


def test_teachers_who_change_places_are_updated(district: District) -> None:
    taken = district.take(sections=SMALLEST["sections.csv"].replace("elm,oak", "oak,elm"))
    assert taken.counts(Kind.ENROLLMENT) == (0, 2, 0, 4)
    assert district.teachers("bio") == [(1, "oak"), (2, "elm")]
    assert district.record(Kind.SECTION, "bio")["name"] == "Biology - Oak"


def test_courses_and_terms_go_with_the_last_section_that_has_them(district: District) -> None:
    taken = district.take(sections=SMALLEST["sections.csv"].replace("Biology,Fall", "Chemistry,Spring"))
    assert taken.counts(Kind.COURSE) == (1, 0, 1, 1)
    assert taken.counts(Kind.TERM) == (1, 0, 0, 1)
    assert district.ids(Kind.COURSE) == ["|Algebra", "|Chemistry"]


def test_a_section_that_goes_takes_its_enrollments_and_teachers_with_it(district: District) -> None:
    taken = district.take(
        sections=lines(SECTION, "north,alg,oak,,Algebra,Fall"),
        enrollments=lines(ENROLLMENT, "north,alg,ann", "north,alg,bob"),
    )
    assert said(taken.findings) == []
    assert taken.counts(Kind.ENROLLMENT) == (0, 0, 3, 3)
    assert district.ids(Kind.TEACHER) == ["elm", "oak"]


def test_a_contact_without_a_row_goes_while_the_student_stays() -> None:
    district = District()
    headings = f"{STUDENT},Contact_sis_id,Contact_name"
    rest = "north,bob,Bob,Bay,c3,Xia Bay", "south,cid,Cid,Cob,,"
    district.take(students=lines(headings, "north,ann,Ann,Ash,c1,Val", "north,ann,Ann,Ash,c2,Wim", *rest))
    taken = district.take(students=lines(headings, "north,ann,Ann,Ash,c2,Wim", *rest))
    assert taken.counts(Kind.CONTACT) == (0, 0, 1, 2)
    assert taken.counts(Kind.STUDENT) == (0, 0, 0, 3)


def test_a_contact_with_an_id_of_its_own_keeps_it_when_everything_else_changes() -> None:
    district = District()
    headings = f"{STUDENT},Contact_sis_id,Contact_name,Contact_email"
    rest = "north,bob,Bob,Bay,,,", "south,cid,Cid,Cob,,,"
    district.take(students=lines(headings, "north,ann,Ann,Ash,c1,Val,v@example.org", *rest))
    taken = district.take(students=lines(headings, "north,ann,Ann,Ash,c1,Valerie,w@example.org", *rest))
    assert taken.counts(Kind.CONTACT) == (0, 1, 0, 0)


def test_a_student_who_goes_takes_the_contacts_along() -> None:
    district = District()
    headings = f"{STUDENT},Contact_sis_id,Contact_name"
    bob, cid = "north,bob,Bob,Bay,c3,Xia Bay", "south,cid,Cid,Cob,,"
    district.take(students=lines(headings, "north,ann,Ann,Ash,c1,Val", "north,ann,Ann,Ash,c2,Wim", bob, cid))
    taken = district.take(students=lines(headings, bob, cid))
    assert taken.counts(Kind.CONTACT) == (0, 0, 2, 1)


def test_a_student_and_a_teacher_of_one_id_go_and_stay_alone() -> None:
    district = District()
    files = {
        "teachers": SMALLEST["teachers.csv"] + "north,ann,Amy,Ash\n",
        "sections": SMALLEST["sections.csv"].replace("elm,oak", "elm,ann"),
    }
    district.take(**files)
    taken = district.take(
        **files,
        students=lines(STUDENT, "north,bob,Bob,Bay", "south,cid,Cid,Cob"),
        enrollments=lines(ENROLLMENT, "north,alg,bob", "south,bio,cid"),
    )
    assert taken.counts(Kind.STUDENT) == (0, 0, 1, 2)
    assert taken.counts(Kind.TEACHER) == (0, 0, 0, 3)
    assert district.teachers("bio") == [(1, "elm"), (2, "ann")]


def test_an_optional_file_that_is_gone_leaves_its_kind_as_held() -> None:
    district = District()
    district.take(staff=YEW)
    taken = district.take()
    assert taken.counts(Kind.STAFF) == (0, 0, 0, 1)
    assert district.ids(Kind.STAFF) == ["yew"]


def test_an_optional_file_that_is_refused_leaves_its_kind_as_held() -> None:
    district = District()
    district.take(staff=YEW)
    for broken in (b"", b"\0", STAFF.encode(), b"Staff_id\nyew\n"):
        assert district.take(staff=broken).counts(Kind.STAFF) == (0, 0, 0, 1)


def test_an_optional_file_with_fewer_rows_removes() -> None:
    district = District()
    district.take(staff=YEW + "north,fig,flo@example.org,Flo,Fig\n")
    assert district.take(staff=YEW).counts(Kind.STAFF) == (0, 0, 1, 1)


def test_a_school_that_only_staff_held_name_is_kept_and_said() -> None:
    district = District()
    three = SMALLEST["schools.csv"] + "west,West School\n"
    district.take(schools=three, staff=YEW.replace("north", "west"))
    taken = district.take()
    assert district.ids(Kind.SCHOOL) == ["north", "south", "west"]
    assert [(one.code, one.severity) for one in said(taken.findings)] == [("record.kept", "note")]


def test_a_school_that_only_a_further_school_of_staff_held_names_is_kept() -> None:
    district = District()
    schools = SMALLEST["schools.csv"] + "west,West School\n"
    district.take(schools=schools, staff=YEW + YEW.splitlines()[1].replace("north", "west"))
    district.take()
    assert "west" in district.ids(Kind.SCHOOL)


def test_a_record_that_returns_is_created_anew(district: District) -> None:
    without = {
        "students": lines(STUDENT, "north,bob,Bob,Bay", "south,cid,Cid,Cob"),
        "enrollments": lines(ENROLLMENT, "north,alg,bob", "south,bio,cid"),
    }
    before = district.whole()
    district.take(**without)
    assert district.take().counts(Kind.STUDENT) == (1, 0, 0, 2)
    assert district.whole() == before


def test_the_digest_tells_changes_apart_and_is_the_same_for_the_same(district: District) -> None:
    def digest(students: str) -> str:
        changes: Changes = district.work_out(upload(students=students)).changes
        return changes.digest()

    text = SMALLEST["students.csv"]
    assert digest(text.replace("Bob,", "Rob,")) == digest(text.replace("Bob,", "Rob,"))
    assert len({digest(text), digest(text.replace("Bob,", "Rob,")), digest(text.replace("Cid,", "Sid,"))}) == 3


def test_a_change_that_moves_text_from_one_cell_to_the_next_is_a_change(district: District) -> None:
    heading = f"{STUDENT},Student_number,State_id"
    for number, state_id in (("a\x1fb", "c"), ("a", "b\x1fc"), ("a\x1fb\x1fc", "")):
        district.take(students=lines(heading, f"north,ann,Ann,Ash,{number},{state_id}"))
        ann = district.record(Kind.STUDENT, "ann")
        assert (ann["number"], ann["state_id"]) == (number, state_id)


def test_changes_of_every_kind_count_in_the_digest() -> None:
    """Staff have a role in words, enrollments one as a number."""
    district = District()
    with_contact = {"students": lines(f"{STUDENT},Contact_name", "north,bob,Bob,Bay,Una Bay")}
    changes = district.work_out(upload(staff=YEW, **with_contact)).changes
    assert all(len(of_kind.created) for of_kind in changes.kinds.values())
    digests = {changes.digest()}
    for kind, of_kind in changes.kinds.items():
        less = replace(of_kind, created=of_kind.created.iloc[1:])
        digests.add(Changes({**changes.kinds, kind: less}).digest())
    assert len(digests) == 1 + len(Kind)


def test_the_order_in_which_the_store_gives_the_roster_does_not_count_in_the_digest(district: District) -> None:
    """PostgreSQL gives rows in another order once it has analyzed a table: a sync held before can still be released."""
    changes = district.work_out(
        upload(students=lines(STUDENT, "south,new,Nia,Nye"), enrollments=lines(ENROLLMENT, "south,bio,new"))
    ).changes
    assert min(len(changes.kinds[kind].removed) for kind in (Kind.STUDENT, Kind.ENROLLMENT)) > 1
    other = {kind: replace(each, removed=each.removed.iloc[::-1]) for kind, each in changes.kinds.items()}
    assert Changes(other).digest() == changes.digest()


def test_counts_are_as_result_json_shows_them(district: District) -> None:
    schools = lines(SCHOOL, "north,New North", "south,South School", "west,West School")
    counts = district.take(schools=schools).changes.counts()
    assert counts["school"] == {"created": 1, "updated": 1, "removed": 0, "unchanged": 1}
    assert list(counts) == [kind.value for kind in Kind]
