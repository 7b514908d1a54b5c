"""What came, changed and went, in Clever's shape; the same as plain lines of JSON.

In:  Sight; the number of the event after which to go on.
Out: events with the object as it was then, and what it was before; ids ascend with the number of the event.
"""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from sftpingest.doors.vendor.clever.asked import limit_of
from sftpingest.doors.vendor.clever.lists import COLLECTION, KINDS, here
from sftpingest.doors.vendor.clever.objects import Object, Stamp, moment
from sftpingest.doors.vendor.clever.people import NAMES
from sftpingest.doors.vendor.clever.shaping import shaped
from sftpingest.doors.vendor.clever.sight import Sight
from sftpingest.doors.vendor.disclosing import Disclosed
from sftpingest.doors.vendor.refused import Refused
from sftpingest.doors.vendor.seen import seen
from sftpingest.roster.disclosed import Door
from sftpingest.roster.kinds import Kind
from sftpingest.store.editions import SAID, Happened
from sftpingest.store.happened import Happening, Then, by_edition, happenings, since_of
from sftpingest.store.reading import View
from sftpingest.store.related import ROLE, further_schools

STARTING, ENDING = "starting_after", "ending_before"
#: Instead of an id: the end of all events there are.
LAST = "last"
_HEX, _LENGTH = 16, 24
#: What of an object does not make it another one.
_STAMPS = ("created", "last_modified")


def events(sight: Sight) -> Object:
    """The next events, or the last ones before one."""
    asked = sight.request.query_params
    limit, after, before = limit_of(asked), asked.get(STARTING, ""), asked.get(ENDING, "")
    if after and before:
        raise Refused(400, "Say starting_after or ending_before, not both.")
    place: dict[str, Any] = {"kinds": _kinds(asked.getlist("record_type"))}
    if before:
        place["before"] = _END if before == LAST else number_of(before)
    if after:
        place["after"] = _END if after == LAST else number_of(after)
    found = _happenings(sight, limit + 1, **place)
    more = len(found) > limit
    if more:
        del found[0 if before else -1]
    return {"data": told(sight, found), "links": _links(sight, found, after=after, before=before, more=more)}


def event(sight: Sight) -> Object:
    """The event with the id that stands in the address."""
    number = number_of(sight.path["id"])
    found = _happenings(sight, 1, after=number - 1)
    if not found or found[0].sequence != number:
        raise Refused(404, "Resource not found")
    one = told(sight, found)[0]
    return {"data": one["data"], "links": [{"rel": "self", "uri": one["uri"]}]}


_END = 2**62


def number_of(text: str) -> int:
    """The number of an event by its id. Raises Refused."""
    try:
        number = int(text, _HEX) if len(text) == _LENGTH else -1
    except ValueError:
        number = -1
    if not 0 <= number <= _END:
        raise Refused(400, "An event is named by its id: 24 hexadecimal digits.")
    return number


def _happenings(sight: Sight, limit: int, **place: Any) -> list[Happening]:  # noqa: ANN401  (as happenings takes it)
    return happenings(sight.c, sight.reader.vendor_id, limit, only=sight.reader.district_id, **place)


def _kinds(names: Sequence[str]) -> tuple[Kind, ...]:
    """The kinds of `record_type`, which may stand there several times."""
    if odd := [name for name in names if name not in KINDS and name not in _NEVER]:
        raise Refused(400, f"record_type is one of {', '.join(KINDS)}, not {odd[0][:40]}.")
    chosen = tuple(kind for name in names for kind in KINDS.get(name, ()))
    return chosen or ((Kind.ENROLLMENT,) if names else ())  # of which there are no events


#: What Clever has events of, and nobody here.
_NEVER = frozenset({"districts", "resources"})


# -------------------------------------------------------------------------------------------------------------- shape


def told(sight: Sight, found: Sequence[Happening]) -> list[Object]:
    """Events in their order, each with its `uri`."""
    sight.door, sight.looked_into = Door.EVENTS, seen(sight.c, sight.reader)
    then, made = Then(sight.c, sight.reader.vendor_id, sight.looked_into), dict[int, Object]()
    for those in by_edition(found).values():
        made |= _told(sight, then, those)
    return [{"data": made[one.sequence], "uri": f"/{sight.version}/events/{_id(one)}"} for one in found]


def _told(sight: Sight, then: Then, those: list[Happening]) -> dict[int, Object]:
    """Events of one edition and kind."""
    is_now, was = then.views(those[0])
    still = [one for one in those if one.happened is not Happened.DELETED]
    before = [one for one in those if one.happened is not Happened.CREATED]
    after_it = _objects(sight, is_now, still)
    before_it = _objects(sight, was, before)
    if is_now is not None:  # bare ones too: that somebody was there is told by them
        sight.disclosed.append(Disclosed(is_now, those[0].kind, [one.id for one in those]))
    return {one.sequence: _event(one, after_it.get(one.no), before_it.get(one.no), is_now) for one in those}


def _objects(sight: Sight, view: View | None, those: list[Happening]) -> dict[int, Object]:
    if view is None or not those:
        return {}
    kind, nos = those[0].kind, [one.no for one in those]
    schools = further_schools(sight.c, view.shared, kind, nos) if kind in ROLE else {}
    since = since_of(sight.c, sight.reader.vendor_id, kind, [one.id for one in those])
    times = sight.times({*since.values(), *(one.edition for one in those)})
    stamps = {
        one.no: Stamp(
            one.id,
            times.get(min(since.get(one.id, one.edition), one.edition)),
            one.at,
            tuple(json.loads(schools.get(one.no, "[]"))),
        )
        for one in those
    }
    return shaped(sight.c, view, kind, stamps, sight.version)


def _event(one: Happening, is_now: Object | None, was: Object | None, view: View | None) -> Object:
    shown = was if one.happened is Happened.DELETED else is_now
    facts: Object = {"object": shown or bare(one, view)}
    if one.happened is Happened.UPDATED:
        facts["previous_attributes"] = previous(was, is_now) if was and is_now else {}
    said = f"{COLLECTION[one.kind]}.{SAID[one.happened]}"
    return {"id": _id(one), "type": said, "created": moment(one.at), "data": facts}


def bare(one: Happening, view: View | None) -> Object:
    """All that is said of a record that today's sharing does not show: which it was."""
    out: Object = {"id": one.id, "district": view.id} if view else {"id": one.id}
    return out | {"roles": {NAMES[one.kind]: {}}} if one.kind in NAMES else out


def previous(was: Object, is_now: Object) -> Object:
    """What was otherwise, with its values then; of what is nested only the parts that were."""
    out = {}
    for name, value in was.items():
        other = is_now.get(name)
        if name in _STAMPS or value == other:
            continue
        out[name] = previous(value, other) if isinstance(value, dict) and isinstance(other, dict) else value
    return out


def _id(one: Happening) -> str:
    return f"{one.sequence:0{_LENGTH}x}"


def _links(sight: Sight, found: list[Happening], *, after: str, before: str, more: bool) -> list[Object]:
    asked = sight.request.query_params.multi_items()
    rest = [(name, value) for name, value in asked if name not in {STARTING, ENDING}]
    path = here(sight)
    links = [("self", f"{path}?{urlencode(asked)}" if asked else path)]
    if found and (more or before):
        links.append(("next", f"{path}?{urlencode([*rest, (STARTING, _id(found[-1]))])}"))
    if found and (more if before else after):
        links.append(("prev", f"{path}?{urlencode([*rest, (ENDING, _id(found[0]))])}"))
    return [{"rel": rel, "uri": uri} for rel, uri in links]
