"""What of a roster the files of Clever cannot say.

In: a roster.
Out: how much is left out, or would be rejected by whoever reads the files, each in a few words for a person.
"""

import numpy as np
import pandas as pd

from sftpingest.roster.frames import filled, look_up
from sftpingest.roster.kinds import STUDENT, TEACHER, Kind, Roster
from sftpingest.roster.repeats import MOST_CONTACTS

#: So many teachers a section has a heading for.
MOST_TEACHERS = 10


def unsaid(roster: Roster) -> dict[str, int]:
    """Words -> how many, without those that are none."""
    joins, sections, staff = roster[Kind.ENROLLMENT], roster[Kind.SECTION], roster[Kind.STAFF]
    teaches = joins[(joins["role"] == TEACHER).to_numpy(bool)]
    taught = np.isin(np.arange(len(sections)), teaches["section"].to_numpy())
    contacts = roster[Kind.CONTACT].groupby("student_id").size().to_numpy()
    said = {
        f"contacts beyond the {MOST_CONTACTS} of a student are left out": (contacts - MOST_CONTACTS).clip(0).sum(),
        f"teachers beyond the {MOST_TEACHERS} of a section are left out": (teaches["position"] > MOST_TEACHERS).sum(),
        "terms in which no section lies are left out": _unnamed(roster, Kind.TERM),
        "courses that no section teaches are left out": _unnamed(roster, Kind.COURSE),
        "sections have no teacher, which Clever asks for": (~taught).sum(),
        "staff have no e-mail address or no school, which Clever asks for": _lacking(
            staff["email"], staff["school_id"]
        ),
        "files have no record, which Clever does not take": _empty(roster),
    }
    return {words: int(count) for words, count in said.items() if count}


def _unnamed(roster: Roster, kind: Kind) -> int:
    named = roster[Kind.SECTION][f"{kind}_id"]
    return int((look_up(roster[kind]["id"], named) < 0).sum())


def _lacking(*columns: pd.Series) -> int:
    return int((~np.logical_and.reduce([filled(cells) for cells in columns])).sum())


def _empty(roster: Roster) -> int:
    """Files that Clever asks for and that would only have headings."""
    learners = (roster[Kind.ENROLLMENT]["role"] == STUDENT).any()
    kinds = (Kind.SCHOOL, Kind.TEACHER, Kind.STUDENT, Kind.SECTION)
    return sum(not len(roster[kind]) for kind in kinds) + (not learners)
