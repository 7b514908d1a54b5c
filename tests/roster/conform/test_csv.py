"""Lines that are no CSV."""

import pytest

from sftpingest.roster.conform import conform
from sftpingest.roster.finding import messages
from tests.roster.conform.sets import found, only
from tests.roster.uploads import Said

HEAD = b"sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId"
GOOD = b"lake,,,Lake,district,,"


def orgs(*lines: bytes, end: bytes = b"\r\n") -> dict[str, bytes]:
    return only("orgs") | {"orgs.csv": end.join([HEAD, *lines, b""])}


def row(at: int) -> Said:
    return Said("orgs.csv", at, "", "row.malformed", "row")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'north,,,No"rth,school,,', "a quotation mark in a cell that does not begin with one"),
        (b'north,,,"No"rth,school,,', "letters after the quotation mark that ends a cell"),
        (b'north,,,"North,school,,', "a quotation mark that is never closed"),
        (b'north,,,"North\r\nSchool",school,,', "a line break in a cell"),
        (b'north,,,"North\nSchool",school,,', "a line break in a cell"),
        (b"north,,,North,school,", "6 cells instead of 7"),
        (b"north,,,North,school,,,", "8 cells instead of 7"),
        (b'north,,,"North, ""upper""",school,,,', "8 cells instead of 7"),
    ],
)
def test_a_line_that_is_no_csv_is_rejected_with_its_reason(line: bytes, why: str) -> None:
    files = orgs(GOOD, line, b"south,,,South,school,,lake")
    assert found(files) == [row(3)]
    assert why in str(messages(conform(files).findings).iloc[0])


def test_rows_below_a_line_break_in_a_cell_keep_their_numbers() -> None:
    files = orgs(GOOD, b'north,,,"North\nSchool",school,,', b"south,,,South,School,,lake")
    assert found(files) == [row(3), Said("orgs.csv", 4, "type", "value.unknown", "row")]


def test_commas_and_doubled_marks_in_quotation_marks_are_right() -> None:
    assert found(orgs(b'lake,,,"Lake, the ""old"" one",district,"",""')) == []


def test_a_carriage_return_without_a_line_feed_is_no_end_of_a_line() -> None:
    assert found(orgs(GOOD + b"\rnorth,,,North,school,,lake", b"south,,,South,school,,lake")) == [row(2)]


def test_lines_that_all_end_with_a_carriage_return_are_said_once() -> None:
    assert found(orgs(GOOD, b"north,,,North,school,,", end=b"\r")) == [
        Said("orgs.csv", None, "", "file.unreadable", "file")
    ]


@pytest.mark.parametrize("header", [HEAD.replace(b"name", b'na"me'), HEAD.replace(b"name", b'"na"me')])
def test_a_header_that_is_no_csv_makes_the_file_unreadable(header: bytes) -> None:
    files = only("orgs") | {"orgs.csv": b"\r\n".join([header, GOOD, b""])}
    assert found(files)[0] == Said("orgs.csv", None, "", "file.unreadable", "file")


def test_blank_lines_are_no_records_and_count() -> None:
    assert found(orgs(b"", GOOD, b'"",,,', b",,,,,,", b"north,,,North,School,,")) == [
        Said("orgs.csv", 6, "type", "value.unknown", "row")
    ]


def test_a_broken_row_is_not_missed_by_those_that_name_it() -> None:
    assert found(orgs(b'lake,,,La"ke,district,,', b"north,,,North,school,,lake")) == [row(2)]
    assert found(orgs(b"lake,,,Lake,district,", b"north,,,North,school,,lake")) == [row(2)]


@pytest.mark.parametrize("raw", [b"", b"\r\n\r\n", HEAD, HEAD + b"\r\n,,,,,,\r\n"])
def test_a_file_without_a_record_must_be_called_absent(raw: bytes) -> None:
    assert found(only("orgs") | {"orgs.csv": raw}) == [Said("orgs.csv", None, "", "file.empty", "file")]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_a_file_is_in_utf_8(encoding: str) -> None:
    text = (HEAD + b"\r\n" + GOOD + b"\r\n").decode().replace("Lake", "L\u00e4ke")
    assert found(only("orgs") | {"orgs.csv": text.encode(encoding)}) == [
        Said("orgs.csv", None, "", "file.encoding", "file")
    ]


@pytest.mark.parametrize("mark", [b";", b"\t", b"|"])
def test_cells_are_parted_by_commas(mark: bytes) -> None:
    files = orgs(GOOD)
    files["orgs.csv"] = files["orgs.csv"].replace(b",", mark)
    assert found(files) == [Said("orgs.csv", None, "", "file.unreadable", "file")]


def test_a_file_with_a_nul_byte_cannot_be_read() -> None:
    assert found(orgs(GOOD.replace(b"Lake", b"La\0ke"))) == [Said("orgs.csv", None, "", "file.unreadable", "file")]


def test_the_cells_of_a_broken_row_are_not_judged_and_no_password_of_it_is_shown() -> None:
    files = only("users", "roles", "orgs", version="1.2")
    lines = files["users.csv"].split(b"\r\n")
    lines[2] = lines[2].replace(b"true,gil", b'Hunter2,"gil"x')
    findings = conform(files | {"users.csv": b"\r\n".join(lines)}).findings
    assert findings["code"].tolist()[0] == "row.malformed"
    assert "Hunter2" not in findings.to_csv()
