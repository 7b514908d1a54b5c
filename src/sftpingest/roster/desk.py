"""Stage 2: what has been judged so far, file after file.

In: the parts of an upload, as they are judged.
Out: Desk, which the next part looks things up on.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sftpingest.roster import records
from sftpingest.roster.finding import together
from sftpingest.roster.format import FileFormat
from sftpingest.roster.frames import blank, filled, no_text
from sftpingest.roster.kinds import Kind, Roster
from sftpingest.roster.read_back import WrittenIds
from sftpingest.roster.references import Known, no_keys
from sftpingest.roster.roles import Roles
from sftpingest.roster.sheet import Sheet
from sftpingest.roster.turned_away import keys_of, roots_of


@dataclass
class Desk:
    """What has been judged so far."""

    adds: tuple[FileFormat, ...] = ()  #: files that add columns and did not come whole
    held: Roster = field(default_factory=dict)  #: what goes on where the upload says nothing; empty where it says all
    roster: Roster = field(default_factory=dict)
    findings: list[pd.DataFrame] = field(default_factory=list)
    turned_away: dict[Kind, list[pd.DataFrame]] = field(default_factory=dict)
    co_teachers: list[pd.DataFrame] = field(default_factory=list)
    named: dict[Kind, list[pd.Series]] = field(default_factory=dict)
    doubtful: set[Kind] = field(default_factory=set)
    files: dict[Kind, str] = field(default_factory=dict)
    passed: dict[Kind, pd.Series] = field(default_factory=dict)  #: ids that are known and not rostered
    leaving: dict[Kind, pd.DataFrame] = field(default_factory=dict)  #: rows of records that are to go
    agents: list[pd.DataFrame] = field(default_factory=list)  #: whom students name
    alone: list[pd.Series] = field(default_factory=list)  #: ids of contacts whom no student names
    roles: Roles | None = None
    ids: WrittenIds = field(default_factory=WrittenIds)  #: of a roster that we wrote: ids that the format cannot say
    split: set[str] = field(default_factory=set)  #: files of which a reading has been judged
    came: dict[int, list[pd.DataFrame]] = field(default_factory=dict)  #: enrollments in rows of their own, by role
    let_drop: dict[tuple[Kind, str], pd.Series] = field(default_factory=dict)  #: see Validated.let_drop
    emptied: pd.Series = field(default_factory=no_text)  #: ids to which nothing is to be added any more
    links: list[pd.DataFrame] = field(default_factory=list)  #: `id` a student, `agent` a contact, of all rows
    stays: dict[Kind, list[pd.Series]] = field(default_factory=dict)  #: see Validated.stays
    whole: frozenset[Kind] | None = None  #: where what is held is not known: kinds of which all records came
    deltas: set[int] = field(default_factory=set)  #: roles of which only changes came

    def known(self, kind: Kind) -> Known:
        """What rows may name of a kind, as far as it has been judged."""
        keys = self.roster[kind]["id"] if kind in self.roster else blank(0)
        turned_away = pd.concat([no_keys(), *self.turned_away.get(kind, [])], ignore_index=True)
        file = self.files.get(kind, f"{kind}s.csv") + (f" as a {kind}" if kind in self.passed else "")
        return Known(file, keys, turned_away)

    def name(self, kind: Kind, keys: pd.Series) -> None:
        """Note keys that rows name in vain: what is held under them stays."""
        self.named.setdefault(kind, []).append(keys[filled(keys)].drop_duplicates())

    def stay(self, kind: Kind, ids: pd.Series) -> None:
        """Note records that stay as held: a row that says more of them was rejected."""
        self.stays.setdefault(kind, []).append(ids)

    def turn_away(self, kind: Kind, frame: pd.DataFrame) -> None:
        """Note keys of rejected rows; see Validated.turned_away."""
        self.turned_away.setdefault(kind, []).append(frame)


def own_roots(sheet: Sheet, rows: pd.DataFrame) -> pd.Series:
    """What to mend first where these rows themselves are wrong."""
    return roots_of(sheet, rows, rows[:0], together([]), {})


def turn_rows_away(sheet: Sheet, rejected: pd.DataFrame, roots: pd.Series, desk: Desk) -> None:
    """Note the keys of rejected rows, and what to mend first for those that name them."""
    if not len(rejected) and not len(sheet.malformed):
        return
    kind = sheet.form.kind
    keys = keys_of(sheet, rejected, roots)
    columns = [name for name in ("id", "section_id", "person_id") if name in keys]
    readable = np.logical_and.reduce([filled(keys[name]) for name in columns])
    if not readable.all():
        desk.doubtful.add(kind)
    desk.turn_away(kind, keys[readable])
    if kind is Kind.SECTION and any(map(sheet.form.part, ("course", "term"))):
        for rows in (rejected, sheet.malformed):
            desk.name(Kind.COURSE, records.course_ids(rows))
            desk.name(Kind.TERM, records.term_ids(rows))
