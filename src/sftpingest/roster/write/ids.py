"""Our keys -> ids that OneRoster allows.

In: the keys of a kind.
Out: an id for each: the key itself where it is one, else one made of it, the same every time.
"""

import re
from collections.abc import Set as AbstractSet
from hashlib import blake2b

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.cells import LONGEST_KEY
from sftpingest.roster.frames import Mask, arrow, text

#: What an id may be (OneRoster CSV 1.2, GUID), and ids as `made` makes them: those are never taken for a key.
_LEGAL = f"^[0-9A-Za-z./@_-]{{1,{LONGEST_KEY}}}$"
_MADE = r"^[a-z]+\.[0-9A-Za-z._-]*\.[0-9a-f]{32}$"
_SHOWN = 60


def made(kind: str, key: str) -> str:
    """An id for a key that is none: readable, and with a hash of the key that makes it the only one."""
    shown = re.sub("[^0-9A-Za-z._-]+", "_", key)[:_SHOWN]
    return f"{kind}.{shown}.{blake2b(f'{kind} {key}'.encode(), digest_size=16).hexdigest()}"


def digests(keys: pd.Series) -> pa.Array:
    """A short hash of each key, for ids of rows that have none of their own."""
    return pa.array([blake2b(key.encode(), digest_size=8).hexdigest() for key in keys], pa.string())


def ids(
    kind: str, keys: pd.Series, full: pd.Series, taken: AbstractSet[str] = frozenset(), ours: "Mask | None" = None
) -> pd.Series:
    """An id for each of `keys`; where they cannot be ids, or are `taken`, one made of the `full` key.

    `ours`: those of `keys` that may be ids at all.
    """
    good = _legal(keys)
    if ours is not None:
        good &= ours
    if taken:
        good &= np.fromiter((key not in taken for key in keys), bool, len(keys))
    out = np.array(keys.tolist(), object)
    out[~good] = [made(kind, key) for key in full[~good]]
    return text(pa.array(out, pa.string()), keys.index)


def _legal(keys: pd.Series) -> Mask:
    array = arrow(keys)
    good = pc.and_(pc.match_substring_regex(array, _LEGAL), pc.invert(pc.match_substring_regex(array, _MADE)))
    mask: Mask = good.to_numpy(zero_copy_only=False).copy()
    return mask
