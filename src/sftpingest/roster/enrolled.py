"""Stage 2d: rows that say who learns and who teaches where -> enrollments.

In: accepted rows, and where the records they name stand.
Out: frames of enrollments, see kinds.Roster; those held that go on where a delta does not name them.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.frames import Mask, Numbers, Positions, arrow, look_up, pack, said_before
from sftpingest.roster.kinds import PERSON, ROLES, STUDENT, TEACHER, Kind, Roster
from sftpingest.roster.records import both, cell, enrollments
from sftpingest.roster.sheet import Sheet

#: The last place that a teacher can have in a section: the store keeps it in seven bits.
_LAST = 100


def role_of(sheet: Sheet) -> int:
    """What the people of a file of enrollments are in their sections."""
    return TEACHER if sheet.form.columns["person_id"].refers is Kind.TEACHER else STUDENT


def enrolled(
    rows: pd.DataFrame, good: Mask, at: Mapping[str, Positions], role: int, roster: Roster
) -> tuple[pd.DataFrame, Mask]:
    """The enrollments of the good rows, and which of these say one again. `at`: positions of section, person, school.

    Without a school of its own an enrollment has that of its section.
    """
    place = places(rows) if role == TEACHER else np.zeros(len(rows), np.int32)
    taken = {name: positions if good.all() else positions[good] for name, positions in at.items()}
    if "school" not in taken:
        taken["school"] = school_of(taken["section"], roster)
    elif (taken["school"] < 0).any():
        taken["school"] = np.where(taken["school"] < 0, school_of(taken["section"], roster), taken["school"])
    before = said_before(pack(taken["section"], taken["person"]))
    place = place[good]
    if before.any():
        taken = {name: positions[~before] for name, positions in taken.items()}
        place = place[~before]
    repeated = good.copy()
    repeated[good] = before
    return enrollments(taken["section"], taken["person"], taken["school"], role, place), repeated


def school_of(section: Positions, roster: Roster) -> Positions:
    """Where the school of each section stands."""
    # the last place is that of -1: a section that is not there, or has no school, has no other one's school
    schools = np.append(look_up(roster[Kind.SECTION]["school_id"], roster[Kind.SCHOOL]["id"]), np.int32(-1))
    found: Positions = schools[section]
    return found


def places(rows: pd.DataFrame) -> Positions:
    """The place of each teacher in the section: the primary one first, the others in the order of the file.

    Rows that are rejected have theirs too: nobody else is to take it.
    """
    later = (cell(rows, "primary") != "Y").to_numpy(bool)
    sections, _ = pd.factorize(rows["section_id"])
    order = np.lexsort((np.arange(len(rows)), later, sections))
    counted = pd.Series(sections[order]).groupby(sections[order]).cumcount().to_numpy() + 1
    place = np.empty(len(rows), np.int32)
    place[order] = np.minimum(counted, _LAST)
    return _as_written(rows, place)


def _as_written(rows: pd.DataFrame, place: Positions) -> Positions:
    """The places that a roster that we wrote says: the order alone cannot say that one before them is free."""
    if "clever.position" not in rows:
        return place
    said = pc.match_substring_regex(arrow(rows["clever.position"]), "^(100|[1-9][0-9]?)$")
    number = pc.if_else(said, arrow(rows["clever.position"]), "0").cast(pa.int32()).to_numpy()
    told: Positions = np.where(number > 0, number, place)
    return told


# -------------------------------------------------------------------------------------- those held, where a delta came


def goes_on(held: Roster, roster: Roster, role: int, leaving: pd.DataFrame) -> pd.DataFrame:
    """The enrollments of one role as held, in the places of the records as they are now.

    `held`: records and enrollments. `leaving`: `section_id` and `person_id` of those that are to go.
    """
    there = held[Kind.ENROLLMENT]
    there = there[(there["role"] == role).to_numpy(bool)]
    at = {}
    for name, kind in (("section", Kind.SECTION), ("person", PERSON[ROLES[role]]), ("school", Kind.SCHOOL)):
        moved = look_up(held[kind]["id"], roster[kind]["id"])
        at[name] = moved[there[name].to_numpy()] if len(moved) else np.empty(0, np.int32)
    stays = (at["section"] >= 0) & (at["person"] >= 0)
    stays &= ~np.isin(_pairs(at), _named(leaving, roster, role))
    taken = {name: positions[stays] for name, positions in at.items()}
    taken["school"] = np.where(taken["school"] < 0, school_of(taken["section"], roster), taken["school"])
    return enrollments(taken["section"], taken["person"], taken["school"], role, there["position"].to_numpy()[stays])


def _pairs(at: Mapping[str, Positions]) -> Numbers:
    return pack(at["section"], at["person"])


def _named(leaving: pd.DataFrame, roster: Roster, role: int) -> Numbers:
    section = look_up(leaving["section_id"], roster[Kind.SECTION]["id"])
    person = look_up(leaving["person_id"], roster[PERSON[ROLES[role]]]["id"])
    named = (section >= 0) & (person >= 0)
    return pack(section[named], person[named])


def laid_over(held: pd.DataFrame, came: pd.DataFrame) -> pd.DataFrame:
    """A delta's enrollments over those held: a teacher who came takes the first place free, a primary one the first."""
    pairs = pack(came["section"].to_numpy(), came["person"].to_numpy())
    stays = ~np.isin(pack(held["section"].to_numpy(), held["person"].to_numpy()), pairs)
    kept = held[stays]
    together = both(kept, came)
    if not len(came) or came["role"].iloc[0] != TEACHER:
        return together
    new = np.arange(len(together)) >= len(kept)
    place = together["position"].to_numpy().astype(np.int64)
    rank = np.where(new, np.where(place == 1, 1, 2 * _LAST + place), 2 * place)
    order = np.lexsort((rank, together["section"].to_numpy()))
    counted = together.iloc[order].groupby("section").cumcount().to_numpy() + 1
    ranked = np.empty(len(together), np.int8)
    ranked[order] = np.minimum(counted, _LAST)
    return together.assign(position=ranked)
