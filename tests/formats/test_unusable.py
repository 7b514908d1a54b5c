"""A format that cannot work is refused when it is read, with its place in the TOML; no upload ever meets it.

In:  our own format with one thing spoilt.
Out: one sentence.
"""

from importlib import resources
from pathlib import Path

import pytest

from sftpingest.roster.format import WrongFormat, load
from tests.cli.conftest import Program

OURS = (resources.files("sftpingest") / "formats" / "clever.toml").read_text("utf-8")
SECTIONS = '[files."sections.csv"]'
ENROLLMENTS = '[files."enrollments.csv"]'


def without(start: str, end: str) -> str:
    """Our format without the lines from one to the next."""
    before, _, rest = OURS.partition(start)
    return before + end + rest.partition(end)[2]


def with_line(old: str, new: str) -> str:
    assert old in OURS
    return OURS.replace(old, new)


def enrollments_first() -> str:
    head, _, tail = OURS.partition(SECTIONS)
    sections, _, enrollments = tail.partition(ENROLLMENTS)
    return head + ENROLLMENTS + enrollments + SECTIONS + sections


#: What is spoilt, the place that must be named, and a word of what to do.
SPOILT = [
    (with_line('type = "year"', 'type = "integer"'), 'files."students.csv".columns.graduation_year', "date, year"),
    (with_line('1 = { from = "Teacher_id"', '11 = { from = "Teacher_id"'), 'files."sections.csv".teaches.1', "teacher"),
    (with_line('"Teacher_id", required = true, refers', '"Teacher_id", refers'), "teaches.1", "required = true"),
    (with_line('"Teacher_2_id", refers = "teacher"', '"Teacher_2_id"'), "teaches.2", 'refers = "teacher"'),
    (with_line("10 = { from", "ten = { from"), 'files."sections.csv".teaches.ten', "no such column"),
    (without(SECTIONS, ENROLLMENTS), 'files."enrollments.csv".columns.section_id', "section"),
    (enrollments_first(), 'files."enrollments.csv".columns.section_id', "no file before this one"),
    (without('person_id = { from = "Student_id"', "\n"), 'files."enrollments.csv".columns.person_id', "student"),
    (without('[files."teachers.csv"]', '[files."staff.csv"]'), 'files."sections.csv".teaches.1', "teacher"),
    (with_line('kind = "teacher"\ncore = true', 'kind = "teacher"'), 'files."sections.csv".teaches.1', "core = true"),
    (with_line('kind = "staff"', 'kind = "teacher"'), 'files."staff.csv"', "teachers.csv brings teacher"),
    (
        with_line('birth_date = { from = "DOB"', 'born = { from = "DOB"'),
        'files."students.csv".columns.born',
        "birth_date",
    ),
    (with_line('last_name = { from = "Contact_name" }', ""), 'files."students.csv"', "further cannot name contact"),
    (with_line('["Staff_id", "Admin_id"]', "[]"), 'files."staff.csv".columns.id', "from must be"),
    ('name = "x"\ntitle = "X"\n[words]\ngrade = 3\n', "words", "grade must be a table"),
    (with_line('kind = "school"', 'kind = "school"\nkore = true'), 'files."schools.csv"', "kore is no setting"),
    (with_line('kind = "school"', 'kind = "pupil"'), 'files."schools.csv"', 'no kind "pupil"'),
    (with_line("core = true", 'core = "yes"'), 'files."schools.csv"', "true or false"),
    (with_line("M = [", "M = 3 # ["), "words.gender", "list of texts"),
    ('name = "empty"\ntitle = "Empty"\n', "at the top", "files must be a table"),
    ('name = "empty"\ntitle = "Empty"\n[files]\n', "at the top", "files has no file"),
]


@pytest.mark.parametrize(("source", "place", "remedy"), SPOILT, ids=[f"{n}" for n in range(len(SPOILT))])
def test_it_is_refused_with_its_place_and_a_remedy(tmp_path: Path, source: str, place: str, remedy: str) -> None:
    path = tmp_path / "spoilt.toml"
    path.write_text(source, "utf-8")
    with pytest.raises(WrongFormat) as refused:
        load(str(path))
    said = str(refused.value)
    assert str(path) in said
    assert place in said
    assert remedy in said
    assert said.endswith(".")


def test_check_says_it_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "spoilt.toml"
    path.write_text(with_line('type = "year"', 'type = "integer"'), "utf-8")
    assert "graduation_year" in Program(tmp_path / "data").refused("check", tmp_path, "--format", path)


def test_the_name_of_a_file_may_have_capital_letters(tmp_path: Path) -> None:
    path = tmp_path / "capital.toml"
    path.write_text(with_line('"schools.csv"', '"Schools.csv"'), "utf-8")
    form = load(str(path))
    assert form.file("schools.CSV") is form.files[0]
