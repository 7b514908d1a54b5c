"""Stage 3c: who learns and who teaches where; what changes of it.

In: the enrollments held and those that came, and what became of the sections and people they join.
Out: KindChanges.

Pairs are compared as one integer each, section number above person number and role: millions of them in a second.
"""

import numpy as np
import pandas as pd

from sftpingest.roster.changes import Held, KindChanges
from sftpingest.roster.frames import Mask, Numbers, look_up, pack
from sftpingest.roster.kinds import PERSON, ROLES, STUDENT, TEACHER, Kind
from sftpingest.roster.removals import Removals, doubtful
from sftpingest.roster.sheet import Validated

#: What became of a record, by its number.
_CAME, _GONE, _KEPT, _UNSURE = range(4)

#: A format may have no file of sections, and so no enrollments.
_NOBODY = pd.DataFrame({name: np.empty(0, np.int32) for name in ("section", "person", "school", "role", "position")})


def pairs(frame: pd.DataFrame) -> Numbers:
    """`pair` of each enrollment: 32 bits of section number, 31 of person number, one of role."""
    packed = pack(frame["section"].to_numpy(), frame["person"].to_numpy().astype(np.int64) << 1)
    packed |= frame["role"].to_numpy()
    return packed


def rests(frame: pd.DataFrame) -> Numbers:
    """`rest` of each enrollment: school number above eight bits of position."""
    packed = frame["school"].to_numpy().astype(np.int64)
    packed <<= 8
    packed |= frame["position"].to_numpy()
    return packed


def reconcile_enrollments(
    validated: Validated, held: Held, numbers: dict[Kind, Numbers], gone: Removals
) -> tuple[KindChanges, Numbers]:
    """What changes of the enrollments; `numbers` are those of the records that came.

    Besides: the numbers of the schools that those name which stay though the upload does not bring them.
    """
    came = _numbered(validated.roster.get(Kind.ENROLLMENT, _NOBODY), numbers)
    size = len(held.enrollments)
    if not size:
        return KindChanges(came, came[:0], came[:0], 0), np.empty(0, np.int64)
    theirs, rest = (held.enrollments[name].to_numpy() for name in ("pair", "rest"))
    order = np.argsort(theirs, kind="stable")  # the store gives them in order, or nearly so: cheap
    theirs, rest = theirs[order], rest[order]
    came = _with_co_teachers(came, validated, held, theirs, rest)
    ours = pairs(came)
    ours_order = np.argsort(ours, kind="stable")
    place = np.minimum(np.searchsorted(theirs, ours[ours_order]), size - 1)
    both = theirs[place] == ours[ours_order]
    changed = both & (rest[place] != rests(came)[ours_order])
    left = np.ones(size, bool)
    left[place[both]] = False
    goes = _may_go(theirs[left], rest[left], theirs, validated, held, gone)
    if not validated.teachers_enrolled:
        goes |= _replaced(theirs[left], rest[left], came)
    removed = _unpacked(theirs[left][goes])
    changes = KindChanges(came.iloc[ours_order[~both]], came.iloc[ours_order[changed]], removed, size)
    return changes, np.unique(rest[left][~goes] >> 8)


def _with_co_teachers(
    came: pd.DataFrame, validated: Validated, held: Held, theirs: Numbers, rest: Numbers
) -> pd.DataFrame:
    """A co-teacher whose own row was rejected goes on teaching a section that names it, in the place it is named.

    Not where another is held in that place: who is held there stays, and so does this one where it was.
    """
    named = validated.co_teachers
    pair = _pair(named["section_id"], named["person_id"], held, TEACHER)
    place = np.minimum(np.searchsorted(theirs, pair), len(theirs) - 1)
    if not len(named) or validated.teachers_enrolled:
        return came  # the place of one whose row was rejected is left free by the others
    teach = pairs(came[(came["role"] == TEACHER).to_numpy()])
    taught = np.flatnonzero((theirs & 1) == TEACHER)
    taught = taught[~np.isin(theirs[taught], teach)]  # those that came are where the upload says
    taken = pack(theirs[taught] >> 32, rest[taught] & 0xFF)
    free = ~np.isin(pack(pair >> 32, named["position"].to_numpy()), taken)
    stays = (pair >= 0) & (theirs[place] == pair) & free
    if not stays.any():
        return came
    more = _unpacked(pair[stays]).assign(school=rest[place[stays]] >> 8, position=named["position"].to_numpy()[stays])
    return pd.concat([came, more.astype(came.dtypes.to_dict())], ignore_index=True)


def _unpacked(those: Numbers) -> pd.DataFrame:
    return pd.DataFrame({"section": those >> 32, "person": (those & 0xFFFFFFFF) >> 1, "role": those & 1})


def _numbered(frame: pd.DataFrame, numbers: dict[Kind, Numbers]) -> pd.DataFrame:
    """Row positions in the roster -> numbers in the store."""
    role = frame["role"].to_numpy()
    person = np.empty(len(frame), np.int32)
    for at, name in enumerate(ROLES):
        of_role = role == at
        person[of_role] = numbers[PERSON[name]].astype(np.int32)[frame["person"].to_numpy()[of_role]]
    return pd.DataFrame(
        {
            "section": numbers[Kind.SECTION].astype(np.int32)[frame["section"].to_numpy()],
            "person": person,
            "role": role,
            "school": numbers[Kind.SCHOOL].astype(np.int32)[frame["school"].to_numpy()],
            "position": frame["position"].to_numpy(),
        }
    )


def _may_go(left: Numbers, rest: Numbers, theirs: Numbers, validated: Validated, held: Held, gone: Removals) -> Mask:
    """Which of the enrollments that the upload does not bring may go.

    Those of a section or person that goes: always. The others only where the section came. A student's stays where
    the student is in doubt or a row that names both was turned away; a teacher's where the teacher now named at its
    place was turned away, or where teachers are in doubt.
    """
    there = _unpacked(left)
    learns = (there["role"] == STUDENT).to_numpy()
    section = _states(Kind.SECTION, held, gone)[there["section"].to_numpy()]
    person = np.empty(len(there), np.int8)
    for role, name in enumerate(ROLES):
        mask = learns == (role == STUDENT)
        person[mask] = _states(PERSON[name], held, gone)[there["person"].to_numpy()[mask]]
    with_them: Mask = (section == _GONE) | (person == _GONE)
    away, shifted = _turned_away(validated, held, theirs)
    student: Mask = (person != _UNSURE) & ~np.isin(left, away)
    if shifted or Kind.ENROLLMENT in validated.doubtful:
        student[:] = False
        doubted = validated.teachers_enrolled  # else enrollments.csv says nothing of teachers
    else:
        doubted = False
    named = _pair(validated.co_teachers["section_id"], validated.co_teachers["person_id"], held, TEACHER)
    teacher: Mask = ~np.isin(left, named) & ~np.isin(
        pack(there["section"].to_numpy(), rest & 0xFF), _places(validated, held)
    )
    if doubted:
        teacher[:] = False
    if Kind.TEACHER in doubtful(validated, held):
        teacher &= person == _CAME
    alone: Mask = (section == _CAME) & np.where(learns, student, teacher)
    return with_them | alone


def _replaced(left: Numbers, rest: Numbers, came: pd.DataFrame) -> Mask:
    """Those of a teacher in whose place the upload brings another one: two never hold one place of a section."""
    teach = came[(came["role"] == TEACHER).to_numpy()]
    filled = pack(teach["section"].to_numpy(), teach["position"].to_numpy())
    mask: Mask = ((left & 1) == TEACHER) & np.isin(pack(left >> 32, rest & 0xFF), filled)
    return mask


def _places(validated: Validated, held: Held) -> Numbers:
    """Section and position of each co-teacher that was turned away."""
    named = validated.co_teachers
    section = _numbers(named["section_id"], held.records[Kind.SECTION])
    return pack(section, named["position"].to_numpy())[section >= 0]


def _states(kind: Kind, held: Held, gone: Removals) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
    """What became of each record, by its number."""
    states = np.full(max(held.next_no[kind], 1), _GONE, np.int8)
    numbers = held.records[kind]["no"].to_numpy()
    for state, mask in ((_CAME, gone.came), (_GONE, gone.gone), (_KEPT, gone.kept)):
        states[numbers[mask[kind]]] = state
    states[numbers[gone.unsure(kind)]] = _UNSURE
    return states


def _turned_away(validated: Validated, held: Held, keys: Numbers) -> tuple[Numbers, bool]:
    """The pairs turned away, and whether one of the wrong length is not held: its cells may have shifted."""
    away = validated.turned_away.get(Kind.ENROLLMENT)
    if away is None or not len(away):
        return np.empty(0, np.int64), False
    named = _pair(away["section_id"], away["person_id"], held, STUDENT)
    shifted = named[away["shifted"].to_numpy(bool)]
    return named[named >= 0], bool((~np.isin(shifted, keys)).any()) if len(shifted) else False


def _pair(sections: pd.Series, people: pd.Series, held: Held, role: int) -> Numbers:
    """`pair` of enrollments by their ids; -1 where the store holds one of the two not."""
    section = _numbers(sections, held.records[Kind.SECTION])
    person = _numbers(people, held.records[PERSON[ROLES[role]]])
    return np.where((section >= 0) & (person >= 0), pack(section, (person << 1) | role), -1)


def _numbers(ids: pd.Series, held: pd.DataFrame) -> Numbers:
    """The numbers of records by their ids; -1 where the store holds none."""
    at = look_up(ids, held["id"])
    return np.where(at >= 0, held["no"].to_numpy()[at] if len(held) else -1, -1).astype(np.int64)
