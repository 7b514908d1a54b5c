"""What a vendor has read, and whether somebody was in it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sftpingest.roster.disclosed import MOST_IDS, Door, Read, Sight, Sought, Span, WrongRead, sight
from sftpingest.roster.ids import record_id
from sftpingest.roster.kinds import Kind

DAY = timedelta(days=1)
AT = datetime(2026, 11, 24, 3, 15, 2, 123456, UTC)
ANNE, BEN = "a" * 24, "b" * 24
READ = Read(AT, "quiz-whiz", "north", Door.CLEVER, "GET /v3.1/users", (Kind.STUDENT,), ("names",), 2, 2, 7, whole=True)


def some(**how: Any) -> Read:
    return replace(READ, whole=False, **how)


def held(*spans: Span, who: str = ANNE, kind: Kind = Kind.STUDENT) -> Sought:
    return Sought(kind, frozenset({who}), spans, AT - 100 * DAY)


ALWAYS = Span(AT - DAY)


@pytest.mark.parametrize(
    ("read", "sought", "was"),
    [
        (READ, held(ALWAYS), Sight.MAYBE),
        (READ, held(), None),
        (READ, held(ALWAYS, kind=Kind.TEACHER), None),
        (READ, held(Span(AT + DAY)), None),
        (READ, held(Span(AT - 9 * DAY, AT - 2 * DAY)), None),
        (READ, held(Span(AT - 9 * DAY, AT - timedelta(minutes=5))), Sight.MAYBE),
        (READ, held(Span(AT - 9 * DAY, AT - 2 * DAY), Span(AT - DAY)), Sight.MAYBE),
        (READ, replace(held(), told_since=None), Sight.MAYBE),
        (READ, replace(held(), told_since=AT + DAY), Sight.MAYBE),
        (some(range=(ANNE, ANNE)), held(ALWAYS), Sight.MAYBE),
        (some(range=(ANNE, BEN)), held(ALWAYS, who="b" * 23 + "a"), Sight.MAYBE),
        (some(range=(ANNE, BEN)), held(ALWAYS, who="c" * 24), None),
        (some(range=(ANNE, BEN)), held(), None),
        (some(ids=(BEN, ANNE)), held(), Sight.SURE),
        (some(ids=(BEN, ANNE)), held(kind=Kind.TEACHER), Sight.SURE),
        (some(ids=(BEN,)), held(ALWAYS), None),
        (some(ids=()), held(ALWAYS), None),
        (replace(READ, door=Door.UNREADABLE, kinds=()), held(), Sight.MAYBE),
    ],
)
def test_somebody_was_in_a_read_that_names_them_or_had_all_while_they_were_held(
    read: Read, sought: Sought, was: Sight | None
) -> None:
    assert sight(read, sought, read.at) is was


def test_an_old_state_that_is_read_again_still_has_whom_it_had() -> None:
    gone = held(Span(AT - 9 * DAY, AT - 2 * DAY))
    assert sight(READ, gone, first=AT - 3 * DAY) is Sight.MAYBE
    assert sight(READ, gone, first=AT) is None


@pytest.mark.parametrize(
    "how",
    [
        {"at": datetime(2026, 11, 24)},  # noqa: DTZ001
        {"vendor": "a\x00"},
        {"request": "GET /\ud800"},
        {"fields": ("two names",)},
        {"fields": ("",)},
        {"people": -1},
        {"records": 1 << 63},
        {"sequence": True},
        {"whole": False},
        {"ids": (ANNE,)},
        {"whole": False, "ids": ("100234",)},
        {"whole": False, "ids": (ANNE,) * (MOST_IDS + 1)},
        {"whole": False, "range": (BEN, ANNE)},
        {"whole": False, "range": (ANNE, BEN), "ids": (ANNE,)},
    ],
)
def test_what_cannot_be_kept_is_no_read(how: dict[str, Any]) -> None:
    with pytest.raises(WrongRead):
        replace(READ, **how)


def test_an_id_is_the_same_every_time_and_begins_with_the_district() -> None:
    ids = {record_id(slug, kind, "7") for slug in ("north", "south") for kind in (Kind.STUDENT, Kind.TEACHER)}
    assert len(ids) == 4
    assert len({one[:6] for one in ids}) == 2
    assert record_id("north", Kind.STUDENT, "7") in ids
    assert {len(one) for one in ids} == {24}
