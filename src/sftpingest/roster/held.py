"""Stage 2f: what is held goes on where a partial upload says nothing of it: a delta, or a set without some files.

In: the records held, what came, and what is to go.
Out: the roster as it will be, whole: reconcile then needs to know nothing of deltas.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce

import pandas as pd

from sftpingest.roster.enrolled import goes_on, laid_over
from sftpingest.roster.format import FileFormat
from sftpingest.roster.frames import look_up, no_text, take
from sftpingest.roster.kinds import RECORDS, REFERS, STUDENT, TEACHER, VALUES, Kind, Roster
from sftpingest.roster.records import both, both_ext, part_of
from sftpingest.roster.sheet import Sheet


def over_held(frame: pd.DataFrame, sheet: Sheet, held: Roster, leaving: Mapping[Kind, pd.DataFrame]) -> pd.DataFrame:
    """The records of a file; those of a delta over what is held, without those that are to go."""
    kind = sheet.form.kind
    if not sheet.delta or kind not in held:
        return frame
    there, key = held[kind], "own_id" if kind is Kind.CONTACT else "id"
    goes = leaving[kind]["id"] if kind in leaving else no_text()
    stays = (look_up(there["id"], frame["id"]) < 0) & (look_up(there[key], goes) < 0)
    return pd.concat([there[stays], frame], ignore_index=True)


def keep_added(frame: pd.DataFrame, held: Roster, adds: Sequence[FileFormat]) -> pd.DataFrame:
    """Columns that another file says (demographics), as held: it did not come whole, so it takes nothing back."""
    for form in adds:
        if form.kind in held:
            there = held[form.kind]
            at = look_up(frame["id"], there["id"])
            names = [
                name for name in VALUES[form.kind] if name in form.columns or (name == "race" and form.part("flags"))
            ]
            kept = {name: take(there[name], at, frame.index).fillna("") for name in names}
            beside = {name.removeprefix("ext.") for name in form.columns if name.startswith("ext.")}
            ext = part_of(take(there["ext"], at, frame.index).fillna(""), beside.__contains__)
            frame = frame.assign(**kept, ext=both_ext(frame["ext"], ext))
    return frame


def end(
    roster: Roster,
    held: Roster,
    came: Mapping[int, list[pd.DataFrame]],
    deltas: set[int],
    leaving: Mapping[Kind, pd.DataFrame],
    name: Callable[[Kind, pd.Series], None],
) -> pd.Series:
    """Put the enrollments together, and note what records that go on name in vain.

    Returns the ids of schools that were to go and stay, since somebody is still there: an enrollment needs its school.
    """
    kept = _schools_still_named(roster, held)
    if len(kept):
        roster[Kind.SCHOOL] = pd.concat([roster[Kind.SCHOOL], kept], ignore_index=True)
    if held or came:
        _enrollments(roster, held, came, deltas, leaving)
    if not held:
        return kept["id"]
    if Kind.CONTACT in roster:
        contacts = roster[Kind.CONTACT]
        roster[Kind.CONTACT] = contacts[look_up(contacts["student_id"], roster[Kind.STUDENT]["id"]) >= 0]
    for kind, columns in REFERS.items():
        for column, named in columns.items():
            cells = roster[kind][column]
            name(named, cells[look_up(cells, roster[named]["id"]) < 0])
    return kept["id"]


def _schools_still_named(roster: Roster, held: Roster) -> pd.DataFrame:
    """Schools held that are not in the roster, though a section is in them."""
    if Kind.SCHOOL not in held or Kind.SECTION not in roster:
        return pd.DataFrame({"id": no_text()})
    there = held[Kind.SCHOOL]
    named = look_up(there["id"], roster[Kind.SECTION]["school_id"]) >= 0
    return there[named & (look_up(there["id"], roster[Kind.SCHOOL]["id"]) < 0)]


def _enrollments(
    roster: Roster,
    held: Roster,
    came: Mapping[int, list[pd.DataFrame]],
    deltas: set[int],
    leaving: Mapping[Kind, pd.DataFrame],
) -> None:
    there = roster.pop(Kind.ENROLLMENT, None)
    goes = leaving.get(Kind.ENROLLMENT, pd.DataFrame({"section_id": no_text(), "person_id": no_text()}))
    parts = [] if there is None else [there]
    for role in (TEACHER, STUDENT):
        part = pd.concat(came[role], ignore_index=True) if len(came.get(role, [])) > 1 else None
        part = came[role][0] if part is None and role in came else part
        if held and (part is None or role in deltas) and all(kind in held for kind in RECORDS):
            on = goes_on(held, roster, role, goes)
            part = on if part is None else laid_over(on, part)
        if part is not None:
            parts.append(part)
    if parts:
        roster[Kind.ENROLLMENT] = reduce(both, parts)
