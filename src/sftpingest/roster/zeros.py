"""Zeros in front of ids, which a spreadsheet takes away: 00123 comes as 123.

In: ids that came, and those that they should be among.
Out: which id was meant, for messages, and whether most ids of a kind have lost their zeros.

Nothing is mended here: 007 and 7 may be two. It is said, and an upload that would take most of the ids with zeros for
new ones waits for a person.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.frames import Mask, Positions, arrow, look_up, text


@dataclass(frozen=True)
class Lost:
    """Ids of a kind that are held with zeros in front and came without."""

    count: int
    came: str  #: the first of them
    held: str  #: and how it is held

    def words(self, kind: str) -> str:
        """As a sentence that goes on."""
        if self.count == 1:
            return f'{kind} id "{self.came}" is held as "{self.held}"'
        return f'{self.count:,} {kind} ids such as "{self.came}" are held as "{self.held}"'


def lost_zeros(came: pd.Series, at: Positions, held: pd.Series, *, whole: bool = True) -> Lost | None:
    """What has lost its zeros, where that is more than kept them; `at`: where each id that came is held, or -1.

    Of a delta (not `whole`) what is held goes on, so only new ids tell.
    """
    if not len(held) or not (new := at < 0).any():
        return None
    zeros, others = _zeros(held), came[new]
    if whole:
        came_so = np.zeros(len(held), bool)
        came_so[at[~new]] = True
        kept = int((zeros & came_so).sum())
        zeros &= ~came_so
    else:
        kept = int(_zeros(others).sum())
    missing = held[zeros]
    found = look_up(_bare(missing), others)
    lost = np.flatnonzero(found >= 0)
    if len(lost) <= kept:
        return None
    return Lost(len(lost), str(others.iloc[found[lost[0]]]), str(missing.iloc[lost[0]]))


def meant(cells: pd.Series, keys: pd.Series) -> pd.Series:
    """For each cell what to add to the name of the file in which it is not: the key it is but for zeros in front."""
    array = arrow(cells)
    none = pd.Series("", index=cells.index, dtype=cells.dtype)
    if not len(cells) or not (_zeros(cells).any() or _mask(pc.starts_with(arrow(keys), "0")).any()):
        return none
    numbers = keys[_mask(pc.match_substring_regex(arrow(keys), r"^\d+$"))]
    at = look_up(_bare(cells), _bare(numbers))
    key = pc.take(arrow(numbers), pa.array(at, mask=at < 0))
    here = pc.less(pc.utf8_length(array), pc.utf8_length(key))
    said = pc.binary_join_element_wise(
        ' (there is "', key, '": Excel has removed the zeros in front ', pc.if_else(here, "here)", "there)"), ""
    )
    return text(pc.fill_null(said, ""), cells.index)


def _zeros(ids: pd.Series) -> Mask:
    """Which are numbers with zeros in front."""
    front = _mask(pc.starts_with(arrow(ids), "0"))
    places = np.flatnonzero(front)
    front[places] = _mask(pc.match_substring_regex(arrow(ids).take(pa.array(places)), r"^0\d+$"))
    return front


def _bare(ids: pd.Series) -> pd.Series:
    """Numbers as a spreadsheet writes them."""
    return text(pc.replace_substring_regex(arrow(ids), r"^0+(\d+)$", r"\1"), ids.index)


def _mask(array: pa.Array) -> Mask:
    return np.array(array.to_numpy(zero_copy_only=False), bool)
