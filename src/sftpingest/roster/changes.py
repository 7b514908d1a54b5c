"""The roster held, and what an upload changes of it: the words that reconcile, judge and the store share.

In: nothing.
Out: Held, Changes, Outcome and the hash of a record.
"""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from xxhash import xxh3_64_intdigest

from sftpingest.roster.frames import Numbers, arrow
from sftpingest.roster.kinds import LATER, VALUES, Kind

_CHUNK = 100_000
#: What an enrollment is made of.
_NUMBERS = ("section", "person", "school", "role", "position")


class Outcome(StrEnum):
    """What became of an upload."""

    APPLIED = "applied"  #: the roster is as the upload says, but for rejected rows
    HELD = "held"  #: a big change: waits until a person releases or discards it
    REFUSED = "refused"  #: nothing of it was applied
    DISCARDED = "discarded"  #: was held; a person or a newer upload put it aside
    FAILED = "failed"  #: our fault; was tried again in vain


@dataclass(frozen=True)
class Held:
    """The roster that the store holds of one district.

    `records`: one frame a kind, columns `id`, `no` (int64, the record's number in the store), `hash` (int64) and the
    columns of kinds.REFERS; student and staff also `more_school_ids`. `enrollments`: int64 columns `pair`
    and `rest`, see enrollments.py. `next_no`: the first free number of each kind.
    """

    first: bool  #: no sync of this district was ever applied
    records: dict[Kind, pd.DataFrame]
    enrollments: pd.DataFrame
    next_no: dict[Kind, int]


@dataclass(frozen=True)
class KindChanges:
    """What changes of one kind.

    Records: `created` and `updated` have `no`, `id`, `hash` and the values; enrollments: `section`, `person`,
    `school` (numbers), `role`, `position`. `removed` has `no`, or for enrollments `section`, `person`, `role`.
    """

    created: pd.DataFrame
    updated: pd.DataFrame
    removed: pd.DataFrame
    held: int  #: how many there were

    @property
    def unchanged(self) -> int:
        """How many stay as they were."""
        return self.held - len(self.updated) - len(self.removed)

    def counts(self) -> dict[str, int]:
        """As result.json shows them."""
        return {
            "created": len(self.created),
            "updated": len(self.updated),
            "removed": len(self.removed),
            "unchanged": self.unchanged,
        }


@dataclass(frozen=True)
class Changes:
    """What an upload would change."""

    kinds: dict[Kind, KindChanges] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()  #: why a person must agree to it, however small it is

    def counts(self) -> dict[str, dict[str, int]]:
        """By kind, as result.json shows them."""
        return {kind.value: changes.counts() for kind, changes in self.kinds.items()}

    def digest(self) -> str:
        """A fingerprint of everything that would be written: what a person releases is what was shown.

        The order of the rows is not part of it: a store gives those it holds in any order.
        """
        sum_up = hashlib.sha256()
        for kind, changes in sorted(self.kinds.items()):
            columns = _NUMBERS if kind is Kind.ENROLLMENT else ("no", "hash")
            for name in ("created", "updated", "removed"):
                frame: pd.DataFrame = getattr(changes, name)
                sum_up.update(f"{kind} {name} {len(frame)}\n".encode())
                cells = [frame[column].to_numpy(np.int64) for column in columns if column in frame]
                order = np.lexsort(cells[::-1])
                for column in cells:
                    sum_up.update(column[order].tobytes())
        return sum_up.hexdigest()


def hashes(frame: pd.DataFrame, kind: Kind) -> Numbers:
    """A 64-bit hash of the values of each record: XXH3 of its cells, joined by a NUL, which no cell can hold.

    The store keeps it, so it must stay the same for ever: XXH3 is specified. Two records of one key that differ but
    hash alike would look unchanged: one chance in 2**64 a change.
    """
    later = LATER.get(kind)
    joined = pc.binary_join_element_wise(*[arrow(frame[name]) for name in VALUES[kind] if name != later], "\0")
    if later:
        added = arrow(frame[later])
        joined = pc.if_else(pc.equal(added, ""), joined, pc.binary_join_element_wise(joined, added, "\0"))
    out = [_digest(joined.slice(start, _CHUNK)) for start in range(0, len(joined), _CHUNK)]
    return np.concatenate(out) if out else np.empty(0, np.int64)


def _digest(joined: pa.Array) -> Numbers:
    cells = joined.cast(pa.binary()).to_pylist()
    return np.fromiter(map(xxh3_64_intdigest, cells), np.uint64, len(cells)).view(np.int64)
