"""A district that remembers its roster without a store.

In:  uploads.
Out: what every stage says of them, and the roster that their changes add up to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from sftpingest.roster.changes import Changes, Held, KindChanges
from sftpingest.roster.enrollments import pairs, rests
from sftpingest.roster.finding import together
from sftpingest.roster.format import Format
from sftpingest.roster.frames import no_text
from sftpingest.roster.judge import Policy, Verdict, judge, refuse
from sftpingest.roster.kinds import PERSON, RECORDS, REFERS, ROLES, VALUES, Kind, Roster
from sftpingest.roster.parse import parse
from sftpingest.roster.reconcile import reconcile
from sftpingest.roster.sheet import Validated
from sftpingest.roster.validate import validate
from tests.roster.uploads import FORM, cells_of, rows_of, said, upload


class Enrolled(NamedTuple):
    """One enrollment in the words of the district."""

    section: str
    person: str
    role: str
    school: str
    position: int


@dataclass(frozen=True)
class Taken:
    """What became of one upload."""

    validated: Validated
    changes: Changes
    findings: pd.DataFrame
    verdict: Verdict

    def counts(self, kind: Kind) -> tuple[int, int, int, int]:
        """Created, updated, removed, unchanged."""
        counted = self.changes.kinds[kind].counts()
        return counted["created"], counted["updated"], counted["removed"], counted["unchanged"]

    def touched(self) -> int:
        """How many records were created, updated or removed."""
        return sum(sum(self.counts(kind)[:3]) for kind in Kind)


def _no_records(kind: Kind) -> pd.DataFrame:
    numbers = {"no": np.empty(0, np.int64), "hash": np.empty(0, np.int64)}
    return pd.DataFrame({name: no_text() for name in ("id", *VALUES[kind])} | numbers)


_PAIR = ["section", "person", "role"]


def _no_enrollments() -> pd.DataFrame:
    return pd.DataFrame({name: np.empty(0, np.int32) for name in (*_PAIR, "school", "position")})


@dataclass
class District:
    """Holds a roster as the store would, from the changes that reconcile hands out and from nothing else."""

    records: dict[Kind, pd.DataFrame] = field(default_factory=lambda: {kind: _no_records(kind) for kind in RECORDS})
    enrollments: pd.DataFrame = field(default_factory=_no_enrollments)
    next_no: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(RECORDS, 1))
    syncs: int = 0
    form: Format = FORM

    def held(self) -> Held:
        """What reconcile may know of it."""
        frames = {}
        for kind, frame in self.records.items():
            more = [name for name in ("more_school_ids",) if name in frame]
            frames[kind] = frame[["id", "no", "hash", *REFERS.get(kind, {}), *more]].reset_index(drop=True)
        packed = pd.DataFrame({"pair": pairs(self.enrollments), "rest": rests(self.enrollments)})
        return Held(not self.syncs, frames, packed, dict(self.next_no))

    def roster(self) -> Roster:
        """All that is held, as the store would give it for a delta."""
        frames = {kind: frame[["id", *VALUES[kind]]] for kind, frame in self.records.items()}
        places = {kind: {int(no): at for at, no in enumerate(frame["no"])} for kind, frame in self.records.items()}
        held = self.enrollments.reset_index(drop=True)
        people = [
            places[PERSON[ROLES[int(role)]]][int(no)] for role, no in zip(held["role"], held["person"], strict=True)
        ]
        sections = [places[Kind.SECTION][int(no)] for no in held["section"]]
        schools = [places[Kind.SCHOOL].get(int(no), -1) for no in held["school"]]
        joined = {"section": np.array(sections, np.int32), "person": np.array(people, np.int32)}
        joined |= {"school": np.array(schools, np.int32)}
        rest = {"role": held["role"].to_numpy(np.int8), "position": held["position"].to_numpy(np.int8)}
        return {**frames, Kind.ENROLLMENT: pd.DataFrame(joined | rest)}

    def take(self, **files: str | bytes | None) -> Taken:
        """Work out an upload laid over the smallest one and apply it, whether or not it would be held."""
        return self.take_files(upload(**files))

    def take_files(self, files: Mapping[str, bytes]) -> Taken:
        """The same for a whole upload."""
        taken = self.work_out(files)
        for kind, changes in taken.changes.kinds.items():
            self._apply(kind, changes)
        self.syncs += 1
        return taken

    def work_out(self, files: Mapping[str, bytes]) -> Taken:
        """Every stage, and nothing applied."""
        parsed = parse(files, self.form)
        assert refuse(parsed.findings) is None, said(parsed.findings)
        validated = validate(parsed, self.roster() if parsed.partial else None)
        changes, kept = reconcile(validated, self.held())
        verdict = judge(changes, Policy(), first=not self.syncs, released=False)
        return Taken(validated, changes, together([validated.findings, kept]), verdict)

    def _apply(self, kind: Kind, changes: KindChanges) -> None:
        if kind is Kind.ENROLLMENT:
            self._apply_enrollments(changes)
            return
        there = self.records[kind]
        stays = ~there["no"].isin([*changes.updated["no"], *changes.removed["no"]])
        came = [frame[list(there.columns)] for frame in (changes.updated, changes.created) if len(frame)]
        self.records[kind] = pd.concat([there[stays], *came], ignore_index=True)
        numbers = [int(number) for number in self.records[kind]["no"]]
        self.next_no[kind] = max([self.next_no[kind] - 1, *numbers]) + 1

    def _apply_enrollments(self, changes: KindChanges) -> None:
        leaves = {pair for frame in (changes.updated, changes.removed) for pair in _pairs(frame)}
        stays = np.array([pair not in leaves for pair in _pairs(self.enrollments)], bool)
        came = [frame[list(self.enrollments.columns)] for frame in (changes.updated, changes.created) if len(frame)]
        self.enrollments = pd.concat([self.enrollments[stays], *came], ignore_index=True)

    def ids(self, kind: Kind) -> list[str]:
        """The ids held, sorted."""
        return sorted(cells_of(self.records[kind], "id"))

    def record(self, kind: Kind, key: str) -> dict[str, str]:
        """The values of one record."""
        frame = self.records[kind]
        (row,) = rows_of(frame[frame["id"] == key], *VALUES[kind])
        return dict(zip(VALUES[kind], row, strict=True))

    def enrolled(self) -> list[Enrolled]:
        """The enrollments held, sorted. Fails where one names a record that is not held."""
        names = {kind: self._names(kind) for kind in (Kind.SECTION, Kind.SCHOOL, *PERSON.values())}
        out = []
        for row in self.enrollments[["section", "person", "role", "school", "position"]].itertuples(index=False):
            section, person, role, school, position = (int(cell) for cell in row)
            who = names[PERSON[ROLES[role]]][person]
            school_id = names[Kind.SCHOOL].get(school, "(gone)")
            out.append(Enrolled(names[Kind.SECTION][section], who, ROLES[role].value, school_id, position))
        return sorted(out)

    def learners(self, section: str) -> list[str]:
        """Which students are in a section."""
        return [one.person for one in self.enrolled() if one.section == section and one.role == "student"]

    def teachers(self, section: str) -> list[tuple[int, str]]:
        """Who teaches a section, with their place, in its order."""
        there = [one for one in self.enrolled() if one.section == section and one.role == "teacher"]
        return sorted((one.position, one.person) for one in there)

    def whole(self) -> dict[str, list[tuple[object, ...]]]:
        """All that is held, without numbers, to compare one roster with another."""
        out: dict[str, list[tuple[object, ...]]] = {
            kind.value: sorted(rows_of(self.records[kind], "id", *VALUES[kind])) for kind in RECORDS
        }
        return out | {"enrollment": [*self.enrolled()]}

    def _names(self, kind: Kind) -> dict[int, str]:
        frame = self.records[kind]
        return {int(number): str(key) for number, key in zip(frame["no"], frame["id"], strict=True)}


def _pairs(frame: pd.DataFrame) -> list[tuple[int, ...]]:
    return [tuple(int(cell) for cell in row) for row in frame[_PAIR].itertuples(index=False)]
