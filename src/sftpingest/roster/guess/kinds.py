"""What the files may be: by their names, and by the headings that each kind needs.

In: files, looked at.
Out: a Reading for each that seems to be one of ours, those referred to first; and the files that do not.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

from sftpingest.roster.guess.drafts import Reading
from sftpingest.roster.guess.known import COLUMNS, NAMED, NEEDED, ORDER
from sftpingest.roster.guess.look import SeenColumn, SeenFile
from sftpingest.roster.guess.spelt import likeness, words_of
from sftpingest.roster.kinds import Kind

#: A file must be so much like a kind; its name counts half.
_LEAST = 0.6
#: Words of a column of roles, and the kind of those people.
_ROLES: dict[Kind, frozenset[str]] = {
    Kind.STUDENT: frozenset({"student", "pupil", "learner"}),
    Kind.TEACHER: frozenset({"teacher", "instructor", "faculty"}),
    Kind.STAFF: frozenset(
        {"staff", "admin", "administrator", "principal", "aide", "counselor", "districtadministrator"}
    ),
}
_MOST_ROLES = 15


def readings(files: Sequence[SeenFile]) -> tuple[list[Reading], list[SeenFile]]:
    """What each file may be, in the order of a format; and what is left."""
    told: list[Reading] = []
    scored = [(_score(file, kind), file, kind) for file in files for kind in ORDER]
    for score, file, kind in sorted(scored, key=lambda one: -one[0]):
        who = _who(file)
        free = not any(each.kind is kind and (kind is not Kind.ENROLLMENT or each.who is who) for each in told)
        if score >= _LEAST and free and file.name not in [each.file.name for each in told]:
            told += _by_role(Reading(file, kind, score, who), told)
    told = _staff_teach(told)
    return sorted(told, key=lambda one: ORDER.index(one.kind)), [
        file for file in files if file.name not in [one.file.name for one in told]
    ]


def _score(file: SeenFile, kind: Kind) -> float:
    stem = words_of(PurePath(file.name).stem)
    named = next((each for each in NAMED if each.value in stem), None)
    if named is None and _roles_of(file):
        named = Kind.STUDENT  # people of several roles: one reading each, see below
    fits = [max((_like(column, kind, name) for column in file.columns), default=0.0) for name in NEEDED[kind]]
    return 0.5 * (named is kind) + 0.5 * sum(fits) / len(fits)


def _like(column: SeenColumn, kind: Kind, name: str) -> float:
    return max(likeness(column.words, meant, kind.value) for meant in COLUMNS[kind][name])


def _who(file: SeenFile) -> Kind:
    """Whose enrollments these are: by the name of the file, then by its headings."""
    stem, headings = words_of(PurePath(file.name).stem), [column.words for column in file.columns]
    for words in ([stem], headings):
        student, teacher = (any(kind in each for each in words) for kind in ("student", "teacher"))
        if student != teacher:
            return Kind.TEACHER if teacher else Kind.STUDENT
    return Kind.STUDENT


def _by_role(reading: Reading, told: Sequence[Reading]) -> list[Reading]:
    """One reading for each role, where a column says who people are."""
    column = _roles_of(reading.file)
    if column is None or reading.kind not in {Kind.STUDENT, Kind.TEACHER, Kind.STAFF, Kind.ENROLLMENT}:
        return [reading]
    words = _roles_among(reading, column, told)
    known = [word for each in words.values() for word in each]
    rest = tuple(cell for cell in column.sample if cell not in known)
    out = [_of_role(reading, column, kind, each) for kind, each in words.items()]
    return [replace(each, passed=rest) for each in out[:1]] + out[1:]


def _roles_among(reading: Reading, column: SeenColumn, told: Sequence[Reading]) -> dict[Kind, tuple[str, ...]]:
    """The roles of which no other file brings people, and how the column spells them."""
    enrolled = reading.kind is Kind.ENROLLMENT
    taken = {each.who if enrolled else each.kind for each in told if enrolled is (each.kind is Kind.ENROLLMENT)}
    kinds = [kind for kind in _ROLES if kind not in taken and (not enrolled or kind is not Kind.STAFF)]
    return {kind: words for kind in kinds if (words := _among(column, _ROLES[kind]))}


def _of_role(reading: Reading, column: SeenColumn, kind: Kind, words: tuple[str, ...]) -> Reading:
    """The reading of the people of one role."""
    own = reading.kind if reading.kind is Kind.ENROLLMENT else kind
    file = reading.file.only(column.heading, words)
    return replace(reading, file=file, kind=own, who=kind, only=(column.heading, words))


def _roles_of(file: SeenFile) -> SeenColumn | None:
    """The column that says who people are."""
    return next((column for column in file.columns if _says_roles(column)), None)


def _says_roles(column: SeenColumn) -> bool:
    """Whether a column says who people are: its cells are a few words, and two of them are roles."""
    few = len(column.sample) <= _MOST_ROLES and column.share(re.compile(r"[A-Za-z _/-]{1,30}")) == 1
    kinds = [kind for kind, words in _ROLES.items() if _among(column, words)]
    return few and bool(column.words & {"role", "type"}) and len(kinds) > 1


def _among(column: SeenColumn, words: frozenset[str]) -> tuple[str, ...]:
    return tuple(cell for cell in column.sample if cell.casefold() in words)


def _staff_teach(told: list[Reading]) -> list[Reading]:
    """Where there is a file of staff and none of teachers, its people are those who teach."""
    kinds = {reading.kind for reading in told}
    if Kind.TEACHER in kinds or Kind.STAFF not in kinds:
        return told
    return [replace(each, kind=Kind.TEACHER) if each.kind is Kind.STAFF else each for each in told]
