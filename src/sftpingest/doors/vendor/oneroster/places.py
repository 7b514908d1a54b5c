"""Districts, schools and academic sessions in the shape of OneRoster: few, so that all of them are made at once.

In:  what was found, and its row as it is seen.
Out: a dictionary a record, ready for JSON.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from sftpingest.doors.vendor.oneroster.derived import span, span_of_year, year_id, year_of
from sftpingest.doors.vendor.oneroster.shapes import Make, Shape, Shaping, metadata
from sftpingest.doors.vendor.oneroster.words import Release
from sftpingest.roster.kinds import Kind
from sftpingest.store.found import Found
from sftpingest.store.reading import View
from sftpingest.store.values import OWN, Cells, Row

SCHOOL_YEAR = "schoolYear"
_TYPES = frozenset({"gradingPeriod", "semester", SCHOOL_YEAR, "term"})
_OWN_TYPE = re.compile(r"ext:[a-zA-Z0-9.\-_]+")
_YEAR = re.compile(r"[0-9]{4}")


def district(of: Shaping, view: View, edition: int) -> Shape:
    """The district itself."""
    out = of.record(view.id, edition)
    return out | {"name": view.district.name, "type": "district", "identifier": ""}


def school(of: Shaping, kind: Kind, cells: Cells) -> Make:
    """Schools of it."""
    more, name, number = metadata(kind, cells), cells.places["name"], cells.places["number"]
    parent = of.reference("org", cells.around.view.id)

    def made(found: Found, row: Row) -> Shape:
        out = of.record(found.id, found.changed)
        out |= {"metadata": more(row), "name": row[name], "type": "school"}
        return out | {"identifier": row[number], "parent": parent}

    return made


def school_gone(of: Shaping, found: Found) -> Shape:
    """A school that went: nothing but what must be said."""
    return of.record(found.id, found.changed, gone=True) | {"name": "", "type": "school", "identifier": ""}


# ------------------------------------------------------------------------------------------------------------ sessions


def sessions(of: Shaping, cells: Cells, terms: Iterable[tuple[Found, Row]], edition: int) -> Iterator[Shape]:
    """The terms of a district, and the school years that it does not name itself."""
    view = cells.around.view
    made = {row[cells.places["id"]]: _session(of, cells, found, row) for found, row in terms}
    own = {one["schoolYear"]: one["sourcedId"] for one in made.values() if one["type"] == SCHOOL_YEAR}
    years = {one["schoolYear"] for one in made.values()} | {str(year_of(view.edition.at.date()))}
    for one in made.values():
        parent = _parent(view, one, made, own)
        if parent:
            one["parent"] = of.reference("academicSession", parent)
        yield one
    for year in sorted(years):
        if year not in own or year == str(year_of(view.edition.at.date())):
            yield _year(of, view, int(year), edition)


def _session(of: Shaping, cells: Cells, found: Found, row: Row) -> Shape:
    own: Mapping[str, str] = row[OWN]
    name, start, end = (row[cells.places[column]] for column in ("name", "start_date", "end_date"))
    start, end = span(start, end, cells.around.view.edition.at.date())
    year = own.get("schoolYear", "")
    said = {
        "title": name or "Term",
        "startDate": start,
        "endDate": end,
        "type": _type(own.get("type", ""), of.release),
        "schoolYear": year if _YEAR.fullmatch(year) else f"{year_of(date.fromisoformat(end)):04}",
    }
    return (
        of.record(found.id, found.changed)
        | {"metadata": metadata(Kind.TERM, cells)(row)}
        | said
        | {"parent": own.get("parentSourcedId", "")}
    )


def _type(said: str, release: Release) -> str:
    own_word = release is Release.V1_2 and _OWN_TYPE.fullmatch(said)
    return said if said in _TYPES or own_word else "term"


def _parent(view: View, one: Shape, made: Mapping[str, Shape], own: Mapping[str, str]) -> str:
    """The session in which one lies: as the district says, else its school year."""
    said = made.get(one.pop("parent"))
    if said is not None and said is not one:
        return str(said["sourcedId"])
    if one["type"] == SCHOOL_YEAR:
        return ""
    return own.get(one["schoolYear"]) or year_id(view.id, int(one["schoolYear"]))


def _year(of: Shaping, view: View, year: int, edition: int) -> Shape:
    start, end = span_of_year(year)
    said = {"title": f"{year - 1}-{year}", "startDate": start, "endDate": end, "type": SCHOOL_YEAR}
    return of.record(year_id(view.id, year), edition) | said | {"schoolYear": f"{year:04}"}


def session_gone(of: Shaping, found: Found) -> Shape:
    """A term that went."""
    day = of.times[found.changed][:10]
    said = {"title": "", "startDate": day, "endDate": day, "type": "term", "schoolYear": ""}
    return of.record(found.id, found.changed, gone=True) | said
