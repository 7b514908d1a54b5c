"""Stage 3b: which of the records held may go.

In: the records held, which of them the upload brings again, and what it turned away or still names.
Out: by kind what goes, what stays because rows still name it, and what stays because nobody can tell.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sftpingest.roster.changes import Held
from sftpingest.roster.frames import Mask, Numbers, blank, filled, look_up, text
from sftpingest.roster.kinds import NAMED, REFERS, Kind
from sftpingest.roster.sheet import Validated

#: People and contacts first, then what sections refer to, schools last: what stays holds what it refers to.
_ORDER = (
    Kind.STUDENT,
    Kind.CONTACT,
    Kind.STAFF,
    Kind.SECTION,
    Kind.TEACHER,
    Kind.COURSE,
    Kind.TERM,
    Kind.SCHOOL,
)


@dataclass(frozen=True)
class Removals:
    """Masks over the held records of each kind."""

    came: dict[Kind, Mask] = field(default_factory=dict)  #: the upload brings it
    gone: dict[Kind, Mask] = field(default_factory=dict)  #: goes
    kept: dict[Kind, Mask] = field(default_factory=dict)  #: would go, but rows or records that stay still name it

    def unsure(self, kind: Kind) -> Mask:
        """Stays since its own row was rejected or cannot be told: what refers to it stays too."""
        return ~(self.came[kind] | self.gone[kind] | self.kept[kind])


def doubtful(validated: Validated, held: Held) -> set[Kind]:
    """Kinds of which nothing may be removed.

    A row of the wrong length whose id the store does not hold may be one whose cells have shifted.
    """
    kinds = set(validated.doubtful)
    for kind, frame in held.records.items():
        away = validated.turned_away.get(kind)
        if away is not None and (look_up(away["id"][away["shifted"].to_numpy(bool)], frame["id"]) < 0).any():
            kinds.add(kind)
    if Kind.STUDENT in kinds:  # contacts stand in the rows of students
        kinds.add(Kind.CONTACT)
    return kinds


def removals(held: Held, came: Mapping[Kind, Mask], validated: Validated) -> Removals:
    """Decide for every record held that the upload does not bring."""
    out = Removals(came=dict(came))
    unsure_kinds = doubtful(validated, held)
    for kind in _ORDER:
        frame = held.records[kind]
        candidates = ~came[kind]
        if kind in unsure_kinds or kind not in validated.roster:
            candidates[:] = False
        candidates &= ~(_turned_away(frame, kind, validated) | stays_as_held(frame, kind, validated))
        if kind is Kind.CONTACT:
            candidates |= _of_gone_students(frame, held, out)
        out.kept[kind] = candidates & _named(frame, kind, validated, held, out)
        out.gone[kind] = candidates & ~out.kept[kind]
    return out


def keep_schools(out: Removals, held: Held, numbers: Numbers) -> None:
    """Schools that enrollments name which stay: known once the enrollments are, so they are kept after all."""
    frame = held.records[Kind.SCHOOL]
    kept = out.gone[Kind.SCHOOL] & np.isin(frame["no"].to_numpy(), numbers)
    out.gone[Kind.SCHOOL] &= ~kept
    out.kept[Kind.SCHOOL] |= kept


def _turned_away(frame: pd.DataFrame, kind: Kind, validated: Validated) -> Mask:
    """Records with a rejected row; contacts also where it is their student's."""
    of = {kind: "id"} | ({Kind.STUDENT: "student_id"} if kind is Kind.CONTACT else {})
    mask = np.zeros(len(frame), bool)
    for other, column in of.items():
        if other in validated.turned_away:
            mask |= _among(frame[column], validated.turned_away[other]["id"])
    return mask


def _of_gone_students(contacts: pd.DataFrame, held: Held, out: Removals) -> Mask:
    students = held.records[Kind.STUDENT]["id"][out.gone[Kind.STUDENT]]
    return _among(contacts["student_id"], students)


def _among(cells: pd.Series, keys: pd.Series) -> Mask:
    return look_up(cells, keys) >= 0 if len(keys) else np.zeros(len(cells), bool)


def _named(frame: pd.DataFrame, kind: Kind, validated: Validated, held: Held, out: Removals) -> Mask:
    """Records that rows of this upload name, or records that stay without a row of their own."""
    if kind not in NAMED:
        return np.zeros(len(frame), bool)
    names = [validated.named.get(kind, blank(0))]
    for other, columns in REFERS.items():
        if other not in out.gone:
            continue
        stays = ~(out.came[other] | out.gone[other])
        records = held.records[other]
        names += [
            records[column][stays | reference_stays(records, other, column, validated)]
            for column, named in columns.items()
            if named is kind
        ]
        if kind is Kind.SCHOOL and "more_school_ids" in records:
            names.append(
                _listed(records["more_school_ids"][stays | further_schools_stay(records, other, validated, held)])
            )
    return _among(frame["id"], pd.concat(names, ignore_index=True))


def reference_stays(records: pd.DataFrame, kind: Kind, column: str, validated: Validated) -> Mask:
    """Records whose row names a rejected record in a column that it can do without: what is held there stays."""
    dropped = _among(records["id"], validated.let_drop.get((kind, column), blank(0)))
    return dropped | stays_as_held(records, kind, validated)


def stays_as_held(records: pd.DataFrame, kind: Kind, validated: Validated) -> Mask:
    """Records of which a row of another file was rejected: what it said of them before is not taken back."""
    return _among(records["id"], validated.stays.get(kind, blank(0)))


def further_schools_stay(records: pd.DataFrame, kind: Kind, validated: Validated, held: Held) -> Mask:
    """People of whom a row was rejected, or may have been: a further school may have been lost with it."""
    if kind in doubtful(validated, held):
        return np.ones(len(records), bool)
    return _turned_away(records, kind, validated) | stays_as_held(records, kind, validated)


def _listed(cells: pd.Series) -> pd.Series:
    """Every id in cells that hold JSON lists."""
    return text([one for cell in cells[filled(cells)] for one in json.loads(cell)])
