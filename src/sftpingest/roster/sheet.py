"""An upload on its way: what parse hands to validate, and validate to reconcile.

In: nothing.
Out: Sheet, Parsed and Validated.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from sftpingest.roster.format import FileFormat
from sftpingest.roster.kinds import Kind, Roster


@dataclass(frozen=True)
class Sheet:
    """One file, read."""

    name: str  #: as uploaded
    form: FileFormat
    headings: Mapping[str, str]  #: our column -> heading as uploaded
    rows: pd.DataFrame  #: TEXT in our columns, only those that are there; the index is the place in the file
    malformed: pd.DataFrame  #: the same columns for rows of the wrong length, as far as a cell stands there

    delta: bool = False  #: says only what is new, changed or to go; else it is the whole of its kind
    damaged: bool = False  #: a spreadsheet may have damaged cells of it

    def heading(self, column: str) -> str:
        """The heading of our column as uploaded, or as the format spells it where the file has none."""
        return self.headings.get(column) or self.form.columns[column].heading


@dataclass(frozen=True)
class Parsed:
    """An upload, read."""

    sheets: tuple[Sheet, ...]  #: in the order of the format; several in a row are readings of one file
    findings: pd.DataFrame
    records: Mapping[str, int]  #: how many records each file has that was read, by its name as uploaded
    partial: bool = False  #: files are left out on purpose, or are deltas: what is held goes on where they say nothing
    adds: tuple[FileFormat, ...] = ()  #: files that add columns and did not come whole: what they said is held
    roles: Sheet | None = None  #: who the people of other sheets are
    checked: tuple[Sheet, ...] = ()  #: are judged like the others; no records are made of them


@dataclass(frozen=True)
class Validated:
    """What an upload says, and what of it was turned away."""

    roster: Roster  #: what was accepted; a kind whose file was not there has no frame
    findings: pd.DataFrame
    turned_away: dict[Kind, pd.DataFrame]  #: `id`, `root`, `shifted`; enrollments `section_id`, `person_id`
    co_teachers: pd.DataFrame  #: dropped since their own row was rejected: `section_id`, `person_id`, `position`
    named: dict[Kind, pd.Series]  #: keys that rows name though no row of this upload is accepted under them
    doubtful: frozenset[Kind]  #: a row of it is so broken that its key cannot be read: nothing of it may be removed
    files: dict[Kind, str]  #: the file of each kind, as uploaded
    let_drop: Mapping[tuple[Kind, str], pd.Series] = field(default_factory=dict)
    #: ids of records by their column in which they name a rejected record: what is held there stays
    stays: Mapping[Kind, pd.Series] = field(default_factory=dict)  #: ids of which another file's row was rejected
    deltas: frozenset[Kind] = frozenset()  #: kinds of which only changes came
    teachers_enrolled: bool = False  #: who teaches stands in rows of enrollments, not in those of sections
