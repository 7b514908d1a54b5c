"""A generated district with five percent bad rows: every planted mistake is named, exactly, and nothing else.

In:  benchmarks.generate and the list that it keeps.
Out: nothing.
"""

import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pandas as pd
import pytest

from benchmarks.generate import Planted, generate
from sftpingest.store import accounts
from sftpingest.store.findings import kept_findings
from tests.cli.conftest import Program
from tests.flow.conftest import LONG, District, House, read, rejections

Place_ = tuple[str, str, str, str, str]
STUDENTS = 20_000 if LONG else 3_000


@pytest.fixture(params=[False, True], ids=["one row a student", "a row for each contact"])
def spoilt(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, list[Planted]]:
    """A folder with mistakes, and the list of them."""
    folder = tmp_path / "spoilt" / "files"
    return folder, generate(folder, students=STUDENTS, mistakes=0.05, seed=3, contacts=request.param)


def planted_places(planted: list[Planted]) -> list[Place_]:
    return sorted((p.file, "" if p.row is None else str(p.row), p.column, p.code, p.severity) for p in planted)


def reported_places(report: Path | bytes) -> list[Place_]:
    found = rejections(report if isinstance(report, bytes) else (report / "rejections.csv").read_bytes())
    columns = ["file", "row", "column", "code", "severity"]
    return sorted(found[columns].itertuples(index=False, name=None))


def exactly(reported: list[Place_], planted: list[Place_]) -> None:
    """No more, no less; said as a difference, which is easier to read."""
    assert {"missed": sorted(set(planted) - set(reported)), "made up": sorted(set(reported) - set(planted))} == {
        "missed": [],
        "made up": [],
    }
    assert len(reported) == len(planted)


def adds_up(result: Any, folder: Path, planted: list[Planted]) -> None:
    """Records read = accepted + rejected; the rejected are those with a finding of `row`."""
    assert set(result["files"]) == set(read(folder))
    for name, counts in result["files"].items():
        rejected = {p.row for p in planted if p.file == name and p.severity == "row"}
        lines = (folder / name).read_text("utf-8").splitlines()
        assert counts["rows"] == sum(bool(line) for line in lines[1:]), name
        assert counts["rejected"] == len(rejected), name
        assert counts["accepted"] == counts["rows"] - counts["rejected"], name


def test_check_names_every_planted_mistake(spoilt: tuple[Path, list[Planted]], tmp_path: Path) -> None:
    folder, planted = spoilt
    done = Program(tmp_path / "data")("check", folder, "--report", tmp_path / "report", "--json")
    assert done.returncode == 1, done.stderr
    exactly(reported_places(tmp_path / "report"), planted_places(planted))
    adds_up(json.loads(done.stdout), folder, planted)
    assert not (tmp_path / "data").exists()


@pytest.fixture
def ingested(house: House, spoilt: tuple[Path, list[Planted]]) -> tuple[District, CompletedProcess[str]]:
    """A district after `ingest` of the folder, with or without the help of the server's own worker."""
    district = house.district()
    return district, house.place.program("ingest", district.slug, spoilt[0], "--json")


def test_ingest_names_every_planted_mistake(
    ingested: tuple[District, CompletedProcess[str]], spoilt: tuple[Path, list[Planted]]
) -> None:
    (district, done), (folder, planted) = ingested, spoilt
    assert done.returncode == 1, done.stderr
    exactly(reported_places(district.latest().files["rejections.csv"]), planted_places(planted))
    adds_up(json.loads(done.stdout), folder, planted)
    the_store_says_the_same(district, planted)
    every_rejected_row_came_back(district, folder, planted)


def the_store_says_the_same(district: District, planted: list[Planted]) -> None:
    """Findings are kept, and each accepted record is there."""
    found = district.ask(lambda c, _: kept_findings(c, district.syncs()[0].id))
    row = found["row"].astype("string").fillna("")
    kept = zip(found["file"], row, found["column"], found["code"], found["severity"], strict=True)
    exactly(sorted(kept), planted_places(planted))
    lost = {p.file for p in planted if p.severity in {"file", "upload"}}
    assert lost == set()
    files, counts = district.latest().result["files"], district.counts()
    for name, kind in {"schools.csv": "school", "teachers.csv": "teacher", "sections.csv": "section"}.items():
        assert files[name]["accepted"] == counts[kind]
    with district.place.engine.connect() as c:
        assert accounts.district(c, district.slug).head == district.syncs()[0].id


def every_rejected_row_came_back(district: District, folder: Path, planted: list[Planted]) -> None:
    """rejected-<file> has the heading and exactly the rejected rows, as they came."""
    report = district.latest().files
    for name in {p.file for p in planted if p.severity == "row"}:
        lines = (folder / name).read_text("utf-8").splitlines()
        rows = sorted({p.row for p in planted if p.file == name and p.severity == "row" and p.row})
        expected = [lines[0], *(lines[row - 1] for row in rows)]
        came = report[f"rejected/rejected-{name}"].decode("utf-8-sig").splitlines()
        assert [_unquoted(line) for line in came] == [_unquoted(line) for line in expected], name


def _unquoted(line: str) -> str:
    return line.replace('"', "")


def test_mistakes_in_the_upload_of_the_night_after_cost_nothing_that_is_held(house: House, tmp_path: Path) -> None:
    """A good roster first, then the same with five percent bad rows: not one record is removed."""
    generate(tmp_path / "good" / "files", students=600, seed=5)
    generate(tmp_path / "bad" / "files", students=600, seed=5, mistakes=0.05)
    district = house.district()
    district.uploaded(read(tmp_path / "good" / "files"))
    before = district.whole()
    sync = district.uploaded(read(tmp_path / "bad" / "files"))
    assert sync.state.value == "applied"
    assert {kind: counts["removed"] for kind, counts in sync.kinds.items()} == dict.fromkeys(sync.kinds, 0)
    for kind, frame in district.whole().items():
        key = ["section_id", "person_id", "role"] if kind.value == "enrollment" else ["id"]
        held = pd.MultiIndex.from_frame(frame[key])
        assert pd.MultiIndex.from_frame(before[kind][key]).isin(held).all(), kind
