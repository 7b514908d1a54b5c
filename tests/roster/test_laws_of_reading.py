"""Laws of reading, whatever the bytes."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from sftpingest.roster.encoding import Unreadable, to_utf8
from sftpingest.roster.table import Table, _careful, _fast, _square, read
from tests.roster.strategies import LAW, MORE, PIECES

CSV = st.lists(st.one_of(PIECES, st.sampled_from([",", "\n", "a", "b,c"])), max_size=40).map("".join)


def both(raw: bytes) -> tuple[Table, Table] | None:
    """The reading of both readers; None where the fast one does not trust its own."""
    table = read(raw)
    width = len(table.headings)
    fast = _fast(raw, width) if width else None
    if fast is None:
        return None
    header = 1 + raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").decode().split("\n").index(",".join(table.headings))
    return _square(table.headings, header, *fast), _square(table.headings, header, *_careful(raw, width))


@given(body=CSV)
@example(body='1,"2"\r\n,\r\n\r\n3')
@example(body="1,2,,\n3,\n4,5,6")
@settings(LAW, max_examples=200 * MORE)
def test_the_fast_and_the_careful_reader_agree(body: str) -> None:
    readings = both(f"A,B,C\n{body}".encode())
    if readings is not None:
        fast, careful = readings
        assert fast.numbers.tolist() == careful.numbers.tolist()
        assert [column.to_pylist() for column in fast.cells] == [column.to_pylist() for column in careful.cells]
        assert fast.ragged == careful.ragged


_TURNED = str.maketrans(",;", ";,")


@given(body=CSV)
@example(body='1,"2\n",3\n4;5,6\n"7,8\n9,"x;"",y",z')
@settings(LAW, max_examples=100 * MORE)
def test_a_file_is_read_alike_whatever_parts_its_cells(body: str) -> None:
    text = f"A,B,C\n{body}"
    commas, others = read(text.encode()), read(text.translate(_TURNED).encode(), parted_by=";")
    back = [[cell.translate(_TURNED) for cell in column.to_pylist()] for column in others.cells]
    assert others.numbers.tolist() == commas.numbers.tolist()
    assert back == [column.to_pylist() for column in commas.cells]
    turned = [(record.at, [cell.translate(_TURNED) for cell in record.cells]) for record in others.ragged]
    assert turned == [(record.at, record.cells) for record in commas.ragged]


@given(body=CSV)
@settings(LAW, max_examples=100 * MORE)
def test_no_row_is_read_twice_and_their_places_ascend(body: str) -> None:
    table = read(f"A,B,C\n{body}".encode())
    rows = [*table.numbers.tolist(), *(at for at, *_ in table.ragged)]
    assert len(rows) == len(set(rows))
    assert table.numbers.tolist() == sorted(table.numbers)
    assert min(rows, default=2) >= 2


@given(
    marks=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 7)), min_size=1, max_size=4),
    columns=st.integers(3, 6),
    width=st.integers(1, 3),
)
@example(marks=[(4, 4), (5, 7)], columns=4, width=2)
@settings(LAW, max_examples=200 * MORE)
def test_stray_marks_cost_no_more_than_the_rows_they_stand_in(
    marks: list[tuple[int, int]], columns: int, width: int
) -> None:
    """Contract 3: a row that is taken for a part of another one would be a deletion."""
    lines = [",".join([f"{row}", *(["x" * width] * (columns - 1))]) for row in range(12)]
    for row, at in marks:
        lines[row] = lines[row][:at] + '"' + lines[row][at:]
    table = read("\n".join([",".join("ABCDEF"[:columns]), *lines]).encode())
    whole = {row + 2 for row, line in enumerate(lines) if '"' not in line}
    assert whole <= set(table.numbers.tolist())
    assert len(table.numbers) + len(table.ragged) == 12


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\uffff"), max_size=60))
@settings(LAW, max_examples=60 * MORE)
def test_every_text_in_utf8_and_marked_utf16_is_read_as_it_was_written(text: str) -> None:
    text = f"School_id,{text.lstrip(chr(0xFEFF))}"
    assert to_utf8(text.encode()) == (text.encode(), "")
    assert to_utf8(text.encode("utf-16")) == (text.encode(), "UTF-16")


@given(raw=st.binary(max_size=80))
@settings(LAW, max_examples=150 * MORE)
def test_bytes_become_good_utf8_without_nul_or_are_unreadable(raw: bytes) -> None:
    try:
        text, _ = to_utf8(raw)
    except Unreadable:
        return
    assert "\0" not in text.decode()
