"""Stage 2, before references: a person's schools where a cell lists several organisations.

In: rows whose `school_id` is a list, the schools judged so far, organisations that are no schools.
Out: the rows with one `school_id`, the first that is a school, and the others in `more_school_ids`.
"""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.frames import Mask, arrow, blank, look_up, text


def spread_schools(
    rows: pd.DataFrame, schools: pd.Series, passed: pd.Series, *, required: bool
) -> tuple[pd.DataFrame, pd.Series]:
    """Take the lists apart. Where none of a list is a school, its first stays, for a finding to name.

    An organisation that is no school is dropped where the person can do without a school. Returns the rows, and the
    first of each list that stands for nothing at all beside the one that stays.
    """
    cells = rows["school_id"]
    several = np.asarray(pc.match_substring(arrow(cells), ",").to_numpy(zero_copy_only=False), bool)
    more, lost = blank(len(rows), rows.index), blank(0)
    if several.any():
        cells, more = cells.copy(), more.copy()
        first, others, lost = _apart(cells[several], schools, passed)
        cells.loc[several] = first.array
        more.loc[several] = others.array
    if not required and len(passed):
        no_school = (look_up(cells, passed) >= 0) & (look_up(cells, schools) < 0)
        cells = text(pc.if_else(pa.array(no_school), "", arrow(cells)), rows.index)
    return rows.assign(school_id=cells, more_school_ids=more), lost


def _apart(lists: pd.Series, schools: pd.Series, passed: pd.Series) -> tuple[pd.Series, pd.Series, pd.Series]:
    """The school that counts first of each list, the other ones as JSON, and of the rest the first that is nothing."""
    parts = pc.split_pattern(arrow(lists), ",")
    row = np.asarray(pc.list_parent_indices(parts).to_numpy(), np.int64)
    one = text(pc.utf8_trim_whitespace(pc.list_flatten(parts)))
    frame = pd.DataFrame({"row": row, "id": one, "known": look_up(one, schools) >= 0})
    frame = frame[(frame["id"] != "").to_numpy(bool)].drop_duplicates(["row", "id"])
    frame = frame.sort_values(["row", "known"], ascending=[True, False], kind="stable")
    leads = _leads(frame)
    first = pd.Series("", index=range(len(lists)), dtype=lists.dtype)
    first.loc[frame["row"][leads].to_numpy()] = frame["id"][leads].array
    rest = frame[~leads & frame["known"].to_numpy(bool)]
    others = pd.Series("", index=range(len(lists)), dtype=lists.dtype)
    for place, ids in rest.groupby("row", sort=False)["id"]:
        others.loc[place] = json.dumps(ids.tolist(), ensure_ascii=False)
    nothing = frame[~leads & ~frame["known"].to_numpy(bool) & (look_up(frame["id"], passed) < 0)].drop_duplicates("row")
    return first, others, pd.Series(nothing["id"].array, index=lists.index[nothing["row"].to_numpy()])


def _leads(frame: pd.DataFrame) -> Mask:
    """The first row of each list."""
    mask: Mask = ~frame["row"].duplicated().to_numpy()
    return mask
