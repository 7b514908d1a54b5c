"""Columns of text on Arrow, and the few things that every stage does with them.

In: pandas series and Arrow arrays.
Out: the same, cheaply.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

#: All text in a roster is Arrow-backed with 32-bit offsets: half the memory of pandas' own string type.
TEXT = pd.ArrowDtype(pa.string())

#: A mask over rows.
Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
#: Row positions in a frame; -1 is none.
Positions = np.ndarray[tuple[int], np.dtype[np.int32]]
#: Numbers of records, hashes, packed pairs.
Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]


def text(values: pa.Array | pa.ChunkedArray | Sequence[str], index: pd.Index | None = None) -> pd.Series:
    """A series of TEXT from Arrow or from strings."""
    array = values if isinstance(values, (pa.Array, pa.ChunkedArray)) else pa.array(list(values), pa.string())
    return pd.Series(pd.array(array, dtype=TEXT), index=index)


def arrow(values: pd.Series) -> pa.Array:
    """The Arrow array under a series of TEXT, as one chunk."""
    array = pa.chunked_array(values.array.__arrow_array__())
    return array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)


def compose(parts: Sequence[pd.Series]) -> pd.Series:
    """One key out of several cells, joined by `|`; a `|` or a backslash inside a cell is escaped, so no two clash.

    All parts empty gives ''.
    """
    escaped = [pc.replace_substring(pc.replace_substring(arrow(part), "\\", "\\\\"), "|", "\\|") for part in parts]
    joined = pc.binary_join_element_wise(*escaped, "|")
    empty = pc.equal(joined, "|" * (len(parts) - 1))
    return text(pc.if_else(empty, "", joined), parts[0].index)


def no_text() -> pd.Series:
    """No cells at all."""
    return text(pa.array([], pa.string()))


def names(frame: pd.DataFrame) -> list[str]:
    """The names of the columns."""
    return [str(name) for name in frame.columns]


def blank(size: int, index: pd.Index | None = None) -> pd.Series:
    """So many empty cells."""
    return text(pa.repeat("", size), index)


def filled(cells: pd.Series) -> Mask:
    """Which cells are not empty."""
    return np.asarray(pc.not_equal(arrow(cells), "").to_numpy(zero_copy_only=False), bool)


def or_else(cells: pd.Series, other: pd.Series | str) -> pd.Series:
    """The cells; where they are empty, the others."""
    there = arrow(cells)
    return text(pc.if_else(pc.equal(there, ""), other if isinstance(other, str) else arrow(other), there), cells.index)


def sift(rows: pd.DataFrame, those: Mask) -> pd.DataFrame:
    """Some rows of a frame of TEXT: Arrow's filter is twice as fast as pandas' own on a large one."""
    if those.all():
        return rows
    kept = pa.array(those)
    index = rows.index[those]
    columns = {name: text(pc.filter(arrow(rows[name]), kept), index) for name in names(rows)}
    return pd.DataFrame(columns, index=index, copy=False)


def look_up(cells: pd.Series, keys: pd.Series) -> Positions:
    """The position of each cell in `keys`, -1 where it is not among them."""
    if not len(cells):
        return np.empty(0, np.int32)  # else Arrow hashes all the keys for nothing
    positions: Positions = pc.fill_null(pc.index_in(arrow(cells), value_set=arrow(keys)), -1).to_numpy()
    return positions


def take(cells: pd.Series, positions: Positions, index: pd.Index) -> pd.Series:
    """The cells at those positions; null at -1."""
    return text(pc.take(arrow(cells), pa.array(positions, mask=positions < 0)), index)


def pack(high: Positions | Numbers, low: Positions | Numbers) -> Numbers:
    """Two numbers below 2**31 as one: comparing these is four times as fast as comparing pairs of text."""
    packed = high.astype(np.int64)  # and from here in place: each copy of a large district's is 33 MB
    packed <<= 32
    packed |= low
    return packed


def said_before(numbers: Numbers) -> Mask:
    """Which numbers stand further up already. Where hardly any do, sorting is half the time and memory of hashing."""
    ordered = np.sort(numbers)
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    del ordered
    before = np.zeros(len(numbers), bool)
    if len(twice):
        places = np.flatnonzero(pd.Series(numbers, copy=False).isin(twice))  # np.isin would sort them all again
        before[places] = pd.Series(numbers[places]).duplicated().to_numpy()
    return before
