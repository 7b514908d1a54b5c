"""Stage 2, before the cells: the rows of one reading of a file.

In: a sheet, the other readings of its file, who people are.
Out: the sheet with its own rows; what no reading takes is turned away.
"""

from dataclasses import replace

import pandas as pd

from sftpingest.roster.desk import Desk, own_roots, turn_rows_away
from sftpingest.roster.finding import together
from sftpingest.roster.frames import blank, filled, look_up, no_text
from sftpingest.roster.kinds import PEOPLE, Kind
from sftpingest.roster.records import cell
from sftpingest.roster.roles import Roles, held_roles, judge_roles, with_roles, without_role
from sftpingest.roster.rows import choose
from sftpingest.roster.sheet import Sheet
from sftpingest.roster.turned_away import turned_away_teachers


def choose_rows(sheet: Sheet, others: list[Sheet], desk: Desk) -> Sheet:
    """The rows of this reading. What no reading takes is turned away for all of them."""
    kind, first = sheet.form.kind, sheet.name not in desk.split
    desk.split.add(sheet.name)
    chosen = choose(sheet, [sheet, *others] if first else [])
    desk.findings.append(chosen.findings)
    if len(chosen.passed):
        desk.passed[kind] = chosen.passed
    if sheet.form.adds:
        desk.emptied = chosen.leaving["id"] if "id" in chosen.leaving else no_text()
    elif len(chosen.leaving):
        leaving = desk.ids.put_back(sheet.form, chosen.leaving)
        desk.leaving[kind] = pd.concat([leaving, desk.leaving.get(kind, leaving[:0])])
    lost = [chosen.lost]
    if sheet.form.roles and desk.roles:
        held = _held_roles([sheet, *others], desk)
        if first:
            rows, findings = without_role(chosen.sheet, desk.roles, held)
            desk.findings.append(findings)
            lost.append(rows)
        taken = with_roles(chosen.sheet, desk.roles, held)
        if len(desk.roles.gone):
            _leave(chosen.sheet, taken, desk)
        chosen = replace(chosen, sheet=taken)
    if kind is Kind.ENROLLMENT:
        desk.co_teachers.append(turned_away_teachers(chosen.lost, chosen.lost[:0]))
    for rows in filter(len, lost):
        for each in (sheet, *others):
            own = desk.ids.put_back(each.form, rows)
            turn_rows_away(replace(each, malformed=each.malformed[:0]), own, own_roots(sheet, rows), desk)
    return chosen.sheet


def _leave(people: Sheet, taken: Sheet, desk: Desk) -> None:
    """People of a delta who had this role and whose own row and roles say that they have it no more."""
    kind, gone = people.form.kind, desk.roles.gone if desk.roles else people.rows[:0]
    rows = people.rows[look_up(people.rows["id"], taken.rows["id"]) < 0]
    rows = desk.ids.put_back(people.form, rows[look_up(rows["id"], gone["person_id"]) >= 0])
    desk.leaving[kind] = pd.concat([rows, desk.leaving.get(kind, rows[:0])])


def _held_roles(readings: list[Sheet], desk: Desk) -> pd.DataFrame:
    """Who people are as held, where that goes on: the first word of each reading stands for its kind."""
    if desk.roles and desk.roles.whole:
        return held_roles([])
    words = {each.form.kind: next(iter(sorted(*each.form.only.values()))) for each in readings}
    there = {word: (kind, desk.held[kind]) for kind, word in words.items() if kind in desk.held}
    return held_roles(
        [(word, frame.assign(id=desk.ids.written(kind, frame["id"]))) for word, (kind, frame) in there.items()]
    )


def take_roles(sheet: Sheet | None, readings: list[Sheet], desk: Desk) -> None:
    """Judge the file of roles, before the people are: they are told apart by it."""
    if sheet is None:
        desk.roles = Roles("", held_roles([]), pd.DataFrame({"person_id": blank(0)}), together([]))
        return
    known = desk.known(Kind.SCHOOL)
    schools = desk.ids.written(Kind.SCHOOL, known.keys)
    keys = pd.concat([schools, desk.passed.get(Kind.SCHOOL, blank(0))], ignore_index=True)
    people = readings[0].rows["id"] if readings else no_text()
    desk.roles = judge_roles(sheet, people, replace(known, keys=keys), whole=not sheet.delta)
    desk.findings.append(desk.roles.findings)
    away = pd.concat([desk.roles.rejected["person_id"], cell(sheet.malformed, "person_id")], ignore_index=True)
    readable = filled(away).all() and (look_up(cell(sheet.malformed, "person_id"), people) >= 0).all()
    for kind in PEOPLE:
        desk.stay(kind, desk.ids.own(kind, away if readable else people))
