"""Enrollments -> enrollments.csv.

In: a Book.
Out: cells, millions of them in a second or two.
"""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.enrolled import school_of
from sftpingest.roster.frames import Mask, Positions, arrow
from sftpingest.roster.kinds import PERSON, ROLES, TEACHER, Kind
from sftpingest.roster.write.book import Book
from sftpingest.roster.write.ids import digests
from sftpingest.roster.write.lines import Cells

_PLACE = "metadata.clever.position"


def enrollments(book: Book) -> Cells:
    """Who learns and who teaches where."""
    joins = book.roster[Kind.ENROLLMENT]
    if not len(joins):
        return {}
    section, role = joins["section"].to_numpy(), joins["role"].to_numpy()
    school = joins["school"].to_numpy()
    if (school < 0).any():
        school = np.where(school < 0, school_of(section, book.roster), school)
    teaches = pa.array(role == TEACHER)
    place = joins["position"].to_numpy()
    written, hashed = _people(book, joins)
    cells = {
        "sourcedId": pc.binary_join_element_wise(_taken(digests(book.ids[Kind.SECTION]), section), hashed, "."),
        "classSourcedId": _taken(arrow(book.ids[Kind.SECTION]), section),
        "schoolSourcedId": _taken(arrow(book.ids[Kind.SCHOOL]), school),
        "userSourcedId": written,
        "role": pc.if_else(teaches, "teacher", "student"),
        "primary": pc.if_else(teaches, pc.if_else(pa.array(place == 1), "true", "false"), ""),
    }
    gaps = _gaps(section, role == TEACHER, place)
    return cells | ({_PLACE: pc.if_else(pa.array(gaps), pa.array(place).cast(pa.string()), "")} if gaps.any() else {})


def _taken(cells: pa.Array, at: Positions) -> pa.Array:
    return pc.take(cells, pa.array(at))


def _people(book: Book, joins: pd.DataFrame) -> tuple[pa.Array, pa.Array]:
    """Whom each enrollment names, and a hash of that."""
    both = [book.ids[PERSON[role]] for role in ROLES]
    at = joins["person"].to_numpy() + np.where(joins["role"].to_numpy() == TEACHER, len(both[0]), 0)
    everybody = pd.concat(both, ignore_index=True)
    return _taken(arrow(everybody), at), _taken(digests(everybody), at)


def _gaps(section: Positions, teaches: Mask, place: Positions) -> Mask:
    """Teachers whose place is another than the order of the rows says; each section's stand first, in their order."""
    out = np.zeros(len(section), bool)
    there = np.flatnonzero(teaches)
    out[there] = pd.Series(section[there]).groupby(section[there]).cumcount().to_numpy() + 1 != place[there]
    return out
