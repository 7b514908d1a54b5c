"""A roster -> the files of Clever's SFTP upload.

In: a roster.
Out: its files; courses, terms, teachers and contacts stand in the rows of sections and students.
"""

import json
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.enrolled import school_of
from sftpingest.roster.format import FileFormat, Format, load
from sftpingest.roster.frames import Mask, Positions, arrow, blank, filled, look_up, names, text
from sftpingest.roster.kinds import STUDENT, TEACHER, Kind, Roster
from sftpingest.roster.repeats import MOST_CONTACTS
from sftpingest.roster.write.book import in_order
from sftpingest.roster.write.lines import Cells, Written, as_read, csv
from sftpingest.roster.write.rendered import rendered
from sftpingest.roster.write.spelling import columns_of

_OWN_ROWS = (Kind.SCHOOL, Kind.TEACHER, Kind.STAFF, Kind.STUDENT)
_NAME = "contact.last_name"


def write_clever(roster: Roster) -> Iterator[Written]:
    """Every file that Clever asks for, with or without records; staff.csv where there are staff."""
    form, there = load("clever"), in_order(roster)
    for kind in _OWN_ROWS:
        if len(there[kind]) or _file(form, kind).core:
            yield _written(_file(form, kind), _records(_file(form, kind), there))
    yield _written(_file(form, Kind.SECTION), _sections(_file(form, Kind.SECTION), there))
    yield _written(_file(form, Kind.ENROLLMENT), _learners(there))


def _file(form: Format, kind: Kind) -> FileFormat:
    return next(file for file in form.files if file.kind is kind)


def _written(form: FileFormat, cells: Cells) -> Written:
    """All headings of the format, and to their right those of the district's own."""
    none = arrow(blank(len(next(iter(cells.values())))))
    headings = [column.heading for column in form.columns.values()]
    more = sorted(set(cells) - set(headings))
    return csv(form.name, as_read({heading: cells.get(heading, none) for heading in (*headings, *more)}))


def _taken(cells: pa.Array, at: Positions) -> pa.Array:
    return pc.fill_null(pc.take(cells, pa.array(at, mask=at < 0)), "")


def _records(form: FileFormat, roster: Roster) -> Cells:
    """One row for each record, and a further one for each further contact and school."""
    frame = roster[form.kind]
    cells = rendered(form, {}, columns_of(frame, form.kind))
    rows = _rows(form, frame, roster)
    if len(rows) == len(frame) and "contact" not in form.further:
        return cells
    of_record, of_contact = rows["record"].to_numpy(), rows["contact"].to_numpy()
    out = {heading: _taken(column, of_record) for heading, column in cells.items()}
    school = form.columns["school_id"].heading
    out[school] = pc.if_else(pc.equal(arrow(rows["school"]), ""), out[school], arrow(rows["school"]))
    contacts = _contact_cells(form, roster) if "contact" in form.further else {}
    return out | {heading: _taken(column, of_contact) for heading, column in contacts.items()}


def _rows(form: FileFormat, frame: pd.DataFrame, roster: Roster) -> pd.DataFrame:
    """`record` and `contact`, by their places (-1 none), and `school`, where it is a further one."""
    record = np.arange(len(frame), dtype=np.int32)
    first = pd.DataFrame({"record": record, "contact": np.int32(-1), "school": blank(len(frame))})
    parts = [first]
    if "contact" in form.further:
        at, nth, owner = _contacts(roster)
        lead = nth == 0
        first.loc[owner[lead], "contact"] = at[lead]
        more = pd.DataFrame({"record": owner[~lead], "contact": at[~lead]})
        parts.append(more.assign(school=blank(len(more))))
    if "school" in form.further:
        parts.append(_further_schools(frame, first["contact"].to_numpy()))
    rows = pd.concat(parts, ignore_index=True)
    return rows.iloc[np.argsort(rows["record"].to_numpy(), kind="stable")].reset_index(drop=True)


def _further_schools(frame: pd.DataFrame, contact: Positions) -> pd.DataFrame:
    several = np.flatnonzero(filled(frame["more_school_ids"])).astype(np.int32)
    lists = [json.loads(cell) for cell in frame["more_school_ids"].iloc[several]]
    record = np.repeat(several, [len(one) for one in lists])
    schools = text([key for one in lists for key in one])
    return pd.DataFrame({"record": record, "contact": contact[record], "school": schools})


def _contacts(roster: Roster) -> tuple[Positions, Positions, Positions]:
    """Of each contact that can be said its place, how many of its student stand before it, and whose it is."""
    frame = roster[Kind.CONTACT]
    owner = look_up(frame["student_id"], roster[Kind.STUDENT]["id"])
    named = filled(frame["first_name"]) | filled(frame["last_name"])
    at = np.flatnonzero((owner >= 0) & named).astype(np.int32)
    nth: Positions = pd.Series(owner[at]).groupby(owner[at]).cumcount().to_numpy().astype(np.int32)
    kept = nth < MOST_CONTACTS
    return at[kept], nth[kept], owner[at[kept]]


def _contact_cells(form: FileFormat, roster: Roster) -> Cells:
    """The columns of contacts; as Clever does it, the whole name is the last name."""
    frame = roster[Kind.CONTACT]
    said = {f"contact.{name}": arrow(frame[name]) for name in names(frame)}
    whole = pc.binary_join_element_wise(arrow(frame["first_name"]), said[_NAME], " ")
    said[_NAME] = pc.utf8_trim_whitespace(whole)
    return rendered(form, {}, {column.name: said[column.name] for column in form.part("contact")})


def _sections(form: FileFormat, roster: Roster) -> Cells:
    frame = roster[Kind.SECTION]
    said = columns_of(frame, Kind.SECTION)
    for kind in (Kind.COURSE, Kind.TERM):
        at = look_up(frame[f"{kind}_id"], roster[kind]["id"])
        own = {column.name: column.name.removeprefix(f"{kind}.") for column in form.part(kind)}
        said |= {name: _taken(arrow(roster[kind][column]), at) for name, column in own.items()}
    return rendered(form, {}, said | _teachers(form, roster))


def _teachers(form: FileFormat, roster: Roster) -> Cells:
    """Who teaches each section, in their places; where the first place is free, all move up: Clever needs it."""
    joins = roster[Kind.ENROLLMENT]
    joins = joins[(joins["role"] == TEACHER).to_numpy(bool)]
    section, place = joins["section"].to_numpy(), joins["position"].to_numpy().astype(np.int32)
    ids = arrow(roster[Kind.TEACHER]["id"])
    moved = pd.Series(section).groupby(section).cumcount().to_numpy() + 1
    place = np.where(_leaderless(section, place), moved, place).astype(np.int32)
    out = {}
    for column in form.part("teaches"):
        at = np.full(len(roster[Kind.SECTION]), -1, np.int32)
        those = place == int(column.name.removeprefix("teaches."))
        at[section[those]] = joins["person"].to_numpy()[those]
        out[column.name] = _taken(ids, at)
    return out


def _leaderless(section: Positions, place: Positions) -> Mask:
    mask: Mask = ~np.isin(section, section[place == 1])
    return mask


def _learners(roster: Roster) -> Cells:
    """Which student is in which section."""
    joins = roster[Kind.ENROLLMENT]
    joins = joins[(joins["role"] == STUDENT).to_numpy(bool)]
    section, school = joins["section"].to_numpy(), joins["school"].to_numpy()
    school = np.where(school < 0, school_of(section, roster), school) if (school < 0).any() else school
    form = _file(load("clever"), Kind.ENROLLMENT)
    said = {
        "school_id": _taken(arrow(roster[Kind.SCHOOL]["id"]), school),
        "section_id": _taken(arrow(roster[Kind.SECTION]["id"]), section),
        "person_id": _taken(arrow(roster[Kind.STUDENT]["id"]), joins["person"].to_numpy()),
    }
    return rendered(form, {}, said)
