"""CSV bytes become rows, each with its place in the file as a spreadsheet shows it."""

import pytest

from sftpingest.roster.table import _fast, read


def rows(raw: str | bytes) -> list[tuple[int | str, ...]]:
    """The square rows of a table: place, then cells."""
    table = read(raw if isinstance(raw, bytes) else raw.encode())
    cells = [column.to_pylist() for column in table.cells]
    return [(int(place), *row) for place, row in zip(table.numbers, zip(*cells, strict=True), strict=True)]


def ragged(raw: str) -> list[tuple[int, list[str]]]:
    return [(record.at, record.cells) for record in read(raw.encode()).ragged]


# --------------------------------------------------------------------------------------------------------- line ends


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("last", [True, False], ids=["ended", "not ended"])
@pytest.mark.parametrize("quoted", [True, False], ids=["quoted", "plain"])
def test_every_line_end_is_one(end: str, last: bool, quoted: bool) -> None:
    text = end.join(['"A","B"', '"1","x, y"', '"2","z"'] if quoted else ["A,B", "1,xy", "2,z"])
    assert rows(text + end * last) == [(2, "1", "x, y" if quoted else "xy"), (3, "2", "z")]


def test_line_ends_may_be_mixed() -> None:
    assert rows("A,B\r1,x\n2,y\r\n3,z") == [(2, "1", "x"), (3, "2", "y"), (4, "3", "z")]


def test_form_feeds_and_unicode_line_separators_end_no_line() -> None:
    assert rows("A,B\n1,x\x0cy\n2,x\u2028y\n") == [(2, "1", "x\x0cy"), (3, "2", "x\u2028y")]


def test_a_line_end_inside_quotation_marks_belongs_to_the_cell_and_is_one_row() -> None:
    assert rows('A,B\n1,"x\ny"\n2,z\n') == [(2, "1", "x\ny"), (3, "2", "z")]


def test_cr_line_ends_inside_quotation_marks_belong_to_the_cell() -> None:
    assert [row[0] for row in rows('A,B\r1,"x\ry"\r2,z\r')] == [2, 3]


# ------------------------------------------------------------------------------------------------------- blank lines


def test_blank_lines_count_as_rows_and_are_no_records() -> None:
    assert rows("A,B\n\n1,x\n   \n,\n2,y\n\n") == [(3, "1", "x"), (6, "2", "y")]
    assert ragged("A,B\n\n1,x\n   \n,\n2,y\n\n") == []


def test_blank_lines_count_in_a_file_with_quotation_marks_too() -> None:
    assert rows('A,B\n\n1,"x\ny"\n"",""\n2,y\n') == [(3, "1", "x\ny"), (5, "2", "y")]


def test_the_header_may_come_after_blank_lines() -> None:
    table = read(b"\n,\nA,B\n1,x\n")
    assert table.headings == ("A", "B")
    assert rows("\n,\nA,B\n1,x\n") == [(4, "1", "x")]


@pytest.mark.parametrize("raw", [b"", b"\n", b"\r\n\r\n", b",,,\n", b'""\n', b"  \n"])
def test_a_file_of_nothing_has_no_headings(raw: bytes) -> None:
    assert read(raw).headings == ()


# ------------------------------------------------------------------------------------------------------ wrong length


def test_rows_with_too_many_or_too_few_cells_stand_apart_at_their_places() -> None:
    text = "A,B,C\n1,x\n2,x,y\n3,x,y,z\n\n4,x,y\n"
    assert rows(text) == [(3, "2", "x", "y"), (6, "4", "x", "y")]
    assert ragged(text) == [(2, ["1", "x"]), (4, ["3", "x", "y", "z"])]


def test_rows_of_the_wrong_length_keep_their_places_with_crlf() -> None:
    text = "A,B,C\r\n1,x\r\n2,x,y\r\n3,x,y,z\r\n\r\n4,x,y\r\n"
    assert [row[0] for row in rows(text)] == [3, 6]
    assert ragged(text) == [(2, ["1", "x"]), (4, ["3", "x", "y", "z"])]


def test_rows_of_the_wrong_length_keep_their_places_beside_quotation_marks() -> None:
    text = 'A,B,C\n1,"x, y"\n2,x,y\n3,"x",y,z\n4,x,y\n'
    assert [row[0] for row in rows(text)] == [3, 5]
    assert ragged(text) == [(2, ["1", "x, y"]), (4, ["3", "x", "y", "z"])]


def test_empty_cells_at_the_end_are_not_too_many() -> None:
    assert rows("A,B\n1,x,,\n2,y\n3,z, \n") == [(2, "1", "x"), (3, "2", "y"), (4, "3", "z")]
    assert ragged("A,B\n1,x,,\n2,y\n3,z, \n") == []


def test_empty_cells_at_the_end_are_not_too_many_beside_quotation_marks() -> None:
    assert rows('A,B\n1,"x, y",\n2,y\n') == [(2, "1", "x, y"), (3, "2", "y")]


def test_empty_headings_at_the_end_are_no_columns() -> None:
    assert read(b"A,B,,\n1,x,,\n").headings == ("A", "B")
    assert rows("A,B,,\n1,x,,\n2,y\n") == [(2, "1", "x"), (3, "2", "y")]
    assert ragged("A,B,,\n1,x,,oops\n") == [(2, ["1", "x", "", "oops"])]


def test_a_file_larger_than_one_block_keeps_its_places() -> None:
    full = [f"{at},{'x' * 90}" for at in range(60_000)]
    full[50_000] = "50000"
    full[55_000] = ""
    table = read("\n".join(["A,B", *full]).encode())
    assert [place for place, *_ in table.ragged] == [50_002]
    assert table.numbers[-1] == 60_001
    assert len(table.numbers) == 60_000 - 2


# --------------------------------------------------------------------------------------------------- quotation marks


def test_an_unclosed_quotation_mark_costs_only_its_own_row() -> None:
    text = 'A,B\n1,"x\n2,y\n3,z\n'
    assert rows(text) == [(3, "2", "y"), (4, "3", "z")]
    assert ragged(text) == [(2, ["1", '"x'])]


def test_an_unclosed_quotation_mark_in_the_last_row_costs_only_that_row() -> None:
    assert rows('A,B\n1,x\n2,"y') == [(2, "1", "x")]
    assert [place for place, _ in ragged('A,B\n1,x\n2,"y')] == [3]


def test_two_unclosed_quotation_marks_do_not_swallow_what_stands_between() -> None:
    text = 'A,B,C\n1,"x,y\n2,x,y\n3,"x,y\n4,x,y\n'
    assert [row[0] for row in rows(text)] == [3, 5]
    assert [place for place, _ in ragged(text)] == [2, 4]


def test_an_unclosed_mark_before_a_properly_quoted_row_spares_that_row() -> None:
    text = 'A,B\n1,"x\n2,"y, z"\n3,z\n'
    assert rows(text) == [(3, "2", "y, z"), (4, "3", "z")]


@pytest.mark.parametrize(
    "closing",
    ['4,x,y",z', '4,x",y,z', '4",x,y,z', '"4,x,y,z'],
    ids=["in the same column", "in an earlier one", "in the first", "at the start of a line"],
)
def test_two_stray_marks_do_not_delete_the_rows_between_them(closing: str) -> None:
    """Contract 3: a rejected row is not a deletion. Either row may be refused; those between must be there."""
    table = read(f'A,B,C,D\n1,x,"y,z\n2,x,y,z\n3,x,y,z\n{closing}\n5,x,y,z\n'.encode())
    assert {3, 4, 6} <= set(table.numbers.tolist())
    assert table.ragged[0].at == 2
    assert len(table.numbers) + len(table.ragged) == 5


def test_two_stray_marks_in_neighbouring_rows_cost_no_more_than_those() -> None:
    table = read(b'A,B,C,D\n1,x,"y,z\n2,x,y",z\n3,x,y,z\n')
    assert [at for at, *_ in table.ragged] == [2]
    assert table.numbers.tolist() == [3, 4]


def test_a_cell_of_several_lines_with_commas_is_one_cell() -> None:
    assert rows('A,B,C,D\n1,x,"Oak St, 5\nc/o Elm\nSouth, West",z\n2,x,y,z\n') == [
        (2, "1", "x", "Oak St, 5\nc/o Elm\nSouth, West", "z"),
        (3, "2", "x", "y", "z"),
    ]


def test_a_cell_of_many_lines_or_letters_is_one_cell() -> None:
    for cell in ("line\n" * 90, "x" * 200_000 + "\ny"):
        assert rows(f'A,B\n1,"{cell}."\n2,z\n') == [(2, "1", f"{cell}."), (3, "2", "z")]


def test_doubled_quotation_marks_are_one() -> None:
    assert rows('A,B\n1,"the ""old"" hall"\n') == [(2, "1", 'the "old" hall')]


def test_a_quotation_mark_inside_a_plain_cell_is_a_letter() -> None:
    assert rows('A,B\n1,5" pipe\n2,y\n') == [(2, "1", '5" pipe'), (3, "2", "y")]


def test_a_comma_inside_quotation_marks_parts_no_cells() -> None:
    assert rows('A,B\n1,"Ash, Ann"\n') == [(2, "1", "Ash, Ann")]


# ------------------------------------------------------------------------------------------------------------- cells


def test_cells_are_trimmed_and_otherwise_as_they_stand() -> None:
    assert rows("A , B\n  1 ,\tx y \n007,NULL\nNA,1e5\n") == [
        (2, "1", "x y"),
        (3, "007", "NULL"),
        (4, "NA", "1e5"),
    ]


def test_a_file_of_one_column_is_read() -> None:
    assert rows("A\n1\n\n2\n") == [(2, "1"), (4, "2")]


def test_headings_may_hold_a_line_end() -> None:
    assert read(b'A,"B\nC"\n1,x\n').headings == ("A", "B\nC")
    assert rows('A,"B\nC"\n1,x\n') == [(2, "1", "x")]


def test_a_cell_longer_than_any_reader_likes_is_a_finding_and_no_crash() -> None:
    long = "x" * 200_000
    assert [row[0] for row in rows(f'A,B\n1,"{long}\n2,y\n')] == [3]


def places(raw: str) -> tuple[list[int], list[int]]:
    """Places of the square rows and of those of the wrong length."""
    table = read(raw.encode())
    return table.numbers.tolist(), [at for at, *_ in table.ragged]


def test_empty_cells_at_the_end_are_not_too_many_in_a_row_with_a_line_end_in_a_cell() -> None:
    assert places('A,B\n1,"x\ny",\n2,z\n') == ([2, 3], [])


def test_empty_cells_at_the_end_are_not_too_many_beside_an_odd_quotation_mark() -> None:
    assert places('A,B\n1,"5"" x",\n2,z\n') == ([2, 3], [])


def test_a_row_of_the_wrong_length_with_a_line_end_in_a_cell_is_one_row() -> None:
    """Contract 3, row: as a spreadsheet shows it."""
    assert places('A,B,C\n1,"x\ny"\n2,y,z\n') == ([3], [2])


def test_a_cell_is_trimmed_alike_whatever_stands_in_other_rows() -> None:
    """A no-break space is an outer space too, whether or not another cell of the column has an ASCII one."""
    alone, beside = (read(f"A,B\n1,x\u00a0\n{more}".encode()) for more in ("", "2,y \n"))
    assert alone.cells[1][0] == beside.cells[1][0]


def test_a_stray_mark_in_a_row_of_the_wrong_length_does_not_hide_an_unclosed_one() -> None:
    """Contract 3, row.malformed; the two readers must agree. Two marks are even: the count alone says nothing."""
    table = read(b'A,B\nx"\n1,"y')
    assert (table.numbers.tolist(), [at for at, *_ in table.ragged]) == ([], [2, 3])


# -------------------------------------------------------------------------------------------------------- separators


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_fast_reader_knows_every_separator(sign: str) -> None:
    raw = 'A,B\n1,"x y"\n2\n3,z\n'.replace(",", sign).encode()
    read_so = _fast(raw, 2, sign)
    assert read_so is not None
    table, numbers, ragged = read_so
    assert table.column(1).to_pylist() == ["B", "x y", "z"]
    assert (numbers.tolist(), [record.cells for record in ragged]) == ([1, 2, 4], [["2"]])
