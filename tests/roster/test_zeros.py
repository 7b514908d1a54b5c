"""Ids that have lost the zeros in front of them are told, and take nobody's place unasked."""

import numpy as np
import pytest

from sftpingest.roster.changes import Outcome
from sftpingest.roster.finding import Code, messages
from sftpingest.roster.format import load
from sftpingest.roster.frames import text
from sftpingest.roster.judge import Policy, judge
from sftpingest.roster.kinds import Kind
from sftpingest.roster.zeros import lost_zeros
from tests.formats.test_cases import HERE, files_in
from tests.roster.district import District, Taken
from tests.roster.uploads import ENROLLMENT, SMALLEST, STUDENT, Said, judged, lines, said


def roster(*ids: str) -> dict[str, str]:
    """Students of these ids, each in a section."""
    students = lines(STUDENT, *(f"north,{one},Ann{at},Ash" for at, one in enumerate(ids)))
    return {"students": students, "enrollments": lines(ENROLLMENT, *(f"north,alg,{one}" for one in ids))}


def holding(*ids: str) -> District:
    new = District()
    new.take(**roster(*ids))
    return new


def zeros(taken: Taken) -> list[str]:
    return messages(taken.findings)[(taken.findings["code"] == Code.ID_ZEROS_LOST.value).to_numpy(bool)].tolist()


#: Of a hundred ids a few have zeros in front: less than the tenth that a change may remove.
FULL = [f"{number:03}" for number in range(98, 198)]


def test_ids_that_have_lost_their_zeros_are_held_however_few_they_are() -> None:
    district = holding(*FULL)
    taken = district.take(**roster(*(one.lstrip("0") for one in FULL)))
    assert taken.counts(Kind.STUDENT) == (2, 0, 2, 98)
    assert taken.verdict.outcome is Outcome.HELD
    assert taken.verdict.reason == '2 student ids such as "98" are held as "098": Excel has removed the zeros in front.'
    assert said(taken.findings) == [Said("students.csv", None, "", "id.zeros_lost", "note")]
    assert '2 student ids such as "98" are held as "098"' in zeros(taken)[0]


def test_what_would_be_held_anyway_says_both() -> None:
    taken = holding("001", "002", "003", "004", "005", "006").take(**roster("1", "2", "3", "4", "5", "6"))
    assert taken.verdict.reason.startswith("6 student ids such as")
    assert taken.verdict.reason.endswith(
        "This upload would remove 6 of 6 student records (100.0 %); remove 6 of 9 enrollment records (66.7 %)."
    )


def test_a_person_may_release_it() -> None:
    changes = holding("01", "02").take(**roster("1", "2")).changes
    assert judge(changes, Policy(), first=False, released=False).outcome is Outcome.HELD
    assert judge(changes, Policy(), first=False, released=True).outcome is Outcome.APPLIED


def test_one_id_of_one_is_most_of_them() -> None:
    taken = holding("007", "0bob").take(**roster("7", "0bob"))
    assert taken.verdict.outcome is Outcome.HELD
    assert 'student id "7" is held as "007"' in zeros(taken)[0]


def test_the_number_0_has_zeros_too() -> None:
    assert zeros(holding("000", "bob").take(**roster("0", "bob")))


@pytest.mark.parametrize(
    ("held", "came"),
    [
        (["007", "008", "009"], ["007", "008", "9"]),  # most have kept them
        (["007", "008"], ["007", "7", "8"]),  # as many have kept them
        (["007", "7"], ["007", "7"]),  # two people
        (["007", "7"], ["7"]),  # one of two went
        (["007"], ["007", "7"]),  # one came
        (["007"], ["8"]),
        (["007"], ["07"]),  # Excel would have removed both
        (["0x7"], ["x7"]),
        (["7"], ["007"]),  # the mended roster after the damaged one
    ],
)
def test_what_is_no_loss_of_zeros_is_none(held: list[str], came: list[str]) -> None:
    taken = holding(*held).take(**roster(*came))
    assert zeros(taken) == []
    assert taken.verdict.outcome is Outcome.APPLIED


def test_it_is_said_of_each_kind() -> None:
    district = District()
    files = {
        name.removesuffix(".csv"): text.replace("north", "01").replace("oak", "02") for name, text in SMALLEST.items()
    }
    district.take(**files)
    taken = district.take(**{name: text.replace("01", "1").replace("02", "2") for name, text in files.items()})
    assert len(zeros(taken)) == 2
    assert {kind for kind in ("school", "teacher") if f"{kind} id " in " ".join(zeros(taken))} == {"school", "teacher"}


@pytest.mark.parametrize(
    ("user", "held"), [("1", True), ("2", False), ("001", False), ("7", False)], ids=["lost", "new", "kept", "new too"]
)
def test_a_delta_that_has_lost_its_zeros_is_held(user: str, held: bool) -> None:
    bulk, delta = (files_in(HERE / "oneroster" / "good" / case) for case in ("bulk", "delta"))
    district = District(form=load("oneroster"))
    district.take_files({name: content.replace(b"p1", b"001") for name, content in bulk.items()})
    header, *_ = delta["users.csv"].splitlines()
    row = bulk["users.csv"].splitlines()[1].replace(b"p1,,,", f"{user},active,2026-10-01,".encode())
    role = bulk["roles.csv"].splitlines()[1].replace(b"r1,,,p1,", f"r9,active,2026-10-01,{user},".encode())
    roles = b"\n".join([bulk["roles.csv"].splitlines()[0], role, b""])
    users = b"\n".join([header, row.replace(b",g1,", b",,"), b""])
    enrollments = delta["enrollments.csv"].splitlines()[0] + b"\n"
    taken = district.work_out(delta | {"users.csv": users, "roles.csv": roles, "enrollments.csv": enrollments})
    assert user in taken.validated.roster[Kind.STUDENT]["id"].tolist()
    assert (taken.verdict.outcome is Outcome.HELD) == held
    assert bool(zeros(taken)) == held


@pytest.mark.parametrize(("came", "lost"), [(["7"], True), (["7", "008"], False), (["7", "9", "008"], False)])
def test_of_a_delta_the_new_ids_alone_tell(came: list[str], lost: bool) -> None:
    at = np.full(len(came), -1, np.int32)
    assert (lost_zeros(text(came), at, text(["007", "005"]), whole=False) is not None) == lost


# -------------------------------------------------------------------------------------------- references in one upload


def detail(**files: str) -> list[str]:
    findings = judged(**files).findings
    return messages(findings)[(findings["code"] == Code.REFERENCE_UNKNOWN.value).to_numpy(bool)].tolist()


def test_a_reference_that_has_lost_its_zeros_is_told_which_id_may_be_meant() -> None:
    said_so = detail(
        students=roster("00123", "bob")["students"], enrollments=roster("123", "124", "bob")["enrollments"]
    )
    assert [one.removesuffix(" Add it there, or correct it here.") for one in said_so] == [
        'Student_id "123" is not in students.csv (there is "00123": Excel has removed the zeros in front here).',
        'Student_id "124" is not in students.csv.',
    ]


def test_ids_that_have_lost_their_zeros_are_told_where_they_are_named_with_them() -> None:
    (said_so,) = detail(students=roster("123")["students"], enrollments=roster("00123")["enrollments"])
    assert 'students.csv (there is "123": Excel has removed the zeros in front there).' in said_so


def test_a_rejected_row_may_be_meant_too() -> None:
    students = lines(STUDENT, "north,bob,Bob,Bay", "north,00123,,Ash")
    (said_so,) = detail(students=students, enrollments=roster("123")["enrollments"])
    assert '"00123"' in said_so


def test_words_have_no_zeros_to_lose() -> None:
    (said_so,) = detail(students=roster("0ann", "00")["students"], enrollments=roster("ann")["enrollments"])
    assert "Excel" not in said_so
