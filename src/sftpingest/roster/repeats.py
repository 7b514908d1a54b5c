"""Stage 2c: rows that say an id again.

In: the rows of a file in their order, and which are good so far.
Out: which are the first of their id, which only add a contact or a school to it, and which repeat it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from sftpingest.roster.frames import Mask, arrow, blank, compose, filled, names, text

#: At most so many contacts a student (clever.md 1.2).
MOST_CONTACTS = 5

#: What makes a contact the same contact: the first of these whose last column is filled (clever.md 1.12).
CONTACT_KEYS = (
    ("sis_id",),
    ("last_name", "email"),
    ("last_name", "phone"),
    ("last_name", "type", "relationship", "phone_type"),
)


@dataclass(frozen=True)
class Told:
    """What each row is, as masks over the rows."""

    first: Mask  #: the record itself
    contact: Mask  #: only adds a contact
    school: Mask  #: only adds a school
    repeated: Mask  #: says the id again


def tell_apart(rows: pd.DataFrame, good: Mask, further: tuple[str, ...]) -> Told:
    """Tell first rows from those that add to them, among the good ones; `further` is what may be added.

    A row may differ from the first one of its id in the contact columns alone or in the school alone; anything else,
    and the same again, is a repetition.
    """
    places = np.flatnonzero(good)
    ids = rows["id"].iloc[places]
    again = ids.duplicated().to_numpy()
    first, contact, school, repeated = (np.zeros(len(rows), bool) for _ in range(4))
    first[places[~again]] = True
    repeated[places[again]] = True
    if further and again.any():
        several = places[np.asarray(ids.isin(ids[again].unique()), bool)]
        contact[several], school[several] = _additions(rows.iloc[several], further)
    return Told(first, contact, school, repeated & ~(contact | school))


def _additions(rows: pd.DataFrame, further: tuple[str, ...]) -> tuple[Mask, Mask]:
    """Which rows add a contact and which a school, where every id stands several times."""
    of_contact = [name for name in names(rows) if name.startswith("contact.")]
    rest = [name for name in names(rows) if name not in of_contact and name != "school_id"]
    later = rows["id"].duplicated().to_numpy()
    same_rest, same_contact, same_school = (_as_first(rows, names) for names in (rest, of_contact, ["school_id"]))
    contact = later & same_rest & same_school & ~same_contact & ("contact" in further)
    school = later & same_rest & ~same_school & same_contact & ("school" in further)
    return contact & _new_contact(rows, ~later | contact), school & _new(rows, ["id", "school_id"], school)


def _as_first(rows: pd.DataFrame, names: list[str]) -> Mask:
    """Which rows agree in those columns with the first row of their id."""
    if not names:
        return np.ones(len(rows), bool)
    cells = compose([rows[name] for name in names])
    first = cells.groupby(rows["id"].array, sort=False).transform("first")
    return np.asarray(cells == first, bool)


def _new(rows: pd.DataFrame, columns: list[str], those: Mask) -> Mask:
    """Which of `those` rows say their columns for the first time."""
    new = np.zeros(len(rows), bool)
    new[those] = ~rows[those].duplicated(columns).to_numpy()
    return new


def _new_contact(rows: pd.DataFrame, those: Mask) -> Mask:
    """Which of `those` rows have a contact that the student has not yet, up to MOST_CONTACTS."""
    told = rows[those]
    keys = pd.DataFrame({"id": told["id"].array, "key": contact_keys(told).array, "at": np.flatnonzero(those)})
    keys = keys[filled(keys["key"])].drop_duplicates(["id", "key"])
    keys = keys[(keys.groupby("id").cumcount() < MOST_CONTACTS).to_numpy()]
    new = np.zeros(len(rows), bool)
    new[keys["at"].to_numpy()] = True
    return new


def has_contact(rows: pd.DataFrame) -> Mask:
    """Which rows have anything in their contact columns."""
    there = np.zeros(len(rows), bool)
    for name in names(rows):
        if name.startswith("contact."):
            there |= filled(rows[name])
    return there


def contact_keys(rows: pd.DataFrame) -> pd.Series:
    """The key of each row's contact within its student, '' where the row has no name of a contact."""
    cells = {name: _cell(rows, f"contact.{name}") for keys in CONTACT_KEYS for name in keys}
    key = compose([cells[name] for name in CONTACT_KEYS[-1]])
    for better in reversed(CONTACT_KEYS[:-1]):
        own = compose([cells[name] for name in better])
        key = text(pc.if_else(pc.not_equal(arrow(cells[better[-1]]), ""), arrow(own), arrow(key)), rows.index)
    named = pc.not_equal(arrow(cells["last_name"]), "")
    return text(pc.if_else(named, arrow(key), ""), rows.index)


def _cell(rows: pd.DataFrame, name: str) -> pd.Series:
    return rows[name] if name in rows else blank(len(rows), rows.index)
