"""Stage 2, before the cells: who the people of a file are, where that stands in a file of its own (OneRoster 1.2).

In: the sheet of roles, the schools judged so far, the sheet of people.
Out: Roles; and of a sheet of people the rows of one reading, each with its schools.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from sftpingest.roster.cells import check_cells
from sftpingest.roster.finding import Code, Severity, found, shorten, together
from sftpingest.roster.frames import (
    Positions,
    arrow,
    blank,
    compose,
    filled,
    look_up,
    names,
    no_text,
    or_else,
    sift,
    text,
)
from sftpingest.roster.records import cell
from sftpingest.roster.references import Known, refer
from sftpingest.roster.rows import choose, one_of
from sftpingest.roster.sheet import Sheet

_PAIR = {"person_id": no_text(), "school_id": no_text()}


@dataclass(frozen=True)
class Roles:
    """The roles of people."""

    name: str  #: of their file, as uploaded
    rows: pd.DataFrame  #: `person_id`, `role`, `school_id`, in the order in which they count: primary ones first
    rejected: pd.DataFrame  #: `person_id` of rows that were rejected; the index is their place in the file
    findings: pd.DataFrame
    gone: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(_PAIR))  #: `person_id`, `school_id`: are to go
    whole: bool = False  #: it is all that there is of them: what is held does not go on
    single: bool = False  #: nobody has two
    people: pd.Series = field(default_factory=no_text)  #: ids of all rows of the file of people
    places: Positions = field(default_factory=lambda: np.empty(0, np.int32))  #: of each of them in `rows`; -1 for none

    def at(self, ids: pd.Series) -> Positions:
        """Where the first role of each person stands in `rows`; -1 for none."""
        if len(ids) == len(self.people) and ids.index.equals(self.people.index):
            return self.places
        return look_up(ids, self.rows["person_id"])


def judge_roles(sheet: Sheet, people: pd.Series, schools: Known, *, whole: bool) -> Roles:
    """Judge the rows of the file of roles. `whole`: it has all roles, not only what changed of them.

    A change of the roles of somebody whose own row is not there is not taken, and said: who somebody is stands in both.
    """
    chosen = choose(sheet, [sheet])
    rows, about_cells = check_cells(chosen.sheet)
    about_schools = refer(rows, sheet.form.columns["school_id"], schools, sheet).findings
    about_gone = together([]) if whole else _about_people(sheet, chosen.leaving, people)
    findings = together([chosen.findings, about_cells, about_schools, _about_people(sheet, rows, people), about_gone])
    bad = pd.Index(findings["row"][(findings["severity"] == Severity.ROW.value).to_numpy(bool)].astype("int32"))
    good = ~rows.index.isin(bad)
    ranked = _ranked(sift(rows, good))
    places = look_up(people, ranked["person_id"])
    gone = pd.DataFrame(_PAIR) if whole else chosen.leaving[list(_PAIR)]
    return Roles(sheet.name, ranked, rows[~good], findings, gone, whole, ranked["person_id"].is_unique, people, places)


def _about_people(sheet: Sheet, rows: pd.DataFrame, people: pd.Series) -> pd.DataFrame:
    """Roles of people who are not there."""
    lost = rows["person_id"][(look_up(rows["person_id"], people) < 0) & filled(rows["person_id"])]
    heading = sheet.heading("person_id")
    record = shorten(rows["id"].loc[lost.index]) if "id" in rows else ""
    return found(
        Code.REFERENCE_UNKNOWN,
        Severity.ROW,
        sheet.name,
        lost.index,
        column=heading,
        record=record,
        value=shorten(lost),
        detail="the file of users of this upload",
    )


def _ranked(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows[[name for name in ("person_id", "role", "school_id", "grade", "rank") if name in rows]]
    if "rank" not in rows:
        return rows
    later = (rows["rank"] == "secondary").to_numpy(bool)
    return pd.concat([rows[~later], rows[later]]) if later.any() else rows


def with_roles(sheet: Sheet, roles: Roles, held: pd.DataFrame) -> Sheet:
    """The people who have one of the roles of this reading, with their schools as a list.

    `held`: the roles of people as held, where only what changed of them came.
    """
    (words,) = sheet.form.only.values()
    if roles.single and not len(held):
        return _with_one(sheet, roles, words)
    those = _over_held(roles, held)
    those = those[one_of(those["role"], words)]
    schools, role = _by_person(those, "school_id"), those.drop_duplicates("person_id")
    at = look_up(sheet.rows["id"], role["person_id"])
    return _put(sheet, at, schools, role)


def _over_held(roles: Roles, held: pd.DataFrame) -> pd.DataFrame:
    """Roles that came over those held which are neither said again nor to go; secondary ones that came stand last."""
    if not len(held):
        return roles.rows
    pair = list(_PAIR)
    said = pd.concat([roles.rows[pair], roles.gone[pair]], ignore_index=True)
    stays = held[look_up(compose([held[name] for name in pair]), compose([said[name] for name in pair])) < 0]
    later = (cell(roles.rows, "rank") == "secondary").to_numpy(bool)
    return pd.concat([roles.rows[~later], stays, roles.rows[later]], ignore_index=True)


def _with_one(sheet: Sheet, roles: Roles, words: frozenset[str]) -> Sheet:
    """The same where nobody has two roles and none is held: without looking anybody up again."""
    at = roles.at(sheet.rows["id"])
    meant = np.append(one_of(roles.rows["role"], words), False)
    return _put(sheet, np.where(meant[at], at, np.int32(-1)), roles.rows["school_id"], roles.rows)


def _put(sheet: Sheet, at: Positions, schools: pd.Series, roles: pd.DataFrame) -> Sheet:
    """The people who have a role, with what stands at their place in `schools` and `roles`."""
    rows = sift(sheet.rows, at >= 0)
    at = at[at >= 0]
    more = {"school_id": text(pc.take(arrow(schools), at), rows.index)}
    if "grade" in roles and "grade" not in rows and "grade" in sheet.form.columns:
        more["grade"] = text(pc.fill_null(pc.take(arrow(roles["grade"]), at), ""), rows.index)
    for column in sheet.form.columns.values():
        if column.heading == "role" and not column.name.startswith("only."):
            more[column.name] = text(pc.take(arrow(roles["role"]), at), rows.index)
    return replace(sheet, rows=rows.assign(**more))


def _by_person(those: pd.DataFrame, column: str) -> pd.Series:
    """The cells of each person as a list, in the order in which the people stand first."""
    if those["person_id"].is_unique:
        return those[column]
    pairs = those[["person_id", column]].drop_duplicates()
    lists = pairs.groupby("person_id", sort=False)[column].agg(",".join)
    return text(lists.tolist())


def without_role(sheet: Sheet, roles: Roles, held: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """People who have no role: their rows, and a finding each, which names the row to mend first."""
    rows = sheet.rows[roles.at(sheet.rows["id"]) < 0]
    rows = rows[look_up(rows["id"], held["person_id"]) < 0]
    away = roles.rejected.drop_duplicates("person_id")
    at = look_up(rows["id"], away["person_id"]) if "person_id" in away else np.full(len(rows), -1)
    turned, bare = rows[at >= 0], rows[at < 0]
    root = text([f"{roles.name} row {row}" for row in away.index[at[at >= 0]]], turned.index)
    about = [(Code.REFERENCE_REJECTED, turned, root), (Code.VALUE_MISSING, bare, blank(len(bare), bare.index))]
    parts = [
        found(code, Severity.ROW, sheet.name, those.index, column="role", record=shorten(those["id"]), detail=detail)
        for code, those, detail in about
    ]
    return rows, together(parts)


def held_roles(people: Sequence[tuple[str, pd.DataFrame]]) -> pd.DataFrame:
    """Roles as held: each of `people` is the word of a role, and the records of its kind.

    Staff have a word of their own. People come once for each of their schools.
    """
    parts = [_held(word, frame) for word, frame in people if "school_id" in names(frame)]
    none = pd.DataFrame({name: blank(0) for name in ("person_id", "role", "school_id")})
    return pd.concat([none, *parts], ignore_index=True).astype(none.dtypes.to_dict())


def _held(word: str, frame: pd.DataFrame) -> pd.DataFrame:
    role = or_else(cell(frame, "role"), word)
    first = pd.DataFrame({"person_id": frame["id"], "role": role, "school_id": frame["school_id"]})
    further = first[filled(cell(frame, "more_school_ids"))]
    lists = cell(frame, "more_school_ids").loc[further.index]
    schools = further.assign(school_id=[json.loads(one) for one in lists]).explode("school_id")
    return pd.concat([first, schools.astype(first.dtypes.to_dict())])
