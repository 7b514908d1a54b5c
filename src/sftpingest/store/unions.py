"""Many selects as one: a kind of each district is one of them.

In:  selects with the same columns.
Out: one select, whose rows are those of all.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

#: SQLite takes no more than 500 selects around each other.
_SELECTS = 400


def together(parts: Sequence["sa.Select[Any]"]) -> "sa.Select[Any]":
    """The rows of all parts. By star: SQLAlchemy would take milliseconds for naming each column of each part."""
    selects = [_all_of(part) for part in parts]
    while len(selects) > _SELECTS:
        bunches = [selects[at : at + _SELECTS] for at in range(0, len(selects), _SELECTS)]
        selects = [_all_of(sa.union_all(*bunch)) for bunch in bunches]
    return _all_of(sa.union_all(*selects))


def _all_of(part: Any) -> "sa.Select[Any]":  # noqa: ANN401  (a select, or several)
    return sa.select(sa.literal_column("*")).select_from(part.subquery())
