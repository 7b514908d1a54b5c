"""Who reads: the vendor's program, by the token that came with the request.

In:  a request with `Authorization: Bearer …`.
Out: a Reader; Refused with 401, 403 or 429.
"""

import structlog
from sqlalchemy import Connection
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
    return await run_in_threadpool(_reader, request, token_of(request))


def token_of(request: Request) -> str:
    """The token as it came. Raises Refused where there is none: the store is not asked then."""
    scheme, _, token = request.headers.get("authorization", "").strip().partition(" ")
    token = token.strip()
    if scheme.lower() == "bearer" and 0 < len(token) <= _LONGEST:
        return token
    raise _stranger(request, "Send a token that is good: Authorization: Bearer TOKEN.")


def read_by(c: Connection, request: Request, token: str) -> Reader:
    """The same as `reader`, in the thread and the transaction that answer: its own took a tenth of a page's time."""
    found = reader_of(c, token)
    if found is None:
        raise _stranger(request, "This token is not good (any more).")
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


def _stranger(request: Request, why: str) -> Refused:
    told_of(request, "bearer")
    return Refused(401, why, headers={"WWW-Authenticate": "Bearer"})


def _reader(request: Request, token: str) -> Reader:
    with grounds(request).engine.connect() as c:
        return read_by(c, request, token)
