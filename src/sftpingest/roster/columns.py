"""One line of a format's file, such as `grade = { from = "Grade", words = "grade" }` -> Column.

In: our word, its table, the words of the format.
Out: Column; or Unusable, which names the place and says what to write there.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.dates import ORDERS, date_reader, wrong_way
from sftpingest.roster.kinds import Kind
from sftpingest.roster.layout import AS_IT_CAME, Column, Shape
from sftpingest.roster.spelling import TYPES
from sftpingest.roster.tables import get, one_of, refuse_unknown
from sftpingest.roster.usable import Unusable

#: Name -> folded spelling -> our word.
Words: TypeAlias = Mapping[str, Mapping[str, str]]
_Line: TypeAlias = Mapping[str, Any]

#: Where the cells of a column come from: a line has one of these.
_SOURCES = ("from", "join", "fixed")
_KNOWN = (*_SOURCES, "required", "refers", "type", "date", "words", "values", "pattern", "says")
_SHAPES = ("between", "split", "part", "default")
#: How cells are read: a line has at most one of these, but `words` and `values` go together.
_READ = ("type", "date", "words", "pattern")
#: So many parts of a cell may be counted.
_PARTS = 20


def column_of(name: str, line: _Line, words: Words, place: str) -> Column:
    """The column that a line says. Raises Unusable."""
    refuse_unknown(line, (*_KNOWN, *_SHAPES), place)
    _refuse_together(line, place)
    column = Column(
        name=name,
        headings=_headings(line, place),
        required=get(line, "required", place, default=False, shape=bool),
        refers=Kind(one_of(line, "refers", tuple(Kind), place)) if "refers" in line else None,
        type="date" if "date" in line else one_of(line, "type", (*TYPES, "email"), place) if "type" in line else None,
        words=_words(line, words, place),
        date=_date(line, place),
        pattern=_pattern(line, place),
        says=get(line, "says", place, "", shape=str),
        shape=_shape(line, place),
    )
    for key, cell in (("fixed", column.shape.fixed), ("default", column.shape.default)):
        if cell and not _readable(column, cell):
            raise Unusable(place, f'{key} "{cell}" is none of the values that this column may have. Correct it.')
    return column


def _refuse_together(line: _Line, place: str) -> None:
    """Refuse what makes no sense side by side."""
    there = [key for key in _SOURCES if key in line]
    if len(there) != 1:
        said = f"{' and '.join(there)} stand together" if there else "it does not say where its cells come from"
        raise Unusable(place, f"{said}. Keep one of: {', '.join(_SOURCES)}.")
    for key, needs in (("between", "join"), ("part", "split"), ("split", "from"), ("says", "pattern")):
        if key in line and needs not in line:
            raise Unusable(place, f"{key} goes with {needs}. Add {needs}, or take out {key}.")
    if "fixed" in line and "default" in line:
        raise Unusable(place, "default is never used where fixed is. Take it out.")
    read = [key for key in _READ if key in line or (key == "words" and "values" in line)]
    mail = line.get("type") == "email" and set(read) == {"type", "pattern"}
    if len(read) > 1 and not mail:
        raise Unusable(place, f"{' and '.join(read)} stand together. Keep one of them.")


def _headings(line: _Line, place: str) -> tuple[str, ...]:
    if "from" not in line:
        return ()
    headings = tuple(get(line, "from", place, shape=list)) if isinstance(line["from"], list) else ()
    headings = headings or (get(line, "from", place, shape=str),)
    if not all(heading.strip() for heading in headings):
        raise Unusable(place, 'from is empty. Write the heading of the column: from = "...".')
    return headings


def _words(line: _Line, words: Words, place: str) -> Mapping[str, str] | None:
    """Folded spelling -> our word; `values` stand over the words of the format."""
    known = words[one_of(line, "words", tuple(words), place)] if "words" in line else None
    if "values" not in line:
        return known
    values = get(line, "values", place, shape=dict)
    spelt: dict[str, str] = {}
    for spelling in values:
        word, folded = get(values, spelling, f"{place}.values", shape=str), spelling.strip().casefold()
        if not folded or not word:
            raise Unusable(place, "values has an empty text. What an empty cell means is said by default.")
        if spelt.get(folded, word) != word:
            raise Unusable(place, f'values has "{spelling}" twice. Keep the one that is right.')
        if known is not None and word not in known.values():
            ours = ", ".join(dict.fromkeys(known.values()))
            raise Unusable(place, f'values: "{word}" is none of our words. Use one of: {ours}.')
        spelt[folded] = word
    return {word.casefold(): word for word in spelt.values()} | dict(known or {}) | spelt


def _date(line: _Line, place: str) -> str | None:
    if "date" not in line:
        return None
    way = get(line, "date", place, shape=str)
    if wrong := wrong_way(way):
        raise Unusable(place, f'date "{way}": {wrong}. Write one of {", ".join(ORDERS)}, or such as "%d.%m.%Y".')
    return way


def _pattern(line: _Line, place: str) -> str:
    pattern = get(line, "pattern", place, "", shape=str)
    if "pattern" in line and not pattern:
        raise Unusable(place, 'pattern is empty. Write a regular expression, such as "[0-9]{7}".')
    try:
        matches(pa.array([""]), pattern)
    except pa.ArrowInvalid as wrong:
        why = str(wrong).partition("Invalid regular expression: ")[2] or str(wrong)
        raise Unusable(place, f'pattern "{pattern}" is no regular expression ({why}). Correct it.') from None
    return pattern


def matches(cells: pa.Array, pattern: str) -> pa.Array:
    """Which cells match as a whole. By RE2, which takes no longer than the cell is long, whatever the pattern."""
    return pc.match_substring_regex(cells, rf"\A(?:{pattern})\z")


def _shape(line: _Line, place: str) -> Shape:
    if not any(key in line for key in ("fixed", "join", *_SHAPES)):
        return AS_IT_CAME
    for key in ("fixed", "split", "default"):
        if key in line and not get(line, key, place, shape=str):
            raise Unusable(place, f"{key} is empty. Write what it is, or take it out.")
    joined = tuple(get(line, "join", place, [], shape=list))
    if "join" in line and (len(joined) < 2 or "between" not in line or not all(map(str.strip, joined))):  # noqa: PLR2004
        raise Unusable(place, 'join needs two headings or more. Write: { join = ["...", "..."], between = " " }.')
    part = get(line, "part", place, 0, shape=int)
    if "split" in line and not 1 <= abs(part) <= _PARTS:
        raise Unusable(place, "split needs the part that counts. Add: part = 1 (-1 is the last one).")
    return Shape(
        fixed=get(line, "fixed", place, "", shape=str).strip(),
        joined=joined,
        between=get(line, "between", place, "", shape=str),
        split=get(line, "split", place, "", shape=str),
        part=part,
        default=get(line, "default", place, "", shape=str).strip(),
    )


def _readable(column: Column, cell: str) -> bool:
    """Whether a value that the format itself says can be read as one of this column."""
    if column.words is not None:
        return cell.casefold() in column.words
    if column.type in TYPES:
        reader = date_reader(column.date) if column.date else TYPES[column.type][0]
        return reader(cell) is not None
    return not column.pattern or bool(matches(pa.array([cell]), column.pattern)[0].as_py())
