"""Every mistake that can be planted: one recipe for each code and column of the contract.

In:  nothing.
Out: recipes by file, and whether the spoilt row is lost.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Spoil(StrEnum):
    """What is done to a record."""

    #: the cell gets another word
    WORD = "word"
    #: the cell names a record that is nowhere
    NOWHERE = "nowhere"
    #: the cell names a school whose own row is rejected
    TURNED_AWAY = "turned away"
    #: the same row again, later in the file
    COPY = "copy"
    #: a cell too many
    LONGER = "longer"
    #: the last cell is not there
    SHORTER = "shorter"


@dataclass(frozen=True)
class Recipe:
    """One mistake: the finding it has to lead to, and how it is made."""

    code: str
    column: str
    severity: str
    spoil: Spoil
    word: str = ""

    @property
    def falls(self) -> bool:
        """Whether the record is rejected, and with it what refers to it; of a repeated row the first is kept."""
        return self.severity == "row" and self.spoil != Spoil.COPY


IDS: Final = {
    "schools.csv": "School_id",
    "staff.csv": "Staff_id",
    "teachers.csv": "Teacher_id",
    "sections.csv": "Section_id",
    "students.csv": "Student_id",
    "enrollments.csv": "Student_id",
}

_REQUIRED: Final = {
    "schools.csv": ("School_id", "School_name"),
    "staff.csv": ("School_id", "Staff_id", "Staff_email", "First_name", "Last_name"),
    "teachers.csv": ("School_id", "Teacher_id", "First_name", "Last_name"),
    "sections.csv": ("School_id", "Section_id", "Teacher_id"),
    "students.csv": ("School_id", "Student_id", "First_name", "Last_name"),
    "enrollments.csv": ("School_id", "Section_id", "Student_id"),
}

#: required references to nothing
_NOWHERE: Final = {
    "staff.csv": ("School_id",),
    "teachers.csv": ("School_id",),
    "sections.csv": ("School_id", "Teacher_id"),
    "students.csv": ("School_id",),
    "enrollments.csv": ("School_id", "Section_id", "Student_id"),
}

#: dates and years that are none, in columns the record can do without
_MALFORMED: Final = {
    "sections.csv": {"Term_start": "2026-02-30", "Term_end": "the last day"},
    "students.csv": {"DOB": "31/31/2009", "Graduation_year": "20x7"},
}

#: words that are not among those of the column, which the record can do without
_UNKNOWN: Final = {
    "schools.csv": {"Low_grade": "K-12", "High_grade": "K-12"},
    "sections.csv": {"Grade": "K-12", "Subject": "Wizardry"},
    "students.csv": {
        "Grade": "K-12",
        "Gender": "Q",
        "Race": "Martian",
        "Hispanic_Latino": "perhaps",
        "Home_language": "Elvish",
        "Ell_status": "perhaps",
        "Frl_status": "sometimes",
        "IEP_status": "perhaps",
    },
}


def recipes(file: str) -> tuple[Recipe, ...]:
    """All recipes for a file."""
    return (*_missing(file), *_wrong_words(file), *_references(file), *_rows(file))


def _missing(file: str) -> Iterable[Recipe]:
    return (Recipe("value.missing", column, "row", Spoil.WORD) for column in _REQUIRED[file])


def _wrong_words(file: str) -> Iterable[Recipe]:
    for code, table in (("value.malformed", _MALFORMED), ("value.unknown", _UNKNOWN)):
        for column, word in table.get(file, {}).items():
            yield Recipe(code, column, "value", Spoil.WORD, word)


def _references(file: str) -> Iterable[Recipe]:
    for column in _NOWHERE.get(file, ()):
        yield Recipe("reference.unknown", column, "row", Spoil.NOWHERE)
    if file == "sections.csv":
        yield Recipe("reference.unknown", "Teacher_2_id", "value", Spoil.NOWHERE)
    if file != "schools.csv":
        yield Recipe("reference.rejected", "School_id", "row", Spoil.TURNED_AWAY)


def _rows(file: str) -> Iterable[Recipe]:
    yield Recipe("id.repeated", IDS[file], "row", Spoil.COPY)
    yield Recipe("row.malformed", "", "row", Spoil.LONGER)
    yield Recipe("row.malformed", "", "row", Spoil.SHORTER)
