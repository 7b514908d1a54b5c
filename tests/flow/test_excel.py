"""A roster that went through a spreadsheet, behind the real doors: nobody is removed for it.

In:  the demo's roster without mistakes, some ids with zeros in front.
Out: nothing.
"""

import re

import pytest

from sftpingest.store.tables import State
from tests.cli.conftest import without_mistakes
from tests.flow.conftest import District, house_of_one_store, same


def with_zeros() -> dict[str, bytes]:
    """S001 is 00001: the letter made sure that no spreadsheet touched it."""
    return {name: re.sub(rb"\bS(\d{3})\b", rb"00\1", content) for name, content in without_mistakes().items()}


def without_zeros() -> dict[str, bytes]:
    return {name: re.sub(rb"\b0+(\d+)\b", rb"\1", content) for name, content in with_zeros().items()}


@pytest.fixture
def applied(springfield: District) -> District:
    """A district that holds the roster."""
    assert springfield.uploaded(with_zeros()).state is State.APPLIED
    return springfield


@house_of_one_store
def test_ids_without_their_zeros_wait_for_a_person_who_may_release_them(applied: District) -> None:
    before = applied.whole()
    sync = applied.uploaded(without_zeros())
    report = applied.latest()
    assert sync.state is State.HELD
    assert '60 student ids such as "1" are held as "00001"' in report.result["reason"]
    assert "zeros in front" in report.summary
    assert "id.zeros_lost" in set(report.rejections["code"])
    same(applied.whole(), before)
    assert applied.place.program("sync", "release", sync.id).returncode == 0
    assert applied.sync(sync.id).state is State.APPLIED
    assert "1" in set(applied.shown("student")["id"])


@house_of_one_store
def test_semicolons_a_totals_line_and_shortened_ids_change_nothing(applied: District) -> None:
    files = with_zeros()
    header, first, *rest = files["students.csv"].decode().split("\r\n")
    assert '"' not in files["students.csv"].decode()
    shortened = first.replace("00001", "1.20257E+11")
    assert shortened != first
    spoilt = "sep=;\r\n" + "\r\n".join([header, shortened, *filter(None, rest), "Total,60", ""]).replace(",", ";")
    sync = applied.uploaded(files | {"students.csv": spoilt.encode()})
    report = applied.latest()
    assert sync.state is State.APPLIED
    assert sync.files["students.csv"] == {"rows": 61, "accepted": 59, "rejected": 2}
    said = report.rejections[report.rejections["file"] == "students.csv"]
    assert set(zip(said["row"].fillna(""), said["code"], strict=True)) == {
        *(("", "file.separator"), ("2", "value.rounded"), ("62", "row.totals"))
    }
    assert sync.kinds["student"] == {"created": 0, "updated": 0, "removed": 0, "unchanged": 60}
    assert sync.kinds["enrollment"]["removed"] == 0
    rejected = report.files["rejected/rejected-students.csv"].decode("utf-8-sig").splitlines()
    assert rejected == [header.replace(",", ";"), shortened.replace(",", ";"), "Total;60"]
