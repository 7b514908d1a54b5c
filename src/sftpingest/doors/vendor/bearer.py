"""Who reads: the vendor's program, by the token that came with the request.

In:  a request with `Authorization: Bearer …`.
Out: a Reader; Refused with 401, 403 or 429.
"""

import structlog
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from sftpingest.doors.vendor.grounds import grounds
from sftpingest.doors.vendor.refused import Refused
from sftpingest.doors.vendor.witness import known
from sftpingest.store.tokens import Reader, reader_of

log = structlog.get_logger()

#: Longer ones are none of ours.
_LONGEST = 200


async def reader(request: Request) -> Reader:
    """Who reads. Counts the request, and tells the client by headers what is left to it. Raises Refused."""
    token = _token(request)
    found = await run_in_threadpool(_found, grounds(request).engine, token) if token else None
    if found is None:
        told_of(request, "bearer")
        why = (
            "Send a token that is good: Authorization: Bearer TOKEN."
            if not token
            else "This token is not good (any more)."
        )
        raise Refused(401, why, headers={"WWW-Authenticate": "Bearer"})
    # an access token can be had anew at any time: all those of a vendor count together
    whose = f"vendor {found.vendor_id}" if found.district_id is None else found.token_hash
    counted = grounds(request).rate.count(whose)
    seen = known(request.scope)
    seen.vendor = found.vendor
    seen.headers |= counted.headers
    if counted.over:
        raise Refused(429, f"More than {counted.limit} requests in a minute. Go on when the next one begins.")
    return found


def granted(found: Reader, any_of: frozenset[str]) -> None:
    """Refuse who has none of these scopes. Raises Refused."""
    if not found.scopes & any_of:
        raise Refused(403, "The token has not the scope for this. Ask for one with it.")


def told_of(request: Request, where: str) -> None:
    """Enter in the log that somebody was not let in, at most once a minute for an address."""
    address = request.client.host if request.client else "unknown"
    if grounds(request).refused.first(address):
        log.warning("vendor.refused", address=address, where=where)


def _token(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").strip().partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and 0 < len(token) <= _LONGEST else None


def _found(engine: Engine, token: str) -> Reader | None:
    with engine.connect() as c:
        return reader_of(c, token)
