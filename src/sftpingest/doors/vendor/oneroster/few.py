"""Orgs and academic sessions: so few that all of them are made, and then filtered, ordered and cut into pages.

In:  a Reading.
Out: pages and single ones.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sftpingest.doors.vendor.oneroster import places
from sftpingest.doors.vendor.oneroster.query import Query
from sftpingest.doors.vendor.oneroster.reads import Reading, Shown
from sftpingest.doors.vendor.oneroster.shapes import Shape
from sftpingest.doors.vendor.oneroster.sorts import Sort
from sftpingest.roster.kinds import Kind
from sftpingest.store import asking, named
from sftpingest.store.asked import Asking, Condition, Meaning
from sftpingest.store.asking import CHANGED
from sftpingest.store.counted import Cut
from sftpingest.store.found import Found
from sftpingest.store.named import Rows
from sftpingest.store.reading import View

Which = Callable[[Shape], bool]
#: More of them than anybody has.
_ALL = 1_000_000
_SCHOOLS = Sort((Kind.SCHOOL,), {}, {}, places.school, places.school_gone)
_NONE = Rows({}, {})


def orgs(reading: Reading, which: Which = bool) -> list[Shape]:
    """The districts and their schools."""
    found, first = _found(reading, Kind.SCHOOL), reading.first_editions
    of = reading.shaping({*(one.changed for one in found), *first.values()})
    made = [places.district(of, view, first[view.district.id]) for view in reading.views]
    made += reading.show(_SCHOOLS, found)
    return [one for one in made if which(one)]


def sessions(reading: Reading, which: Which = bool) -> list[Shape]:
    """The terms, and the school years in which they lie."""
    found, first = _found(reading, Kind.TERM), reading.first_editions
    of = reading.shaping({*(one.changed for one in found), *first.values()})
    rows = named.rows(reading.c, reading.views, found)
    reading.shown += found
    made = [places.session_gone(of, one) for one in found if one.gone]
    for district, view in of.views.items():
        its = rows.get((district, Kind.TERM), _NONE)
        terms = [(one, its.of[one.no]) for one in found if one.district_id == district and not one.gone]
        made += places.sessions(of, its.cells(of.around[district]), terms, first[view.district.id])
    return [one for one in made if which(one)]


def of_type(*types: str) -> Which:
    """Those of a type."""
    return lambda shape: shape["type"] in types


def children_of(term: str) -> Which:
    """The grading periods of a term."""
    return lambda shape: shape["type"] == "gradingPeriod" and shape.get("parent", {}).get("sourcedId") == term


def terms_of(reading: Reading, view: View, column: str, key: str) -> set[str]:
    """The ids of the terms that the sections of a school name."""
    its = named.keys_named(reading.c, view, Kind.SECTION, column, ("school_id", key))
    return {view.id_of(Kind.TERM, one) for one in its}


def _found(reading: Reading, kind: Kind) -> list[Found]:
    none: dict[Kind, Meaning] = {kind: {}}
    asked = Asking(reading.views, reading.reader.vendor_id, none, none, since=reading.went)
    return asking.page(reading.c, asking.pages(asked), Cut(_ALL))


# --------------------------------------------------------------------------------------------------------------- pages


def paged(shapes: Sequence[Shape], query: Query) -> Shown:
    """Those that the filter leaves, in order, cut to the page."""
    left = [one for one in shapes if _holds(query, one)]
    left.sort(key=lambda one: one["sourcedId"], reverse=query.descending and not query.sort)
    if query.sort:
        left.sort(key=lambda one: _text(one, query.sort), reverse=query.descending)
    return left[query.offset : query.offset + query.limit], len(left)


def _holds(query: Query, shape: Shape) -> bool:
    each: Iterator[bool] = (_one_holds(one, shape) for one in query.where)
    return (any if query.any_of else all)(each) if query.where else True


def _one_holds(one: Condition, shape: Shape) -> bool:
    if one.name == CHANGED:
        return one.holds_at(datetime.fromisoformat(shape["dateLastModified"]))
    return one.holds(_text(shape, one.name))


def _text(shape: Any, name: str) -> str:  # noqa: ANN401
    for part in ("dateLastModified" if name == CHANGED else name).split("."):
        shape = shape.get(part, "") if isinstance(shape, dict) else ""
    return str(shape)


def single(shapes: Sequence[Shape], id_: str) -> Shape | None:
    """The one with that id."""
    return next((one for one in shapes if one["sourcedId"] == id_), None)


#: What each collection of sessions holds.
TERMS, PERIODS = of_type("term"), of_type("gradingPeriod")
SCHOOLS = of_type("school")
