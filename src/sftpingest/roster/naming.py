"""Stage 2b: which records the rows of a sheet name.

In: rows, and what has been judged before them.
Out: every referring column, looked up; what is named in vain is noted.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd

from sftpingest.roster.desk import Desk
from sftpingest.roster.finding import Code
from sftpingest.roster.frames import Mask, filled
from sftpingest.roster.references import Referred, refer
from sftpingest.roster.sheet import Sheet


def look_up_all(sheet: Sheet, rows: pd.DataFrame, desk: Desk) -> dict[str, Referred]:
    """Every referring column, looked up; two at a time."""
    columns = [column for column in sheet.form.columns.values() if column.refers and column.name in rows]
    known = {column.refers: desk.known(column.refers) for column in columns if column.refers}
    with ThreadPoolExecutor(2) as beside:
        looked_up = beside.map(lambda column: refer(rows, column, known[column.refers], sheet), columns)
        told = {column.name: referred for column, referred in zip(columns, looked_up, strict=True)}
    if desk.whole is None:
        return told
    return {name: each if each.kind in desk.whole else _unjudged(each) for name, each in told.items()}


def _unjudged(looked_up: Referred) -> Referred:
    """Without what is said of records that may be held."""
    said = looked_up.findings
    return replace(looked_up, findings=said[(said["code"] != Code.REFERENCE_UNKNOWN.value).to_numpy(bool)])


def sure(rows: pd.DataFrame, referred: Mapping[str, Referred]) -> Mask:
    """Rows that name nothing outside the upload."""
    certain = np.ones(len(rows), bool)
    for name, looked_up in referred.items():
        certain &= (looked_up.positions >= 0) | ~filled(rows[name])
    return certain


def note_names(sheet: Sheet, referred: Mapping[str, Referred], desk: Desk) -> None:
    """Note what rows name in vain. Rows of the wrong length name too, as far as a cell stands under the heading."""
    for looked_up in referred.values():
        desk.name(looked_up.kind, looked_up.unknown)
    for column in sheet.form.columns.values():
        if column.refers and column.name in sheet.malformed:
            desk.name(column.refers, sheet.malformed[column.name])
