"""Stage 3: the roster held and the roster that came -> changes; keys turned away are left alone.

In: Held, and what validate made of the upload.
Out: Changes, and a note for each record that stays because rows still name it.

Rules that never bend (contract 3): a rejected row is not a deletion, neither of its record nor of what refers to it.
"""

import json

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from sftpingest.roster.changes import Changes, Held, KindChanges, hashes
from sftpingest.roster.enrollments import reconcile_enrollments
from sftpingest.roster.finding import Code, Severity, found, nothing, shorten, together
from sftpingest.roster.frames import Mask, Numbers, Positions, arrow, filled, look_up, text
from sftpingest.roster.kinds import NAMED, RECORDS, REFERS, Kind
from sftpingest.roster.removals import (
    Removals,
    further_schools_stay,
    keep_schools,
    reference_stays,
    removals,
    stays_as_held,
)
from sftpingest.roster.sheet import Validated
from sftpingest.roster.zeros import Lost, lost_zeros


def reconcile(validated: Validated, held: Held, *, let_go: bool = False) -> tuple[Changes, pd.DataFrame]:
    """Work out what the upload changes. `reconcile` of a roster with itself changes nothing.

    `let_go` takes each kind out of the roster that came once it is compared: a large district is not held twice.
    """
    at = {kind: _look_up(validated, held, kind) for kind in RECORDS}
    lost = {kind: _lost_zeros(validated, held, kind, at[kind]) for kind in RECORDS}
    gone = removals(held, {kind: _hit(at[kind], len(held.records[kind])) for kind in RECORDS}, validated)
    kinds: dict[Kind, KindChanges] = {}
    numbers: dict[Kind, Numbers] = {}
    for kind in reversed(RECORDS):  # schools last: enrollments that stay keep theirs
        numbers[kind] = _numbers(validated.roster.get(kind), at[kind], held.records[kind], held.next_no[kind])
        if kind is Kind.SCHOOL:
            kinds[Kind.ENROLLMENT], named = reconcile_enrollments(validated, held, numbers, gone)
            keep_schools(gone, held, named)
        kinds[kind] = _kind(kind, validated, held, at[kind], numbers[kind], gone.gone[kind])
        if let_go:
            validated.roster.pop(kind, None)
    kinds = {kind: kinds[kind] for kind in Kind}
    words = {kind: zeros.words(kind.value) for kind, zeros in lost.items() if zeros}
    about = [_about_zeros(kind, said, validated) for kind, said in words.items()]
    about += [_about_kept(kind, held, gone, validated) for kind in NAMED]
    doubts = tuple(f"{said}: Excel has removed the zeros in front." for said in words.values())
    return Changes(kinds, doubts + _cut_off(validated, kinds)), together(about)


def _look_up(validated: Validated, held: Held, kind: Kind) -> Positions:
    """Where each record that came stands among those held; -1 for a new one."""
    if kind not in validated.roster:
        return np.empty(0, np.int32)
    ids = validated.roster[kind]["id"]
    return look_up(ids, held.records[kind]["id"]) if len(held.records[kind]) else np.full(len(ids), -1, np.int32)


def _hit(at: Positions, size: int) -> Mask:
    hit = np.zeros(size, bool)
    hit[at[at >= 0]] = True
    return hit


def _numbers(came: pd.DataFrame | None, at: Positions, held: pd.DataFrame, next_no: int) -> Numbers:
    """The number of each record that came: as held, or the next free ones.

    New ones are numbered in the order of their ids, so that the store's indexes by number and by id grow at their
    ends: a first load is half again as fast.
    """
    new = np.flatnonzero(at < 0)
    numbers = np.empty(len(at), np.int64)
    numbers[at >= 0] = held["no"].to_numpy()[at[at >= 0]]
    if came is not None and len(new):
        order = pc.array_sort_indices(arrow(came["id"].iloc[new])).to_numpy()
        numbers[new[order]] = np.arange(next_no, next_no + len(new))
    return numbers


def _kind(kind: Kind, validated: Validated, held: Held, at: Positions, numbers: Numbers, gone: Mask) -> KindChanges:
    frame = held.records[kind]
    removed = pd.DataFrame({"no": frame["no"].to_numpy()[gone]})
    came = validated.roster.get(kind)
    if came is None:
        nothing = pd.DataFrame({"no": np.empty(0, np.int64)})
        return KindChanges(nothing, nothing, removed, len(frame))
    for column in REFERS.get(kind, {}):
        came = _reference_that_stays(came, kind, column, validated, held, at)
    if "more_school_ids" in came:
        came = _schools_that_stay(came, kind, validated, held, at)
    came = came.assign(no=numbers, hash=hashes(came, kind))
    new = at < 0
    updated = ~new
    updated[~new] = came["hash"].to_numpy()[~new] != frame["hash"].to_numpy()[at[~new]]
    if kind in validated.stays:
        updated &= ~stays_as_held(came, kind, validated)
    return KindChanges(came if new.all() else came[new], came[updated], removed, len(frame))


def _reference_that_stays(
    came: pd.DataFrame, kind: Kind, column: str, validated: Validated, held: Held, at: Positions
) -> pd.DataFrame:
    """Where a row names a rejected record, what is held in that column stays (contract 3)."""
    if (kind, column) not in validated.let_drop:
        return came
    records = held.records[kind]
    stays = reference_stays(records, kind, column, validated)
    places = np.flatnonzero(at >= 0)
    places = places[stays[at[places]]]
    cells = came[column].copy()
    cells.iloc[places] = records[column].iloc[at[places]].array
    return came.assign(**{column: cells})


def _schools_that_stay(came: pd.DataFrame, kind: Kind, validated: Validated, held: Held, at: Positions) -> pd.DataFrame:
    """A person with a rejected row may have lost a further school with it: what is held there stays."""
    records = held.records[kind]
    stay = further_schools_stay(records, kind, validated, held)
    places = np.flatnonzero(at >= 0)
    places = places[stay[at[places]]]
    stays = records["more_school_ids"].iloc[at[places]]
    places, stays = places[filled(stays)], stays[filled(stays)]
    if not len(places):
        return came
    column = came["more_school_ids"].copy()
    column.iloc[places] = [_both(held, now) for held, now in zip(stays, column.iloc[places], strict=True)]
    return came.assign(more_school_ids=column)


def _both(held: str, now: str) -> str:
    """Two JSON lists as one, each school once."""
    return json.dumps(list(dict.fromkeys([*json.loads(held), *json.loads(now or "[]")])), ensure_ascii=False)


def _lost_zeros(validated: Validated, held: Held, kind: Kind, at: Positions) -> Lost | None:
    came = validated.roster.get(kind)
    if came is None:
        return None
    return lost_zeros(came["id"], at, held.records[kind]["id"], whole=kind not in validated.deltas)


def _about_zeros(kind: Kind, said: str, validated: Validated) -> pd.DataFrame:
    return found(Code.ID_ZEROS_LOST, Severity.NOTE, _file_of(kind, validated), detail=said)


def _cut_off(validated: Validated, kinds: dict[Kind, KindChanges]) -> tuple[str, ...]:
    """Files that seem to be cut off, where that would remove somebody."""
    said = validated.findings
    cut = said[(said["code"] == Code.FILE_CUT.value).to_numpy(bool)]
    out = []
    for file, last in zip(cut["file"], cut["detail"], strict=True):
        gone = sum(len(changes.removed) for kind, changes in kinds.items() if _file_of(kind, validated) == file)
        if gone:
            out.append(f"{file} ends at row {last} and may be cut off; records removed with its end: {gone:,}.")
    return tuple(out)


def _file_of(kind: Kind, validated: Validated) -> str:
    """The file in which records of a kind stand; courses and terms stand with the sections."""
    return validated.files.get(kind, validated.files.get(Kind.SECTION, f"{kind}s.csv"))


def _about_kept(kind: Kind, held: Held, gone: Removals, validated: Validated) -> pd.DataFrame:
    ids = held.records[kind]["id"][gone.kept[kind]]
    if not len(ids):
        return nothing()
    file = _file_of(kind, validated)
    shown = [_shown(kind, key) for key in shorten(ids)]
    return found(Code.RECORD_KEPT, Severity.NOTE, file, [None] * len(shown), record=text(shown))


def _shown(kind: Kind, key: str) -> str:
    """A key for people: courses and terms are known by several cells."""
    return " ".join(part for part in key.split("|") if part) if kind in {Kind.COURSE, Kind.TERM} else key
