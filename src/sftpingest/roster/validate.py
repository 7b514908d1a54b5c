"""Stage 2: frames -> a roster, findings, and the keys it turned away.

In: an upload, parsed.
Out: Validated. Every record is either in the roster or has a finding that says why not.

Files are judged in the order of the format, those referred to before those that refer. A large district's text is let
go of as soon as it is judged, so that it is never in memory twice.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from sftpingest.roster import records
from sftpingest.roster.cells import check_cells
from sftpingest.roster.finding import Code, Severity, found, shorten, together
from sftpingest.roster.frames import Mask, Positions, blank, filled, pack, said_before
from sftpingest.roster.kinds import TEACHER, Kind, Roster
from sftpingest.roster.references import Known, Referred, no_keys, refer
from sftpingest.roster.repeats import has_contact, tell_apart
from sftpingest.roster.sheet import Parsed, Sheet, Validated
from sftpingest.roster.turned_away import keys_of, roots_of, turned_away_co_teachers


@dataclass
class _Desk:
    """What has been judged so far."""

    roster: Roster = field(default_factory=dict)
    findings: list[pd.DataFrame] = field(default_factory=list)
    turned_away: dict[Kind, list[pd.DataFrame]] = field(default_factory=dict)
    co_teachers: list[pd.DataFrame] = field(default_factory=list)
    named: dict[Kind, list[pd.Series]] = field(default_factory=dict)
    doubtful: set[Kind] = field(default_factory=set)
    files: dict[Kind, str] = field(default_factory=dict)

    def known(self, kind: Kind) -> Known:
        keys = self.roster[kind]["id"] if kind in self.roster else blank(0)
        turned_away = pd.concat([no_keys(), *self.turned_away.get(kind, [])], ignore_index=True)
        return Known(self.files.get(kind, f"{kind}s.csv"), keys, turned_away)

    def name(self, kind: Kind, keys: pd.Series) -> None:
        self.named.setdefault(kind, []).append(keys[filled(keys)].drop_duplicates())

    def turn_away(self, kind: Kind, frame: pd.DataFrame) -> None:
        self.turned_away.setdefault(kind, []).append(frame)


def validate(parsed: Parsed) -> Validated:
    """Judge every row of every sheet."""
    desk = _Desk(findings=[parsed.findings])
    sheets = list(parsed.sheets)
    del parsed  # with the caller's only hold on it: a sheet is let go of once it is judged
    while sheets:
        _sheet(sheets.pop(0), desk)
    return Validated(
        roster=desk.roster,
        findings=together(desk.findings),
        turned_away={kind: pd.concat(frames, ignore_index=True) for kind, frames in desk.turned_away.items()},
        co_teachers=pd.concat([turned_away_co_teachers(pd.DataFrame(), {}), *desk.co_teachers], ignore_index=True),
        named={kind: pd.concat(keys, ignore_index=True) for kind, keys in desk.named.items()},
        doubtful=frozenset(desk.doubtful),
        files=desk.files,
    )


def _sheet(sheet: Sheet, desk: _Desk) -> None:
    """One file: cells, references, repetitions; what is left goes into the roster."""
    desk.files[sheet.form.kind] = sheet.name
    rows, about_cells = check_cells(sheet)
    sheet = replace(sheet, rows=sheet.rows[:0])
    referred = _referred(sheet, rows, desk)
    findings = together([about_cells, *(looked_up.findings for looked_up in referred.values())])
    desk.findings += [findings, _about_contacts(sheet, rows)]
    _name(sheet, referred, desk)
    desk.co_teachers.append(turned_away_co_teachers(rows, referred))
    good = _all_but(rows.index, findings)
    rejected = rows[~good]
    judged = _enrollments if sheet.form.kind is Kind.ENROLLMENT else _records
    repeated = judged(sheet, rows, good, referred, desk)
    desk.findings.append(_about_repeats(sheet, repeated))
    _turn_away(sheet, pd.concat([rejected, repeated]), roots_of(sheet, rejected, repeated, findings, referred), desk)


def _referred(sheet: Sheet, rows: pd.DataFrame, desk: _Desk) -> dict[str, Referred]:
    """Every referring column, looked up; two at a time."""
    columns = [column for column in sheet.form.columns.values() if column.refers and column.name in rows]
    known = {column.refers: desk.known(column.refers) for column in columns if column.refers}
    with ThreadPoolExecutor(2) as beside:
        looked_up = beside.map(lambda column: refer(rows, column, known[column.refers], sheet), columns)
        return {column.name: referred for column, referred in zip(columns, looked_up, strict=True)}


def _all_but(index: pd.Index, findings: pd.DataFrame) -> Mask:
    """A mask over the rows of a file, which stand in order, without those that a finding rejects."""
    rejected = findings["row"][(findings["severity"] == Severity.ROW.value).to_numpy(bool)]
    mask = np.ones(len(index), bool)
    mask[np.searchsorted(index.to_numpy(), rejected.to_numpy("int32"))] = False
    return mask


def _name(sheet: Sheet, referred: Mapping[str, Referred], desk: _Desk) -> None:
    """Note what rows name in vain. Rows of the wrong length name too, as far as a cell stands under the heading."""
    for looked_up in referred.values():
        desk.name(looked_up.kind, looked_up.unknown)
    for column in sheet.form.columns.values():
        if column.refers and column.name in sheet.malformed:
            desk.name(column.refers, sheet.malformed[column.name])


# ---------------------------------------------------------------------------------------------------------- accepted


def _enrollments(
    _: Sheet, rows: pd.DataFrame, good: Mask, referred: Mapping[str, Referred], desk: _Desk
) -> pd.DataFrame:
    """Put enrollments of students to those of teachers, which came with the sections; returns the repeated rows."""
    learn = {name: referred[f"{name}_id"].positions for name in ("section", "person", "school")}
    if not good.all():
        learn = {name: positions[good] for name, positions in learn.items()}
    before = said_before(pack(learn["section"], learn["person"]))
    if before.any():
        learn = {name: positions[~before] for name, positions in learn.items()}
    desk.roster[Kind.ENROLLMENT] = records.and_students(desk.roster[Kind.ENROLLMENT], **learn)
    repeated = good.copy()
    repeated[good] = before
    return rows[repeated]


def _records(
    sheet: Sheet, rows: pd.DataFrame, good: Mask, referred: Mapping[str, Referred], desk: _Desk
) -> pd.DataFrame:
    """Put records into the roster, and those that stand in the same rows; returns the repeated rows."""
    kind, further = sheet.form.kind, sheet.form.further
    told = tell_apart(rows, good, further)
    first = rows if told.first.all() else rows[told.first]
    if "contact" in further:
        desk.roster[Kind.CONTACT] = records.contacts(rows, told.first | told.contact)
    if kind is Kind.SECTION:
        positions = {name: looked_up.positions[told.first] for name, looked_up in referred.items()}
        _sections(first, positions, desk)
    else:
        desk.roster[kind] = records.more_schools(records.records(first, kind), rows[told.school])
    return rows[told.repeated]


def _sections(rows: pd.DataFrame, positions: Mapping[str, Positions], desk: _Desk) -> None:
    """Sections bring their courses, their terms, and who teaches them."""
    desk.roster[Kind.SECTION] = records.sections(rows, positions["teaches.1"], desk.roster[Kind.TEACHER])
    desk.roster[Kind.COURSE] = records.derived(rows, records.course_ids(rows), Kind.COURSE)
    desk.roster[Kind.TERM] = records.derived(rows, records.term_ids(rows), Kind.TERM)
    here = np.arange(len(rows), dtype=np.int32)
    taught = []
    for name, teachers in positions.items():
        if name.startswith("teaches."):
            there = teachers >= 0
            place = int(name.removeprefix("teaches."))
            school = positions["school_id"][there]
            taught.append(records.enrollments(here[there], teachers[there], school, TEACHER, place))
    teaches = pd.concat(taught, ignore_index=True)
    # A teacher who stands twice in one section teaches it once, in the first place.
    twice = said_before(pack(teaches["section"].to_numpy(), teaches["person"].to_numpy()))
    desk.roster[Kind.ENROLLMENT] = teaches[~twice]


# ------------------------------------------------------------------------------------------------------- turned away


def _turn_away(sheet: Sheet, rejected: pd.DataFrame, roots: pd.Series, desk: _Desk) -> None:
    """Note the keys of rejected rows, and what to mend first for those that name them."""
    kind = sheet.form.kind
    keys = keys_of(sheet, rejected, roots)
    columns = [name for name in ("id", "section_id", "person_id") if name in keys]
    readable = np.logical_and.reduce([filled(keys[name]) for name in columns])
    if not readable.all():
        desk.doubtful.add(kind)
    desk.turn_away(kind, keys[readable])
    if kind is Kind.SECTION:
        for rows in (rejected, sheet.malformed):
            desk.name(Kind.COURSE, records.course_ids(rows))
            desk.name(Kind.TERM, records.term_ids(rows))


# ------------------------------------------------------------------------------------------------------ what is said


def _about_repeats(sheet: Sheet, repeated: pd.DataFrame) -> pd.DataFrame:
    column = "person_id" if sheet.form.kind is Kind.ENROLLMENT else "id"
    allowed = {"contact": "another contact (up to five)", "school": "another school"}
    further = " or ".join(allowed[name] for name in sheet.form.further)
    return found(
        Code.ID_REPEATED,
        Severity.ROW,
        sheet.name,
        repeated.index,
        column=sheet.heading(column),
        record=shorten(repeated["id"]) if "id" in repeated else "",
        value=shorten(repeated[column]),
        detail=f"A second row with one id may only bring {further}; all its other cells must be the same."
        if further
        else "",
    )


def _about_contacts(sheet: Sheet, rows: pd.DataFrame) -> pd.DataFrame:
    """A contact without a name is dropped, and said (clever.md 1.2: the name is needed where contacts are used)."""
    if "contact" not in sheet.form.further:
        return together([])
    unnamed = rows.index[has_contact(rows) & ~filled(records.cell(rows, "contact.last_name"))]
    heading = sheet.heading("contact.last_name")
    record = shorten(rows["id"].loc[unnamed])
    return found(Code.VALUE_MISSING, Severity.VALUE, sheet.name, unnamed, column=heading, record=record)
