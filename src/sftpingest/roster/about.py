"""What stage 2 says of rows as wholes: repetitions, nameless contacts, rows that add to nobody.

In: rows of a sheet.
Out: findings.
"""

import pandas as pd

from sftpingest.roster import records
from sftpingest.roster.desk import Desk
from sftpingest.roster.finding import Code, Severity, found, shorten, together
from sftpingest.roster.frames import blank, filled
from sftpingest.roster.kinds import PEOPLE, Kind
from sftpingest.roster.references import Known, no_keys, refer
from sftpingest.roster.repeats import has_contact
from sftpingest.roster.sheet import Sheet


def about_repeats(sheet: Sheet, repeated: pd.DataFrame) -> pd.DataFrame:
    """Rows that say an id again, and what such a row might have added."""
    if not len(repeated):
        return together([])
    column = "person_id" if sheet.form.kind is Kind.ENROLLMENT else "id"
    allowed = {
        "contact": "another contact (up to five)",
        "school": "another school",
        "enrollment": "another student or another teacher",
    }
    further = " or ".join(allowed[name] for name in sheet.form.further)
    return found(
        Code.ID_REPEATED,
        Severity.ROW,
        sheet.name,
        repeated.index,
        column=sheet.heading(column),
        record=shorten(repeated["id"]) if "id" in repeated else "",
        value=shorten(repeated[column]),
        detail=f"A second row with one id may only bring {further}; all its other cells must be the same."
        if further
        else "",
    )


def about_contacts(sheet: Sheet, rows: pd.DataFrame) -> pd.DataFrame:
    """A contact without a name is dropped, and said (clever.md 1.2: the name is needed where contacts are used)."""
    if "contact" not in sheet.form.further:
        return together([])
    unnamed = rows.index[has_contact(rows) & ~filled(records.cell(rows, "contact.last_name"))]
    heading = sheet.heading("contact.last_name")
    record = shorten(rows["id"].loc[unnamed])
    return found(Code.VALUE_MISSING, Severity.VALUE, sheet.name, unnamed, column=heading, record=record)


def about_nobody(sheet: Sheet, rows: pd.DataFrame, desk: Desk) -> pd.DataFrame:
    """Rows that add to no student. What is said of other people is not rostered; of nobody at all, it is wrong."""
    if desk.whole is not None and sheet.form.kind not in desk.whole:
        return together([])
    people = [desk.roster[kind]["id"] for kind in PEOPLE if kind in desk.roster]
    away = [frame for kind in (*PEOPLE, Kind.CONTACT) for frame in desk.turned_away.get(kind, [])]
    contacts_there = [desk.roster[Kind.CONTACT]["own_id"]] if Kind.CONTACT in desk.roster else []
    keys = pd.concat([blank(0), *people, *contacts_there, *desk.alone], ignore_index=True)
    known = Known(
        desk.files.get(sheet.form.kind, "the files of people"), keys, pd.concat([no_keys(), *away], ignore_index=True)
    )
    return refer(rows, sheet.form.columns["id"], known, sheet).findings


def about_kept(schools: pd.Series, file: str) -> pd.DataFrame:
    """Schools of a delta that were to go, and stay since sections are still in them."""
    return found(Code.RECORD_KEPT, Severity.NOTE, file, [None] * len(schools), record=shorten(schools))
