"""Stage 2d: accepted rows -> the records of a roster.

In: rows in our columns, the first of each id.
Out: frames with exactly the columns of kinds.VALUES.
"""

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.frames import Mask, Positions, arrow, blank, compose, filled, names, or_else, take, text
from sftpingest.roster.kinds import VALUES, Kind
from sftpingest.roster.repeats import contact_keys


def cell(rows: pd.DataFrame, name: str) -> pd.Series:
    """A column of the rows; empty cells where the upload has no such column."""
    return rows[name] if name in rows else blank(len(rows), rows.index)


def records(rows: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    """The records of a kind whose id and values stand in the rows themselves. The index counts from 0."""
    cells = {name: told(rows, name) for name in ("id", *VALUES[kind]) if name != "ext"}
    if "ext" in VALUES[kind]:
        cells["ext"] = _ext(rows)
    frame = pd.DataFrame(cells)
    return frame.reset_index(drop=True)


def told(rows: pd.DataFrame, name: str) -> pd.Series:
    """A column; where the rows say it in our own words too (a roster that we wrote), these count."""
    cells = cell(rows, name)
    ours = f"clever.{name}"
    return or_else(rows[ours], cells) if ours in rows else cells


def _ext(rows: pd.DataFrame) -> pd.Series:
    """The district's own columns as one JSON object a row; '' where all are empty."""
    parts = []
    for name in sorted(name for name in names(rows) if name.startswith("ext.")):
        encoded = pc.dictionary_encode(arrow(rows[name]))
        key = json.dumps(name.removeprefix("ext."), ensure_ascii=False)
        said = [word and f", {key}: {json.dumps(word, ensure_ascii=False)}" for word in encoded.dictionary.to_pylist()]
        parts.append(pc.take(pa.array(said, pa.string()), encoded.indices))
    if not parts:
        return blank(len(rows), rows.index)
    joined = pc.binary_join_element_wise(*parts, "")
    filled = pc.binary_join_element_wise("{", pc.utf8_slice_codeunits(joined, len(", ")), "}", "")
    return text(pc.if_else(pc.equal(joined, ""), "", filled), rows.index)


def more_schools(frame: pd.DataFrame, added: pd.DataFrame) -> pd.DataFrame:
    """Put the schools of `added` rows to the records of their ids, as a JSON list in the order of the rows."""
    if not len(added):
        return frame
    lists = added.groupby("id", sort=False)["school_id"].agg(lambda ids: json.dumps(list(ids), ensure_ascii=False))
    at = pd.Index(frame["id"]).get_indexer(pd.Index(lists.index))
    column = frame["more_school_ids"].copy()
    column.iloc[at] = lists.array
    return frame.assign(more_school_ids=column)


def contacts(rows: pd.DataFrame, those: Mask) -> pd.DataFrame:
    """The contacts in `those` rows of students, each once.

    As Clever does, the whole name is the last name (clever.md 1.12).
    """
    columns = ["id", *(name for name in names(rows) if name.startswith("contact."))]
    rows = rows[columns][those] if len(columns) > 1 else rows[columns][:0]
    own = contact_keys(rows)
    rows, own = rows[filled(own)], own[filled(own)]
    cells = {name: cell(rows, f"contact.{name}") for name in VALUES[Kind.CONTACT]}
    cells |= {"own_id": own, "student_id": rows["id"]}
    frame = pd.DataFrame({"id": compose([rows["id"], own])} | cells)
    return frame.drop_duplicates("id").reset_index(drop=True)


def course_ids(rows: pd.DataFrame) -> pd.Series:
    """The key of each section's course: its number and name together (docs/formats/clever.md); '' for none."""
    return compose([cell(rows, "course.number"), cell(rows, "course.name")])


def term_ids(rows: pd.DataFrame) -> pd.Series:
    """The key of each section's term: name, start and end (clever.md 2.5); '' for none."""
    return compose([cell(rows, f"term.{name}") for name in ("name", "start_date", "end_date")])


def derived(rows: pd.DataFrame, ids: pd.Series, kind: Kind) -> pd.DataFrame:
    """Courses or terms out of the sections that name them, each once."""
    cells = {name: cell(rows, f"{kind}.{name}") for name in VALUES[kind]}  # `ext` is empty: no part of a row has it
    frame = pd.DataFrame({"id": ids} | cells)
    return frame[filled(ids)].drop_duplicates("id").reset_index(drop=True)


def sections(rows: pd.DataFrame, primary: Positions, teachers: pd.Series) -> pd.DataFrame:
    """Sections; where their courses, terms and teachers stand in the same rows, with the name that Clever generates.

    (clever.md 1.4). A name of their own wins. `primary`: where the last name of the first teacher stands in `teachers`.
    """
    frame = records(rows, Kind.SECTION)
    generated = _section_name(rows, arrow(take(teachers, primary, rows.index)))
    made = {"name": or_else(cell(rows, "name"), generated)}
    for kind, ids in ((Kind.COURSE, course_ids), (Kind.TERM, term_ids)):
        if any(name.startswith(f"{kind}.") for name in names(rows)):
            made[f"{kind}_id"] = ids(rows)
    return frame.assign(**{name: cells.array for name, cells in made.items()})


def _section_name(rows: pd.DataFrame, last_names: pa.Array) -> pd.Series:
    """Course - last name of the primary teacher - period; the given name where there is no course name."""
    course = arrow(cell(rows, "course.name"))
    parts = [course, pc.fill_null(last_names, ""), arrow(cell(rows, "period"))]
    joint = " - "
    said = [pc.if_else(pc.equal(part, ""), "", pc.binary_join_element_wise(joint, part, "")) for part in parts]
    name = pc.utf8_slice_codeunits(pc.binary_join_element_wise(*said, ""), len(joint))
    return text(pc.if_else(pc.equal(course, ""), arrow(cell(rows, "given_name")), name), rows.index)


def enrollments(
    section: Positions, person: Positions, school: Positions, role: int, position: "int | Positions"
) -> pd.DataFrame:
    """Enrollments of one role; see kinds.Roster for the columns."""
    place = np.full(len(section), position, np.int8) if isinstance(position, int) else position.astype(np.int8)
    role_of = np.full(len(section), role, np.int8)
    return pd.DataFrame(
        {"section": section, "person": person, "school": school, "role": role_of, "position": place}, copy=False
    )


def both(there: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """Enrollments and further ones after them, column by column to save memory."""
    if not len(there):
        return more
    columns = {name: np.concatenate([there[name].to_numpy(), more[name].to_numpy()]) for name in names(more)}
    return pd.DataFrame(columns, copy=False)


def added(frame: pd.DataFrame, rows: pd.DataFrame, at: Positions, kind: Kind, *, over: bool) -> pd.DataFrame:
    """Records with the columns that `rows` have for them; `at`: where the record of each row stands.

    `over`: the records have those columns already, as held.
    """
    beside = any(name.startswith("ext.") for name in names(rows))
    there = {name.removeprefix("clever.") for name in names(rows)}
    if any(name.startswith("flags.") for name in names(rows)):
        rows, there = rows.assign(race=race_of(rows)), there | {"race"}
    columns = {name: told(rows, name) for name in VALUES[kind] if name in there}
    back = np.full(len(frame), -1, np.int32)
    back[at] = np.arange(len(rows), dtype=np.int32)
    out = {name: _put(frame[name], take(cells, back, frame.index)) for name, cells in columns.items()}
    if not beside:
        return frame.assign(**out)
    own = {name.removeprefix("ext.") for name in names(rows) if name.startswith("ext.")}
    before = frame["ext"]
    if over:
        less = part_of(before, lambda name: name not in own)
        before = text(pc.if_else(pa.array(back >= 0), arrow(less), arrow(before)), frame.index)
    ext = take(_ext(rows), back, frame.index).fillna("")
    return frame.assign(**out, ext=both_ext(before, ext))


def _put(cells: pd.Series, new: pd.Series) -> pd.Series:
    """New cells over those that are there; null leaves what is there."""
    return text(pc.coalesce(arrow(new), arrow(cells)), cells.index)


def part_of(ext: pd.Series, wanted: Callable[[str], bool]) -> pd.Series:
    """JSON objects with the wanted names alone; '' where none is left."""
    encoded = pc.dictionary_encode(arrow(ext))
    kept = [_part_of(cell, wanted) for cell in encoded.dictionary.to_pylist()]
    return text(pc.take(pa.array(kept, pa.string()), encoded.indices), ext.index)


def _part_of(cell: str, wanted: Callable[[str], bool]) -> str:
    kept = {name: word for name, word in json.loads(cell or "{}").items() if wanted(name)}
    return json.dumps(kept, ensure_ascii=False) if kept else ""


def both_ext(there: pd.Series, more: pd.Series) -> pd.Series:
    """Two JSON objects a row as one; both are '' or have something in them, and no name stands in both."""
    first, second = arrow(there), arrow(more)
    joined = pc.binary_join_element_wise(
        pc.utf8_slice_codeunits(first, 0, -1), pc.utf8_slice_codeunits(second, 1), ", "
    )
    one = pc.if_else(pc.equal(second, ""), first, pc.if_else(pc.equal(first, ""), second, joined))
    return text(one, there.index)


def race_of(rows: pd.DataFrame) -> pd.Series:
    """The race that the columns `flags` say: the one that is true, or that several are."""
    flags = [name for name in names(rows) if name.startswith("flags.")]
    words = ["", "Two or More Races", *(name.removeprefix("flags.") for name in flags)]
    said, count = np.zeros(len(rows), np.int32), np.zeros(len(rows), np.int8)
    for place, name in enumerate(flags, start=2):
        true = np.asarray(pc.equal(arrow(rows[name]), "Y").to_numpy(zero_copy_only=False), bool)
        count += true
        said[true] = place
    said[count > 1] = 1
    return text(pc.take(pa.array(words, pa.string()), pa.array(said)), rows.index)
