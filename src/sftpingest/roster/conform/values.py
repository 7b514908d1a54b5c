"""What a cell of each type looks like (OneRoster CSV 1.2, 3; formats/oneroster-rules.md).

In:  the cells of a column as they came.
Out: which of them are not of the column's type.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.conform.rules import Column
from sftpingest.roster.finding import Code
from sftpingest.roster.frames import Mask

#: Words of a district's own, where the version of OneRoster has such.
OWN_WORD = r"ext:[A-Za-z0-9._\-]+"
_ID = r"[0-9A-Za-z./@_\-]+"
_LONGEST_ID = 255
_PAIR = r"\{[^{}:,]+:[^{}:,]+\}"
_DATE = r"^\d{4}-\d{2}-\d{2}$"
_TIME = r"^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$"
_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_FEBRUARY, _DECEMBER = 2, 12


@dataclass(frozen=True)
class Type:
    """A type: which cells are of it, and how a message calls it."""

    fits: Callable[[pa.Array], Mask]
    called: str


def wrong(cells: pa.Array, column: Column) -> tuple[Mask, Code, str]:
    """Which cells, empty ones apart, are not of the column's type; the code for them, and what could stand there."""
    there = mask(pc.not_equal(cells, ""))
    if column.words or column.type == "boolean":
        words = column.words or ("true", "false")
        pattern = _words(words, is_open=column.open)
        fits = mask(
            pc.match_substring_regex(cells, _listed(pattern) if column.type == "words_list" else f"^{pattern}$")
        )
        return there & ~fits, Code.VALUE_UNKNOWN, ", ".join([*words, *(["ext: and a word"] if column.open else [])])
    if column.type not in TYPES or not there.any():
        return np.zeros(len(there), bool), Code.VALUE_MALFORMED, ""
    kind = TYPES[column.type]
    return there & ~kind.fits(cells), Code.VALUE_MALFORMED, kind.called


def mask(values: pa.Array) -> Mask:
    """A mask of numpy out of one of Arrow."""
    return np.asarray(pc.fill_null(values, False).to_numpy(zero_copy_only=False), bool)  # noqa: FBT003  (the filling)


def _words(words: Iterable[str], *, is_open: bool) -> str:
    return f"(?:{'|'.join([*map(re.escape, words), *([OWN_WORD] if is_open else [])])})"


def _listed(one: str) -> str:
    return f"^{one}(?:,{one})*$"


def _like(pattern: str) -> Callable[[pa.Array], Mask]:
    return lambda cells: mask(pc.match_substring_regex(cells, pattern))


def _ids(cells: pa.Array) -> Mask:
    """Lists of ids. Each may have 255 letters: only where a cell is longer than that need they be looked at."""
    fits = mask(pc.match_substring_regex(cells, _listed(_ID)))
    for at in np.flatnonzero(mask(pc.greater(pc.binary_length(cells), _LONGEST_ID))):
        fits[at] &= max(map(len, cells[int(at)].as_py().split(","))) <= _LONGEST_ID
    return fits


def _id(cells: pa.Array) -> Mask:
    short = mask(pc.less_equal(pc.binary_length(cells), _LONGEST_ID))
    return short & mask(pc.match_substring_regex(cells, f"^{_ID}$"))


def _date(pattern: str) -> Callable[[pa.Array], Mask]:
    """Whether a cell looks like one and its day is in the calendar."""

    def fits(cells: pa.Array) -> Mask:
        good = mask(pc.match_substring_regex(cells, pattern))
        year, month, day = (_number(cells, good, *part) for part in ((0, 4), (5, 7), (8, 10)))
        known = (month >= 1) & (month <= _DECEMBER)
        leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
        days = _DAYS[np.where(known, month, 0)] + (leap & (month == _FEBRUARY))
        good[good] = known & (day >= 1) & (day <= days)
        return good

    return fits


def _number(cells: pa.Array, those: Mask, start: int, end: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    digits = pc.utf8_slice_codeunits(cells.filter(pa.array(those)), start, end)
    return np.asarray(digits.cast(pa.int64()).to_numpy(zero_copy_only=False))


TYPES: dict[str, Type] = {
    "guid": Type(_id, f"an id: 1 to {_LONGEST_ID} letters of 0-9 A-Z a-z . - _ / @"),
    "guids": Type(_ids, "a list of ids, parted by commas without spaces"),
    "list": Type(_like(_listed("[^,]+")), "a list: parts between commas, none of them empty"),
    "pairs": Type(_like(_listed(_PAIR)), "a list of pairs such as {one:two},{three:four}"),
    "date": Type(_date(_DATE), "a date such as 2026-08-31"),
    "datetime": Type(_date(_TIME), "a time such as 2026-08-31T06:30:00.000Z"),
    "year": Type(_like(r"^\d{4}$"), "a year of four digits such as 2027"),
    "float": Type(_like(r"^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$"), "a number such as 95.5"),
    "integer": Type(_like(r"^[+-]?\d+$"), "a whole number such as 20"),
}
