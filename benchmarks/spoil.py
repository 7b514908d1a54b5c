"""One file with mistakes in it, and the list of them.

In:  a clean Sheet, recipes and the rows that may be spoilt.
Out: the file, and Planted for every finding that it has to lead to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.draw import Mask, Numbers, join
from benchmarks.recipes import IDS, Recipe, Spoil
from benchmarks.sheet import Sheet, join_cells

#: what became of a record: kept, rejected with a readable id, or so broken that its id cannot be read
KEPT, REJECTED, LOST = 0, 1, 2


@dataclass(frozen=True, slots=True, order=True)
class Planted:
    """A finding that a check has to make; row as a spreadsheet counts, None for one about the file."""

    file: str
    row: int | None
    column: str
    code: str
    severity: str


@dataclass
class Spoiling:
    """A file while mistakes are planted in it. `rows` are positions among the clean records."""

    sheet: Sheet
    chance: np.random.Generator
    #: School_id of a school that is rejected
    turned_away: str
    touched: Mask = field(init=False)
    fate: Numbers = field(init=False)
    found: list[tuple[Numbers, Recipe]] = field(default_factory=list)
    blank_lines: int = 0

    def __post_init__(self) -> None:
        self.touched = np.zeros(self.sheet.rows, np.bool_)
        self.fate = np.zeros(self.sheet.rows, np.int64)

    def follow(self, column: str, fates: Numbers, severity: str = "row") -> None:
        """Expect what follows from the fate of the record that each row names in this column."""
        for fate, code in ((REJECTED, "reference.rejected"), (LOST, "reference.unknown")):
            self._find(np.flatnonzero(fates == fate), Recipe(code, column, severity, Spoil.WORD))

    def plant(self, recipes: Sequence[Recipe], may_fall: Mask, budget: int) -> None:
        """Plant so many mistakes, evenly over the recipes, the first of them first, in rows not touched before."""
        pool = self.chance.permutation(np.flatnonzero(may_fall & ~self.touched))
        share, rest = divmod(budget, len(recipes))
        counts = np.array([share + (place < rest) for place in range(len(recipes))], np.int64)
        ends = np.cumsum(counts)
        for recipe, start, end in zip(recipes, ends - counts, ends, strict=True):
            self._spoil(recipe, np.sort(pool[start:end]))

    def write(self, folder: Path) -> list[Planted]:
        """Write the file; returns the planted mistakes with their rows."""
        copied = self._rows_of(Spoil.COPY)
        chance, count = self.chance, self.sheet.rows
        later = copied + chance.integers(0, count - copied) + 0.5
        blank = chance.integers(0, count, self.blank_lines) + 0.25
        order = np.argsort(np.concatenate([np.arange(count), later, blank]), kind="stable")
        lines = self._lines()
        blanks = pa.array([""] * self.blank_lines, pa.large_string())
        lines = pa.concat_arrays([lines, lines.take(pa.array(copied)), blanks]).take(pa.array(order))
        self.sheet.write(folder, lines)
        return self._listed(_places(order), count)

    def _find(self, rows: Numbers, recipe: Recipe) -> None:
        self.found.append((rows, recipe))
        self.touched[rows] = True
        if recipe.falls:
            lost = recipe.code == "value.missing" and recipe.column == IDS[self.sheet.name]
            self.fate[rows] = LOST if lost else REJECTED

    def _spoil(self, recipe: Recipe, rows: Numbers) -> None:
        self._find(rows, recipe)
        if recipe.spoil in (Spoil.WORD, Spoil.NOWHERE, Spoil.TURNED_AWAY):
            cells, mask = self.sheet.cells, np.zeros(self.sheet.rows, np.bool_)
            mask[rows] = True
            # the number of the row keeps two references to nowhere from being the same enrollment twice
            nowhere = join("X", pc.cast(pa.array(rows), pa.string()))
            word = self.turned_away if recipe.spoil == Spoil.TURNED_AWAY else recipe.word
            spoilt = nowhere if recipe.spoil == Spoil.NOWHERE else pa.array([word] * len(rows), pa.string())
            cells[recipe.column] = pc.replace_with_mask(cells[recipe.column], pa.array(mask), spoilt)

    def _rows_of(self, spoil: Spoil) -> Numbers:
        rows = [rows for rows, recipe in self.found if recipe.spoil == spoil]
        return np.concatenate([np.empty(0, np.int64), *rows])

    def _lines(self) -> pa.Array:
        lines, columns = self.sheet.lines(), list(self.sheet.cells.values())
        longer, shorter = (pa.array(np.sort(self._rows_of(spoil))) for spoil in (Spoil.LONGER, Spoil.SHORTER))
        surplus = pa.array(["surplus"] * len(longer), pa.large_string())
        lines = _replaced(lines, longer, join_cells([lines.take(longer), surplus]))
        return _replaced(lines, shorter, join_cells([column.take(shorter) for column in columns[:-1]]))

    def _listed(self, places: Numbers, count: int) -> list[Planted]:
        listed, copies = [], 0
        for rows, recipe in self.found:
            standing = rows
            if recipe.spoil == Spoil.COPY:
                standing = count + copies + np.arange(len(rows))
                copies += len(rows)
            numbers = (places[standing] + 2).tolist()
            listed += [Planted(self.sheet.name, row, recipe.column, recipe.code, recipe.severity) for row in numbers]
        return sorted(listed)


def _places(order: Numbers) -> Numbers:
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    return places


def _replaced(lines: pa.Array, rows: pa.Array, new: pa.Array) -> pa.Array:
    mask = np.zeros(len(lines), np.bool_)
    mask[rows] = True
    return pc.replace_with_mask(lines, pa.array(mask), new)
