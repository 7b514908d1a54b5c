"""Which column of a file is which of ours: by its heading, and by what its cells look like.

In: a reading of a file, the keys of the files that it refers to, the other files.
Out: the same with a line for each column that was told, and the headings that were not.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from sftpingest.roster.guess.cells import settings_of
from sftpingest.roster.guess.drafts import Key, Line, Reading
from sftpingest.roster.guess.joined import joined_key, joined_reference
from sftpingest.roster.guess.known import COLUMNS, DATES, EMAILS, NEEDED, REFERS
from sftpingest.roster.guess.look import SeenColumn
from sftpingest.roster.guess.names import full_name
from sftpingest.roster.guess.spelt import likeness
from sftpingest.roster.kinds import Kind

#: A heading must be so much like what is meant.
_LEAST = 0.7
_HALF, _MOST, _NEARLY_ALL = 0.5, 0.8, 0.95
_KINDS = frozenset(kind.value for kind in Kind) - {Kind.STAFF.value}
Keys = Mapping[Kind, Key]
#: How much of what other files name is in a column.
Named = Callable[[SeenColumn], float]


def matched(reading: Reading, keys: Keys, named: Named, *, taught: bool = False) -> Reading:
    """The reading with its lines. `taught`: another file says who teaches, so that sections need not."""
    found: dict[str, Line] = {}
    taken: set[str] = set()
    for score, name, column in sorted(_scored(reading, keys, named, taught=taught), key=lambda one: -one[0]):
        if score >= _LEAST and name not in found and column.heading not in taken:
            found[name] = Line(name, (column.heading,), min(score, 1.0))
            taken.add(column.heading)
    found = _what_is_needed(reading, found, keys)
    lines = tuple(_whole(reading, found[name]) for name in COLUMNS[reading.kind] if name in found)
    used = {heading for line in lines for heading in line.headings} | {reading.only[0]}
    unknown = tuple(column.heading for column in reading.file.columns if column.heading not in used)
    return replace(reading, lines=lines, unknown=unknown, problem=_problem(reading, found, keys))


def _scored(reading: Reading, keys: Keys, named: Named, *, taught: bool) -> Iterator[tuple[float, str, SeenColumn]]:
    for name, meant in COLUMNS[reading.kind].items():
        if _is_said(reading, name, keys) and not (taught and name.startswith("teaches.")):
            for column in reading.file.columns:
                heading = _by_heading(reading, column, name, meant)
                yield _by_cells(reading, column, name, heading, keys, named), name, column


def _is_said(reading: Reading, name: str, keys: Keys) -> bool:
    """Whether a column makes sense: courses and terms stand in rows of sections where they have no file."""
    refers = reading.who if name == "person_id" else REFERS.get(name)
    if name.startswith(("course.", "term.")):
        return Kind(name.partition(".")[0]) not in keys
    return refers is None or refers in keys


def _by_heading(reading: Reading, column: SeenColumn, name: str, meant: tuple[str, ...]) -> float:
    if name == "person_id":
        meant = tuple(each for each in meant if reading.who in each or each == "id")
    alike = [likeness(column.words, each, reading.kind.value) - 0.01 * at for at, each in enumerate(meant)]
    return max(alike, default=0.0)


def _by_cells(reading: Reading, column: SeenColumn, name: str, heading: float, keys: Keys, named: Named) -> float:
    """What the heading says, corrected by what the cells look like."""
    if name in DATES:
        return heading if column.dates >= _MOST or not column.sample else heading * _HALF
    if name in EMAILS:
        return max(heading, 0.72) if column.emails >= _MOST else heading * (_HALF if column.sample else 1)
    if name == "id" and column.words & (_KINDS - {reading.kind.value}):
        return 0.0  # the key of somebody else
    if name == "id":
        return (heading + 0.3 * named(column)) if column.is_key else heading * _HALF
    refers = reading.who if name == "person_id" else REFERS.get(name)
    if refers:
        return _as_reference(column, heading, keys[refers])
    return heading * (_HALF if max(column.dates, column.emails) > _HALF else 1)


def _as_reference(column: SeenColumn, heading: float, key: Key) -> float:
    """A column that names records of another file: its cells are keys there."""
    if len(key.parts) > 1:
        return 0.0  # see joined.py
    within = column.within(key.cells)
    if within >= _NEARLY_ALL and heading >= _HALF:
        return max(heading, 0.85)
    return heading if within >= _HALF or not column.sample else heading * _HALF


def _what_is_needed(reading: Reading, found: dict[str, Line], keys: Keys) -> dict[str, Line]:
    """What a kind cannot do without and no heading says plainly."""
    found = found | joined_reference(reading, found, keys)
    if "id" in NEEDED[reading.kind] and "id" not in found:
        found = _another_id(reading, found) or joined_key(reading, found) or found
    if {"first_name", "last_name"} & set(NEEDED[reading.kind]) and not {"first_name", "last_name"} <= set(found):
        found = full_name(reading, found)
    return found


def _another_id(reading: Reading, found: dict[str, Line]) -> dict[str, Line] | None:
    """The key, out of a column that is another one of ours too."""
    for name in ("number", "state_id", "username", "email"):
        if name in found and reading.file.column(found[name].headings[0]).is_key:
            line = replace(found[name], column="id", sure=_LEAST, why="no other column can be the key")
            return {other: each for other, each in found.items() if other != name} | {"id": line}
    return None


def _whole(reading: Reading, line: Line) -> Line:
    """With what stands beside the heading."""
    refers = reading.who if line.column == "person_id" else REFERS.get(line.column)
    columns = [reading.file.column(heading) for heading in line.headings]
    settings, why = settings_of(line.column, columns[0]) if len(columns) == 1 and not line.settings else ({}, "")
    full = line.column == "school_id" and len(columns[0].filled) == reading.file.rows
    required = full or line.column in {*NEEDED[reading.kind], "teaches.1"}
    more: dict[str, object] = {"required": True} if required else {}
    more |= {"refers": refers.value} if refers else {}
    return replace(line, settings={**line.settings, **more, **settings}, why=line.why or why)


def _problem(reading: Reading, found: Mapping[str, Line], keys: Keys) -> str:
    """Why the file cannot be read so."""
    missing = [name for name in NEEDED[reading.kind] if name not in found]
    refers = [reading.who if name == "person_id" else REFERS.get(name) for name in missing]
    for kind in refers:
        if kind and kind not in keys:
            return f"no file here brings {kind} records, which it names. Export that file too."
    return f"no column looks like {' or '.join(missing)}. Write it in." if missing else ""
