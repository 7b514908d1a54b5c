"""Collections, single objects, and the lists that belong to one object.

In:  Sight.
Out: envelopes with links: `data` of a list has one `data` and `uri` an object.
"""

from collections.abc import Callable, Sequence

from orjson import Fragment

from sftpingest.doors.vendor.clever.asked import Asked
from sftpingest.doors.vendor.clever.objects import Object, district
from sftpingest.doors.vendor.clever.people import schools_of
from sftpingest.doors.vendor.clever.sight import Ask, Sight
from sftpingest.doors.vendor.refused import Refused
from sftpingest.roster.kinds import Kind
from sftpingest.store.beside import Beside
from sftpingest.store.reading import Key, View, count, further_of, page, synced_at
from sftpingest.store.rows import rows

_PEOPLE = (Kind.STUDENT, Kind.TEACHER, Kind.STAFF, Kind.CONTACT)
#: Where objects of a kind are found.
COLLECTION = {
    Kind.SCHOOL: "schools",
    Kind.SECTION: "sections",
    Kind.COURSE: "courses",
    Kind.TERM: "terms",
    **dict.fromkeys(_PEOPLE, "users"),
}
#: The kinds of a collection.
KINDS: dict[str, tuple[Kind, ...]] = {
    name: tuple(kind for kind, its in COLLECTION.items() if its == name) for name in COLLECTION.values()
}
#: What belongs to an object, by its collection: the name in the address, and the kinds that are there.
LISTS: dict[str, dict[str, tuple[Kind, ...]]] = {
    "schools": {"courses": (Kind.COURSE,), "sections": (Kind.SECTION,), "terms": (Kind.TERM,), "users": _PEOPLE},
    "sections": {"users": (Kind.STUDENT, Kind.TEACHER)},
    "courses": {"schools": (Kind.SCHOOL,), "sections": (Kind.SECTION,)},
    "terms": {"schools": (Kind.SCHOOL,), "sections": (Kind.SECTION,)},
    "users": {
        "schools": (Kind.SCHOOL,),
        "sections": (Kind.SECTION,),
        "mycontacts": (Kind.CONTACT,),
        "mystudents": (Kind.STUDENT,),
        "myteachers": (Kind.TEACHER,),
    },
}
#: And what is one object.
ONES: dict[str, dict[str, Kind]] = {
    "sections": {"course": Kind.COURSE, "school": Kind.SCHOOL, "term": Kind.TERM},
}


# --------------------------------------------------------------------------------------------------------- collections


def collection(name: str) -> Ask:
    """All objects of a collection, page by page."""

    def ask(sight: Sight) -> Object:
        kinds = sight.asked.kinds if name == "users" else KINDS[name]
        sight.in_a_row = True
        envelope = _paged(
            sight, lambda asked, limit: page(sight.c, sight.views, kinds, limit, after=asked.after, before=asked.before)
        )
        if sight.asked.counted:
            envelope["count"] = count(sight.c, sight.views, kinds)
        return envelope

    return ask


def single(name: str) -> Ask:
    """The object with the id that stands in the address."""

    def ask(sight: Sight) -> Object:
        key = sight.one(*KINDS[name])
        here = f"/{sight.version}/{name}/{key.id}"
        links = [("self", here), ("district", f"{here}/district")]
        links += [(rel, f"{here}/{rel}") for rel in (*ONES.get(name, ()), *LISTS[name])]
        return {"data": sight.objects([key])[0], "links": [{"rel": rel, "uri": uri} for rel, uri in links]}

    return ask


def nothing(sight: Sight) -> Object:
    """A list of what no district here has: resources."""
    return _enveloped(sight, [], sight.asked, more=False)


def not_there(sight: Sight) -> Object:
    """An object that no district here has."""
    del sight
    raise Refused(404, "Resource not found")


# -------------------------------------------------------------------------------------------------------------- beside


def beside(name: str, rel: str) -> Ask:
    """What belongs to the object with the id that stands in the address."""

    def ask(sight: Sight) -> Object:
        it = _beside(sight, sight.one(*KINDS[name]))
        kinds = [kind for kind in LISTS[name][rel] if rel != "users" or kind in sight.asked.kinds]

        def keys(asked: Asked, limit: int) -> list[Key]:
            after, before = asked.after, asked.before
            found = [
                key
                for kind in kinds
                for key in it.page(sight.c, kind, limit, after=after, before=before, primary=asked.primary)
            ]
            ordered = sorted(found, key=lambda key: key.id)
            return ordered[-limit:] if asked.before else ordered[:limit]

        return _paged(sight, keys)

    return ask


def one_beside(name: str, rel: str) -> Ask:
    """The one object that belongs to it. A section without a course has none."""

    def ask(sight: Sight) -> Object:
        found = _beside(sight, sight.one(*KINDS[name])).page(sight.c, ONES[name][rel], 1)
        if not found:
            raise Refused(404, "Resource not found")
        here = f"/{sight.version}/{COLLECTION[found[0].kind]}/{found[0].id}"
        return {"data": sight.objects(found)[0], "links": [{"rel": "self", "uri": here}]}

    return ask


def nothing_beside(name: str) -> Ask:
    """A list of what no object here has, where the object is seen."""

    def ask(sight: Sight) -> Object:
        sight.one(*KINDS[name])
        return nothing(sight)

    return ask


def _beside(sight: Sight, key: Key) -> Beside:
    view = sight.view_of(key)
    row = rows(sight.c, view, key.kind, [key.no])[key.no]
    schools = schools_of(row.get("school_id", ""), row.get("more_school_ids", ""), further_of(key))
    return Beside(view, key.kind, row, tuple(schools))


# ----------------------------------------------------------------------------------------------------------- districts


def districts(sight: Sight) -> Object:
    """The districts that are seen: one, with a token of one."""
    found = sorted(sight.views, key=lambda view: view.id)
    chosen = [view for view in found if sight.asked.after < view.id and view.id < (sight.asked.before or "g")]
    data = [
        {"data": _district(sight, view), "uri": f"/{sight.version}/districts/{view.id}"}
        for view in chosen[: sight.asked.limit]
    ]
    return {"data": data, "links": [{"rel": "self", "uri": sight.asked.link(here(sight))}]}


def district_itself(sight: Sight) -> Object:
    """One of them."""
    return _one_district(sight, next((view for view in sight.views if view.id == sight.path["id"]), None))


def district_of(name: str) -> Ask:
    """The district of an object."""

    def ask(sight: Sight) -> Object:
        return _one_district(sight, sight.view_of(sight.one(*KINDS[name])))

    return ask


def _one_district(sight: Sight, view: View | None) -> Object:
    if view is None:
        raise Refused(404, "Resource not found")
    uri = f"/{sight.version}/districts/{view.id}"
    return {"data": _district(sight, view), "links": [{"rel": "self", "uri": uri}]}


def _district(sight: Sight, view: View) -> Object:
    return district(view, synced_at(sight.c, view))


# ------------------------------------------------------------------------------------------------------------ envelope


def _paged(sight: Sight, keys: Callable[[Asked, int], Sequence[Key]]) -> Object:
    asked = sight.asked
    found = list(keys(asked, asked.limit + 1))
    more = len(found) > asked.limit
    if more:
        del found[0 if asked.before else -1]
    return _enveloped(sight, found, asked, more=more)


def _enveloped(sight: Sight, keys: list[Key], asked: Asked, *, more: bool) -> Object:
    path = here(sight)
    links = [("self", asked.link(path, **_place(asked)))]
    if keys and (more or asked.before):
        links.append(("next", asked.link(path, starting_after=keys[-1].id)))
    if keys and (more if asked.before else asked.after):
        links.append(("prev", asked.link(path, ending_before=keys[0].id)))
    data = [_in_list(sight, key, one) for key, one in zip(keys, sight.objects(keys), strict=True)]
    return {"data": data, "links": [{"rel": rel, "uri": uri} for rel, uri in links]}


def _place(asked: Asked) -> dict[str, str]:
    return {name: at for name, at in (("starting_after", asked.after), ("ending_before", asked.before)) if at}


def _in_list(sight: Sight, key: Key, one: Fragment) -> Object:
    return {"data": one, "uri": f"/{sight.version}/{COLLECTION[key.kind]}/{key.id}"}


def here(sight: Sight) -> str:
    """The address that was asked for, without what stands after the question mark."""
    return str(sight.request.url.path)
