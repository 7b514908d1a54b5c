"""One line a request in the log, and headers that every answer has.

In:  a request on its way in.
Out: `request.done` with the route's template: addresses may hold ids of people. `request.failed` with the kind of an
     exception and its places, never its message.
"""

import time
from dataclasses import dataclass, field

import structlog
from starlette.datastructures import MutableHeaders
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sftpingest.doors.vendor.grounds import Grounds
from sftpingest.work.fault import fault

log = structlog.get_logger()

#: Who looks after the program asks these every few seconds: they are told of only where they are bad.
QUIET = ("/healthz", "/readyz")
_BAD = 400
#: A stranger may send any word as a method.
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass
class Known:
    """What became known of a request while it was answered."""

    vendor: str | None = None
    #: for the answer, whatever it will be
    headers: dict[str, str] = field(default_factory=dict)
    status: int | None = None


def known(scope: Scope) -> Known:
    """What is known of a request, to be added to."""
    found = scope["sftpingest.known"]
    assert isinstance(found, Known)  # noqa: S101  (tells mypy what Witness has put there)
    return found


class Witness:
    """Sees every request come and every answer go."""

    def __init__(self, app: ASGIApp, grounds: Grounds) -> None:
        self._app, self._grounds = app, grounds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen, began = Known(), time.monotonic()
        scope.update({"sftpingest.grounds": self._grounds, "sftpingest.known": seen})
        try:
            await self._app(scope, receive, _noting(send, seen))
        except Exception as error:  # noqa: BLE001  (nothing may leave here: uvicorn would print its message)
            tell(_first(error))  # the answer had begun: uvicorn breaks the connection off, and the client sees it
        finally:
            _line(scope, seen, time.monotonic() - began)


def tell(error: BaseException) -> None:
    """Enter what went wrong in the log."""
    log.error("request.failed", fault=fault(error))


def _first(error: BaseException) -> BaseException:
    """What Starlette raised its own error for."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _noting(send: Send, seen: Known) -> Send:
    async def noted(message: Message) -> None:
        if message["type"] == "http.response.start":
            seen.status = message["status"]
            MutableHeaders(scope=message).update(seen.headers)
        await send(message)

    return noted


def _line(scope: Scope, seen: Known, seconds: float) -> None:
    route = scope.get("route")
    template = scope.get("root_path", "") + route.path if isinstance(route, Route) else None
    if template in QUIET and seen.status and seen.status < _BAD:
        return
    method = scope["method"] if scope["method"] in _METHODS else "other"
    facts = {"method": method, "route": template, "status": seen.status, "seconds": round(seconds, 4)}
    log.info("request.done", **facts, vendor=seen.vendor)
