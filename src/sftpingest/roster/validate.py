"""Stage 2: frames -> a roster, findings, and the keys it turned away.

In: an upload, parsed.
Out: Validated. Every record is either in the roster or has a finding that says why not.

Files are judged in the order of the format, those referred to before those that refer. A large district's text is let
go of as soon as it is judged, so that it is never in memory twice.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from sftpingest.roster import contacts, read_back
from sftpingest.roster.about import about_contacts, about_kept, about_repeats
from sftpingest.roster.accepted import maker_of
from sftpingest.roster.beside import judge_beside
from sftpingest.roster.cells import check_cells
from sftpingest.roster.derived import derive
from sftpingest.roster.desk import Desk, turn_rows_away
from sftpingest.roster.finding import Severity, together
from sftpingest.roster.frames import Mask, blank
from sftpingest.roster.held import end
from sftpingest.roster.kinds import REFERS, TEACHER, Kind, Roster
from sftpingest.roster.lists import plain_cells
from sftpingest.roster.naming import look_up_all, note_names, sure
from sftpingest.roster.read_back import written_ids
from sftpingest.roster.readings import choose_rows, take_roles
from sftpingest.roster.references import Referred, emptied, refer
from sftpingest.roster.schools import spread_schools
from sftpingest.roster.sheet import Parsed, Sheet, Validated
from sftpingest.roster.turned_away import roots_of, turned_away_co_teachers, unread_co_teachers


def validate(parsed: Parsed, held: "Roster | None" = None) -> Validated:
    """Judge every row of every sheet. `held`: what is held, where the upload is partial.

    Without it, references to records of which only a part came are not judged.
    """
    desk = _desk(parsed, held)
    sheets, roles, checked = [read_back.begin(sheet) for sheet in parsed.sheets], parsed.roles, parsed.checked
    desk.ids = written_ids(sheets)
    deltas = frozenset(sheet.form.kind for sheet in sheets if sheet.delta)
    del parsed  # with the caller's only hold on it: a sheet is let go of once it is judged
    _every(sheets, roles, desk)
    desk.findings.append(judge_beside(checked, lambda sheet, rows: look_up_all(sheet, rows, desk)))
    _end(desk)
    return _validated(desk, deltas)


def _desk(parsed: Parsed, held: "Roster | None") -> Desk:
    """With what is held on it, where that goes on."""
    desk = Desk(held=held or {}, findings=[parsed.findings], adds=parsed.adds)
    if parsed.partial and held is None:
        desk.whole = frozenset(sheet.form.kind for sheet in parsed.sheets if not sheet.delta)
    desk.roster = {kind: frame for kind, frame in desk.held.items() if kind is not Kind.ENROLLMENT}
    return desk


def _every(sheets: list[Sheet], roles: Sheet | None, desk: Desk) -> None:
    """Every sheet in turn, none of which is left; who people are before the first file of them."""
    while sheets:
        readings = [sheet for sheet in sheets if sheet.name == sheets[0].name]
        if readings[0].form.roles and desk.roles is None:
            take_roles(roles, readings, desk)
        del readings[0]
        _sheet(sheets.pop(0), readings, desk)
    if roles and desk.roles is None:
        take_roles(roles, [], desk)


def _end(desk: Desk) -> None:
    """What can only be told once every file is judged."""
    if desk.links and Kind.CONTACT in desk.turned_away:
        away = pd.concat(desk.turned_away[Kind.CONTACT], ignore_index=True)
        desk.turn_away(Kind.CONTACT, contacts.keys_of(away, pd.concat(desk.links, ignore_index=True)))
    kept = end(desk.roster, desk.held, desk.came, desk.deltas, desk.leaving, desk.name)
    desk.findings.append(about_kept(kept, desk.files.get(Kind.SCHOOL, "")))


def _validated(desk: Desk, deltas: frozenset[Kind]) -> Validated:
    return Validated(
        roster=desk.roster,
        findings=together(desk.findings),
        turned_away={kind: pd.concat(frames, ignore_index=True) for kind, frames in desk.turned_away.items()},
        co_teachers=pd.concat([turned_away_co_teachers(pd.DataFrame(), {}), *desk.co_teachers], ignore_index=True),
        named={kind: pd.concat(keys, ignore_index=True) for kind, keys in desk.named.items()},
        doubtful=frozenset(desk.doubtful),
        files=desk.files,
        let_drop=desk.let_drop,
        stays={kind: pd.concat(ids, ignore_index=True) for kind, ids in desk.stays.items()},
        deltas=deltas,
        teachers_enrolled=TEACHER in desk.came,
    )


def _sheet(sheet: Sheet, others: list[Sheet], desk: Desk) -> None:
    """One file as one of its readings: cells, references, repetitions; what is left goes into the roster."""
    kind = sheet.form.kind
    if not sheet.form.adds:
        desk.files.setdefault(kind, sheet.name)
    if sheet.form.derived:
        desk.roster[kind], findings = derive(sheet, desk.roster.get(kind))
        desk.findings.append(findings)
        return
    sheet = choose_rows(sheet, others, desk)
    rows, about_cells = check_cells(read_back.say(plain_cells(sheet)))
    rows = read_back.unsay(sheet.form, rows)
    if "school_id" in sheet.form.lists and "school_id" in rows:
        needed = sheet.form.columns["school_id"].required
        passed = desk.passed.get(Kind.SCHOOL, blank(0))
        schools = desk.ids.written(Kind.SCHOOL, desk.known(Kind.SCHOOL).keys)
        rows, lost = spread_schools(rows, schools, passed, required=needed)
        desk.findings.append(_lost_schools(sheet, rows, lost, desk))
    rows = desk.ids.put_back(sheet.form, rows)
    sheet = replace(sheet, rows=sheet.rows[:0])
    referred = look_up_all(sheet, rows, desk)
    findings = together([about_cells, *(looked_up.findings for looked_up in referred.values())])
    desk.findings += [findings, about_contacts(sheet, rows)]
    note_names(sheet, referred, desk)
    desk.co_teachers.append(unread_co_teachers(sheet, rows, about_cells))
    if not sheet.form.part("learns"):  # there a row does not say in which place the teacher is
        desk.co_teachers.append(turned_away_co_teachers(rows, referred))
    good = _all_but(rows.index, findings)
    rejected = rows[~good]
    if desk.whole is not None and not (certain := sure(rows, referred)).all():
        good &= certain
        desk.whole -= {kind}  # what names these rows cannot be judged either
    rows = _without_dropped(sheet, rows, referred, desk)
    repeated = maker_of(sheet)(sheet, rows, good, referred, desk)
    desk.findings.append(about_repeats(sheet, repeated))
    if not sheet.form.adds:
        roots = roots_of(sheet, rejected, repeated, findings, referred)
        turn_rows_away(sheet, pd.concat([rejected, repeated]), roots, desk)


def _lost_schools(sheet: Sheet, rows: pd.DataFrame, lost: pd.Series, desk: Desk) -> pd.DataFrame:
    """Further schools that are dropped; who names a rejected one keeps those that are held."""
    named = rows[["id"]].loc[lost.index].assign(school_id=desk.ids.own(Kind.SCHOOL, lost).array)
    column = replace(sheet.form.columns["school_id"], required=False)
    looked_up = refer(named, column, desk.known(Kind.SCHOOL), sheet)
    desk.stay(sheet.form.kind, desk.ids.own(sheet.form.kind, named["id"].loc[looked_up.roots.index]))
    return looked_up.findings


def _without_dropped(sheet: Sheet, rows: pd.DataFrame, referred: Mapping[str, Referred], desk: Desk) -> pd.DataFrame:
    """Rows without the references that are dropped, and note which of them were to rejected records."""
    kind = sheet.form.kind
    columns = [column for column in sheet.form.columns.values() if column.name in REFERS.get(kind, {})]
    for column in columns:
        if column.name in referred and not column.required and len(away := referred[column.name].roots):
            desk.let_drop[kind, column.name] = rows["id"].loc[away.index]
    return emptied(rows, columns, referred)


def _all_but(index: pd.Index, findings: pd.DataFrame) -> Mask:
    """A mask over the rows of a file, which stand in order, without those that a finding rejects."""
    rejected = findings["row"][(findings["severity"] == Severity.ROW.value).to_numpy(bool)]
    mask = np.ones(len(index), bool)
    mask[np.searchsorted(index.to_numpy(), rejected.to_numpy("int32"))] = False
    return mask
