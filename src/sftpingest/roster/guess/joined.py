"""Keys that one column alone does not make: a term within its school, a section within its course.

In: a reading, and what was told of it.
Out: lines whose headings are joined.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.guess.drafts import BETWEEN, Key, Line, Reading
from sftpingest.roster.guess.known import COLUMNS, REFERS
from sftpingest.roster.guess.look import SeenColumn
from sftpingest.roster.guess.spelt import likeness
from sftpingest.roster.kinds import Kind

_LEAST, _SURE = 0.85, 0.75
#: What a key may be joined of, beside the record's own number.
_BEFORE = ("school id", "course number")
_WHY = "no single column is different in every row; these together are"


def cells_of(columns: list[SeenColumn]) -> pa.Array:
    """The cells of several columns, joined."""
    return columns[0].cells if len(columns) == 1 else pc.binary_join_element_wise(*(c.cells for c in columns), BETWEEN)


def joined_key(reading: Reading, found: Mapping[str, Line]) -> dict[str, Line] | None:
    """The key out of several columns, the fewest that tell the rows apart."""
    if reading.kind not in {Kind.TERM, Kind.COURSE, Kind.SECTION}:
        return None
    own = _best(reading, COLUMNS[reading.kind]["id"] + COLUMNS[reading.kind].get("number", ()))
    before = [column for meant in _BEFORE if (column := _best(reading, (meant, *_others(meant))))]
    for parts in [before[:1], before[1:], before] if own else []:
        columns = [*dict.fromkeys([*(column.heading for column in parts), own.heading if own else ""])]
        seen = [reading.file.column(heading) for heading in columns]
        if len(seen) > 1 and len(pc.unique(cells_of(seen))) == reading.file.rows:
            line = Line("id", tuple(columns), _SURE, {"between": BETWEEN}, _WHY)
            return {**found, "id": line}
    return None


def _others(meant: str) -> tuple[str, ...]:
    return COLUMNS[Kind.SECTION]["school_id" if meant.startswith("school") else "course_id"]


def _best(reading: Reading, meant: tuple[str, ...]) -> SeenColumn | None:
    """The column whose heading says it best."""
    kind = reading.kind.value
    scored = [
        (max(likeness(column.words, each, kind) - 0.01 * at for at, each in enumerate(meant)), column)
        for column in reading.file.columns
    ]
    score, best = max(scored, key=lambda one: one[0], default=(0.0, None))
    return best if score >= _LEAST else None


def joined_reference(reading: Reading, found: Mapping[str, Line], keys: Mapping[Kind, Key]) -> dict[str, Line]:
    """Lines that name records whose key is joined, out of the same headings."""
    out = {}
    for name, kind in REFERS.items():
        if name in COLUMNS[reading.kind] and name not in found and kind in keys and len(keys[kind].parts) > 1:
            columns = [_same(reading, part, kind) for part in keys[kind].parts]
            there = [column for column in columns if column]
            if len(there) == len(columns) and pc.any(pc.is_in(cells_of(there), value_set=keys[kind].cells)).as_py():
                headings = tuple(column.heading for column in there)
                out[name] = Line(name, headings, _SURE, {"between": BETWEEN}, f"the key of a {kind} is joined")
    return out


def _same(reading: Reading, part: frozenset[str], kind: Kind) -> SeenColumn | None:
    """The column with the heading of a part; better with the word of the kind: `TermID` for `ID` of terms."""
    alike = [column for column in reading.file.columns if column.words - {kind.value} == part - {kind.value}]
    alike += [column for column in reading.file.columns if column.words == part]
    return next((column for column in alike if kind.value in column.words), alike[0] if alike else None)
