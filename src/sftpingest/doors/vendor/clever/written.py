"""Objects written from rows: a shape says once what stands where, and becomes a text with places for the cells.

In:  a shape: an object whose leaves are constants, cells of a row, and what is made for each record.
Out: a function from cells to JSON. To make an object of each record and write that took half of the time of a page.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeAlias

import orjson


@dataclass(frozen=True)
class Cell:
    """A cell of the row, by its column; what is not granted is empty."""

    column: str


@dataclass(frozen=True)
class OrNull(Cell):
    """The same; null where it is empty."""


@dataclass(frozen=True)
class Made:
    """JSON that is made for each record, by its name."""

    name: str


Shape: TypeAlias = Mapping[str, Any]
#: Writes one object: of the cells of its row, after which stands an empty one, and of the JSON that was made for it.
Writer: TypeAlias = Callable[[Sequence[str], Sequence[str]], str]
#: In JSON it stands between two texts; and where one ends in a quote and a comma, with a backslash before it.
_BETWEEN, _NOT_BETWEEN = '","', '\\","'


def writer(shape: Shape, columns: Sequence[str], made: Sequence[str]) -> Writer:
    """What writes a shape from rows with those columns, and with JSON under those names, all in that order."""
    leaves = _leaves(shape)
    at = {name: place for place, name in enumerate(columns)}
    nulls = [leaf.column for leaf in leaves if isinstance(leaf, OrNull)]
    looked = [at.get(column, len(columns)) for column in nulls]
    # values come in this order: cells, the empty one, those of which an empty one is null, what is made
    order = [*map(Cell, columns), None, *map(OrNull, nulls), *map(Made, made)]
    places = {value: place for place, value in enumerate(order)}
    pick = itemgetter(*(places.get(leaf, len(columns)) for leaf in leaves))
    template = _template(shape)

    def write(cells: Sequence[str], made: Sequence[str]) -> str:
        values = _said_apart(cells)
        values += [f'"{values[place]}"' if values[place] else "null" for place in looked]
        values += made
        text: str = template % pick(values)
        return text

    return write


def _said_apart(cells: Sequence[str]) -> list[str]:
    """Texts as they stand in JSON, without the quotes around them."""
    said = orjson.dumps(cells)[2:-2].decode()
    return [_said(cell)[1:-1] for cell in cells] if _NOT_BETWEEN in said else said.split(_BETWEEN)


def _leaves(shape: Any) -> list[Any]:  # noqa: ANN401  (whatever stands in a shape)
    """What the places of the template are for, in their order."""
    if isinstance(shape, Mapping):
        return [leaf for part in shape.values() for leaf in _leaves(part)]
    return [shape] if isinstance(shape, Cell | Made) else []


def _template(shape: Any) -> str:  # noqa: ANN401
    if isinstance(shape, Mapping):
        return f"{{{','.join(f'{_template(name)}:{_template(part)}' for name, part in shape.items())}}}"
    if isinstance(shape, OrNull | Made):
        return "%s"
    return '"%s"' if isinstance(shape, Cell) else _said(shape).replace("%", "%%")


def _said(what: object) -> str:
    return orjson.dumps(what).decode()
