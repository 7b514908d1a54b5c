"""Stage 2g: files beside the roster (attendance): each row is judged like any other, and no records are made of it.

In: their sheets, and a way to look up what their cells name.
Out: findings.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby

import numpy as np
import pandas as pd

from sftpingest.roster.cells import check_cells
from sftpingest.roster.finding import Code, Severity, found, shorten, together
from sftpingest.roster.lists import plain_cells
from sftpingest.roster.references import Referred
from sftpingest.roster.rows import choose
from sftpingest.roster.sheet import Sheet

#: Looks up every referring column of the rows of a sheet.
Refer = Callable[[Sheet, pd.DataFrame], Mapping[str, Referred]]


def judge_beside(sheets: Iterable[Sheet], refer: Refer) -> pd.DataFrame:
    """Judge every row of every one of these files."""
    files = groupby(sheets, key=lambda sheet: sheet.name)
    return together([_file(list(readings), refer) for _, readings in files])


def _file(readings: Sequence[Sheet], refer: Refer) -> pd.DataFrame:
    """One file in all its readings; an id counts for all of them."""
    judged = [_reading(sheet, readings if sheet is readings[0] else (), refer) for sheet in readings]
    ids = pd.concat([good for good, _ in judged]).sort_index(kind="stable")
    again = ids[ids.duplicated().to_numpy()]
    sheet = readings[0]
    repeated = found(
        Code.ID_REPEATED,
        Severity.ROW,
        sheet.name,
        again.index,
        column=sheet.heading("id"),
        record=shorten(again),
        value=shorten(again),
    )
    return together([*(findings for _, findings in judged), repeated])


def _reading(sheet: Sheet, readings: Sequence[Sheet], refer: Refer) -> tuple[pd.Series, pd.DataFrame]:
    """The ids of its good rows, and what is wrong with the others."""
    chosen = choose(sheet, readings)
    rows, about_cells = check_cells(plain_cells(chosen.sheet))
    named = [looked_up.findings for looked_up in refer(sheet, rows).values()]
    findings = together([chosen.findings, about_cells, *named])
    rejected = findings["row"][(findings["severity"] == Severity.ROW.value).to_numpy(bool)]
    good = ~np.isin(rows.index.to_numpy(), rejected.to_numpy("int32"))
    return rows["id"][good], findings
