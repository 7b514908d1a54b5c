"""Laws of the pure middle, whatever an upload holds."""

import json
from copy import deepcopy

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sftpingest.roster.finding import COLUMNS
from sftpingest.roster.judge import refuse
from sftpingest.roster.kinds import REFERS, Kind
from sftpingest.roster.parse import parse
from sftpingest.roster.sheet import Parsed
from sftpingest.roster.validate import validate
from tests.roster.district import District, Taken
from tests.roster.strategies import LAW, MORE, RICH, districts, spoilt
from tests.roster.uploads import FORM, SMALLEST, cells_of, rows_of, said

# ------------------------------------------------------------------------------------------------------------ reading


@given(raw=st.binary(max_size=300))
@settings(LAW, max_examples=10 * MORE)
def test_parse_and_validate_never_raise_on_any_bytes(raw: bytes) -> None:
    files = {name: text.encode() for name, text in SMALLEST.items()} | {"students.csv": raw, "staff.csv": raw}
    parsed = parse(files, FORM)
    if refuse(parsed.findings) is None:
        validate(parsed)


@given(raw=st.binary(max_size=120).map(lambda raw: b"School_id,School_name\nnorth,North\n" + raw))
@settings(LAW, max_examples=8 * MORE)
def test_parse_and_validate_never_raise_on_any_bytes_below_a_header(raw: bytes) -> None:
    parsed = parse({name: text.encode() for name, text in SMALLEST.items()} | {"schools.csv": raw}, FORM)
    if refuse(parsed.findings) is None:
        validate(parsed)


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
        assert len(accepted) + len(rejected) == parsed.records[sheet.name]
        if sheet.form.kind is Kind.ENROLLMENT:
            assert int((validated.roster[Kind.ENROLLMENT]["role"] == 0).sum()) == len(accepted)
        else:
            assert set(cells_of(validated.roster[sheet.form.kind], "id")) == set(cells_of(accepted, "id"))
            assert len(validated.roster[sheet.form.kind]) == len(set(cells_of(accepted, "id")))


@given(files=spoilt())
@settings(LAW, max_examples=8 * MORE)
def test_records_are_accepted_or_rejected_and_no_third(files: dict[str, bytes]) -> None:
    parsed = parse(files, FORM)
    assert list(parsed.findings.columns) == list(COLUMNS)
    if refuse(parsed.findings) is None:
        check_sums(parsed)


@given(files=districts())
@settings(LAW, max_examples=3 * MORE)
def test_a_good_upload_has_no_findings(files: dict[str, bytes]) -> None:
    parsed = parse(files, FORM)
    assert said(parsed) == []
    check_sums(parsed)
    assert said(validate(parsed)) == []


# ------------------------------------------------------------------------------------------------------ what changes


@given(before=districts(), after=districts())
@settings(LAW, max_examples=3 * MORE)
def test_what_reconcile_says_makes_the_one_roster_of_the_other(
    before: dict[str, bytes], after: dict[str, bytes]
) -> None:
    district, fresh = District(), District()
    district.take_files(before)
    fresh.take_files(after)
    district.take_files(after)
    assert district.whole() == fresh.whole()


@given(files=districts())
@settings(LAW, max_examples=3 * MORE)
def test_a_roster_and_itself_have_no_difference(files: dict[str, bytes]) -> None:
    district = District()
    district.take_files(files)
    assert district.take_files(files).touched() == 0


# --------------------------------------------------------------------------------------------------- what never bends


@pytest.fixture(scope="module")
def started() -> District:
    """A district that has applied the rich upload; copy it before it takes another."""
    new = District()
    new.take_files({name: text.encode() for name, text in RICH.items()})
    return new


OWN_FILE = (Kind.SCHOOL, Kind.TEACHER, Kind.STUDENT, Kind.SECTION, Kind.STAFF)


def stands(parsed: Parsed, kind: Kind) -> tuple[list[str], list[str]]:
    """Ids in the rows of a kind's file as they stand, and those in rows of the wrong length."""
    for sheet in parsed.sheets:
        if sheet.form.kind is kind:
            return cells_of(sheet.rows, "id"), cells_of(sheet.malformed, "id")
    return [], []


def dangling(district: District) -> list[str]:
    """References of what is held to what is not."""
    out = []
    for kind, columns in REFERS.items():
        for column, other in columns.items():
            there = {"", *district.ids(other)}
            out += [f"{kind}.{column} {key}" for key in cells_of(district.records[kind], column) if key not in there]
    schools = set(district.ids(Kind.SCHOOL))
    for kind in (Kind.STUDENT, Kind.STAFF):
        lists = [json.loads(cell) for cell in cells_of(district.records[kind], "more_school_ids") if cell]
        out += [f"{kind} further {key}" for keys in lists for key in keys if key not in schools]
    return out


def check_removals(before: District, after: District, parsed: Parsed) -> None:
    """Nothing that has a row goes, and nothing of a kind in doubt."""
    for kind in OWN_FILE:
        gone = set(before.ids(kind)) - set(after.ids(kind))
        rows, malformed = stands(parsed, kind)
        assert not gone & {*rows, *malformed}
        in_doubt = "" in {*rows, *malformed} or set(malformed) - set(before.ids(kind))
        assert not (gone and in_doubt)


def check_enrollments(before: District, after: District, parsed: Parsed) -> None:
    """Who is in a section stays there while a row says so and both stay."""
    (sheet,) = (sheet for sheet in parsed.sheets if sheet.form.kind is Kind.ENROLLMENT)
    named = {pair for frame in (sheet.rows, sheet.malformed) for pair in rows_of(frame, "section_id", "person_id")}
    there = {(one.section, one.person) for one in after.enrolled() if one.role == "student"}
    for one in before.enrolled():
        stays = one.section in after.ids(Kind.SECTION) and one.person in after.ids(Kind.STUDENT)
        if one.role == "student" and stays and (one.section, one.person) in named:
            assert (one.section, one.person) in there


def check_rejected(before: District, after: District, taken: Taken) -> None:
    """What is held under the id of a rejected row, and came in no other, is as it was; and so are its contacts."""
    for kind in OWN_FILE:
        away = taken.validated.turned_away.get(kind)
        came = cells_of(taken.validated.roster[kind], "id") if kind in taken.validated.roster else []
        for key in set(cells_of(away, "id") if away is not None else []) & set(before.ids(kind)):
            assert key in came or before.record(kind, key) == after.record(kind, key)
            if kind is Kind.STUDENT:
                assert contacts(before, key) <= contacts(after, key)


def contacts(district: District, student: str) -> set[str]:
    frame = district.records[Kind.CONTACT]
    return {key for key, whose in rows_of(frame, "id", "student_id") if whose == student}


@given(files=spoilt())
@settings(LAW, max_examples=8 * MORE)
def test_a_rejected_row_is_not_a_deletion_and_nothing_refers_to_what_is_gone(
    started: District, files: dict[str, bytes]
) -> None:
    district, parsed = deepcopy(started), parse(files, FORM)
    assume(refuse(parsed.findings) is None)
    taken = district.take_files(files)
    check_removals(started, district, parsed)
    check_enrollments(started, district, parsed)
    check_rejected(started, district, taken)
    assert dangling(district) == []
    assert all(one.school != "(gone)" for one in district.enrolled())


@given(files=spoilt())
@settings(LAW, max_examples=3 * MORE)
def test_a_whole_upload_after_a_broken_one_mends_everything(started: District, files: dict[str, bytes]) -> None:
    district = deepcopy(started)
    assume(refuse(parse(files, FORM).findings) is None)
    district.take_files(files)
    district.take_files({name: text.encode() for name, text in RICH.items()})
    assert district.whole() == started.whole()
