"""The application: every route of the web door.

In:  Grounds, and parts made elsewhere.
Out: an ASGI application.
"""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount

from sftpingest.doors.vendor import health, listed, token
from sftpingest.doors.vendor.grounds import Grounds
from sftpingest.doors.vendor.shaped import part, plainly
from sftpingest.doors.vendor.witness import Witness


def application(grounds: Grounds, parts: Sequence[BaseRoute] = ()) -> Starlette:
    """The whole door. One of `parts`: `Mount("/v3.1", app=part(routes, shape))`, say."""
    routes: list[BaseRoute] = [*health.routes(), *token.routes(), *listed.routes(), *parts]
    everything = Mount("/", app=part(routes, plainly))
    return Starlette(routes=[everything], middleware=[Middleware(Witness, grounds=grounds)])
