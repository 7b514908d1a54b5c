"""What each path gives: all of a collection, one record, or those that have to do with another one.

In:  a Reading and the ids in the path.
Out: pages, and single ones. Raises Refused where the path names what is not seen.
"""

from collections.abc import Callable, Mapping, Sequence

from sftpingest.doors.vendor.oneroster import few, seats
from sftpingest.doors.vendor.oneroster.derived import ID
from sftpingest.doors.vendor.oneroster.reads import Reading, Shown
from sftpingest.doors.vendor.oneroster.shapes import Shape
from sftpingest.doors.vendor.oneroster.sorts import demographics, sort_of
from sftpingest.doors.vendor.refused import Refused
from sftpingest.roster.kinds import Kind
from sftpingest.roster.sharing import Group
from sftpingest.store import named, within
from sftpingest.store.asked import Within
from sftpingest.store.found import MADE, Found, found_at
from sftpingest.store.reading import Key, View, find

Ids = Mapping[str, str]


def unknown() -> Refused:
    """The same whether there is no such record or it is not seen."""
    return Refused(404, "There is no such record.")


def _parent(reading: Reading, kinds: Sequence[Kind], id_: str) -> tuple[View, Key, str]:
    """The record that stands in the path before: its district, where it stands, its own key. Raises Refused."""
    key = find(reading.c, reading.views, kinds, id_) if ID.fullmatch(id_) else None
    if key is None:
        raise unknown()
    view = next(view for view in reading.views if view.district.id == key.district_id)
    return view, key, named.text(reading.c, view, found_at(key), "id")


# --------------------------------------------------------------------------------------------- users, classes, courses


def all_of(*kinds: Kind) -> Callable[[Reading, Ids], Shown]:
    """All users, students, teachers, classes."""
    return lambda reading, _: reading.page(sort_of(kinds, reading.release), reading.views)


def one_of(*kinds: Kind) -> Callable[[Reading, Ids], Shape | None]:
    """One of them."""
    return lambda reading, ids: reading.one(sort_of(kinds, reading.release), ids["sourcedId"], reading.views)


def people(kind: Kind) -> Callable[[Reading, Ids], Shown]:
    """The students or teachers of a school, of a class, or of a class in a school."""

    def page(reading: Reading, ids: Ids) -> Shown:
        if "classSourcedId" not in ids:
            view, _, school = _parent(reading, [Kind.SCHOOL], ids["schoolSourcedId"])
            return reading.page(sort_of([kind], reading.release), [view], within.at_school(school))
        view, section = _class(reading, ids)
        return reading.page(sort_of([kind], reading.release), [view], within.people_in(view, section.no))

    return page


def _class(reading: Reading, ids: Ids) -> tuple[View, Key]:
    """The class in the path, which lies in the school in the path if there is one. Raises Refused."""
    view, section, _ = _parent(reading, [Kind.SECTION], ids["classSourcedId"])
    if "schoolSourcedId" in ids:
        _, _, school = _parent(reading, [Kind.SCHOOL], ids["schoolSourcedId"])
        if (
            named.text(reading.c, view, found_at(section), "school_id") != school
            or view.id_of(Kind.SCHOOL, school) != ids["schoolSourcedId"]
        ):
            raise unknown()
    return view, section


def classes_naming(column: str, kind: Kind, name: str) -> Callable[[Reading, Ids], Shown]:
    """The classes of a school, a course or a term."""

    def page(reading: Reading, ids: Ids) -> Shown:
        view, _, key = _parent(reading, [kind], ids[name])
        return _classes(reading, view, within.naming(column, key))

    return page


def _classes(reading: Reading, view: View, those: Within) -> Shown:
    return reading.page(sort_of([Kind.SECTION], reading.release), [view], those)


def classes_of_course(reading: Reading, ids: Ids) -> Shown:
    """The same of a course, be it the one that stands in where there is none."""
    stands_in = {one.id: one for one in reading.courseless(reading.views)}
    if one := stands_in.get(ids["courseSourcedId"]):
        view = next(view for view in reading.views if view.district.id == one.district_id)
        return _classes(reading, view, within.naming_none("course_id", Kind.COURSE))
    return classes_naming("course_id", Kind.COURSE, "courseSourcedId")(reading, ids)


def classes_of_term(reading: Reading, ids: Ids) -> Shown:
    """The classes of a term."""
    _session(reading, ids["termSourcedId"], few.TERMS)
    return classes_naming("term_id", Kind.TERM, "termSourcedId")(reading, ids)


def classes_of(name: str, *kinds: Kind) -> Callable[[Reading, Ids], Shown]:
    """The classes of a person; who is neither student nor teacher has none."""

    def page(reading: Reading, ids: Ids) -> Shown:
        view, person, _ = _parent(reading, kinds, ids[name])
        if person.kind not in {Kind.STUDENT, Kind.TEACHER}:
            return [], 0
        return _classes(reading, view, within.sections_of(view, person.kind, person.no))

    return page


def courses(reading: Reading, _: Ids) -> Shown:
    """All courses, with the one that stands in where a section has none."""
    extra = reading.courseless(reading.views)
    return reading.page(sort_of([Kind.COURSE], reading.release), reading.views, extra=extra)


def course(reading: Reading, ids: Ids) -> Shape | None:
    """One course."""
    stands_in = {one.id: one for one in reading.courseless(reading.views)}
    if one := stands_in.get(ids["sourcedId"]):
        made = Found(one.id, Kind.COURSE, one.district_id, MADE, one.changed)
        return reading.show(sort_of([Kind.COURSE], reading.release), [made])[0]
    return one_of(Kind.COURSE)(reading, ids)


def courses_of_school(reading: Reading, ids: Ids) -> Shown:
    """The courses of the sections of a school."""
    view, _, key = _parent(reading, [Kind.SCHOOL], ids["schoolSourcedId"])
    extra = reading.courseless([view], within.naming("school_id", key))
    those = within.named_at_school(view, "course_id", key)
    return reading.page(sort_of([Kind.COURSE], reading.release), [view], those, extra)


# ------------------------------------------------------------------------------------- demographics and enrollments


def _granting(reading: Reading) -> list[View]:
    return [view for view in reading.views if Group.DEMOGRAPHICS in view.sharing.groups]


def all_demographics(reading: Reading, _: Ids) -> Shown:
    """Demographics of all students of whom they are granted."""
    return reading.page(demographics(reading.release), _granting(reading))


def demographic(reading: Reading, ids: Ids) -> Shape | None:
    """Those of one student."""
    return reading.one(demographics(reading.release), ids["sourcedId"], _granting(reading))


def enrollments(reading: Reading, ids: Ids) -> Shown:
    """All of them, those of a school, or those of a class in it."""
    if "classSourcedId" in ids:
        view, section = _class(reading, ids)
        return seats.page(reading, within.seats_in(view, section.no))
    if "schoolSourcedId" in ids:
        view, _, key = _parent(reading, [Kind.SCHOOL], ids["schoolSourcedId"])
        return seats.page(reading, within.seats_at(view, key))
    return seats.page(reading)


# -------------------------------------------------------------------------------------------------- orgs and sessions


def orgs(which: few.Which = bool) -> Callable[[Reading, Ids], Shown]:
    """Orgs, or schools alone."""
    return lambda reading, _: few.paged(few.orgs(reading, which), reading.query)


def org(which: few.Which = bool) -> Callable[[Reading, Ids], Shape | None]:
    """One of them."""
    return lambda reading, ids: few.single(few.orgs(reading, which), ids["sourcedId"])


def sessions(which: few.Which = bool) -> Callable[[Reading, Ids], Shown]:
    """Academic sessions, or those of one type."""
    return lambda reading, _: few.paged(few.sessions(reading, which), reading.query)


def one_session(which: few.Which = bool) -> Callable[[Reading, Ids], Shape | None]:
    """One of them."""
    return lambda reading, ids: few.single(few.sessions(reading, which), ids["sourcedId"])


def _session(reading: Reading, id_: str, which: few.Which) -> Shape:
    found = few.single(few.sessions(reading, which), id_)
    if found is None or found["status"] != "active":
        raise unknown()
    return found


def terms_of_school(reading: Reading, ids: Ids) -> Shown:
    """The terms of the sections of a school."""
    view, _, key = _parent(reading, [Kind.SCHOOL], ids["schoolSourcedId"])
    named = few.terms_of(reading, view, "term_id", key)
    terms = [one for one in few.sessions(reading, few.TERMS) if one["sourcedId"] in named]
    return few.paged(terms, reading.query)


def periods_of_term(reading: Reading, ids: Ids) -> Shown:
    """The grading periods of a term."""
    term = _session(reading, ids["termSourcedId"], few.TERMS)
    return few.paged(few.sessions(reading, few.children_of(term["sourcedId"])), reading.query)
