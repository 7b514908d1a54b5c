"""What a district's own format may say of a column, each word used well and used wrongly.

In:  a format with one line changed, and small files.
Out: what is read; or one sentence with the place and the line.
"""

from pathlib import Path

import pytest

from sftpingest.roster.finding import messages
from sftpingest.roster.format import WrongFormat, load
from sftpingest.roster.kinds import Kind
from sftpingest.roster.parse import parse
from sftpingest.roster.sheet import Validated
from sftpingest.roster.validate import validate
from tests.roster.uploads import Said, cells_of, said

SOURCE = """\
name = "own"
title = "Our own"
words_of = "clever"

[files."Schools.csv"]
kind = "school"
core = true

[files."Schools.csv".columns]
id = { from = "Code", required = true }
name = { from = "Code", required = true }

[files."Pupils.csv"]
kind = "student"
core = true

[files."Pupils.csv".columns]
id = { from = "Id", required = true }
school_id = { from = "Code", required = true, refers = "school" }
first_name = { from = "Name" }
LINE
"""
#: The line of SOURCE where a test puts its own.
AT = SOURCE.split("\n").index("LINE") + 1
SCHOOLS = b"Code\n7\n"


def own(folder: Path, line: str, source: str = SOURCE) -> str:
    path = folder / "own.toml"
    path.write_text(source.replace("LINE", line), "utf-8")
    return str(path)


def read(folder: Path, line: str, *rows: str, source: str = SOURCE) -> Validated:
    """Pupils, read with that line; the first row is the header."""
    pupils = "\n".join(rows).encode()
    return validate(parse({"Schools.csv": SCHOOLS, "Pupils.csv": pupils}, load(own(folder, line, source))))


def pupils(judged: Validated, column: str) -> list[str]:
    return cells_of(judged.roster[Kind.STUDENT], column)


def about(column: str, row: int, code: str, severity: str = "value") -> Said:
    return Said("Pupils.csv", row, column, code, severity)


def test_values_say_our_word_for_each_spelling_of_the_district(tmp_path: Path) -> None:
    line = 'grade = { from = "Gr", values = { "-1" = "PreKindergarten", KF = "Kindergarten" } }'
    judged = read(tmp_path, line, "Id,Code,Gr", "a,7,-1", "b,7,kf", "c,7,kindergarten", "d,7,1", "e,7,")
    assert pupils(judged, "grade") == ["PreKindergarten", "Kindergarten", "Kindergarten", "", ""]
    assert said(judged) == [about("Gr", 5, "value.unknown")]


def test_values_beside_words_add_to_them(tmp_path: Path) -> None:
    line = 'grade = { from = "Gr", words = "grade", values = { T1 = "1", "12" = "Other" } }'
    judged = read(tmp_path, line, "Id,Code,Gr", "a,7,t1", "b,7,02", "c,7,12", "d,7,K-12")
    assert pupils(judged, "grade") == ["1", "2", "Other", ""]
    assert said(judged) == [about("Gr", 5, "value.unknown")]


def test_values_of_a_column_without_words_of_ours_may_be_any(tmp_path: Path) -> None:
    judged = read(tmp_path, '"ext.house" = { from = "H", values = { L = "Lion" } }', "Id,Code,H", "a,7,l", "b,7,X")
    assert pupils(judged, "ext") == ['{"house": "Lion"}', ""]


def test_a_cell_must_match_its_pattern_as_a_whole(tmp_path: Path) -> None:
    line = 'number = { from = "No", pattern = "[0-9]{3}|x", says = "three digits" }'
    judged = read(tmp_path, line, "Id,Code,No", "a,7,123", "b,7,1234", "c,7,x", "d,7,", "e,7,12\u0663")
    assert pupils(judged, "number") == ["123", "", "x", "", ""]
    assert said(judged) == [about("No", 3, "value.malformed"), about("No", 6, "value.malformed")]
    assert messages(judged.findings)[0] == '"1234" in No is not three digits. Correct it.'


def test_a_pattern_of_a_required_column_rejects_its_row_and_is_shown_where_it_has_no_words(tmp_path: Path) -> None:
    source = SOURCE.replace('id = { from = "Id", required', 'id = { from = "Id", pattern = "S[0-9]+", required')
    judged = read(tmp_path, "", "Id,Code", "S1,7", "1,7", source=source)
    assert pupils(judged, "id") == ["S1"]
    assert said(judged) == [about("Id", 3, "value.malformed", "row")]
    assert messages(judged.findings)[0] == '"1" in Id is not of the form S[0-9]+. Correct it.'


def test_no_pattern_takes_longer_than_its_cell_is_long(tmp_path: Path) -> None:
    judged = read(tmp_path, 'number = { from = "No", pattern = "(a+)+" }', "Id,Code,No", f"a,7,{'a' * 50_000}b")
    assert said(judged) == [about("No", 2, "value.malformed")]


def test_a_fixed_cell_needs_no_heading_and_stands_in_every_row(tmp_path: Path) -> None:
    source = SOURCE.replace('{ from = "Code", required = true, refers', '{ fixed = "7", required = true, refers')
    judged = read(tmp_path, 'grade = { fixed = "kg", words = "grade" }', "Id,Name", "a,Ann", "b,Bob", source=source)
    assert pupils(judged, "school_id") == ["7", "7"]
    assert pupils(judged, "grade") == ["Kindergarten", "Kindergarten"]
    assert said(judged) == []


def test_a_fixed_key_that_is_not_there_is_said_under_our_own_word(tmp_path: Path) -> None:
    source = SOURCE.replace('{ from = "Code", required = true, refers', '{ fixed = "8", required = true, refers')
    judged = read(tmp_path, "", "Id,Name", "a,Ann", source=source)
    assert said(judged) == [about("school_id", 2, "reference.unknown", "row")]


def test_a_default_stands_where_the_cell_is_empty(tmp_path: Path) -> None:
    line = 'gender = { from = "Sex", words = "gender", default = "X" }'
    judged = read(tmp_path, line, "Id,Code,Sex", "a,7,f", "b,7,", "c,7, ")
    assert pupils(judged, "gender") == ["F", "X", "X"]


def test_a_column_that_is_not_there_has_no_default(tmp_path: Path) -> None:
    line = 'gender = { from = "Sex", words = "gender", default = "X" }'
    assert pupils(read(tmp_path, line, "Id,Code", "a,7"), "gender") == [""]


def test_one_cell_is_split_into_the_parts_that_count(tmp_path: Path) -> None:
    line = """last_name = { from = "Full", split = ",", part = 1, required = true }
middle_name = { from = "Full", split = " ", part = -1 }"""
    source = SOURCE.replace('first_name = { from = "Name" }', 'first_name = { from = "Full", split = ",", part = 2 }')
    judged = read(tmp_path, line, "Id,Code,Full", 'a,7,"Ash, Ann B"', "b,7,Bay", 'c,7,", Cid"', source=source)
    assert pupils(judged, "last_name") == ["Ash", "Bay"]
    assert pupils(judged, "first_name") == ["Ann B", ""]
    assert pupils(judged, "middle_name") == ["B", "Bay"]
    assert said(judged) == [about("Full", 4, "value.missing", "row")]
    assert messages(judged.findings)[0].endswith('Of each cell part 1 is read; the parts stand between ",".')


def test_a_key_is_joined_of_several_cells_and_needs_all_of_them(tmp_path: Path) -> None:
    source = SOURCE.replace('{ from = "Id", required', '{ join = ["Code", "Id"], between = "-", required')
    judged = read(tmp_path, "", "Id,Code", "a,7", ",7", "a,7", source=source)
    assert pupils(judged, "id") == ["7-a"]
    assert said(judged) == [about("Code + Id", 3, "value.missing", "row"), about("Code + Id", 4, "id.repeated", "row")]


def test_other_joined_cells_pass_over_empty_ones(tmp_path: Path) -> None:
    line = 'street = { join = ["No", "Road", "Flat"], between = " " }'
    judged = read(tmp_path, line, "Id,Code,No,Road", "a,7,12,Low Road", "b,7,,High Road", "c,7,,")
    assert pupils(judged, "street") == ["12 Low Road", "High Road", ""]


def test_a_heading_that_a_required_column_joins_must_be_there(tmp_path: Path) -> None:
    source = SOURCE.replace('{ from = "Id", required', '{ join = ["Code", "Id"], between = "-", required')
    parsed = parse({"Schools.csv": SCHOOLS, "Pupils.csv": b"Code\n7\n"}, load(own(tmp_path, "", source)))
    assert said(parsed) == [Said("Pupils.csv", None, "Id", "column.missing", "upload")]


def test_a_row_of_the_wrong_length_has_the_key_that_its_cells_join(tmp_path: Path) -> None:
    """Else what is held under it would be taken for removed."""
    source = SOURCE.replace('{ from = "Id", required', '{ join = ["Code", "Id"], between = "-", required')
    judged = read(tmp_path, "", "Id,Code,Name", "a,7", "b,7,Bob", source=source)
    assert cells_of(judged.turned_away[Kind.STUDENT], "id") == ["7-a"]
    assert judged.doubtful == frozenset()


DATES = [
    ("%d.%m.%Y", "31.08.2015", "08.31.2015"),
    ("%Y%m%d", "20150831", "31082015"),
    ("%d-%b-%y", "31-Aug-15", "31-08-15"),
    ("%m/%d/%Y %H:%M:%S", "08/31/2015 00:00:00", "08/31/2015"),
    ("day first", "31/8/2015", "8/31/2015"),
    ("day first", "31.08.15", "31.08-15"),
    ("month first", "8-31-2015", "31-8-2015"),
    ("year first", "2015/08/31", "2015/31/08"),
]


@pytest.mark.parametrize(("way", "right", "wrong"), DATES)
def test_dates_are_read_as_the_district_writes_them_and_in_no_other_way(
    tmp_path: Path, way: str, right: str, wrong: str
) -> None:
    line = f'birth_date = {{ from = "Born", date = "{way}" }}'
    judged = read(tmp_path, line, "Id,Code,Born", f"a,7,{right}", f"b,7,{wrong}", "c,7,")
    assert pupils(judged, "birth_date") == ["2015-08-31", "", ""]
    assert said(judged) == [about("Born", 3, "value.malformed")]
    assert "2026" in messages(judged.findings)[0] or "Aug-26" in messages(judged.findings)[0]


def test_of_two_columns_from_one_heading_only_the_wrong_one_is_dropped(tmp_path: Path) -> None:
    line = 'grade = { from = "Gr", words = "grade" }\n"ext.room" = { from = "Gr" }'
    judged = read(tmp_path, line, "Id,Code,Gr", "a,7,Blue")
    assert (pupils(judged, "grade"), pupils(judged, "ext")) == ([""], ['{"room": "Blue"}'])


#: A line that cannot be, and a word of what is wrong with it.
WRONG = [
    ('grade = { from = "G", values = { K = "Kinder" } }', '"Kinder" is none of our words'),
    ('grade = { from = "G", words = "grade", values = { K = "Kinder" } }', '"Kinder" is none of our words'),
    ('ell = { from = "G", values = { E = "yes" } }', "Y, N"),
    ('grade = { from = "G", values = { k = "1", K = "2" } }', '"K" twice'),
    ('grade = { from = "G", values = { "" = "1" } }', "default"),
    ('grade = { from = "G", values = ["K"] }', "values must be a table"),
    ('grade = { from = "G", values = { K = 1 } }', "K must be a text"),
    ('number = { from = "N", pattern = "[0-9" }', "no regular expression"),
    ('number = { from = "N", pattern = "(a)\\\\1" }', "no regular expression"),
    ('number = { from = "N", pattern = "" }', "pattern is empty"),
    ('number = { from = "N", says = "three digits" }', "says goes with pattern"),
    ('grade = { from = "G", words = "grade", pattern = "K" }', "words and pattern stand together"),
    ('number = { fixed = "" }', "fixed is empty"),
    ("number = { fixed = 7 }", "fixed must be a text"),
    ('number = { from = "N", fixed = "7" }', "from and fixed stand together"),
    ('number = { fixed = "7", default = "8" }', "default is never used"),
    ('grade = { fixed = "13th", words = "grade" }', 'fixed "13th" is none of the values'),
    ('birth_date = { from = "B", date = "day first", default = "8/31/2015" }', 'default "8/31/2015" is none'),
    ('number = { from = "N", pattern = "[0-9]+", default = "none" }', 'default "none" is none'),
    ('number = { from = "N", default = "" }', "default is empty"),
    ('number = { from = "N", split = "," }', "part = 1"),
    ('number = { from = "N", split = ",", part = 0 }', "part = 1"),
    ('number = { from = "N", split = ",", part = true }', "whole number"),
    ('number = { from = "N", part = 1 }', "part goes with split"),
    ('number = { join = ["A", "B"], between = "-", split = "-", part = 1 }', "split goes with from"),
    ('number = { join = ["A"], between = "-" }', "two headings or more"),
    ('number = { join = ["A", "B"] }', "between"),
    ('number = { from = "N", between = "-" }', "between goes with join"),
    ("number = { required = true }", "where its cells come from"),
    ('number = { from = " " }', "from is empty"),
    ('birth_date = { from = "B", date = "daily" }', "the day is missing"),
    ('birth_date = { from = "B", date = "%d.%m" }', "the year is missing"),
    ('birth_date = { from = "B", date = "%d.%m.%Y %Q" }', "%Q is not known"),
    ('birth_date = { from = "B", date = "%d.%m.%Y %d" }', "no date can be read"),
    ('birth_date = { from = "B", date = "day first", type = "date" }', "type and date stand together"),
    ('number = { from = "N", form = "x" }', "form is no setting here"),
]


@pytest.mark.parametrize(("line", "why"), WRONG, ids=[line for line, _ in WRONG])
def test_a_line_that_cannot_be_is_refused_with_its_place_and_number(tmp_path: Path, line: str, why: str) -> None:
    with pytest.raises(WrongFormat) as refused:
        load(own(tmp_path, line))
    sentence = str(refused.value)
    assert why in sentence
    assert f'(line {AT}) cannot be used: files."Pupils.csv".columns.{line.split(" ", maxsplit=1)[0]}' in sentence
    assert sentence.endswith(".")


#: Tables that cannot be: what stands in SOURCE, what stands there instead, the place and a word of what is wrong.
TABLES = [
    ('kind = "student"', 'kind = "student"\nonly = { A = ["x"], B = ["y"] }', ".only", "one heading"),
    ('kind = "student"', 'kind = "student"\nonly = { A = [] }', ".only", "one heading"),
    ('kind = "student"', 'kind = "student"\nonly = { A = ["x"] }\npassed = { B = ["y"] }', ".passed", "that only has"),
    ('kind = "student"', 'kind = "student"\nroles = true', "", "roles needs [roles]"),
    ('kind = "student"', 'kind = "student"\nleaving = ["gone"]', "", "go together"),
    ('kind = "student"', 'kind = "student"\nlists = ["grades"]', "", "lists names grades"),
    ('kind = "student"', 'kind = "student"\nusual = { a = "b" }', "", "usual names a"),
    ('kind = "student"', 'kind = "student"\nadds = true', "", "adds needs an earlier file of student records"),
    ('kind = "student"', 'kind = "teacher"\nfurther = ["school"]', "", "a teacher has one school"),
    ('kind = "student"', 'kind = "student"\nfurther = ["contact"]', "", "further cannot name contact"),
]


@pytest.mark.parametrize(("good", "wrong", "place", "why"), TABLES)
def test_a_table_that_cannot_be_is_refused(tmp_path: Path, good: str, wrong: str, place: str, why: str) -> None:
    with pytest.raises(WrongFormat) as refused:
        load(own(tmp_path, "", SOURCE.replace(good, wrong)))
    assert f'files."Pupils.csv"{place}: ' in str(refused.value)
    assert why in str(refused.value)


COURSES = """[[files."Courses.csv"]]
kind = "course"
[files."Courses.csv".columns]
id = { from = "Code", required = true }
[[files."Courses.csv"]]
kind = "term"
[files."Courses.csv".columns]
id = { from = "Code", required = true }
"""


def test_two_readings_of_one_file_need_only(tmp_path: Path) -> None:
    with pytest.raises(WrongFormat, match="read as several kinds"):
        load(own(tmp_path, COURSES))


def test_one_file_in_two_spellings_is_refused(tmp_path: Path) -> None:
    source = SOURCE.replace('"Pupils.csv"', '"schools.csv"')
    with pytest.raises(WrongFormat, match=r"the same file as Schools\.csv"):
        load(own(tmp_path, "", source))


def test_a_file_that_is_gone_or_not_in_utf_8_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(WrongFormat, match="cannot be read: No such file"):
        load(str(tmp_path / "gone.toml"))
    (tmp_path / "own.toml").write_bytes(SOURCE.replace("Our own", "Schul\xe4mter").encode("latin-1"))
    with pytest.raises(WrongFormat, match=r"\(line 2\) is not in UTF-8"):
        load(str(tmp_path / "own.toml"))


def test_words_are_taken_from_our_own_formats_alone(tmp_path: Path) -> None:
    with pytest.raises(WrongFormat, match='no words_of "own"'):
        load(own(tmp_path, "", SOURCE.replace('"clever"', '"own"')))


def test_a_byte_order_mark_and_line_ends_of_windows_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SOURCE.replace("LINE", "").replace("\n", "\r\n").encode())
    assert load(str(path)).title == "Our own"


def test_the_example_in_the_documentation_loads(tmp_path: Path) -> None:
    page = Path(__file__).parents[2].joinpath("docs", "mapping.md").read_text("utf-8")
    (tmp_path / "example.toml").write_text(page.split("```toml\n")[1].split("```")[0], "utf-8")
    assert [file.kind for file in load(str(tmp_path / "example.toml")).files] == [Kind.SCHOOL, Kind.STUDENT]
