"""What every request finds: the store, and the settings that count at this door.

In:  what the application is made with.
Out: Grounds; the absolute address of a path.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import orjson
from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import Response

from sftpingest.doors.vendor.rate import Rate, Seldom
from sftpingest.roster.disclosed import Read


@dataclass(frozen=True)
class Grounds:
    """What the door stands on."""

    engine: Engine
    #: opens what is kept sealed; None where the key is gone
    unseal: Callable[[str], str | None]
    #: notes what is read, before it is answered; OSError: then it is not answered
    keep: Callable[[Read], None]
    #: requests a minute that a token has
    rate: Rate = field(default_factory=Rate)
    #: the public address, without a slash at its end; empty: as the client called us
    url: str = ""
    #: which strangers were told of lately
    refused: Seldom = field(default_factory=Seldom)
    #: when editions were made, as far as it was asked for; that never changes, and nearly every page needs some
    times: dict[int, datetime] = field(default_factory=dict)


def grounds(request: Request) -> Grounds:
    """Of the application that answers this request, however deep the part is that does it."""
    found = request.scope["sftpingest.grounds"]
    assert isinstance(found, Grounds)  # noqa: S101  (tells mypy what application() has put there)
    return found


def address(request: Request, path: str) -> str:
    """The absolute address of a path, which begins with a slash."""
    own = grounds(request).url or f"{request.url.scheme}://{request.url.netloc}"
    return own + path


def as_json(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in JSON; times as ISO 8601."""
    body = orjson.dumps(content, option=orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC)
    return Response(body, status, headers, media_type="application/json")
