"""How one cell is read: dates, years, numbers, e-mail addresses, and a column's own words.

In: a series of TEXT as uploaded.
Out: the same in our spelling; null where a cell cannot be read.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.frames import arrow, text

_US = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")

#: Two-digit years from here on are 19xx, those below are 20xx: the rule of POSIX.
_CENTURY_TURNS = 69


def read_date(cell: str) -> str | None:
    """M/D/YYYY, M/D/YY or YYYY-MM-DD as YYYY-MM-DD (clever.md 1.2); None for anything else."""
    if us := _US.fullmatch(cell):
        month, day, year = (int(part) for part in us.groups())
        if len(us[3]) == len("YY"):
            year += 1900 if year >= _CENTURY_TURNS else 2000
    elif iso := _ISO.fullmatch(cell):
        year, month, day = (int(part) for part in iso.groups())
    else:
        return None
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def read_year(cell: str) -> str | None:
    """A year of four digits, 1900 to 2199."""
    return cell if re.fullmatch(r"(19|20|21)\d\d", cell, re.ASCII) else None


def read_number(cell: str) -> str | None:
    """A decimal number with a point, as it was sent."""
    return cell if re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", cell, re.ASCII) else None


#: How a cell of each type is read, and what a message calls the type.
TYPES: dict[str, tuple[Callable[[str], str | None], str]] = {
    "date": (read_date, "a date such as 8/31/2026 or 2026-08-31"),
    "year": (read_year, "a year of four digits such as 2030"),
    "number": (read_number, "a number such as 3.75"),
}


def read(cells: pd.Series, reader: Callable[[str], str | None]) -> pd.Series:
    """Every cell through `reader`, once for each different cell; '' stays ''."""
    encoded = pc.dictionary_encode(arrow(cells))
    words = [cell and reader(cell) for cell in encoded.dictionary.to_pylist()]
    return text(pc.take(pa.array(words, pa.string()), encoded.indices), cells.index)


def read_words(cells: pd.Series, words: Mapping[str, str]) -> pd.Series:
    """Every cell as the column's own word, whatever its case."""
    return read(cells, lambda cell: words.get(cell.casefold()))


def is_email(cells: pd.Series) -> pd.Series:
    """Whether a cell looks like an e-mail address, or is empty. Clever keeps others too, so ours is only a note."""
    array = arrow(cells)
    there = pc.match_substring_regex(array, r"^[^@\s]+@[^@\s]+$")
    return pd.Series(pc.or_(there, pc.equal(array, "")).to_numpy(zero_copy_only=False), index=cells.index)
