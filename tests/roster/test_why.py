"""Dates and numbers that cannot be read: where a spreadsheet's hand is plain, the message says so."""

import pytest

from sftpingest.roster.finding import Code, messages
from sftpingest.roster.kinds import Kind
from tests.roster.uploads import ENROLLMENT, STUDENT, Said, judged, lines, said


def students(*dates: str) -> str:
    rows = (f'north,s{at},Ann,Ash,"{one}"' for at, one in enumerate(dates))
    return lines(f"{STUDENT},DOB", *rows)


def taken(*dates: str) -> tuple[list[str], list[str], list[str]]:
    """Dates as kept, codes, messages."""
    validated = judged(students=students(*dates), enrollments=lines(ENROLLMENT, "north,alg,s0"))
    kept = validated.roster[Kind.STUDENT]["birth_date"].tolist()
    return kept, [one.code for one in said(validated)], messages(validated.findings).tolist()


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("42217", ", but Excel's number for the day 2015-08-01: format the column as a date, and export again"),
        ("42217.5", ", but Excel's number for the day 2015-08-01: format the column as a date, and export again"),
        ("60000", ", but Excel's number for the day 2064-04-08: format the column as a date, and export again"),
        ("73051", ""),
        ("4221", ""),
        ("422170", ""),
        ("25/12/2015", ": the day stands before the month"),
        ("25/12/15", ": the day stands before the month"),
        ("31.12.2015", ": the day stands before the month"),
        ("25-12-2015", ": the day stands before the month"),
        ("25/13/2015", ""),
        ("32/12/2015", ""),
        ("0/12/2015", ""),
        ("25/12-2015", ""),
        ("8/1/2015 0:00", ": leave the time out"),
        ("2015-08-01T00:00:00", ": leave the time out"),
        ("soon", ""),
    ],
)
def test_the_message_says_why_a_date_cannot_be_read(cell: str, reason: str) -> None:
    kept, codes, said_so = taken(cell)
    assert (kept, codes) == ([""], ["value.malformed"])
    assert said_so == [f'"{cell}" in DOB is not a date such as 8/31/2026 or 2026-08-31{reason}. Correct it.']


def test_a_comma_in_a_number_is_told() -> None:
    text = lines(f"{STUDENT},Unweighted_gpa,Weighted_gpa", 'north,ann,Ann,Ash,"3,75",good')
    first, second = messages(judged(students=text, enrollments=lines(ENROLLMENT, "north,alg,ann")).findings)
    assert first.endswith("is not a number such as 3.75: write a point in the place of the comma. Correct it.")
    assert second.endswith("is not a number such as 3.75. Correct it.")


# --------------------------------------------------------------------------------------------- the day before the month


def test_dates_that_can_be_read_both_ways_are_read_with_the_month_first_and_said() -> None:
    validated = judged(students=students("25/12/2015", "1/8/2015", "1/8/2015", "2/8/2015", "2015-12-25", "3/3/2015"))
    notes = [one for one in said(validated) if one.severity == "note"]
    assert notes == [Said("students.csv", None, "DOB", "column.day_first", "note")]
    assert validated.roster[Kind.STUDENT]["birth_date"].tolist() == [
        "",
        "2015-01-08",
        "2015-01-08",
        "2015-02-08",
        "2015-12-25",
        "2015-03-03",
    ]
    (note,) = messages(validated.findings)[(validated.findings["code"] == Code.COLUMN_DAY_FIRST.value).to_numpy(bool)]
    assert "as in 25/12/2015. Others such as 1/8/2015 (3 in all) were read with the month first." in note


@pytest.mark.parametrize(
    "dates",
    [
        ("25/12/2015",),  # none is read otherwise
        ("25/12/2015", "3/3/2015", "2015-01-08"),
        ("25/12/2015", "1.8.2015"),  # not read at all
        ("25/12/2015", "12/25/2015", "1/8/2015"),  # as many have the month first
        ("soon", "1/8/2015"),
    ],
)
def test_a_column_is_not_said_to_be_turned_where_that_is_not_likely(dates: tuple[str, ...]) -> None:
    assert "column.day_first" not in taken(*dates)[1]


def test_one_date_with_the_month_first_among_many_is_not_enough() -> None:
    assert "column.day_first" in taken("25/12/2015", "26/12/2015", "12/25/2015", "1/8/2015")[1]


def test_terms_have_dates_too() -> None:
    sections = lines(
        "School_id,Section_id,Teacher_id,Term_name,Term_start", "north,alg,oak,F,31/8/2026", "south,bio,elm,F,1/9/2026"
    )
    findings = said(judged(sections=sections))
    assert findings[:2] == [
        Said("sections.csv", 2, "Term_start", "value.malformed", "value"),
        Said("sections.csv", None, "Term_start", "column.day_first", "note"),
    ]
