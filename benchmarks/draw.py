"""Chance that is the same every time: a cell depends on the seed, its column and its record's number alone.

In:  record numbers and the name of what is drawn.
Out: numbers and columns of cells.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]

#: the odd constants of splitmix64 (Steele, Lea and Flood 2014): two rounds spread neighbouring numbers evenly
_STEP, _FIRST, _SECOND = (np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


@dataclass(frozen=True)
class Draw:
    """Draws of one seed."""

    seed: int

    def number(self, records: Numbers, what: str, sides: int) -> Numbers:
        """A number from 0 up to `sides` for each record, the same whatever other records there are."""
        salt = np.uint64(crc32(f"{self.seed}:{what}".encode()))
        mixed = (records.astype(np.uint64) + (salt << np.uint64(32)) + salt) * _STEP
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
        return ((mixed ^ (mixed >> np.uint64(31))) % np.uint64(sides)).astype(np.int64)

    def word(self, records: Numbers, what: str, words: Sequence[str]) -> pa.Array:
        """One of the words for each record."""
        return pick(words, self.number(records, what, len(words)))

    def random(self, what: str) -> np.random.Generator:
        """A generator of its own for one purpose, for choices among many records."""
        return np.random.default_rng([self.seed, crc32(what.encode())])


def pick(words: Sequence[str], places: Numbers) -> pa.Array:
    """The words at these places."""
    return pa.array(words, pa.string()).take(pa.array(places))


def text(numbers: Numbers) -> pa.Array:
    """Numbers as cells."""
    return pc.cast(pa.array(numbers), pa.string())


def join(*parts: pa.Array | str) -> pa.Array:
    """Cells made of parts set side by side, e.g. `join(first, ".", last)`."""
    scalars = [pa.scalar(part) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*scalars, "")
