"""What an export says beside the words of its format, and what becomes of it when somebody edits the files."""

import pytest

from sftpingest.roster.format import load
from sftpingest.roster.kinds import Kind
from sftpingest.roster.write import Version, unsaid, write_clever, write_oneroster
from tests.roster.district import District
from tests.roster.strategies import RICH
from tests.roster.test_oneroster import files_of
from tests.roster.uploads import said
from tests.roster.write.test_laws_of_writing import ABOUT, whole


def rich(**changed: str) -> District:
    district = District()
    district.take_files({name: text.encode() for name, text in (RICH | changed).items()})
    district.form = load("oneroster")
    return district


@pytest.fixture
def springfield() -> District:
    return rich()


def files(district: District, version: Version = Version.V1_2) -> dict[str, bytes]:
    return whole(list(write_oneroster(district.roster(), ABOUT, version)))


@pytest.mark.parametrize("version", list(Version))
def test_a_district_of_clever_that_goes_over_to_oneroster_changes_nothing(
    springfield: District, version: Version
) -> None:
    assert springfield.work_out(files(springfield, version)).touched() == 0


@pytest.mark.parametrize("version", list(Version))
def test_a_set_of_oneroster_is_the_same_set_again(version: Version) -> None:
    lake = District(form=load("oneroster"))
    lake.take_files(files_of("bulk"))
    assert lake.work_out(files(lake, version)).touched() == 0


def test_clever_to_oneroster_and_back_to_clever_loses_nothing(springfield: District) -> None:
    back = District(form=load("oneroster"))
    back.take_files(files(springfield))
    again = District()
    again.take_files(whole(list(write_clever(back.roster()))))
    assert again.whole() == springfield.whole()


def test_a_student_and_a_teacher_with_one_id_are_two_users() -> None:
    district = rich(
        **{
            "teachers.csv": RICH["teachers.csv"].replace("elm", "ann"),
            "sections.csv": RICH["sections.csv"].replace("elm", "ann"),
        }
    )
    made = files(district)
    assert district.work_out(made).touched() == 0
    users = [line.split(",")[0] for line in made["users.csv"].decode().split("\r\n")]
    assert len(users) == len(set(users))


def test_a_rejected_row_of_an_export_is_no_deletion_though_its_id_is_another(springfield: District) -> None:
    """The course that a class names is rejected; its own id stands only in the column beside."""
    made = files(springfield)
    assert b"Algebra,,,district." in made["courses.csv"]
    made["courses.csv"] = made["courses.csv"].replace(b",Algebra,,,district.", b",,,,district.")
    taken = springfield.work_out(made)
    assert {one.code for one in said(taken.findings)} == {"value.missing", "reference.rejected"}
    assert taken.counts(Kind.COURSE)[2] == taken.counts(Kind.SECTION)[2] == 0


def test_a_user_who_lost_the_role_is_no_deletion_though_the_id_is_another(springfield: District) -> None:
    springfield = rich(
        **{
            "students.csv": RICH["students.csv"].replace("bob", "b ob"),
            "enrollments.csv": RICH["enrollments.csv"].replace("bob", "b ob"),
        }
    )
    made = files(springfield)
    lines = made["roles.csv"].split(b"\r\n")
    made["roles.csv"] = b"\r\n".join(line for line in lines if b"student.b_ob." not in line)
    taken = springfield.work_out(made)
    assert said(taken.findings)[0].file == "users.csv"
    assert taken.counts(Kind.STUDENT)[2] == 0


def test_what_really_stands_there_is_checked_like_any_cell() -> None:
    lake = District(form=load("oneroster"))
    made = files_of("bulk")
    made["academicSessions.csv"] = made["academicSessions.csv"].replace(
        b"schoolYear\n", b"schoolYear,metadata.clever.really\n", 1
    )
    rows = made["academicSessions.csv"].split(b"\n")
    made["academicSessions.csv"] = b"\n".join([rows[0], rows[1] + b",start_date=soon&nonsense&%00=%", rows[2] + b","])
    taken = lake.take_files(made)
    assert ("academicSessions.csv", "value.malformed") in {(one.file, one.code) for one in said(taken.findings)}
    assert lake.record(Kind.TERM, "y1")["start_date"] == ""


def test_a_line_end_goes_to_clever_where_its_reader_takes_it_and_is_a_space_elsewhere() -> None:
    for comma, kept in (("", "\n"), (",,,,,,,,,,,,,,,", " ")):
        district = rich()
        frame = district.records[Kind.SCHOOL]
        frame.loc[frame.index[0], "address"] = f"1 Main St{comma}\n{comma}Floor 2"
        made = whole(list(write_clever(district.roster())))
        district.form = load("clever")
        assert [one for one in said(district.work_out(made).findings) if one.severity == "row"] == []
        assert f"St{comma}{kept}{comma}Floor" in made["schools.csv"].decode()


def test_what_clever_cannot_say_is_counted() -> None:
    lake = District(form=load("oneroster"))
    lake.take_files(files_of("bulk"))
    assert unsaid(lake.roster()) == {
        "terms in which no section lies are left out": 1,
        "staff have no e-mail address or no school, which Clever asks for": 1,
    }
