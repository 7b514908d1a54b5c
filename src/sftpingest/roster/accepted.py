"""Stage 2c: accepted rows -> the records, enrollments and columns that they bring.

In: the rows of one sheet, which of them are good, and where what they name stands.
Out: the roster, grown by them; and the rows that repeat an id.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import pandas as pd

from sftpingest.roster import contacts, enrolled, records, seats
from sftpingest.roster.about import about_nobody
from sftpingest.roster.derived import one_of_each
from sftpingest.roster.desk import Desk, own_roots, turn_rows_away
from sftpingest.roster.finding import Code, Severity, found, shorten
from sftpingest.roster.format import FileFormat
from sftpingest.roster.frames import Mask, Positions, blank, filled, look_up, pack, said_before, sift
from sftpingest.roster.held import keep_added, over_held
from sftpingest.roster.kinds import PERSON, ROLES, STUDENT, TEACHER, Kind
from sftpingest.roster.references import Referred
from sftpingest.roster.repeats import tell_apart
from sftpingest.roster.sheet import Sheet
from sftpingest.roster.turned_away import turned_away_teachers

Maker: TypeAlias = Callable[[Sheet, pd.DataFrame, Mask, Mapping[str, Referred], Desk], pd.DataFrame]


def maker_of(sheet: Sheet) -> Maker:
    """What makes records out of the rows of a sheet, and gives back those that repeat an id."""
    if sheet.form.adds:
        return _adds
    if sheet.form.part("learns"):
        return _seats
    return {Kind.ENROLLMENT: _enrollments, Kind.CONTACT: _contacts}.get(sheet.form.kind, _records)


def _enrollments(
    sheet: Sheet, rows: pd.DataFrame, good: Mask, referred: Mapping[str, Referred], desk: Desk
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
    sheet: Sheet, rows: pd.DataFrame, good: Mask, referred: Mapping[str, Referred], desk: Desk
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


def _seats(sheet: Sheet, rows: pd.DataFrame, good: Mask, _: Mapping[str, Referred], desk: Desk) -> pd.DataFrame:
    """Sections, who learns and who teaches there, out of rows of one student each; returns the repeated rows."""
    again = seats.repeated(rows, good)
    taken = good & ~again
    first, about = one_of_each(sheet, rows[taken], (seats.STUDENT, seats.TEACHER))
    desk.findings.append(about)
    primary = look_up(rows.loc[first.index, seats.TEACHER], desk.roster[Kind.TEACHER]["id"])
    desk.roster[Kind.SECTION] = records.sections(first, primary, desk.roster[Kind.TEACHER]["last_name"])
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
        if role == TEACHER:
            desk.co_teachers.append(seats.teachers_turned_away(named, there, sheet))
    away = seats.named(rows[~taken], seats.STUDENT)
    turn_rows_away(seats.as_enrollments(sheet), away, own_roots(sheet, away), desk)
    return rows[again]


def _contacts(sheet: Sheet, rows: pd.DataFrame, good: Mask, _: Mapping[str, Referred], desk: Desk) -> pd.DataFrame:
    """Contacts who have rows of their own: one record for each student who names them, or whom they name."""
    told = tell_apart(rows, good, ())
    first = rows[told.first]
    named = pd.concat([contacts.named(first[:0]), *desk.agents], ignore_index=True)
    if sheet.delta and Kind.CONTACT in desk.held:
        there = desk.held[Kind.CONTACT]
        named = pd.concat([named, pd.DataFrame({"id": there["student_id"], "agent": there["own_id"]})])
    frame = contacts.contacts_of(first, named, desk.known(Kind.STUDENT).keys)
    desk.roster[Kind.CONTACT] = over_held(frame, sheet, desk.held, desk.leaving)
    desk.links += [named, contacts.turned(contacts.named(rows))]
    alone = contacts.alone(first, frame)
    desk.alone.append(alone["id"])
    about = found(
        Code.RECORD_ALONE, Severity.NOTE, sheet.name, alone.index, record=shorten(alone["id"]), column=_agents(sheet)
    )
    desk.findings.append(about)
    return rows[told.repeated]


def _agents(sheet: Sheet) -> str:
    return sheet.headings.get("agents", "")


def _adds(sheet: Sheet, rows: pd.DataFrame, good: Mask, _: Mapping[str, Referred], desk: Desk) -> pd.DataFrame:
    """Put further columns to records of an earlier file; returns the repeated rows."""
    kind = sheet.form.kind
    told = tell_apart(rows, good, ())
    first = _with_emptied(sift(rows, told.first), desk.emptied)
    at = look_up(first["id"], desk.roster[kind]["id"] if kind in desk.roster else blank(0))
    desk.stay(kind, _left_as_held(sheet, rows[~good], first, desk))
    desk.findings.append(about_nobody(sheet, first[at < 0], desk))
    if kind in desk.roster:
        desk.roster[kind] = records.added(desk.roster[kind], sift(first, at >= 0), at[at >= 0], kind, over=sheet.delta)
    return rows[told.repeated]


def _with_emptied(rows: pd.DataFrame, ids: pd.Series) -> pd.DataFrame:
    """The rows, and an empty one for each record to which nothing is to be added any more."""
    ids = ids[look_up(ids, rows["id"]) < 0]
    empty = {name: ids if name == "id" else blank(len(ids), ids.index) for name in rows}
    return pd.concat([rows, pd.DataFrame(empty)]) if len(ids) else rows


def _left_as_held(sheet: Sheet, rejected: pd.DataFrame, first: pd.DataFrame, desk: Desk) -> pd.Series:
    """Records to which a rejected row would have added; all without a row where one cannot tell which."""
    everybody = desk.roster[sheet.form.kind]["id"] if sheet.form.kind in desk.roster else blank(0)
    shifted = records.cell(sheet.malformed, "id")
    away = pd.concat([rejected["id"], shifted], ignore_index=True)
    if filled(away).all() and (look_up(shifted, everybody) >= 0).all():
        return away
    return everybody[look_up(everybody, first["id"]) < 0]


#: What the rows of sections may bring besides: who teaches them, their courses, their terms.
IN_SECTIONS = ("teaches", "course", "term")


def _sections(form: FileFormat, rows: pd.DataFrame, positions: Mapping[str, Positions], desk: Desk) -> None:
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
