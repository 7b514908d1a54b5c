"""Parts of the door, each with errors in a shape of its own.

In:  routes, and how their clients are told of a refusal.
Out: applications to be mounted.
"""

from collections.abc import Callable, Sequence

from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp

from sftpingest.doors.vendor.grounds import as_json
from sftpingest.doors.vendor.refused import Refused, refusal_of
from sftpingest.doors.vendor.witness import tell

#: How a part tells its clients of a refusal; headers of the refusal are added to it.
Shape = Callable[[Refused], Response]
#: From this status on it is our fault, and stands in the log.
_OURS = 500


def part(routes: Sequence[BaseRoute], shape: Shape) -> ASGIApp:
    """Routes whose every refusal has one shape: unknown addresses and our own faults too."""
    return shaped(Router(routes, redirect_slashes=False), shape)


def shaped(app: ASGIApp, shape: Shape) -> ASGIApp:
    """The same for an application."""

    async def refuse(_: Request, error: Exception) -> Response:
        refused = refusal_of(error)
        if refused.status >= _OURS and refused is not error:
            tell(error)
        answer = shape(refused)
        answer.headers.update(refused.headers)
        return answer

    # HTTPException by its name: Starlette has an answer to it, in plain text
    return ExceptionMiddleware(app, handlers={Exception: refuse, HTTPException: refuse})


def plainly(refused: Refused) -> Response:
    """As Clever does: one sentence."""
    return as_json({"message": refused.why}, refused.status)
