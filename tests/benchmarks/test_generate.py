"""The generator of districts: what it says it planted stands in the files, and nothing else is wrong with them.

In:  small districts in a temporary folder.
Out: nothing.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.generate import Planted, generate, generate_oneroster
from benchmarks.recipes import IDS, recipes
from sftpingest.sync.check import check

Row = dict[str, str]
Files = dict[str, dict[int, list[str]]]

REFERENCES = {
    "staff.csv": {"School_id": "schools.csv"},
    "teachers.csv": {"School_id": "schools.csv"},
    "sections.csv": {"School_id": "schools.csv", "Teacher_id": "teachers.csv", "Teacher_2_id": "teachers.csv"},
    "students.csv": {"School_id": "schools.csv"},
    "enrollments.csv": {"School_id": "schools.csv", "Section_id": "sections.csv", "Student_id": "students.csv"},
}


def read(folder: Path) -> tuple[dict[str, list[str]], Files]:
    """Headings of each file, and its rows by spreadsheet row; blank lines are left out."""
    headings, files = {}, {}
    for name in IDS:
        with (folder / name).open(newline="", encoding="utf-8") as file:
            lines = list(csv.reader(file))
        headings[name] = lines[0]
        files[name] = {row: cells for row, cells in enumerate(lines[1:], start=2) if cells}
    return headings, files


def records(headings: list[str], rows: dict[int, list[str]]) -> dict[int, Row]:
    return {row: dict(zip(headings, cells, strict=False)) for row, cells in rows.items()}


def judged(folder: Path) -> Iterator[Planted]:
    """Every finding about rows, worked out one row at a time by the plainest code there is."""
    headings, files = read(folder)
    kept: dict[str, set[str]] = {}
    rejected: dict[str, set[str]] = {}
    for name in IDS:
        kept[name], rejected[name], seen = set(), set(), set()
        for row, cells in files[name].items():
            record = dict(zip(headings[name], cells, strict=False))
            key = tuple(record.get(column, "") for column in key_columns(name))
            found = list(wrong(name, headings[name], cells, record, kept, rejected))
            if not found and key in seen:
                found = [(IDS[name], "id.repeated", "row")]
            elif any(severity == "row" for _, _, severity in found):
                rejected[name].add(record.get(IDS[name], ""))
            else:
                kept[name].add(record[IDS[name]])
            seen.add(key)
            yield from (Planted(name, row, *finding) for finding in found)


def key_columns(name: str) -> tuple[str, ...]:
    return ("Section_id", "Student_id") if name == "enrollments.csv" else (IDS[name],)


def wrong(
    name: str,
    headings: list[str],
    cells: list[str],
    record: Row,
    kept: dict[str, set[str]],
    rejected: dict[str, set[str]],
) -> Iterator[tuple[str, str, str]]:
    if len(cells) != len(headings):
        yield "", "row.malformed", "row"
        return
    for recipe in recipes(name):
        if recipe.spoil == "word" and record[recipe.column] == recipe.word:
            yield recipe.column, recipe.code, recipe.severity
    for column, parent in REFERENCES.get(name, {}).items():
        severity = "value" if column == "Teacher_2_id" else "row"
        if record[column] in kept[parent] | {""}:
            continue
        code = "reference.rejected" if record[column] in rejected[parent] else "reference.unknown"
        yield column, code, severity


def about_rows(planted: list[Planted]) -> list[Planted]:
    return [mistake for mistake in planted if mistake.row is not None]


def test_everything_scales_with_the_students(tmp_path: Path) -> None:
    generate(tmp_path / "upload", students=1200)
    _, files = read(tmp_path / "upload")
    counts = {name: len(rows) for name, rows in files.items()}
    assert counts == {
        "schools.csv": 2,
        "staff.csv": 20,
        "teachers.csv": 60,
        "sections.csv": 300,
        "students.csv": 1200,
        "enrollments.csv": 8000,
    }


@pytest.mark.parametrize("students", [100, 1200, 2500])
def test_a_district_without_mistakes_has_none(tmp_path: Path, students: int) -> None:
    assert generate(tmp_path / "upload", students=students) == []
    assert list(judged(tmp_path / "upload")) == []


def test_a_night_later_the_district_still_has_no_mistakes(tmp_path: Path) -> None:
    generate(tmp_path / "upload", students=2500, changed=0.1)
    assert list(judged(tmp_path / "upload")) == []


@pytest.mark.parametrize(("mistakes", "changed"), [(0.05, 0.0), (0.05, 0.05), (0.1, 0.0)])
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, mistakes: float, changed: float) -> None:
    for place in ("one", "two"):
        generate(tmp_path / place / "upload", students=1200, mistakes=mistakes, changed=changed, seed=7)
    for name in (*(f"upload/{name}" for name in IDS), "planted.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_another_seed_gives_another_district(tmp_path: Path) -> None:
    for seed in (1, 2):
        generate(tmp_path / str(seed), students=100, seed=seed)
    assert (tmp_path / "1" / "students.csv").read_bytes() != (tmp_path / "2" / "students.csv").read_bytes()


@pytest.mark.parametrize("contacts", [False, True])
@pytest.mark.parametrize(("students", "seed", "changed"), [(1200, 1, 0.0), (3000, 2, 0.0), (3000, 3, 0.05)])
def test_each_planted_mistake_stands_at_its_row_and_nothing_else_is_wrong(
    tmp_path: Path, students: int, seed: int, changed: float, contacts: bool
) -> None:
    folder = tmp_path / "upload"
    planted = generate(folder, students=students, mistakes=0.05, changed=changed, seed=seed, contacts=contacts)
    found = list(judged(folder)) if not contacts else [f for f in judged(folder) if f.code != "id.repeated"]
    expected = [m for m in about_rows(planted) if not contacts or m.code != "id.repeated"]
    assert sorted(found) == sorted(expected)


def test_each_recipe_is_used_at_least_once(tmp_path: Path) -> None:
    planted = generate(tmp_path / "upload", students=1200, mistakes=0.05)
    used = {(mistake.file, mistake.column, mistake.code) for mistake in planted}
    for name in IDS:
        assert {(name, recipe.column, recipe.code) for recipe in recipes(name)} <= used


def test_each_record_carries_one_finding_at_most(tmp_path: Path) -> None:
    planted = generate(tmp_path / "upload", students=3000, mistakes=0.1)
    rows = Counter((mistake.file, mistake.row) for mistake in planted)
    assert set(rows.values()) == {1}


def test_about_five_percent_of_the_records_of_each_file_carry_a_finding(tmp_path: Path) -> None:
    planted = generate(tmp_path / "upload", students=30_000, mistakes=0.05)
    _, files = read(tmp_path / "upload")
    found = Counter(mistake.file for mistake in about_rows(planted))
    for name in ("teachers.csv", "sections.csv", "students.csv", "enrollments.csv"):
        assert found[name] / len(files[name]) == pytest.approx(0.05, rel=0.1)


def test_a_student_with_two_contacts_has_two_rows_that_agree_in_all_else(tmp_path: Path) -> None:
    generate(tmp_path / "upload", students=600, contacts=True)
    headings, files = read(tmp_path / "upload")
    rows = records(headings["students.csv"], files["students.csv"]).values()
    plain = {tuple(value for heading, value in row.items() if not heading.startswith("Contact_")) for row in rows}
    assert len(plain) == len({row["Student_id"] for row in rows}) == 600
    assert len(rows) > 600
    assert len({row["Contact_sis_id"] for row in rows if row["Contact_sis_id"]}) > 500


def test_the_last_copy_of_a_repeated_row_is_the_same_row_again(tmp_path: Path) -> None:
    planted = generate(tmp_path / "upload", students=1200, mistakes=0.05, contacts=True)
    _, files = read(tmp_path / "upload")
    for mistake in planted:
        if mistake.code == "id.repeated" and mistake.row is not None:
            rows = files[mistake.file]
            assert rows[mistake.row] in [cells for row, cells in rows.items() if row < mistake.row]


def test_the_strange_column_and_the_list_beside_the_upload_are_there(tmp_path: Path) -> None:
    planted = generate(tmp_path / "upload", students=600, mistakes=0.05)
    headings, _ = read(tmp_path / "upload")
    strange = [mistake for mistake in planted if mistake.code == "column.unknown"]
    assert [(mistake.file, mistake.row, mistake.severity) for mistake in strange] == [("teachers.csv", None, "note")]
    assert strange[0].column in headings["teachers.csv"]
    with (tmp_path / "planted.csv").open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == len(planted)
    assert sorted(path.name for path in (tmp_path / "upload").iterdir()) == sorted(IDS)


def test_a_share_changes_from_night_to_night(tmp_path: Path) -> None:
    for night, changed in (("first", 0.0), ("second", 0.05)):
        generate(tmp_path / night, students=6000, changed=changed)
    (headings, first), (_, second) = read(tmp_path / "first"), read(tmp_path / "second")
    for name in ("teachers.csv", "sections.csv", "students.csv", "enrollments.csv"):
        before, after = ({tuple(row) for row in files[name].values()} for files in (first, second))
        place = [headings[name].index(column) for column in key_columns(name)]
        gone, new = (
            len({tuple(row[p] for p in place) for row in here} - {tuple(row[p] for p in place) for row in there})
            for here, there in ((before, after), (after, before))
        )
        updated = len(after - before) - new
        assert (gone + new + updated) / len(before) == pytest.approx(0.05, rel=0.15), name
        assert gone / len(before) < 0.05


@pytest.mark.parametrize(("options", "word"), [({"students": 99}, "100 students"), ({"mistakes": 0.5}, "mistakes")])
def test_a_wrong_wish_is_refused_in_one_sentence(tmp_path: Path, options: dict[str, float], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        generate(tmp_path / "upload", **{"students": 100, **options})  # type: ignore[arg-type]


def test_a_district_in_oneroster_is_the_same_district(tmp_path: Path) -> None:
    generate(tmp_path / "clever", students=1200)
    generate_oneroster(tmp_path / "oneroster", students=1200)
    theirs, ours = (check(tmp_path / name, "auto", strict=False) for name in ("oneroster", "clever"))
    assert (theirs.worst, ours.worst) == (None, None)
    counts = {name: counted["rows"] for name, counted in theirs.files.items()}
    taught = sum(bool(row[2]) + bool(row[3]) for row in csv.reader((tmp_path / "clever/sections.csv").open())) - 2
    people = ours.files["students.csv"]["rows"] + 60 + 20
    assert counts["users.csv"] == counts["roles.csv"] == people
    assert counts["enrollments.csv"] == ours.files["enrollments.csv"]["rows"] + taught
    assert (counts["classes.csv"], counts["demographics.csv"]) == (300, 1200)
