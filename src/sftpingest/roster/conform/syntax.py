"""Lines that are no CSV as OneRoster wants it: RFC 4180, and no line break inside a cell.

In:  the UTF-8 bytes of a file, and how many cells a record has.
Out: the records that are wrong and why, without a loop over the lines.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.conform.values import mask
from sftpingest.roster.frames import Mask, Numbers
from sftpingest.roster.lines import lines, records

_CELL = r'(?:"(?:[^"\r\n]|"")*"|[^",\r\n]*)'
_END = r"[\r\n]*$"
_BEFORE = f"^(?:{_CELL},)*"
_QUOTED = r'"(?:[^"]|"")*"'

_GOOD = f"{_BEFORE}{_CELL}{_END}"
#: Why a line is no record, as a message says it; and what such lines look like, where they are not good.
_KINDS = (
    "",
    "a line break in a cell, or a quotation mark that is never closed",
    "a quotation mark in a cell that does not begin with one",
    "letters after the quotation mark that ends a cell",
    "a carriage return at its end that no line feed follows",
)
_PATTERNS = {
    1: rf'{_BEFORE}"(?:[^"\r\n]|"")*{_END}',
    2: rf'{_BEFORE}[^",\r\n]+"',
    3: rf'{_BEFORE}"(?:[^"\r\n]|"")*"[^",\r\n]',
}
_RETURN = 4


@dataclass(frozen=True)
class Faults:
    """The records of a file that are no CSV, each once, in their order."""

    rows: Numbers  #: header 1, first record 2
    why: tuple[str, ...]


def faults(raw: bytes, width: int) -> Faults:
    """Judge every line; `width` is how many cells the header has."""
    found = _lines(raw)
    kinds, quoted = _kinds(raw, found)
    counts = _cells(found, quoted)
    kinds[(kinds == 0) & (counts != width) & _filled(found)] = len(_KINDS)
    lines_at = np.flatnonzero(kinds)
    rows = _records_of(raw, width, lines_at) if (kinds == 1).any() else lines_at + 1
    rows, first = np.unique(rows, return_index=True)
    said = (*_KINDS, "")
    why = [said[kinds[at]] or f"{counts[at]} cells instead of {width}" for at in lines_at[first]]
    return Faults(rows.astype(np.int64), tuple(why))


def _kinds(raw: bytes, found: pa.Array) -> "tuple[np.ndarray[tuple[int], np.dtype[np.int8]], Numbers]":
    """Of each line which of _KINDS it is, and which lines have a quotation mark."""
    kinds = np.zeros(len(found), np.int8)
    quoted = np.flatnonzero(mask(pc.match_substring(found, '"')))
    candidates = found.take(pa.array(quoted))
    odd = ~mask(pc.match_substring_regex(candidates, _GOOD))
    for kind, pattern in _PATTERNS.items():
        kinds[quoted[odd & mask(pc.match_substring_regex(candidates, pattern))]] = kind
    kinds[_returns(raw, found)] = _RETURN
    return kinds, quoted


def returns_alone(raw: bytes) -> bool:
    """Whether the lines end with carriage returns and nothing else."""
    return b"\r" in raw and b"\n" not in raw


def _ends(raw: bytes) -> Numbers:
    """Where lines end: at line feeds, and at carriage returns that none follows."""
    signs = np.frombuffer(raw, np.uint8)
    ends = signs == ord("\n")
    if b"\r" in raw:
        alone = signs == ord("\r")
        alone[:-1] &= ~ends[1:]
        ends |= alone
    return np.flatnonzero(ends)


def _lines(raw: bytes) -> pa.Array:
    """The lines with their ends, as text that lies where the file does."""
    ends = _ends(raw) + 1
    last = [] if not raw or (len(ends) and ends[-1] == len(raw)) else [len(raw)]
    offsets = np.concatenate([[0], ends, last]).astype(np.int64)
    return pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(raw))


def _returns(raw: bytes, found: pa.Array) -> Mask:
    """Lines that end with a carriage return alone, unless all of them do."""
    if returns_alone(raw) or raw.count(b"\r") == raw.count(b"\r\n"):
        return np.zeros(len(found), bool)
    return mask(pc.match_substring_regex(found, r"\r$"))


def _cells(found: pa.Array, quoted: Numbers) -> Numbers:
    """How many cells each line has."""
    counts = np.array(pc.count_substring(found, ",").to_numpy(zero_copy_only=False)) + 1
    if len(quoted):
        bare = pc.replace_substring_regex(found.take(pa.array(quoted)), _QUOTED, "")
        counts[quoted] = pc.count_substring(bare, ",").to_numpy(zero_copy_only=False) + 1
    return counts.astype(np.int64)


def _filled(found: pa.Array) -> Mask:
    """Lines with anything but commas, spaces and the marks of empty cells."""
    return mask(pc.match_substring_regex(found, r'[^,\s"]'))


def _records_of(raw: bytes, width: int, at: Numbers) -> Numbers:
    """The number of the record that each of these lines belongs to, where records may take several lines."""
    taken = [
        1 + (sum(cell.count("\n") for cell in one.cells) if one.closed else 0) for one in records(lines(raw), width)
    ]
    last = np.cumsum(taken) - 1
    return np.minimum(np.searchsorted(last, at), len(last) - 1) + 1
