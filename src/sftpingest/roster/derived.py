"""Stage 2, before references: records that have no file of their own, out of the rows that name them (AnySchool).

In: rows in which a record is named again and again.
Out: one row for each, with the first cell that says something; a finding for each cell that says otherwise.
"""

from collections.abc import Iterable

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.cells import check_cells
from sftpingest.roster.finding import Code, Severity, found, shorten, together
from sftpingest.roster.frames import arrow, filled, look_up, names, take, text
from sftpingest.roster.lists import plain_cells
from sftpingest.roster.records import records
from sftpingest.roster.sheet import Sheet


def derive(sheet: Sheet, there: pd.DataFrame | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The records that the rows of a sheet name, after those that an earlier file named; and findings.

    A cell that cannot be an id names nothing: that is said where the row refers to it.
    """
    rows, about_cells = check_cells(plain_cells(sheet))
    light = about_cells[(about_cells["severity"] != Severity.ROW.value).to_numpy(bool)]
    each, otherwise = one_of_each(sheet, rows[filled(rows["id"])])
    frame, findings = records(each, sheet.form.kind), together([light, otherwise])
    if there is None:
        return frame, findings
    new = frame[look_up(frame["id"], there["id"]) < 0]
    return pd.concat([_filled_up(there, frame), new], ignore_index=True), findings


def _filled_up(there: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """Records with the cells that others of the same ids have, where their own are empty."""
    at = look_up(there["id"], more["id"])
    cells = {name: arrow(take(more[name], at, there.index).fillna("")) for name in names(there)}
    return there.assign(
        **{
            name: text(pc.if_else(pc.equal(arrow(there[name]), ""), other, arrow(there[name])), there.index)
            for name, other in cells.items()
        }
    )


def one_of_each(sheet: Sheet, rows: pd.DataFrame, but: Iterable[str] = ()) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row for each id, in the order of the file: of every column the first cell that is not empty.

    A later cell that says otherwise is dropped and said. `but`: columns in which each row may say its own.
    """
    first = rows.drop_duplicates("id")
    ids, findings = first["id"], []
    cells = {"id": ids}
    for name in names(rows):
        if name == "id" or name in but:
            continue
        said = rows.loc[filled(rows[name]), ["id", name]]
        leads = said.drop_duplicates("id")
        cells[name] = take(leads[name], look_up(ids, leads["id"]), first.index).fillna("")
        findings.append(_otherwise(sheet, said, leads, name))
    return pd.DataFrame(cells), together(findings)


def _otherwise(sheet: Sheet, said: pd.DataFrame, leads: pd.DataFrame, name: str) -> pd.DataFrame:
    """Cells that do not say of an id what its first filled cell says."""
    at = look_up(said["id"], leads["id"])
    kept = take(leads[name], at, said.index)
    other = pc.not_equal(arrow(said[name]), arrow(kept)).to_numpy(zero_copy_only=False)
    lost, kept = said[other], kept[other]
    row = pc.cast(pa.array(leads.index.to_numpy()[at[other]]), pa.string())
    detail = pc.binary_join_element_wise('"', arrow(kept), '", which row ', row, " says; that one was kept", "")
    return found(
        Code.VALUE_MALFORMED,
        Severity.VALUE,
        sheet.name,
        lost.index,
        column=sheet.heading(name),
        record=shorten(lost["id"]),
        value=shorten(lost[name]),
        detail=text(detail, lost.index),
    )
