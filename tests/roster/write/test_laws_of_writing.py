"""Laws of the way back: a roster, written and read again, is the same roster."""

from datetime import date

import pytest
from hypothesis import given, settings

from sftpingest.roster.format import Format
from sftpingest.roster.kinds import Kind, Roster
from sftpingest.roster.write import About, Version, Written, write_clever, write_oneroster
from tests.roster.district import District
from tests.roster.strategies import LAW, MORE
from tests.roster.write.rosters import CLEVER, ONEROSTER, clever_rosters, oneroster_rosters, spread
from tests.roster.write.strict import faults

ABOUT = About("lake", "Lake District", date(2026, 11, 28))


def oneroster(roster: Roster, version: Version) -> dict[str, bytes]:
    return whole(list(write_oneroster(roster, ABOUT, version)))


def clever(roster: Roster) -> dict[str, bytes]:
    return whole(list(write_clever(roster)))


def whole(files: list[Written]) -> dict[str, bytes]:
    return {file.name: b"".join(file.pieces) for file in files}


def read(files: dict[str, bytes], form: Format) -> District:
    district = District(form=form)
    taken = district.take_files(files)
    assert set(taken.findings["severity"]) <= {"note"}
    return district


@pytest.mark.parametrize("version", list(Version))
@given(roster=oneroster_rosters())
@settings(LAW, max_examples=3 * MORE)
def test_a_roster_written_as_oneroster_comes_back_as_it_was(roster: Roster, version: Version) -> None:
    files = oneroster(roster, version)
    assert faults(files) == []
    assert spread(read(files, ONEROSTER).roster()) == spread(roster)


@pytest.mark.parametrize("version", list(Version))
@given(roster=clever_rosters())
@settings(LAW, max_examples=3 * MORE)
def test_a_roster_of_clever_written_as_oneroster_comes_back_as_it_was(roster: Roster, version: Version) -> None:
    files = oneroster(roster, version)
    assert faults(files) == []
    assert spread(read(files, ONEROSTER).roster()) == spread(roster)


@given(roster=clever_rosters())
@settings(LAW, max_examples=3 * MORE)
def test_a_roster_of_clever_written_as_clever_comes_back_as_it_was(roster: Roster) -> None:
    if not len(roster[Kind.SECTION]) or not len(roster[Kind.ENROLLMENT].query("role == 0")):
        return  # Clever takes no file without records
    district = read(clever(roster), CLEVER)
    assert spread(district.roster()) == spread(roster)


@given(roster=clever_rosters())
@settings(LAW, max_examples=3 * MORE)
def test_from_clever_to_oneroster_and_back_nothing_is_lost(roster: Roster) -> None:
    if not len(roster[Kind.SECTION]) or not len(roster[Kind.ENROLLMENT].query("role == 0")):
        return
    there = read(oneroster(roster, Version.V1_2), ONEROSTER).roster()
    assert spread(read(clever(there), CLEVER).roster()) == spread(roster)
