"""Clever's list of tokens: one for each district that shares with a vendor; and what a token is.

In:  client id and secret for the list, a token for what it is.
Out: both in Clever's shape.
"""

from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sftpingest.doors.vendor.bearer import reader
from sftpingest.doors.vendor.clients import client_of
from sftpingest.doors.vendor.grounds import as_json, grounds
from sftpingest.doors.vendor.refused import Refused
from sftpingest.roster.ids import district_id
from sftpingest.store.tokens import OfDistrict, of_districts

log = structlog.get_logger()

_HERE = "/oauth/tokens?owner_type=district"
_NEVER_KEPT = {"Cache-Control": "no-store"}
#: What a program that was made for Clever may look for in a token.
_SCOPES = ["read:district_admins", "read:schools", "read:sections", "read:staff", "read:students", "read:teachers"]


def routes() -> list[Route]:
    """Both of them."""
    return [Route("/oauth/tokens", _tokens), Route("/oauth/tokeninfo", _tokeninfo)]


async def _tokens(request: Request) -> Response:
    """Tokens that `sftpingest vendor token` has made, of districts that share with the vendor today."""
    vendor = await client_of(request)
    if request.query_params.get("owner_type") != "district":
        raise Refused(400, "Say owner_type=district: there are no others here.")
    of = request.query_params.get("district")
    found = await run_in_threadpool(_found, grounds(request).engine, vendor.id)
    chosen = [one for one in found if of is None or district_id(one.slug) == of]
    opened = ((one, grounds(request).unseal(one.sealed)) for one in chosen)
    shown = [_shown(one, token) for one, token in opened if token is not None]
    if len(shown) < len(chosen):
        log.error("token.sealed", vendor=vendor.name, count=len(chosen) - len(shown))  # by a key that is not there
    uri = f"{_HERE}&district={district_id(chosen[0].slug)}" if of and chosen else _HERE
    return as_json({"data": shown, "links": [{"rel": "self", "uri": uri}]}, headers=_NEVER_KEPT)


def _found(engine: Engine, vendor_id: int) -> list[OfDistrict]:
    with engine.connect() as c:
        return list(of_districts(c, vendor_id, datetime.now(UTC).date()))


def _shown(one: OfDistrict, token: str) -> dict[str, Any]:
    created = one.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    owner = {"type": "district", "id": district_id(one.slug)}
    return {"id": f"{one.id:024x}", "created": created, "owner": owner, "access_token": token, "scopes": _SCOPES}


async def _tokeninfo(request: Request) -> Response:
    found = await reader(request)
    scopes = _SCOPES if found.district_id is not None else sorted(found.scopes)
    return as_json({"client_id": found.client_id, "scopes": scopes}, headers=_NEVER_KEPT)
