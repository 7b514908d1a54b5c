"""Stage 2d: rows that are each a student in a section, and who teaches it there (AnySchool).

In: the rows of such a file, and which are good so far.
Out: which of them say the same again; who is in which section, as rows of enrollments.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from sftpingest.roster.enrolled import places
from sftpingest.roster.frames import Mask, compose, look_up, take
from sftpingest.roster.kinds import Kind
from sftpingest.roster.records import cell
from sftpingest.roster.sheet import Sheet
from sftpingest.roster.turned_away import turned_away_teachers

#: Columns in which each row of a section may say its own.
TEACHER, STUDENT = "teaches.1", "learns.1"


def repeated(rows: pd.DataFrame, good: Mask) -> Mask:
    """Which good rows say a section, student and teacher again, or put a section into a second school."""
    places = np.flatnonzero(good)
    those = rows.iloc[places]
    again = compose([those["id"], those[STUDENT], those[TEACHER]]).duplicated().to_numpy()
    first = those.drop_duplicates("id")
    school = take(first["school_id"], look_up(those["id"], first["id"]), those.index)
    moved = np.asarray(those["school_id"] != school, bool)
    mask = np.zeros(len(rows), bool)
    mask[places[again | moved]] = True
    return mask


def pairs(rows: pd.DataFrame, taken: Mask, column: str) -> tuple[pd.DataFrame, Mask]:
    """Each section with each person of one column, once, and whether a row that was taken says so.

    Those of other rows are among them: their place in the section is left free.
    """
    frame = named(rows, column)
    key = compose([frame["section_id"], frame["person_id"]])
    first = ~key.duplicated().to_numpy()
    good: Mask = look_up(key[first], key[taken]) >= 0
    return frame[first], good


def named(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """The rows as enrollments of the people in one column."""
    return pd.DataFrame({"section_id": cell(rows, "id"), "person_id": cell(rows, column)}, index=rows.index)


def teachers_turned_away(named_once: pd.DataFrame, there: Mask, sheet: Sheet) -> pd.DataFrame:
    """Teachers of rows that were not taken, each in the place that the rows give: who is held there stays."""
    away = turned_away_teachers(named_once[~there], named(sheet.malformed, TEACHER))
    place = np.zeros(len(away), np.int64)
    place[: (~there).sum()] = places(named_once)[~there]
    return away.assign(position=place)


def as_enrollments(sheet: Sheet) -> Sheet:
    """The sheet as if it held the enrollments of students alone: what was turned away of it leaves them as held."""
    form = replace(sheet.form, kind=Kind.ENROLLMENT)
    return replace(sheet, form=form, malformed=named(sheet.malformed, STUDENT))
