"""A column that holds whole names, taken apart.

In: a reading without a first or a last name.
Out: lines for both, where one column holds them.
"""

from collections.abc import Mapping

from sftpingest.roster.guess.drafts import Line, Reading
from sftpingest.roster.guess.look import SeenColumn
from sftpingest.roster.guess.spelt import likeness

_MOST, _LEAST = 0.8, 0.9


def full_name(reading: Reading, found: Mapping[str, Line]) -> dict[str, Line]:
    """First and last name out of one cell: `Last, First`, or `First Last`."""
    rest = {name: line for name, line in found.items() if name not in {"first_name", "last_name"}}
    for column in reading.file.columns:
        names = max(likeness(column.words, meant, reading.kind.value) for meant in ("name", "full name"))
        if names < _LEAST or column.heading in {line.headings[0] for line in rest.values()}:
            continue
        if _share(column, ",") >= _MOST:
            return rest | _both(column, ",", (1, 2), 0.85)
        if _share(column, " ") >= _MOST:
            return rest | _both(column, " ", (-1, 1), 0.6)
    return dict(found)


def _share(column: SeenColumn, mark: str) -> float:
    return sum(cell.count(mark) >= 1 for cell in column.sample) / max(len(column.sample), 1)


def _both(column: SeenColumn, mark: str, parts: tuple[int, int], sure: float) -> dict[str, Line]:
    why = f'one cell holds both names, parted by "{mark}"'
    return {
        name: Line(name, (column.heading,), sure, {"split": mark, "part": part}, why)
        for name, part in zip(("last_name", "first_name"), parts, strict=True)
    }
