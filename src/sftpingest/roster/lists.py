"""Stage 2, before the cells: cells that are lists, and values that say nothing.

In: the rows of a sheet, and what its format says of its columns.
Out: the first of each list; lists kept whole only where they have several; usual values emptied.
"""

from dataclasses import replace

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.frames import arrow, text
from sftpingest.roster.sheet import Sheet

#: Lists that later steps take apart.
_LATER = {"school_id", "agents"}


def plain_cells(sheet: Sheet) -> Sheet:
    """Cells as the checks know them."""
    form, rows = sheet.form, sheet.rows
    changed = {name: _of_list(name, rows[name]) for name in form.lists - _LATER if name in rows}
    for name, usual in form.usual.items():
        if name in rows:
            changed[name] = _without(changed.get(name, rows[name]), usual)
    for name in form.if_known:
        words = form.columns[name].words
        if name in rows and words is not None:
            changed[name] = _known(changed.get(name, rows[name]), frozenset(words))
    return replace(sheet, rows=rows.assign(**changed)) if changed else sheet


def _of_list(name: str, cells: pd.Series) -> pd.Series:
    """The first of a list; of what is kept beside our columns the whole list, where it has several."""
    array = arrow(cells)
    several = pc.match_substring(array, ",")
    if name.startswith("ext."):
        return text(pc.if_else(several, array, ""), cells.index)
    if not pc.any(several).as_py():
        return cells
    first = pc.replace_substring_regex(array, r"(?s)^\s*([^,]*?)\s*,.*$", r"\1")
    return text(first, cells.index)


def _without(cells: pd.Series, usual: str) -> pd.Series:
    array = arrow(cells)
    return text(pc.if_else(pc.equal(pc.utf8_lower(array), usual.lower()), "", array), cells.index)


def _known(cells: pd.Series, words: frozenset[str]) -> pd.Series:
    """Cells that are one of the words; what else may stand there is kept elsewhere, and here dropped unsaid."""
    encoded = pc.dictionary_encode(arrow(cells))
    kept = [cell if cell.casefold() in words else "" for cell in encoded.dictionary.to_pylist()]
    return text(pc.take(pa.array(kept, pa.string()), encoded.indices), cells.index)
