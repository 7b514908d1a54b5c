"""Stage 2: frames -> a roster, findings, and the keys it turned away.

In: an upload, parsed.
Out: Validated. Every record is either in the roster or has a finding that says why not.

Files are judged in the order of the format, those referred to before those that refer. A large district's text is let
go of as soon as it is judged, so that it is never in memory twice.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
import pandas as pd

from sftpingest.roster import contacts, enrolled, read_back, records, seats
from sftpingest.roster.beside import judge_beside
from sftpingest.roster.cells import check_cells
from sftpingest.roster.derived import derive, one_of_each
from sftpingest.roster.finding import Code, Severity, found, shorten, together
from sftpingest.roster.format import FileFormat
from sftpingest.roster.frames import Mask, Positions, blank, filled, look_up, pack, said_before, sift
from sftpingest.roster.held import end, keep_added, over_held
from sftpingest.roster.kinds import PEOPLE, PERSON, REFERS, ROLES, STUDENT, TEACHER, Kind, Roster
from sftpingest.roster.lists import plain_cells
from sftpingest.roster.read_back import WrittenIds, written_ids
from sftpingest.roster.references import Known, Referred, emptied, no_keys, refer
from sftpingest.roster.repeats import has_contact, tell_apart
from sftpingest.roster.roles import Roles, held_roles, judge_roles, with_roles, without_role
from sftpingest.roster.rows import choose
from sftpingest.roster.schools import spread_schools
from sftpingest.roster.sheet import Parsed, Sheet, Validated
from sftpingest.roster.turned_away import (
    keys_of,
    roots_of,
    turned_away_co_teachers,
    turned_away_teachers,
    unread_co_teachers,
)


@dataclass
class _Desk:
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
    let_drop: dict[tuple[Kind, str], pd.Series] = field(default_factory=dict)
    whole: frozenset[Kind] | None = None  #: where what is held is not known: kinds of which all records came
    deltas: set[int] = field(default_factory=set)  #: roles of which only changes came

    def known(self, kind: Kind) -> Known:
        keys = self.roster[kind]["id"] if kind in self.roster else blank(0)
        turned_away = pd.concat([no_keys(), *self.turned_away.get(kind, [])], ignore_index=True)
        file = self.files.get(kind, f"{kind}s.csv") + (f" as a {kind}" if kind in self.passed else "")
        return Known(file, keys, turned_away)

    def name(self, kind: Kind, keys: pd.Series) -> None:
        self.named.setdefault(kind, []).append(keys[filled(keys)].drop_duplicates())

    def turn_away(self, kind: Kind, frame: pd.DataFrame) -> None:
        self.turned_away.setdefault(kind, []).append(frame)


def validate(parsed: Parsed, held: "Roster | None" = None) -> Validated:
    """Judge every row of every sheet. `held`: what is held, where the upload is partial.

    Without it, references to records of which only a part came are not judged.
    """
    desk = _Desk(held=held or {}, findings=[parsed.findings], adds=parsed.adds)
    if parsed.partial and held is None:
        desk.whole = frozenset(sheet.form.kind for sheet in parsed.sheets if not sheet.delta)
    desk.roster = {kind: frame for kind, frame in desk.held.items() if kind is not Kind.ENROLLMENT}
    sheets, roles, checked = [read_back.begin(sheet) for sheet in parsed.sheets], parsed.roles, parsed.checked
    desk.ids = written_ids(sheets)
    deltas = frozenset(sheet.form.kind for sheet in sheets if sheet.delta)
    del parsed  # with the caller's only hold on it: a sheet is let go of once it is judged
    while sheets:
        readings = [sheet for sheet in sheets if sheet.name == sheets[0].name]
        if readings[0].form.roles and desk.roles is None:
            _roles(roles, readings, desk)
        del readings[0]
        _sheet(sheets.pop(0), readings, desk)
    desk.findings.append(judge_beside(checked, lambda sheet, rows: _referred(sheet, rows, desk)))
    end(desk.roster, desk.held, desk.came, desk.deltas, desk.leaving, desk.name)
    return Validated(
        roster=desk.roster,
        findings=together(desk.findings),
        turned_away={kind: pd.concat(frames, ignore_index=True) for kind, frames in desk.turned_away.items()},
        co_teachers=pd.concat([turned_away_co_teachers(pd.DataFrame(), {}), *desk.co_teachers], ignore_index=True),
        named={kind: pd.concat(keys, ignore_index=True) for kind, keys in desk.named.items()},
        doubtful=frozenset(desk.doubtful),
        files=desk.files,
        let_drop=desk.let_drop,
        deltas=deltas,
        teachers_enrolled=TEACHER in desk.came,
    )


def _sheet(sheet: Sheet, others: list[Sheet], desk: _Desk) -> None:
    """One file as one of its readings: cells, references, repetitions; what is left goes into the roster."""
    kind = sheet.form.kind
    desk.files.setdefault(kind, sheet.name)
    if sheet.form.derived:
        desk.roster[kind], findings = derive(sheet, desk.roster.get(kind))
        desk.findings.append(findings)
        return
    sheet = _chosen(sheet, others, desk)
    rows, about_cells = check_cells(read_back.say(plain_cells(sheet)))
    rows = read_back.unsay(sheet.form, rows)
    if "school_id" in sheet.form.lists and "school_id" in rows:
        needed = sheet.form.columns["school_id"].required
        passed = desk.passed.get(Kind.SCHOOL, blank(0))
        schools = desk.ids.written(Kind.SCHOOL, desk.known(Kind.SCHOOL).keys)
        rows = spread_schools(rows, schools, passed, required=needed)
    rows = desk.ids.put_back(sheet.form, rows)
    sheet = replace(sheet, rows=sheet.rows[:0])
    referred = _referred(sheet, rows, desk)
    findings = together([about_cells, *(looked_up.findings for looked_up in referred.values())])
    desk.findings += [findings, _about_contacts(sheet, rows)]
    _name(sheet, referred, desk)
    desk.co_teachers.append(unread_co_teachers(sheet, rows, about_cells))
    if not sheet.form.part("learns"):  # where it is, a place in a section is no more than the order of the rows
        desk.co_teachers.append(turned_away_co_teachers(rows, referred))
    good = _all_but(rows.index, findings)
    rejected = rows[~good]
    if desk.whole is not None and not (sure := _sure(rows, referred)).all():
        good &= sure
        desk.whole -= {kind}  # what names these rows cannot be judged either
    rows = _without_dropped(sheet, rows, referred, desk)
    repeated = _judged(sheet)(sheet, rows, good, referred, desk)
    desk.findings.append(_about_repeats(sheet, repeated))
    if not sheet.form.adds:
        roots = roots_of(sheet, rejected, repeated, findings, referred)
        _turn_away(sheet, pd.concat([rejected, repeated]), roots, desk)


def _without_dropped(sheet: Sheet, rows: pd.DataFrame, referred: Mapping[str, Referred], desk: _Desk) -> pd.DataFrame:
    """Rows without the references that are dropped, and note which of them were to rejected records."""
    kind = sheet.form.kind
    columns = [column for column in sheet.form.columns.values() if column.name in REFERS.get(kind, {})]
    for column in columns:
        if column.name in referred and not column.required and len(away := referred[column.name].roots):
            desk.let_drop[kind, column.name] = rows["id"].loc[away.index]
    return emptied(rows, columns, referred)


_Judge: TypeAlias = Callable[[Sheet, pd.DataFrame, Mask, Mapping[str, Referred], _Desk], pd.DataFrame]


def _judged(sheet: Sheet) -> _Judge:
    """What makes records out of the rows of a sheet, and gives back those that repeat an id."""
    if sheet.form.adds:
        return _adds
    if sheet.form.part("learns"):
        return _seats
    return {Kind.ENROLLMENT: _enrollments, Kind.CONTACT: _contacts}.get(sheet.form.kind, _records)


# ------------------------------------------------------------------------------------------------------- before cells


def _chosen(sheet: Sheet, others: list[Sheet], desk: _Desk) -> Sheet:
    """The rows of this reading. What no reading takes is turned away for all of them."""
    kind, first = sheet.form.kind, sheet.name not in desk.split
    desk.split.add(sheet.name)
    chosen = choose(sheet, [sheet, *others] if first else [])
    desk.findings.append(chosen.findings)
    if len(chosen.passed):
        desk.passed[kind] = chosen.passed
    if len(chosen.leaving):
        leaving = desk.ids.put_back(sheet.form, chosen.leaving)
        desk.leaving[kind] = pd.concat([leaving, desk.leaving.get(kind, leaving[:0])])
    lost = [chosen.lost]
    if sheet.form.roles and desk.roles:
        held = _held_roles([sheet, *others], desk)
        if first:
            rows, findings = without_role(chosen.sheet, desk.roles, held)
            desk.findings.append(findings)
            lost.append(rows)
        chosen = replace(chosen, sheet=with_roles(chosen.sheet, desk.roles, held))
    for rows in lost:
        for each in (sheet, *others):
            own = desk.ids.put_back(each.form, rows)
            _turn_away(replace(each, malformed=each.malformed[:0]), own, _roots(sheet, rows), desk)
    return chosen.sheet


def _roots(sheet: Sheet, rows: pd.DataFrame) -> pd.Series:
    return roots_of(sheet, rows, rows[:0], together([]), {})


def _held_roles(readings: list[Sheet], desk: _Desk) -> pd.DataFrame:
    """Who people are as held: the first word of each reading stands for its kind."""
    words = {each.form.kind: next(iter(sorted(*each.form.only.values()))) for each in readings}
    return held_roles([(word, desk.held[kind]) for kind, word in words.items() if kind in desk.held])


def _roles(sheet: Sheet | None, readings: list[Sheet], desk: _Desk) -> None:
    """Judge the file of roles, before the people are: they are told apart by it."""
    if sheet is None:
        desk.roles = Roles("", held_roles([]), pd.DataFrame({"person_id": blank(0)}), together([]))
        return
    known = desk.known(Kind.SCHOOL)
    schools = desk.ids.written(Kind.SCHOOL, known.keys)
    keys = pd.concat([schools, desk.passed.get(Kind.SCHOOL, blank(0))], ignore_index=True)
    people = readings[0].rows["id"]
    desk.roles = judge_roles(sheet, people, replace(known, keys=keys), whole=not readings[0].delta)
    desk.findings.append(desk.roles.findings)


def _referred(sheet: Sheet, rows: pd.DataFrame, desk: _Desk) -> dict[str, Referred]:
    """Every referring column, looked up; two at a time."""
    columns = [column for column in sheet.form.columns.values() if column.refers and column.name in rows]
    known = {column.refers: desk.known(column.refers) for column in columns if column.refers}
    with ThreadPoolExecutor(2) as beside:
        looked_up = beside.map(lambda column: refer(rows, column, known[column.refers], sheet), columns)
        told = {column.name: referred for column, referred in zip(columns, looked_up, strict=True)}
    if desk.whole is None:
        return told
    return {name: each if each.kind in desk.whole else _unjudged(each) for name, each in told.items()}


def _unjudged(looked_up: Referred) -> Referred:
    """Without what is said of records that may be held."""
    said = looked_up.findings
    return replace(looked_up, findings=said[(said["code"] != Code.REFERENCE_UNKNOWN.value).to_numpy(bool)])


def _sure(rows: pd.DataFrame, referred: Mapping[str, Referred]) -> Mask:
    """Rows that name nothing outside the upload."""
    sure = np.ones(len(rows), bool)
    for name, looked_up in referred.items():
        sure &= (looked_up.positions >= 0) | ~filled(rows[name])
    return sure


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
    sheet: Sheet, rows: pd.DataFrame, good: Mask, referred: Mapping[str, Referred], desk: _Desk
) -> pd.DataFrame:
    """Enrollments in rows of their own; returns the repeated rows."""
    at = {
        name: referred[f"{name}_id"].positions for name in ("section", "person", "school") if f"{name}_id" in referred
    }
    role = enrolled.role_of(sheet)
    frame, repeated = enrolled.enrolled(rows, good, at, role, desk.roster)
    desk.came.setdefault(role, []).append(frame)
    if sheet.delta:
        desk.deltas.add(role)
    if role == TEACHER:
        desk.co_teachers.append(turned_away_teachers(rows[~good], sheet.malformed))
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
    if "agents" in first and kind is Kind.STUDENT:
        desk.agents.append(contacts.named(first))
    if any(map(sheet.form.part, IN_SECTIONS)):
        positions = {name: looked_up.positions[told.first] for name, looked_up in referred.items()}
        _sections(sheet.form, first, positions, desk)
    else:
        frame = records.more_schools(records.records(first, kind), rows[told.school])
        frame = keep_added(frame, desk.held, [form for form in desk.adds if form.kind is kind])
        desk.roster[kind] = over_held(frame, sheet, desk.held, desk.leaving)
    return rows[told.repeated]


def _seats(sheet: Sheet, rows: pd.DataFrame, good: Mask, _: Mapping[str, Referred], desk: _Desk) -> pd.DataFrame:
    """Sections, who learns and who teaches there, out of rows of one student each; returns the repeated rows."""
    again = seats.repeated(rows, good)
    taken = good & ~again
    first, about = one_of_each(sheet, rows[taken], (seats.STUDENT, seats.TEACHER))
    desk.findings.append(about)
    primary = look_up(rows.loc[first.index, seats.TEACHER], desk.roster[Kind.TEACHER]["id"])
    desk.roster[Kind.SECTION] = records.sections(first, primary, desk.roster[Kind.TEACHER])
    desk.roster[Kind.COURSE] = records.derived(first, records.course_ids(first), Kind.COURSE)
    desk.roster[Kind.TERM] = records.derived(first, records.term_ids(first), Kind.TERM)
    for role, column in ((TEACHER, seats.TEACHER), (STUDENT, seats.STUDENT)):
        named, there = seats.pairs(rows, taken, column)
        people = desk.roster[PERSON[ROLES[role]]]["id"]
        at = {
            "section": look_up(named["section_id"], desk.roster[Kind.SECTION]["id"]),
            "person": look_up(named["person_id"], people),
        }
        desk.came.setdefault(role, []).append(enrolled.enrolled(named, there, at, role, desk.roster)[0])
    away = rows[~taken]
    parts = (seats.named(away, seats.TEACHER), seats.named(sheet.malformed, seats.TEACHER))
    desk.co_teachers.append(turned_away_teachers(*parts))
    away = seats.named(away, seats.STUDENT)
    _turn_away(seats.as_enrollments(sheet), away, _roots(sheet, away), desk)
    return rows[again]


def _contacts(sheet: Sheet, rows: pd.DataFrame, good: Mask, _: Mapping[str, Referred], desk: _Desk) -> pd.DataFrame:
    """Contacts who have rows of their own: one record for each student who names them, or whom they name."""
    told = tell_apart(rows, good, ())
    first = rows[told.first]
    named = pd.concat([contacts.named(first[:0]), *desk.agents], ignore_index=True)
    if sheet.delta and Kind.CONTACT in desk.held:
        there = desk.held[Kind.CONTACT]
        named = pd.concat([named, pd.DataFrame({"id": there["student_id"], "agent": there["own_id"]})])
    frame = contacts.contacts_of(first, named, desk.known(Kind.STUDENT).keys)
    desk.roster[Kind.CONTACT] = over_held(frame, sheet, desk.held, desk.leaving)
    alone = contacts.alone(first, frame)
    desk.alone.append(alone["id"])
    about = found(
        Code.RECORD_ALONE, Severity.NOTE, sheet.name, alone.index, record=shorten(alone["id"]), column=_agents(sheet)
    )
    desk.findings.append(about)
    return rows[told.repeated]


def _agents(sheet: Sheet) -> str:
    return sheet.headings.get("agents", "")


def _adds(sheet: Sheet, rows: pd.DataFrame, good: Mask, _: Mapping[str, Referred], desk: _Desk) -> pd.DataFrame:
    """Put further columns to records of an earlier file; returns the repeated rows."""
    kind = sheet.form.kind
    told = tell_apart(rows, good, ())
    first = sift(rows, told.first)
    at = look_up(first["id"], desk.roster[kind]["id"] if kind in desk.roster else blank(0))
    desk.findings.append(_about_nobody(sheet, first[at < 0], desk))
    if kind in desk.roster:
        desk.roster[kind] = records.added(desk.roster[kind], sift(first, at >= 0), at[at >= 0], kind)
    return rows[told.repeated]


def _about_nobody(sheet: Sheet, rows: pd.DataFrame, desk: _Desk) -> pd.DataFrame:
    """Rows that add to no student. What is said of other people is not rostered; of nobody at all, it is wrong."""
    if desk.whole is not None and sheet.form.kind not in desk.whole:
        return together([])
    people = [desk.roster[kind]["id"] for kind in PEOPLE if kind in desk.roster]
    away = [frame for kind in (*PEOPLE, Kind.CONTACT) for frame in desk.turned_away.get(kind, [])]
    contacts_there = [desk.roster[Kind.CONTACT]["own_id"]] if Kind.CONTACT in desk.roster else []
    keys = pd.concat([blank(0), *people, *contacts_there, *desk.alone], ignore_index=True)
    known = Known(desk.files.get(sheet.form.kind, ""), keys, pd.concat([no_keys(), *away], ignore_index=True))
    return refer(rows, sheet.form.columns["id"], known, sheet).findings


#: What the rows of sections may bring besides: who teaches them, their courses, their terms.
IN_SECTIONS = ("teaches", "course", "term")


def _sections(form: FileFormat, rows: pd.DataFrame, positions: Mapping[str, Positions], desk: _Desk) -> None:
    """Sections may bring their courses, their terms, and who teaches them."""
    nobody = np.full(len(rows), -1, np.int32)
    teachers = desk.roster[Kind.TEACHER]["last_name"] if Kind.TEACHER in desk.roster else blank(0)
    desk.roster[Kind.SECTION] = records.sections(rows, positions.get("teaches.1", nobody), teachers)
    if form.part("course"):
        desk.roster[Kind.COURSE] = records.derived(rows, records.course_ids(rows), Kind.COURSE)
    if form.part("term"):
        desk.roster[Kind.TERM] = records.derived(rows, records.term_ids(rows), Kind.TERM)
    if form.part("teaches"):
        desk.roster[Kind.ENROLLMENT] = _taught(rows, positions)


def _taught(rows: pd.DataFrame, positions: Mapping[str, Positions]) -> pd.DataFrame:
    """Who teaches. A teacher who stands twice in one section teaches it once, in the first place."""
    here = np.arange(len(rows), dtype=np.int32)
    taught = []
    for name, teachers in positions.items():
        if name.startswith("teaches."):
            there = teachers >= 0
            place = int(name.removeprefix("teaches."))
            school = positions["school_id"][there]
            taught.append(records.enrollments(here[there], teachers[there], school, TEACHER, place))
    teaches = pd.concat(taught, ignore_index=True)
    return teaches[~said_before(pack(teaches["section"].to_numpy(), teaches["person"].to_numpy()))]


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
    if kind is Kind.SECTION and any(map(sheet.form.part, ("course", "term"))):
        for rows in (rejected, sheet.malformed):
            desk.name(Kind.COURSE, records.course_ids(rows))
            desk.name(Kind.TERM, records.term_ids(rows))


# ------------------------------------------------------------------------------------------------------ what is said


def _about_repeats(sheet: Sheet, repeated: pd.DataFrame) -> pd.DataFrame:
    column = "person_id" if sheet.form.kind is Kind.ENROLLMENT else "id"
    allowed = {
        "contact": "another contact (up to five)",
        "school": "another school",
        "enrollment": "another student or another teacher",
    }
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
