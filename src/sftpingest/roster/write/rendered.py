"""Records -> the cells of one file, led by the TOML by which that file is read.

In: a reading of a file, records by our names, and what a specification asks of them.
Out: the cells by heading.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.format import FileFormat
from sftpingest.roster.write.bent import beside, corrected, on_one_line
from sftpingest.roster.write.lines import Cells
from sftpingest.roster.write.spelling import EXT, Spelling, each, spelt

_NOT_RENDERED = ("clever.", "flags.", "only.")


@dataclass(frozen=True)
class Asked:
    """What a specification asks of the cells of a file, by heading."""

    may_hold: Mapping[str, Callable[[str], bool]] = field(default_factory=dict)  #: whether a column may hold a cell
    fixed: Mapping[str, pa.Array] = field(default_factory=dict)  #: cells that are so, whatever the records say
    else_: Mapping[str, pa.Array] = field(default_factory=dict)  #: what stands in where the records say nothing


def rendered(form: FileFormat, spelling: Spelling, wanted: Mapping[str, pa.Array]) -> Cells:
    """The cells of records, as far as the format has a heading for them.

    Where several columns are read from one heading, a list that is kept whole comes before what is its first.
    """
    cells: Cells = {}
    order = sorted(form.columns.values(), key=lambda column: not column.name.startswith(EXT))
    for column in order:
        if column.name in wanted and not column.name.startswith(_NOT_RENDERED):
            said = spelt(wanted[column.name], spelling.get(column.name, {}))
            cells[column.heading] = or_else(cells[column.heading], said) if column.heading in cells else said
    return cells | {heading: wanted[name] for name, heading in beside(form, wanted).items()}


def or_else(cells: pa.Array, other: pa.Array | str) -> pa.Array:
    """Cells, or where they are empty the other ones."""
    return pc.if_else(pc.equal(cells, ""), other, cells)


def as_asked(form: FileFormat, cells: Cells, wanted: Mapping[str, pa.Array], asked: Asked) -> Cells:
    """Cells that keep the rules of the specification, and beside them the truth where that bends it."""
    out = {heading: _allowed(column, asked.may_hold.get(heading)) for heading, column in cells.items()}
    for name, word in form.usual.items():
        heading = form.columns[name].heading
        out[heading] = or_else(out.get(heading, _blank(wanted)), word)
    for heading, column in asked.else_.items():
        out[heading] = or_else(out.get(heading, _blank(wanted)), column)
    return corrected(form, on_one_line(out | dict(asked.fixed)), wanted)


def _allowed(cells: pa.Array, may_hold: Callable[[str], bool] | None) -> pa.Array:
    return cells if may_hold is None else each(cells, lambda cell: cell if may_hold(cell) else "")


def _blank(wanted: Mapping[str, pa.Array]) -> pa.Array:
    return pa.repeat("", len(next(iter(wanted.values()))))
