"""Which vendor it is that shows a client id and a secret.

In:  a request with `Authorization: Basic …`, or the two in the form that it sends (RFC 6749, 2.3.1).
Out: a Vendor; Refused with 401, or 400 where it says both or what cannot be read.
"""

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import unquote_plus

from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from sftpingest.doors.vendor.bearer import told_of
from sftpingest.doors.vendor.grounds import grounds
from sftpingest.doors.vendor.refused import Refused
from sftpingest.doors.vendor.witness import known
from sftpingest.store.tokens import client
from sftpingest.store.vendors import Vendor

#: Longer ones are none of ours.
_LONGEST = 500
_NOTHING: Mapping[str, str] = {}


async def client_of(request: Request, form: Mapping[str, str] = _NOTHING) -> Vendor:
    """The vendor. An unknown client and a wrong secret get the same answer. Raises Refused."""
    shown = _shown(request, form)
    found = await run_in_threadpool(_found, grounds(request).engine, *shown) if shown else None
    if found is None:
        told_of(request, "client")
        why = "Send a client id and its secret that are good: Authorization: Basic, as HTTP has it."
        raise Refused(401, why, "invalid_client", {"WWW-Authenticate": 'Basic realm="sftpingest"'})
    known(request.scope).vendor = found.name
    return found


def _shown(request: Request, form: Mapping[str, str]) -> tuple[str, str] | None:
    """Client id and secret as they came; None where they did not. Raises Refused."""
    basic = _basic(request.headers.get("authorization", ""))
    if basic and "client_secret" in form:
        raise Refused(400, "Say the client id and secret once: in the header or in the form.", "invalid_request")
    shown = basic or (form.get("client_id", ""), form.get("client_secret", ""))
    # what cannot be printed is no secret of ours, and PostgreSQL takes no NUL
    return shown if all(0 < len(one) <= _LONGEST and one.isprintable() for one in shown) else None


def _basic(header: str) -> tuple[str, str] | None:
    """Both parts are spelt as in a form before they are put together, says RFC 6749."""
    scheme, _, coded = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, secret = base64.b64decode(coded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return (unquote_plus(name), unquote_plus(secret)) if colon else None


def _found(engine: Engine, client_id: str, secret: str) -> Vendor | None:
    with engine.connect() as c:
        return client(c, client_id, secret)
