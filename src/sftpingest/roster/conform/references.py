"""What cells name: the file must be in the set, the record in the file, and the record of the right type.

In:  a page, and the pages read before it.
Out: findings; cells that name nothing are emptied, so that nothing more is said of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.conform.page import Page
from sftpingest.roster.conform.rules import BULK, KEY, Column
from sftpingest.roster.conform.values import mask
from sftpingest.roster.finding import Code, Severity, found, nothing, together
from sftpingest.roster.frames import Numbers, Positions


@dataclass(frozen=True)
class _Named:
    """The parts of a column, each with the row that it stands in: a list names several records."""

    rows: Numbers
    keys: pa.Array


def judge_references(page: Page, pages: Mapping[str, Page]) -> pd.DataFrame:
    """All referring columns of a bulk file; what a delta names may be held already.

    `pages` are those of the set that are there, whether they could be read or not.
    """
    if page.mode != BULK:
        return nothing()
    columns = [column for column in page.file.columns if column.refers and column.name in page.cells]
    return together([_column(page, column, {**pages, page.file.name: page}) for column in columns])


def _column(page: Page, column: Column, pages: Mapping[str, Page]) -> pd.DataFrame:
    named = _named(page.cells[column.name], is_list=column.type == "guids")
    target = pages.get(column.refers)
    if target is None:
        if not len(named.keys):
            return nothing()
        return found(Code.REFERENCE_ABSENT, Severity.FILE, page.name, column=column.name, detail=column.refers)
    if target.keys is None or target.mode != BULK:
        return nothing()
    lost = mask(pc.invert(pc.is_in(named.keys, value_set=target.keys)))
    unknown = _about(page, column, Code.REFERENCE_UNKNOWN, _some(named, lost), target.name)
    unfit = nothing()
    if column.of_type or column.not_of_type:
        unfit = _unfit(page, column, _some(named, ~lost), target)
    _empty(page, column.name, named.rows[lost])
    return together([unknown, unfit])


def _named(cells: pa.Array, *, is_list: bool) -> _Named:
    at = np.flatnonzero(mask(pc.not_equal(cells, "")))
    keys = cells if len(at) == len(cells) else cells.take(pa.array(at))
    if not is_list:
        return _Named(at, keys)
    parts = pc.split_pattern(keys, ",")
    return _Named(at[pc.list_parent_indices(parts).to_numpy()], pc.list_flatten(parts))


def _some(named: _Named, those: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> _Named:
    return _Named(named.rows[those], named.keys.filter(pa.array(those)))


def _about(page: Page, column: Column, code: Code, named: _Named, detail: "str | pd.Series") -> pd.DataFrame:
    """One finding for each part of a cell."""
    if not len(named.rows):
        return nothing()
    ids = page.cells[KEY] if KEY in page.cells else pa.array([""] * len(page.numbers))
    at = pa.array(named.rows)
    each = Page(page.file, page.name, numbers=page.numbers[named.rows], cells={KEY: ids.take(at)})
    return each.about(code, np.ones(len(named.rows), bool), column.name, value=named.keys, detail=detail)


def _unfit(page: Page, column: Column, named: _Named, target: Page) -> pd.DataFrame:
    """Records of a type that may not stand here. A type of the district's own may."""
    if "type" not in target.cells or KEY not in target.cells:
        return nothing()
    types = target.cells["type"].take(positions(named.keys, target.cells[KEY]))
    own = mask(pc.or_(pc.starts_with(types, "ext:"), pc.equal(types, "")))
    listed = mask(pc.is_in(types, value_set=pa.array([*column.of_type, *column.not_of_type])))
    unfit = ~own & mask(pc.is_valid(types)) & (listed if column.not_of_type else ~listed)
    rule = " or ".join(column.of_type) if column.of_type else f"anything but {' or '.join(column.not_of_type)}"
    return _about(page, column, Code.REFERENCE_UNFIT, _some(named, unfit), f"its type in {target.name} must be {rule}")


def positions(cells: pa.Array, keys: pa.Array) -> pa.Array:
    """Where each cell stands among the keys; null where it does not."""
    return pc.index_in(cells, value_set=keys)


def _empty(page: Page, name: str, rows: Numbers | Positions) -> None:
    if len(rows):
        bad = np.zeros(len(page.numbers), bool)
        bad[rows] = True
        page.cells[name] = pc.if_else(pa.array(bad), "", page.cells[name])
