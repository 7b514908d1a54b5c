"""Every address of the Clever-shaped API.

In:  nothing.
Out: routes, to be mounted under /v3.0 and /v3.1.
"""

from starlette.routing import Route

from sftpingest.doors.vendor.clever import events, lists
from sftpingest.doors.vendor.clever.sight import Ask, answering


def routes() -> list[Route]:
    """All of them, for reading alone."""
    return [Route(path, answering(ask), methods=["GET"]) for path, ask in _asks().items()]


def _asks() -> dict[str, Ask]:
    asks: dict[str, Ask] = {
        "/districts": lists.districts,
        "/districts/{id}": lists.district_itself,
        "/events": events.events,
        "/events/{id}": events.event,
        "/resources": lists.nothing,
        "/resources/{id}": lists.not_there,
        "/attendance/schools/{id}": lists.nothing_beside("schools"),
        "/attendance/sections/{id}": lists.nothing_beside("sections"),
    }
    for rel in ("courses", "sections", "users"):
        asks[f"/resources/{{id}}/{rel}"] = lists.not_there
    for name in lists.KINDS:
        asks |= _of(name)
    return asks


def _of(name: str) -> dict[str, Ask]:
    """What there is of one collection."""
    one = f"/{name}/{{id}}"
    asks = {f"/{name}": lists.collection(name), one: lists.single(name), f"{one}/district": lists.district_of(name)}
    asks |= {f"{one}/{rel}": lists.beside(name, rel) for rel in lists.LISTS[name]}
    asks |= {f"{one}/{rel}": lists.one_beside(name, rel) for rel in lists.ONES.get(name, ())}
    if name in {"sections", "courses", "users"}:
        asks[f"{one}/resources"] = lists.nothing_beside(name)
    return asks
