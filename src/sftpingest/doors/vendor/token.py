"""OAuth 2 client credentials: an access token for a client id and secret (RFC 6749, 4.4).

In:  a form with `grant_type=client_credentials` and, if only some are wanted, `scope`.
Out: a token that is good for an hour; errors as 5.2 of the RFC has them.
"""

from urllib.parse import parse_qsl

from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, request_response

from sftpingest.doors.vendor.clients import client_of
from sftpingest.doors.vendor.grounds import as_json, grounds
from sftpingest.doors.vendor.refused import Refused
from sftpingest.doors.vendor.scopes import SCOPES
from sftpingest.doors.vendor.shaped import shaped
from sftpingest.store.tokens import LASTS, new_access

#: `/token` is ours; programs that were made for other servers ask at these, too.
PATHS = ("/token", "/oauth/token", "/ims/oneroster/token")
#: A form is a few hundred bytes.
_MOST_BYTES, _MOST_FIELDS = 16_384, 50
_NEVER_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def routes() -> list[Route]:
    """The same at each path."""
    endpoint = shaped(request_response(_token), _as_oauth)
    return [Route(path, endpoint, methods=["POST"]) for path in PATHS]


async def _token(request: Request) -> Response:
    form = await _form(request)
    vendor = await client_of(request, form)
    if "grant_type" not in form:
        raise Refused(400, "Say grant_type=client_credentials.", "invalid_request")
    if form["grant_type"] != "client_credentials":
        raise Refused(400, "Only grant_type=client_credentials is known here.", "unsupported_grant_type")
    scopes = _scopes(form.get("scope", ""))
    if grounds(request).rate.count(f"token {vendor.id}").over:
        raise Refused(429, "Too many tokens in a minute. Use one for an hour.", "temporarily_unavailable")
    token = await run_in_threadpool(_made, grounds(request).engine, vendor.id, scopes)
    facts = {"access_token": token, "token_type": "bearer", "expires_in": int(LASTS.total_seconds())}
    return as_json(facts | {"scope": " ".join(sorted(scopes))}, headers=_NEVER_KEPT)


def _scopes(asked: str) -> frozenset[str]:
    """Those that were asked for; all where none was. Raises Refused."""
    wanted = frozenset(asked.split())
    if not wanted <= SCOPES:
        raise Refused(400, f"Known scopes: {' '.join(sorted(SCOPES))}", "invalid_scope")
    return wanted or SCOPES


async def _form(request: Request) -> dict[str, str]:
    """What the form says, each name once. Raises Refused."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise Refused(413, "The form is too long.", "invalid_request")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Refused(400, "The form cannot be read.", "invalid_request") from None
    if len(dict(pairs)) != len(pairs):
        raise Refused(400, "Say each field of the form once.", "invalid_request")
    return dict(pairs)


def _made(engine: Engine, vendor_id: int, scopes: frozenset[str]) -> str:
    with engine.begin() as c:
        return new_access(c, vendor_id, scopes)


def _as_oauth(refused: Refused) -> Response:
    told = {"error": refused.code or "server_error", "error_description": refused.why}
    return as_json(told, refused.status, _NEVER_KEPT)
