"""Small uploads for the tests of the pure middle, and a district that remembers its roster without a store.

In:  CSV text by file, laid over the smallest good upload.
Out: what the stages say of it, findings as plain tuples.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from sftpingest.roster.changes import Changes, Held, KindChanges
from sftpingest.roster.enrollments import pairs, rests
from sftpingest.roster.finding import together
from sftpingest.roster.format import load
from sftpingest.roster.frames import no_text
from sftpingest.roster.judge import Policy, Verdict, judge, refuse
from sftpingest.roster.kinds import PERSON, RECORDS, REFERS, ROLES, VALUES, Kind
from sftpingest.roster.parse import parse
from sftpingest.roster.reconcile import reconcile
from sftpingest.roster.sheet import Parsed, Validated
from sftpingest.roster.validate import validate

FORM = load("clever")

#: Headings of the smallest files that can be read.
SCHOOL = "School_id,School_name"
TEACHER = "School_id,Teacher_id,First_name,Last_name"
STUDENT = "School_id,Student_id,First_name,Last_name"
SECTION = "School_id,Section_id,Teacher_id,Teacher_2_id,Course_name,Term_name"
ENROLLMENT = "School_id,Section_id,Student_id"
CONTACTS = f"{STUDENT},Contact_sis_id,Contact_name"
STAFF = "School_id,Staff_id,Staff_email,First_name,Last_name"


class Said(NamedTuple):
    """One finding, as far as rejections.csv has columns for it; row None is about the file."""

    file: str
    row: int | None
    column: str
    code: str
    severity: str


def lines(*rows: str) -> str:
    """CSV text with LF."""
    return "".join(f"{row}\n" for row in rows)


#: Two schools, two teachers, three students, two sections; ids are words, so that a test reads as a sentence.
SMALLEST: dict[str, str] = {
    "schools.csv": lines(SCHOOL, "north,North School", "south,South School"),
    "teachers.csv": lines(TEACHER, "north,oak,Tia,Oak", "south,elm,Tom,Elm"),
    "students.csv": lines(STUDENT, "north,ann,Ann,Ash", "north,bob,Bob,Bay", "south,cid,Cid,Cob"),
    "sections.csv": lines(SECTION, "north,alg,oak,,Algebra,Fall", "south,bio,elm,oak,Biology,Fall"),
    "enrollments.csv": lines(ENROLLMENT, "north,alg,ann", "north,alg,bob", "south,bio,cid"),
}


def upload(**files: str | bytes | None) -> dict[str, bytes]:
    """The smallest upload, with these files in their place (`students=` is students.csv); None takes one away."""
    texts = dict[str, str | bytes | None](SMALLEST) | {f"{name}.csv": text for name, text in files.items()}
    return {name: _bytes(text) for name, text in texts.items() if text is not None}


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def read(**files: str | bytes | None) -> Parsed:
    """The smallest upload with these files, parsed."""
    return parse(upload(**files), FORM)


def judged(**files: str | bytes | None) -> Validated:
    """The smallest upload with these files, parsed and validated; it must not be one that is refused."""
    parsed = read(**files)
    assert refuse(parsed.findings) is None, said(parsed.findings)
    return validate(parsed)


def said(findings: pd.DataFrame | Parsed | Validated) -> list[Said]:
    """What was found, in the order in which it was."""
    frame = findings if isinstance(findings, pd.DataFrame) else findings.findings
    columns = [frame[name].tolist() for name in ("file", "row", "column", "code", "severity")]
    return [
        Said(str(file), None if pd.isna(row) else int(row), str(column), str(code), str(severity))
        for file, row, column, code, severity in zip(*columns, strict=True)
    ]


def rows_of(frame: pd.DataFrame, *columns: str) -> list[tuple[str, ...]]:
    """The cells of those columns, a tuple a row."""
    return [tuple(str(cell) for cell in row) for row in zip(*(frame[name] for name in columns), strict=True)]


def cells_of(frame: pd.DataFrame, column: str) -> list[str]:
    """The cells of one column."""
    return [str(cell) for cell in frame[column]]


# ------------------------------------------------------------------------------------------- a district with a memory


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

    def held(self) -> Held:
        """What reconcile may know of it."""
        frames = {}
        for kind, frame in self.records.items():
            more = [name for name in ("more_school_ids",) if name in frame]
            frames[kind] = frame[["id", "no", "hash", *REFERS.get(kind, {}), *more]].reset_index(drop=True)
        packed = pd.DataFrame({"pair": pairs(self.enrollments), "rest": rests(self.enrollments)})
        return Held(not self.syncs, frames, packed, dict(self.next_no))

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
        parsed = parse(files, FORM)
        assert refuse(parsed.findings) is None, said(parsed.findings)
        validated = validate(parsed)
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


@pytest.fixture(scope="session")
def _smallest() -> District:
    new = District()
    new.take()
    return new


@pytest.fixture
def district(_smallest: District) -> District:
    """A district that has applied the smallest upload."""
    return deepcopy(_smallest)
