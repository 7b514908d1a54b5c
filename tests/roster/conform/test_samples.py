"""Sets that others wrote, where they lie beside the project."""

import csv
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Program

SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "oneroster"
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sets of others are not here")


@pytest.fixture
def quick(tmp_path: Path) -> Program:
    return Program(tmp_path / "data", inside=True)


def first_of(quick: Program, tmp_path: Path, name: str) -> tuple[int, dict[str, str]]:
    """The exit status, and the first finding of rejections.csv."""
    done = quick("check", SAMPLES / name, "--strict", "--report", tmp_path / "report")
    with (tmp_path / "report" / "rejections.csv").open(encoding="utf-8-sig", newline="") as file:
        first = next(csv.DictReader(file))
    shown = next(line for line in done.stdout.splitlines() if line.startswith("* "))
    assert shown.startswith(f"* {first['file']}")
    return done.returncode, first


@pytest.mark.parametrize(
    ("name", "status", "fault"),
    [
        ("missing_manifest", 4, ("manifest.csv", "", "", "file.missing")),
        ("manifest_marks_present_file_absent", 1, ("users.csv", "", "", "file.unexpected")),
        ("CSV_quote_failure", 1, ("users.csv", "2", "", "row.malformed")),
        ("bulk_lifecycle_status_failure", 1, ("users.csv", "2", "status", "value.unexpected")),
        ("missing_target_record_failure", 1, ("lineItems.csv", "2", "categorySourcedId", "reference.unknown")),
    ],
)
def test_the_planted_fault_is_named_first(
    quick: Program, tmp_path: Path, name: str, status: int, fault: tuple[str, ...]
) -> None:
    ended, first = first_of(quick, tmp_path, f"csv-1.2/invalid/{name}.zip")
    assert ended == status
    assert tuple(first[cell] for cell in ("file", "row", "column", "code")) == fault


@pytest.mark.parametrize("name", ["manifest_only_package", "rostering_bulk_package", "rostering_delta_package"])
def test_a_set_that_is_right_ends_with_0(quick: Program, tmp_path: Path, name: str) -> None:
    path = SAMPLES / f"csv-1.2/valid/{name}.zip"
    done = quick("check", path, "--strict", "--json", "--report", tmp_path / "report")
    assert done.returncode == 0
    assert set(json.loads(done.stdout)["findings"]) <= {"file.not_rostered"}


@pytest.mark.parametrize(("name", "first"), [("oat", "column.unknown"), ("moodle", "value.unexpected")])
def test_sets_of_1_1_from_elsewhere_are_told_where_they_depart(
    quick: Program, tmp_path: Path, name: str, first: str
) -> None:
    assert first_of(quick, tmp_path, f"csv-1.1/{name}")[1]["code"] == first
