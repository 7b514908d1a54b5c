"""`sftpingest check --strict` on OneRoster: what the specification says comes first."""

import csv
import json
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import Program, written
from tests.roster.conform.sets import files_of, only, spoilt, whole


def rejections(quick: Program, path: Path, tmp_path: Path) -> list[dict[str, str]]:
    quick("check", path, "--strict", "--report", tmp_path / "report")
    with (tmp_path / "report" / "rejections.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def zipped(path: Path, files: dict[str, bytes], folder: str = "") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(folder + name, content)
    return path


def test_a_set_by_the_letter_ends_with_0(quick: Program, tmp_path: Path) -> None:
    folder = written(tmp_path / "set", files_of(whole()))
    assert "GOOD." in quick.ok("check", folder, "--strict")


def test_what_an_upload_would_get_comes_after_and_is_not_said_twice(quick: Program, tmp_path: Path) -> None:
    files = spoilt("classes", "classType", "Scheduled")
    files["classes.csv"] = files["classes.csv"].replace(b",north,", b",lake,").replace(b",09,", b",9th,")
    said = rejections(quick, written(tmp_path / "set", files), tmp_path)
    about = [(one["column"], one["code"], one["severity"]) for one in said if one["file"] == "classes.csv"]
    assert about[:2] == [("classType", "value.unknown", "row"), ("schoolSourcedId", "reference.unfit", "row")]
    assert ("grades", "value.unknown", "value") in about[2:]
    assert [column for column, *_ in about].count("schoolSourcedId") == 1


def test_the_summary_shows_what_was_found_first_though_it_is_not_the_most_frequent(
    quick: Program, tmp_path: Path
) -> None:
    files = spoilt("orgs", "name", "")
    files["users.csv"] = files["users.csv"].replace(b",true,", b",TRUE,")
    shown = quick("check", written(tmp_path / "set", files), "--strict").stdout
    first, second, *_ = (line for line in shown.splitlines() if line.startswith("* "))
    assert (first, second[:32]) == ("* orgs.csv, column name: once, in row 2", "* users.csv, column enabledUser:")


def test_in_1_2_nobody_is_told_to_add_columns_of_1_1(quick: Program, tmp_path: Path) -> None:
    said = rejections(quick, written(tmp_path / "set", only("users", "orgs")), tmp_path)
    assert [(one["file"], one["column"], one["code"]) for one in said] == [("users.csv", "", "file.alone")]


@pytest.mark.parametrize("format_name", ["auto", "oneroster"])
@pytest.mark.parametrize("kind", ["folder", "zip", "folder with a note"])
def test_where_nothing_is_known_the_manifest_is_missed(
    quick: Program, tmp_path: Path, kind: str, format_name: str
) -> None:
    files = {"notes.csv": b"a\r\n1\r\n"} if "note" in kind else {}
    path = zipped(tmp_path / "set.zip", files) if kind == "zip" else written(tmp_path / "set", files)
    done = quick("check", path, "--strict", "--format", format_name)
    assert done.returncode == 4
    assert next(line for line in done.stdout.splitlines() if line.startswith("* ")) == "* manifest.csv: once"
    if not files:
        assert "cannot be taken as an upload" in quick.refused("check", path, "--format", format_name)


def test_an_empty_folder_is_no_upload_in_another_format(quick: Program, tmp_path: Path) -> None:
    assert "holds no files" in quick.refused("check", written(tmp_path / "set", {}), "--strict", "--format", "clever")


def test_a_damaged_zip_is_no_set_at_all(quick: Program, tmp_path: Path) -> None:
    path = zipped(tmp_path / "set.zip", files_of(whole()), "set/")
    whole_zip = path.read_bytes()
    path.write_bytes(whole_zip[:60] + bytes(40) + whole_zip[100:])
    assert "damaged" in quick.refused("check", path, "--strict")


def test_files_in_a_folder_of_the_zip_are_misplaced(quick: Program, tmp_path: Path) -> None:
    said = rejections(quick, zipped(tmp_path / "set.zip", only("orgs"), "set/"), tmp_path)
    assert [(one["file"], one["code"]) for one in said] == [
        ("set/manifest.csv", "file.misplaced"),
        ("set/orgs.csv", "file.misplaced"),
    ]


def test_rows_of_every_file_add_up(quick: Program, tmp_path: Path) -> None:
    files = spoilt("results", "score", "ten")
    said = quick("check", written(tmp_path / "set", files), "--strict", "--json").stdout
    counted = json.loads(said)["files"]
    assert len(counted) == 21
    assert counted["results.csv"] == {"rows": 1, "accepted": 0, "rejected": 1}
    assert counted["resultLearningObjectiveIds.csv"]["rejected"] == 0


def test_the_rows_of_a_file_that_an_upload_would_not_read_count_too(quick: Program, tmp_path: Path) -> None:
    said = quick("check", written(tmp_path / "set", only("users", "orgs")), "--strict", "--json").stdout
    assert json.loads(said)["files"]["users.csv"] == {"rows": 3, "accepted": 0, "rejected": 3}
