"""A file of unknown headings, looked at: what is in each column, and what its cells look like.

In: the bytes of a file.
Out: SeenFile; or a sentence that says why it cannot be looked at.
"""

import re
from dataclasses import dataclass, replace
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.encoding import Unreadable, to_utf8
from sftpingest.roster.guess.spelt import says_something, words_of
from sftpingest.roster.secret import is_secret
from sftpingest.roster.separators import parted
from sftpingest.roster.table import read

#: So many different cells of a column are looked at one by one.
_LOOKED_AT = 2000
_SHAPES, _SHAPE_LENGTH = 3, 24
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_DATE = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}")


@dataclass(frozen=True, eq=False)
class SeenColumn:
    """One column."""

    heading: str
    cells: pa.Array

    @cached_property
    def words(self) -> frozenset[str]:
        """Its heading in our words."""
        return words_of(self.heading)

    @cached_property
    def filled(self) -> pa.Array:
        """Its cells without the empty ones."""
        return self.cells.filter(pc.not_equal(self.cells, ""))

    @cached_property
    def different(self) -> pa.Array:
        """Each different cell once."""
        return pc.unique(self.filled)

    @cached_property
    def sample(self) -> list[str]:
        """Some different cells."""
        return [str(cell) for cell in self.different[:_LOOKED_AT].to_pylist()]

    @property
    def is_key(self) -> bool:
        """Whether every row has a cell here, and (nearly) every row another one."""
        rows = len(self.cells)
        return rows > 0 and len(self.filled) == rows and len(self.different) >= 0.98 * rows

    def share(self, pattern: re.Pattern[str]) -> float:
        """How many of the different cells are of a form."""
        return sum(bool(pattern.fullmatch(cell)) for cell in self.sample) / max(len(self.sample), 1)

    @property
    def emails(self) -> float:
        """How many cells are e-mail addresses."""
        return self.share(_EMAIL)

    @property
    def dates(self) -> float:
        """How many cells are dates."""
        return max(self.share(_DATE), self.share(re.compile(r"(19|20)\d{6}")))

    def within(self, keys: pa.Array) -> float:
        """How many of the different cells are among these keys."""
        if not len(self.different) or not len(keys):
            return 0.0
        return float(pc.sum(pc.is_in(self.different, value_set=keys)).as_py() or 0) / len(self.different)

    @property
    def shapes(self) -> list[str]:
        """What its cells look like, without saying what they are."""
        return list(dict.fromkeys(shape(cell) for cell in self.sample))[:_SHAPES]


@dataclass(frozen=True, eq=False)
class SeenFile:
    """One file."""

    name: str
    columns: tuple[SeenColumn, ...]
    secret: tuple[str, ...] = ()  #: headings whose cells are not looked at
    rows: int = 0
    problem: str = ""  #: why it cannot be looked at

    def column(self, heading: str) -> SeenColumn:
        """The column of that heading."""
        return next(column for column in self.columns if column.heading == heading)

    def only(self, heading: str, words: tuple[str, ...]) -> "SeenFile":
        """Those of its rows that have one of these words there."""
        those = pc.is_in(self.column(heading).cells, value_set=pa.array(words, pa.string()))
        columns = tuple(SeenColumn(column.heading, column.cells.filter(those)) for column in self.columns)
        return replace(self, columns=columns, rows=int(pc.sum(those).as_py() or 0))


def look(name: str, raw: bytes) -> SeenFile:
    """Look at one file. Never raises on what stands in it."""
    nothing = SeenFile(name, ())
    try:
        utf8, sign = parted(to_utf8(raw)[0])
        table = read(utf8, parted_by=sign)
    except Unreadable as wrong:
        return replace(nothing, problem=f"It cannot be read: {wrong}.")
    if not table.headings or not len(table.numbers):
        return replace(nothing, problem="It has no records.")
    if _is_record(table.headings):
        return replace(
            nothing, problem="Its first line looks like a record, not like headings. Export it with headings."
        )
    secret = tuple(heading for heading in table.headings if _is_secret(heading))
    columns = tuple(
        SeenColumn(heading, table.take_column(at))
        for at, heading in enumerate(table.headings)
        if heading and heading not in secret and table.headings.index(heading) == at
    )
    return SeenFile(name, columns, secret, len(table.numbers))


def _is_secret(heading: str) -> bool:
    return is_secret(heading, None) or bool(words_of(heading) & {"pw", "pin", "secret", "password"})


def _is_record(headings: tuple[str, ...]) -> bool:
    """Whether this is no header: it is never shown then, for it may be about a person."""
    filled = [heading for heading in headings if heading]
    numbers = [cell for cell in filled if re.fullmatch(r"-?\d+", cell)]
    private = any(_EMAIL.fullmatch(cell) or _DATE.fullmatch(cell) for cell in filled)
    return private or 2 * len(numbers) > len(filled) or not any(map(says_something, filled))


def shape(cell: str) -> str:
    """Letters as A or a, digits as 9; signs as they are."""
    drawn = "".join("9" if sign.isdigit() else _letter(sign) for sign in cell[:_SHAPE_LENGTH])
    return drawn + "..." if len(cell) > _SHAPE_LENGTH else drawn


def _letter(sign: str) -> str:
    if sign.isalpha():
        return "A" if sign.isupper() else "a"
    return sign if sign in " -_./@,:'&()#+|;" else "?"
