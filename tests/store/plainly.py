"""The same sharing read plainly, row by row: what the SQL of store/shared.py is held against.

In:  a roster as `rosters.roster` shows it, and a sharing.
Out: by kind the keys of what is seen.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from sftpingest.roster.kinds import Kind
from sftpingest.roster.rules import Condition, Sign
from sftpingest.roster.sharing import Group, Mode, Sharing

Row = dict[str, str]
Rows = dict[Kind, list[Row]]

_SIGNS: dict[Sign, Callable[[str, tuple[str, ...]], bool]] = {
    Sign.IS: lambda value, words: value == words[0],
    Sign.IS_NOT: lambda value, words: value != words[0],
    Sign.IS_ANY_OF: lambda value, words: value in words,
    Sign.IS_NONE_OF: lambda value, words: value not in words,
    Sign.CONTAINS: lambda value, words: words[0] in value,
}


def rows_of(frames: dict[Kind, pd.DataFrame]) -> Rows:
    """A roster as plain rows."""
    return {
        kind: [{str(k): str(v) for k, v in row.items()} for row in frame.to_dict("records")]
        for kind, frame in frames.items()
    }


def seen(roster: Rows, sharing: Sharing) -> dict[Kind, set[Any]]:
    """The ids of what is seen; of enrollments section, person and role; of contacts student and id."""
    everything = sharing.mode is Mode.EVERYTHING
    sections = [one for one in roster[Kind.SECTION] if everything or _section(roster, sharing, one)]
    ids = {one["id"] for one in sections}
    enrolled = [one for one in roster[Kind.ENROLLMENT] if one["section_id"] in ids]
    schools = _schools(roster, sharing, sections)
    out: dict[Kind, set[Any]] = {Kind.SECTION: ids, Kind.SCHOOL: schools}
    out[Kind.ENROLLMENT] = {(one["section_id"], one["person_id"], one["role"]) for one in enrolled}
    for kind, column in ((Kind.COURSE, "course_id"), (Kind.TERM, "term_id")):
        out[kind] = {one["id"] for one in roster[kind]} if everything else {one[column] for one in sections} - {""}
    for kind in (Kind.STUDENT, Kind.TEACHER):
        there = {one["person_id"] for one in enrolled if one["role"] == kind.value}
        by_school = sharing.mode is Mode.SCHOOLS
        out[kind] = {
            one["id"]
            for one in roster[kind]
            if everything
            or one["id"] in there
            or (by_school and _at(one, schools))
            or _ruled(roster, sharing, kind, one)
        }
    out[Kind.STAFF] = {
        one["id"]
        for one in roster[Kind.STAFF]
        if (sharing.staff and (everything or _at(one, schools))) or _ruled(roster, sharing, Kind.STAFF, one)
    }
    granted = Group.CONTACTS in sharing.groups
    contacts = [one for one in roster[Kind.CONTACT] if granted and one["student_id"] in out[Kind.STUDENT]]
    out[Kind.CONTACT] = {(one["student_id"], one["id"]) for one in contacts}
    return out


def _section(roster: Rows, sharing: Sharing, one: Row) -> bool:
    if sharing.mode is Mode.SCHOOLS:
        return one["school_id"] in sharing.schools
    if sharing.mode is Mode.SECTIONS:
        return one["id"] in sharing.sections
    return _ruled(roster, sharing, Kind.SECTION, one)


def _schools(roster: Rows, sharing: Sharing, sections: Iterable[Row]) -> set[str]:
    there = {one["id"] for one in roster[Kind.SCHOOL]}
    if sharing.mode is Mode.EVERYTHING:
        return there
    if sharing.mode is Mode.SCHOOLS:
        return there & set(sharing.schools)
    people = [
        one
        for kind in (Kind.STUDENT, Kind.TEACHER, Kind.STAFF)
        for one in roster[kind]
        if _ruled(roster, sharing, kind, one)
    ]
    return there & {one["school_id"] for one in [*sections, *people]}


def _at(person: Row, schools: set[str]) -> bool:
    return bool({person["school_id"], *json.loads(person.get("more_school_ids") or "[]")} & schools)


def _ruled(roster: Rows, sharing: Sharing, kind: Kind, one: Row) -> bool:
    rules = [rule for rule in sharing.rules if rule.kind is kind]
    return any(all(_holds(roster, each, one) for each in rule.where) for rule in rules)


def _holds(roster: Rows, asked: Condition, one: Row) -> bool:
    test = _SIGNS[asked.sign]
    if asked.field == "teacher_id":
        its = [
            row["person_id"]
            for row in roster[Kind.ENROLLMENT]
            if row["section_id"] == one["id"] and row["role"] == "teacher"
        ]
        if asked.sign in {Sign.IS_NOT, Sign.IS_NONE_OF}:
            return all(test(teacher, asked.values) for teacher in its)
        return any(test(teacher, asked.values) for teacher in its)
    return test(_value(roster, asked.field, one), asked.values)


def _value(roster: Rows, name: str, one: Row) -> str:
    if name.startswith("ext."):
        return str(json.loads(one["ext"] or "{}").get(name.removeprefix("ext."), ""))
    first, _, beside = name.partition(".")
    if not beside:
        return one[name]
    kind, key = {"course": (Kind.COURSE, "course_id"), "term": (Kind.TERM, "term_id")}[first]
    return next((other[beside] for other in roster[kind] if other["id"] == one[key]), "")
