"""How one cell is read: dates, years, numbers, and the words of clever.md 1.8 to 1.12 and 8 in any case."""

from collections.abc import Mapping

import pandas as pd
import pytest

from sftpingest.roster.frames import text
from sftpingest.roster.spelling import is_email, read_date, read_number, read_words, read_year
from tests.roster.uploads import FORM

#: clever.md 8.
LANGUAGES = """
afr amh ara asm aym aze bak bam bel ben bho bod bos bul cat ceb ces chk ckb cmn cos cpp cym dan deu dgo div dsb ell eng
est eus ewe fao fas fij fil fin fra fry gla gle glg grn guj hat hau haw heb hin hmn hrv hsb hun hye ibo ikt iku ilo ind
isl ita jav jpn kan kar kat kaz khm kin kir knn kor kri kur lao lav lin lit ltz lug lus mah mai mal mar mkd mlg mlt mni
mon mri msa mya nep nld nob nso nya ori orm other otq pan pol por prs pus que ron run rus sin slk slv smo sna snd som
sot spa sqi srp sun swa swe tah tam tat tel tgk tgl tha tir ton tsn tso tuk tur twi uig ukr urd uzb vie xho yid yor yua
yue zho zul
"""


def words(file: str, column: str) -> Mapping[str, str]:
    """The words that a column of the Clever format may have."""
    form = FORM.file(file)
    assert form is not None
    found = form.columns[column].words
    assert found is not None
    return found


def spelled(file: str, column: str, *cells: str) -> list[str | None]:
    return [None if pd.isna(cell) else str(cell) for cell in read_words(text(cells), words(file, column))]


@pytest.mark.parametrize(
    ("cell", "date"),
    [
        ("8/1/15", "2015-08-01"),
        ("08/01/2015", "2015-08-01"),
        ("8/1/2015", "2015-08-01"),
        ("1/20/01", "2001-01-20"),
        ("12/31/68", "2068-12-31"),
        ("1/1/69", "1969-01-01"),
        ("2015-08-01", "2015-08-01"),
        ("2015-8-1", "2015-08-01"),
        ("2/29/2024", "2024-02-29"),
        ("2/29/2023", None),
        ("13/1/2015", None),
        ("31/12/2015", None),
        ("2015/08/01", None),
        ("8-1-2015", None),
        ("8/1/115", None),
        ("Aug 1, 2015", None),
        ("2015-08-01T00:00:00", None),
        ("42217", None),
        ("8/1/15 ", None),
    ],
)
def test_dates_are_read_in_the_three_spellings_of_the_format(cell: str, date: str | None) -> None:
    assert read_date(cell) == date


def test_years_have_four_digits() -> None:
    read = [read_year(cell) for cell in ("2030", "1999", "30", "20300", "2O30", "2030.0", "0000")]
    assert read == ["2030", "1999", None, None, None, None, None]


def test_numbers_are_kept_as_they_were_sent() -> None:
    cells = ["3.75", "4", "-1", "+0.5", ".5", "4.", "1e3", "3,75", "A", "3.7.5", ".", "٣"]
    assert [read_number(cell) for cell in cells] == ["3.75", "4", "-1", "+0.5", ".5", "4.", *[None] * 6]


def test_email_addresses_are_known_by_their_one_at_sign() -> None:
    cells = ["ann@example.org", "ann", "@example.org", "ann@", "a b@example.org", "a@b@example.org", ""]
    assert is_email(text(cells)).to_list() == [True, False, False, False, False, False, True]


@pytest.mark.parametrize(
    ("cells", "word"),
    [
        (["0", "K", "kg", "KINDERGARTEN"], "Kindergarten"),
        (["PreKindergarten", "Prekindergarten", "pk"], "PreKindergarten"),
        (["TransitionalKindergarten", "TK"], "TransitionalKindergarten"),
        (["InfantToddler", "infanttoddler"], "InfantToddler"),
        (["Preschool", "PRESCHOOL"], "Preschool"),
        (["1", "01"], "1"),
        (["12"], "12"),
        (["13"], "13"),
        (["Postgraduate", "PostGraduate", "PG"], "PostGraduate"),
        (["ungraded", "UG"], "Ungraded"),
        (["Other", "other"], "Other"),
    ],
)
def test_grades(cells: list[str], word: str) -> None:
    assert spelled("students.csv", "grade", *cells) == [word] * len(cells)


def test_an_unmapped_grade_is_never_turned_into_other_in_silence() -> None:
    assert spelled("students.csv", "grade", "-1", "14", "K-12", "3-5", "first", "1.0") == [None] * 6


@pytest.mark.parametrize(
    ("column", "spellings"),
    [
        ("gender", {"M": ["M", "m", "Male"], "F": ["F", "FEMALE", "female"], "X": ["X", "x"]}),
        (
            "race",
            {
                "Caucasian": ["W", "white", "Caucasian"],
                "Asian": ["A", "ASIAN"],
                "Black or African American": ["B", "Black or African American"],
                "American Indian": ["i", "American Indian", "American Indian or Alaska Native"],
                "Hawaiian or Other Pacific Islander": ["P", "Native Hawaiian or Other Pacific Islander"],
                "Two or More Races": ["M", "Two or more races"],
                "Unknown": ["U", "unknown"],
            },
        ),
        ("hispanic", {"Y": ["Y", "y", "Yes"], "N": ["N", "no"]}),
        ("frl", {"Free": ["Free", "F", "f"], "Reduced": ["R", "REDUCED"], "Paid": ["N", "paid"], "Other": ["Other"]}),
        ("home_language", {"English": ["English", "eng", "ENG"], "Zulu": ["zul"], "Yucatec Maya": ["yucatec maya"]}),
        ("ell", {"Y": ["Y"], "N": ["n"]}),
        ("iep", {"Y": ["y"], "N": ["N"]}),
        ("section_504", {"Y": ["y"], "N": ["N"]}),
        ("gifted", {"Y": ["y"], "N": ["N"]}),
        ("disability", {"Y": ["y"], "N": ["N"]}),
        ("disability_code", {"aut": ["AUT"], "ohi": ["Ohi"], "other": ["OTHER"]}),
        ("disability_type", {"Autism": ["AUTISM"], "Intellectual Disability": ["intellectual disability"]}),
        ("contact.type", {"Parent/Guardian": ["Father", "parent/guardian"], "Family": ["Uncle", "GRANDFATHER"]}),
        ("contact.relationship", {"Parent": ["parent"], "Aunt/Uncle": ["AUNT/UNCLE"], "Self": ["self"]}),
        ("contact.phone_type", {"Cell": ["cell"], "Home": ["HOME"], "Work": ["work"], "Other": ["other"]}),
    ],
)
def test_words_of_students_in_any_case(column: str, spellings: dict[str, list[str]]) -> None:
    for word, cells in spellings.items():
        assert spelled("students.csv", column, *cells) == [word] * len(cells)


def test_subjects_in_any_case() -> None:
    cells = ["Math", "ENGLISH/LANGUAGE ARTS", "Pe and health", "Homeroom/Advisory"]
    subjects = ["math", "english/language arts", "PE and health", "homeroom/advisory"]
    assert spelled("sections.csv", "subject", *cells) == subjects


def test_all_words_of_the_format_are_there() -> None:
    counts = {
        "grade": 21,
        "race": 7,
        "disability_type": 14,
        "disability_code": 14,
        "home_language": 152,
        "contact.type": 6,
        "contact.relationship": 6,
        "contact.phone_type": 4,
    }
    assert {name: len(set(words("students.csv", name).values())) for name in counts} == counts
    assert len(set(words("sections.csv", "subject").values())) == 11


def test_all_language_codes_of_the_format_are_read() -> None:
    codes = LANGUAGES.split()
    read = spelled("students.csv", "home_language", *codes)
    assert None not in read
    assert len(set(read)) == len(codes) == 152


def test_an_empty_cell_stays_empty() -> None:
    assert spelled("students.csv", "grade", "") == [""]
