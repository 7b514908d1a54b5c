"""Applied, held or refused: the thresholds, strictly more, per kind."""

import numpy as np
import pandas as pd
import pytest

from sftpingest.roster.changes import Changes, KindChanges, Outcome
from sftpingest.roster.finding import Code, Severity, found, nothing, together
from sftpingest.roster.judge import Policy, judge, refuse
from sftpingest.roster.kinds import Kind
from tests.roster.district import District
from tests.roster.uploads import ENROLLMENT, STUDENT, lines


def some(size: int) -> pd.DataFrame:
    return pd.DataFrame({"no": np.arange(size)})


def changes(kind: Kind = Kind.STUDENT, *, held: int, removed: int = 0, updated: int = 0, created: int = 0) -> Changes:
    return Changes({kind: KindChanges(some(created), some(updated), some(removed), held)})


def outcome(changed: Changes, policy: Policy | None = None, *, first: bool = False, released: bool = False) -> Outcome:
    return judge(changed, policy or Policy(), first=first, released=released).outcome


@pytest.mark.parametrize(
    ("held", "removed", "expected"),
    [
        (1000, 100, Outcome.APPLIED),
        (1000, 101, Outcome.HELD),
        (999, 99, Outcome.APPLIED),
        (999, 100, Outcome.HELD),
        (20, 2, Outcome.APPLIED),
        (20, 3, Outcome.HELD),
        (19, 5, Outcome.APPLIED),
        (19, 6, Outcome.HELD),
        (5, 5, Outcome.APPLIED),
        (6, 6, Outcome.HELD),
        (0, 0, Outcome.APPLIED),
    ],
)
def test_more_than_a_tenth_removed_is_held_and_small_kinds_need_more_than_five(
    held: int, removed: int, expected: Outcome
) -> None:
    assert outcome(changes(held=held, removed=removed)) is expected


@pytest.mark.parametrize(
    ("held", "updated", "expected"),
    [
        (1000, 750, Outcome.APPLIED),
        (1000, 751, Outcome.HELD),
        (20, 15, Outcome.APPLIED),
        (20, 16, Outcome.HELD),
        (8, 6, Outcome.APPLIED),
        (8, 7, Outcome.HELD),
        (6, 5, Outcome.APPLIED),
        (6, 6, Outcome.HELD),
        (5, 5, Outcome.APPLIED),
    ],
)
def test_more_than_three_quarters_updated_is_held(held: int, updated: int, expected: Outcome) -> None:
    assert outcome(changes(held=held, updated=updated)) is expected


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_is_judged_by_itself(kind: Kind) -> None:
    assert outcome(changes(kind, held=100, removed=11)) is Outcome.HELD
    assert outcome(changes(kind, held=100, removed=10, updated=75)) is Outcome.APPLIED


def test_a_tenth_exactly_is_never_held_whatever_the_size() -> None:
    policy = Policy()
    assert all(tenth <= policy.most("removed", Kind.STUDENT, 10 * tenth) for tenth in range(2, 100_000))


def test_any_number_may_be_created() -> None:
    assert outcome(changes(held=20, created=10_000)) is Outcome.APPLIED


def test_nothing_is_held_until_a_first_sync_was_applied() -> None:
    assert outcome(changes(held=100, removed=100), first=True) is Outcome.APPLIED


def test_what_a_person_released_is_applied() -> None:
    assert outcome(changes(held=100, removed=100), released=True) is Outcome.APPLIED


def test_a_share_may_be_set_for_one_kind_alone() -> None:
    policy = Policy(removed=0.5, by_kind={("removed", Kind.STUDENT): 0.02})
    assert outcome(changes(Kind.STUDENT, held=100, removed=3), policy) is Outcome.HELD
    assert outcome(changes(Kind.TEACHER, held=100, removed=50), policy) is Outcome.APPLIED


def test_the_reason_says_what_would_go_in_one_sentence() -> None:
    verdict = judge(changes(held=1004, removed=150), Policy(), first=False, released=False)
    assert "remove 150 of 1,004 student records (14.9 %)" in verdict.reason
    assert judge(changes(held=10), Policy(), first=False, released=False).reason == ""


def test_only_a_finding_about_the_upload_refuses() -> None:
    lighter = [
        found(Code.ROW_MALFORMED, severity, "students.csv", [2]) for severity in Severity if severity != "upload"
    ]
    assert refuse(nothing()) is None
    assert refuse(together(lighter)) is None
    verdict = refuse(together([*lighter, found(Code.FILE_MISSING, Severity.UPLOAD, "schools.csv")]))
    assert verdict is not None
    assert verdict.outcome is Outcome.REFUSED
    assert "schools.csv" in verdict.reason


@pytest.mark.parametrize("code", [Code.FILE_MISSING, Code.FILE_UNREADABLE, Code.FILE_EMPTY, Code.FILE_REPEATED])
def test_the_reason_of_a_refusal_is_for_a_person(code: Code) -> None:
    verdict = refuse(found(code, Severity.UPLOAD, "students.csv"))
    assert verdict is not None
    assert verdict.reason.startswith("students.csv: ")
    assert code.value not in verdict.reason


def test_enrollments_that_go_with_students_count_against_their_own_threshold() -> None:
    district = District()
    students = [f"north,st{at},A,B" for at in range(200)]
    enrollments = [f"north,alg,st{at}" for at in range(20)]
    district.take(students=lines(STUDENT, *students), enrollments=lines(ENROLLMENT, *enrollments))
    taken = district.take(students=lines(STUDENT, *students[6:]), enrollments=lines(ENROLLMENT, *enrollments[6:]))
    assert taken.counts(Kind.STUDENT)[2] == 6
    assert taken.verdict.outcome is Outcome.HELD
    assert "enrollment" in taken.verdict.reason
    assert "student records" not in taken.verdict.reason


def test_exactly_the_share_allowed_is_never_held() -> None:
    """0.29 * 100 is 28.999999999999996, and 29 of 100 are 29 %."""
    held = [n for n in range(1, 100) if n > Policy(removed=n / 100).most("removed", Kind.STUDENT, 100)]
    assert held == []
