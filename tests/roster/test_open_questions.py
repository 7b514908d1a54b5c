"""What these tests ask for and the code does not do yet. Each says which rule it rests on.

A test that passes belongs beside its stage; this file should be empty.
"""

import io
import json
from csv import reader
from datetime import UTC, datetime

from sftpingest.roster.changes import Outcome
from sftpingest.roster.judge import Policy
from sftpingest.roster.kinds import Kind
from sftpingest.roster.rejected import rejected_rows
from sftpingest.roster.report import Facts, report
from sftpingest.roster.table import read as read_table
from tests.roster.conftest import (
    FORM,
    SCHOOL,
    SECTION,
    SMALLEST,
    STUDENT,
    District,
    Said,
    cells_of,
    judged,
    lines,
    read,
    said,
    upload,
)

# ------------------------------------------------------------------------------------------------- own columns (ext.)


def test_a_row_whose_own_columns_are_all_empty_is_read() -> None:
    """Issue 2: ext.* is read. One empty cell raises ValueError in records._ext, and the whole upload fails."""
    validated = judged(schools=lines(f"{SCHOOL},ext.a", "north,North,1", "south,South,"))
    assert cells_of(validated.roster[Kind.SCHOOL], "ext") == ['{"a": "1"}', ""]


def test_two_own_columns_that_are_both_empty_in_one_row_are_read() -> None:
    """The same: pyarrow's join with null_handling="skip" drops the element where every part is null."""
    text = lines(f"{STUDENT},ext.a,ext.b", "north,ann,Ann,Ash,1,", "north,bob,Bob,Bay,,", "south,cid,Cid,Cob,,2")
    ann, bob, cid = cells_of(judged(students=text).roster[Kind.STUDENT], "ext")
    assert (json.loads(ann), bob, json.loads(cid)) == ({"a": "1"}, "", {"b": "2"})


# --------------------------------------------------------------------------------------------------------- passwords


def test_no_password_stands_as_the_record_of_a_row_of_the_wrong_length() -> None:
    """Trap 12, contract 3 (`value`, never for password columns): a shifted cell stands under Student_id."""
    before = read(students=lines("School_id,Student_id,Password,First_name,Last_name", "ann,hunter2,Ann,Ash"))
    after = read(students=lines("School_id,Password,Student_id,First_name,Last_name", "north,moved,hunter2,ann,A,B"))
    assert "hunter2" not in before.findings.to_csv() + after.findings.to_csv()


def test_no_password_stands_in_the_rejected_row_of_an_unclosed_quotation_mark() -> None:
    """Trap 12: a comma inside quotation marks and a missing cell make up for each other, so the mask looks beside."""
    raw = lines("School_id,Student_id,Password,First_name,Last_name", '"north,1",ann,"hunter2,Ann').encode()
    assert b"hunter2" not in rejected_rows(raw, [2], FORM.file("students.csv"))


def test_no_password_stands_as_a_heading_of_a_headless_file() -> None:
    """Trap 12: `ext. 12`, a telephone extension in the first record, counts as a heading that we know."""
    parsed = read(students=lines("north,ann,Ann,Ash,ext. 12,hunter2"))
    assert "hunter2" not in parsed.findings.to_csv()


def test_a_password_in_an_own_column_is_not_stored() -> None:
    """Trap 12: rejected rows mask `ext.password`, but the roster keeps it."""
    validated = judged(students=lines(f"{STUDENT},ext.password", "north,ann,Ann,Ash,hunter2"))
    assert "hunter2" not in cells_of(validated.roster[Kind.STUDENT], "ext")[0]


# ------------------------------------------------------------------------------------------------------------ reading


def places(raw: str) -> tuple[list[int], list[int]]:
    """Places of the square rows and of those of the wrong length."""
    table = read_table(raw.encode())
    return table.numbers.tolist(), [at for at, *_ in table.ragged]


def test_empty_cells_at_the_end_are_not_too_many_in_a_row_with_a_line_end_in_a_cell() -> None:
    """Contract 3, row.malformed. Comes: row 2 malformed, and `y",` read as a record of its own."""
    assert places('A,B\n1,"x\ny",\n2,z\n') == ([2, 3], [])


def test_empty_cells_at_the_end_are_not_too_many_beside_an_odd_quotation_mark() -> None:
    """Contract 3, row.malformed. Comes: row 2 malformed, since a cell holds one mark (5" x), well quoted."""
    assert places('A,B\n1,"5"" x",\n2,z\n') == ([2, 3], [])


def test_a_row_of_the_wrong_length_with_a_line_end_in_a_cell_is_one_row() -> None:
    """Contract 3, row: as a spreadsheet shows it. Comes: two malformed rows, all later ones are one too far."""
    assert places('A,B,C\n1,"x\ny"\n2,y,z\n') == ([3], [2])


def test_a_cell_is_trimmed_alike_whatever_stands_in_other_rows() -> None:
    """A no-break space goes only where some other cell of the column has an outer ASCII space."""
    alone, beside = (read_table(f"A,B\n1,x\u00a0\n{more}".encode()) for more in ("", "2,y \n"))
    assert alone.cells[1][0] == beside.cells[1][0]


# ---------------------------------------------------------------------------------------------------------- reconcile


def test_a_co_teacher_replaced_by_a_rejected_one_stays_as_held() -> None:
    """Contract 3: where the dropped value names a rejected row, what the store holds there stays. Comes: none."""
    district = District()
    district.take()
    assert district.teachers("bio") == [(1, "elm"), (2, "oak")]
    district.take(
        teachers=SMALLEST["teachers.csv"] + "north,fir,,Fir\n",
        sections=SMALLEST["sections.csv"].replace("elm,oak", "elm,fir"),
    )
    assert district.teachers("bio") == [(1, "elm"), (2, "oak")]


def test_a_section_has_one_primary_teacher_where_the_former_one_was_rejected() -> None:
    """The former primary teacher, now a rejected co-teacher, stays at place 1 beside the new one."""
    district = District()
    district.take(sections=lines(SECTION, "north,alg,oak,elm,Algebra,Fall", "south,bio,elm,,Biology,Fall"))
    district.take(
        teachers=SMALLEST["teachers.csv"].replace("Tia,Oak", ",Oak"),
        sections=lines(SECTION, "north,alg,elm,oak,Algebra,Fall", "south,bio,elm,,Biology,Fall"),
    )
    assert [place for place, _ in district.teachers("alg")].count(1) == 1


def test_a_course_that_only_a_malformed_row_names_is_kept() -> None:
    """Contract 3: a course that rows of this upload still name is not removed, it is kept and said. Comes: removed."""
    district = District()
    district.take()
    taken = district.take(
        sections=lines(
            SECTION, "north,alg,oak,,Geometry,Fall", "south,bio,elm,oak,Biology,Fall", "north,new,oak,,Algebra"
        )
    )
    assert "|Algebra" in district.ids(Kind.COURSE)
    assert "record.kept" in {one.code for one in said(taken.findings)}


def test_an_accepted_second_school_comes_in_beside_a_rejected_one() -> None:
    """Contract 3, rows add up: the row of `west` is accepted without a finding, but is nowhere in the roster."""
    schools = lines(SCHOOL, "north,N", "south,S", "west,W")
    district = District()
    district.take(schools=schools, students=SMALLEST["students.csv"] + "south,ann,Ann,Ash\n")
    district.take(schools=schools, students=SMALLEST["students.csv"] + "west,ann,Ann,Ash\n,ann,Ann,Ash\n")
    assert json.loads(district.record(Kind.STUDENT, "ann")["more_school_ids"]) == ["south", "west"]


# -------------------------------------------------------------------------------------------------- judge and report


def test_exactly_the_share_allowed_is_never_held() -> None:
    """Contract 4: strictly more. 0.29 * 100 is 28.999999999999996, so 29 of 100 at 29 % would be held."""
    held = [n for n in range(1, 100) if n > Policy(removed=n / 100).most("removed", Kind.STUDENT, 100)]
    assert held == []


def test_no_line_of_the_summary_is_longer_than_it_says() -> None:
    """summary.py: text of at most 100 columns. An unknown home language lists 152 words in one line."""
    validated = judged(students=lines(f"{STUDENT},Home_language", "north,ann,Ann,Ash,Klingon"))
    facts = Facts(1, "Lake", "Clever SFTP", Outcome.APPLIED, "", datetime(2026, 11, 24, tzinfo=UTC))
    text = report(facts, validated.findings, upload(), FORM)["summary.txt"].decode()
    assert max(len(line) for line in text.splitlines()) <= 100


def test_an_empty_heading_is_said_so_that_a_person_can_find_it() -> None:
    """Contract 3: column.unknown names that heading. Comes: an empty column and "The column  is not known"."""
    findings = read(schools=lines("School_id,,School_name", "north,,North", "south,,South")).findings
    assert said(findings) != [Said("schools.csv", None, "", "column.unknown", "note")]


def test_rejected_rows_are_as_they_came() -> None:
    """Contract 3: the rejected rows as they came. Comes: outer spaces are gone."""
    raw = lines(STUDENT, 'north,ann," Ann ",').encode()
    rows = list(reader(io.StringIO(rejected_rows(raw, [2], FORM.file("students.csv")).decode())))
    assert rows[1] == ["north", "ann", " Ann ", ""]
