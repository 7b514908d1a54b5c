"""Laws of the pure middle, whatever an upload holds."""

from collections.abc import Mapping
from copy import deepcopy

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sftpingest.roster.encoding import Unreadable, to_utf8
from sftpingest.roster.finding import COLUMNS
from sftpingest.roster.judge import refuse
from sftpingest.roster.kinds import RECORDS, REFERS, Kind
from sftpingest.roster.parse import parse
from sftpingest.roster.sheet import Parsed
from sftpingest.roster.table import Table, _careful, _fast, _square, read
from sftpingest.roster.validate import validate
from tests.roster.conftest import FORM, SMALLEST, STAFF, District, cells_of, lines, said
from tests.roster.strategies import PIECES, districts, spoilt

LAW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


# ------------------------------------------------------------------------------------------------------------ reading


@given(raw=st.binary(max_size=300))
@settings(LAW, max_examples=40)
def test_parse_and_validate_never_raise_on_any_bytes(raw: bytes) -> None:
    files = {name: text.encode() for name, text in SMALLEST.items()} | {"students.csv": raw, "staff.csv": raw}
    parsed = parse(files, FORM)
    if refuse(parsed.findings) is None:
        validate(parsed)


@given(raw=st.binary(max_size=120).map(lambda raw: b"School_id,School_name\nnorth,North\n" + raw))
@settings(LAW, max_examples=40)
def test_parse_and_validate_never_raise_on_any_bytes_below_a_header(raw: bytes) -> None:
    parsed = parse({name: text.encode() for name, text in SMALLEST.items()} | {"schools.csv": raw}, FORM)
    if refuse(parsed.findings) is None:
        validate(parsed)


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
@settings(LAW, max_examples=300)
def test_the_fast_and_the_careful_reader_agree(body: str) -> None:
    readings = both(f"A,B,C\n{body}".encode())
    if readings is not None:
        fast, careful = readings
        assert fast.numbers.tolist() == careful.numbers.tolist()
        assert [column.to_pylist() for column in fast.cells] == [column.to_pylist() for column in careful.cells]
        assert fast.ragged == careful.ragged


@given(body=CSV)
@settings(LAW, max_examples=200)
def test_no_row_is_read_twice_and_their_places_ascend(body: str) -> None:
    table = read(f"A,B,C\n{body}".encode())
    rows = [*table.numbers.tolist(), *(at for at, *_ in table.ragged)]
    assert len(rows) == len(set(rows))
    assert table.numbers.tolist() == sorted(table.numbers)
    assert min(rows, default=2) >= 2


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\uffff"), max_size=60))
@settings(LAW, max_examples=100)
def test_every_text_in_utf8_and_marked_utf16_is_read_as_it_was_written(text: str) -> None:
    text = f"School_id,{text.lstrip(chr(0xFEFF))}"
    assert to_utf8(text.encode()) == (text.encode(), "")
    assert to_utf8(text.encode("utf-16")) == (text.encode(), "UTF-16")


@given(raw=st.binary(max_size=80))
@settings(LAW, max_examples=200)
def test_bytes_become_good_utf8_without_nul_or_are_unreadable(raw: bytes) -> None:
    try:
        text, _ = to_utf8(raw)
    except Unreadable:
        return
    assert "\0" not in text.decode()


# -------------------------------------------------------------------------------------------- judging and adding up


def check_sums(parsed: Parsed) -> None:
    """Every record is accepted or rejected, and stands in the roster if it is accepted."""
    validated = validate(parsed)
    for sheet in parsed.sheets:
        mine = [one for one in said(validated) if one.file == sheet.name and one.row is not None]
        rejected = {one.row for one in mine if one.severity == "row"}
        places = [*sheet.rows.index.tolist(), *sheet.malformed.index.tolist()]
        assert {one.row for one in mine} <= set(places)
        assert rejected >= set(sheet.malformed.index.tolist())
        accepted = sheet.rows[~sheet.rows.index.isin(list(rejected))]
        assert len(accepted) + len(rejected) == sheet.records
        if sheet.form.kind is Kind.ENROLLMENT:
            assert int((validated.roster[Kind.ENROLLMENT]["role"] == 0).sum()) == len(accepted)
        else:
            assert set(cells_of(validated.roster[sheet.form.kind], "id")) == set(cells_of(accepted, "id"))
            assert len(validated.roster[sheet.form.kind]) == len(set(cells_of(accepted, "id")))


@given(files=spoilt())
@settings(LAW, max_examples=40)
def test_records_are_accepted_or_rejected_and_no_third(files: dict[str, bytes]) -> None:
    parsed = parse(files, FORM)
    assert list(parsed.findings.columns) == list(COLUMNS)
    if refuse(parsed.findings) is None:
        check_sums(parsed)


@given(files=districts())
@settings(LAW, max_examples=10)
def test_a_good_upload_has_no_findings(files: dict[str, bytes]) -> None:
    parsed = parse(files, FORM)
    assert said(parsed) == []
    check_sums(parsed)
    assert said(validate(parsed)) == []


# ------------------------------------------------------------------------------------------------------ what changes


@given(before=districts(), after=districts())
@settings(LAW, max_examples=15)
def test_what_reconcile_says_makes_the_one_roster_of_the_other(
    before: dict[str, bytes], after: dict[str, bytes]
) -> None:
    district, fresh = District(), District()
    district.take_files(before)
    fresh.take_files(after)
    district.take_files(after)
    assert district.whole() == fresh.whole()


@given(files=districts())
@settings(LAW, max_examples=10)
def test_a_roster_and_itself_have_no_difference(files: dict[str, bytes]) -> None:
    district = District()
    district.take_files(files)
    assert district.take_files(files).touched() == 0


# ------------------------------------------------------------------------------------------------- what never bends


def named(files: Mapping[str, bytes], kind: Kind) -> set[str]:
    """Every id that stands in a row of its file, good or malformed."""
    ids: set[str] = set()
    for sheet in parse(files, FORM).sheets:
        if sheet.form.kind is kind:
            ids |= {*cells_of(sheet.rows, "id"), *cells_of(sheet.malformed, "id")}
    return ids


def dangling(district: District) -> list[str]:
    """References of what is held to what is not."""
    out = []
    for kind, columns in REFERS.items():
        for column, other in columns.items():
            there = {"", *district.ids(other)}
            out += [f"{kind}.{column} {key}" for key in cells_of(district.records[kind], column) if key not in there]
    return out


@given(files=spoilt())
@settings(LAW, max_examples=60)
def test_no_record_that_has_a_row_is_removed_and_nothing_refers_to_what_is_gone(
    started: District, files: dict[str, bytes]
) -> None:
    district = deepcopy(started)
    if refuse(parse(files, FORM).findings) is not None:
        return
    held = {kind: district.ids(kind) for kind in RECORDS}
    district.take_files(files)
    for kind in (Kind.SCHOOL, Kind.TEACHER, Kind.STUDENT, Kind.SECTION, Kind.STAFF):
        gone = set(held[kind]) - set(district.ids(kind))
        assert not gone & named(files, kind)
    assert dangling(district) == []
    assert all(one.school != "(gone)" for one in district.enrolled())


@given(files=spoilt())
@settings(LAW, max_examples=30)
def test_the_upload_mended_leads_to_what_it_would_have_been(started: District, files: dict[str, bytes]) -> None:
    district = deepcopy(started)
    whole = district.whole()
    if refuse(parse(files, FORM).findings) is not None:
        return
    district.take_files(files)
    staff = lines(STAFF, "north,yew,una@example.org,Una,Yew")
    district.take(staff=staff)
    assert district.whole() == whole
