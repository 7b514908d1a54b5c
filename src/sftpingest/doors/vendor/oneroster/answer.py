"""Answers and refusals as OneRoster has them, which 1.1 does otherwise than 1.2.

In:  records, or a Refused.
Out: a response.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from sftpingest.doors.vendor.grounds import address, as_json
from sftpingest.doors.vendor.oneroster.entities import Entity
from sftpingest.doors.vendor.oneroster.query import INVALID, Query
from sftpingest.doors.vendor.oneroster.shapes import Shape
from sftpingest.doors.vendor.oneroster.words import Release
from sftpingest.doors.vendor.refused import Refused

#: What a status says where the refusal has no code of its own.
_MINOR = {
    400: INVALID,
    401: "unauthorisedrequest",
    403: "forbidden",
    404: "unknownobject",
    405: "unknownobject",
    413: INVALID,
    429: "server_busy",
    503: "server_busy",
}
#: The same in the words of 1.1.
_MINOR_1_1 = {"unauthorisedrequest": "unauthorized", "unknownobject": "unknown object", INVALID: "invalid data"}


def _status(release: Release, major: str, severity: str, minor: str, why: str) -> Shape:
    out: Shape = {"imsx_codeMajor": major, "imsx_severity": severity, "imsx_description": why}
    if release is Release.V1_1:
        return out | {"imsx_CodeMinor": _MINOR_1_1.get(minor, minor)}
    said = {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": minor}
    return out | {"imsx_CodeMinor": {"imsx_codeMinorField": [said]}}


def refusals(release: Release) -> Callable[[Refused], Response]:
    """How a release tells of a refusal."""

    def tell(refused: Refused) -> Response:
        minor = refused.code or _MINOR.get(refused.status, "internal_server_error")
        status = _status(release, "failure", "error", minor, refused.why)
        return as_json({"statusInfoSet": [status]} if release is Release.V1_1 else status, refused.status)

    return tell


def one(shape: Shape, entity: Entity, query: Query, release: Release) -> Response:
    """A single record."""
    return as_json({entity.single: _chosen(shape, query)} | _warned(query, release))


def many(request: Request, shapes: list[Shape], total: int, entity: Entity, query: Query, release: Release) -> Response:
    """A page of records."""
    headers = {"X-Total-Count": str(total), "Link": _links(request, total, query)}
    chosen = [_chosen(shape, query) for shape in shapes] if query.fields else shapes
    return as_json({entity.plural: chosen} | _warned(query, release), headers={k: v for k, v in headers.items() if v})


def _chosen(shape: Shape, query: Query) -> Shape:
    return {name: shape[name] for name in query.fields if name in shape} if query.fields else shape


def _warned(query: Query, release: Release) -> dict[str, Any]:
    if not query.warnings:
        return {}
    return {"statusInfoSet": [_status(release, "success", "warning", code, why) for code, why in query.warnings]}


def _links(request: Request, total: int, query: Query) -> str:
    """Where the other pages are (RFC 8288)."""
    last = max(total - 1, 0) // query.limit * query.limit
    offsets = {"first": 0, "last": last}
    if query.offset + query.limit < total:
        offsets["next"] = query.offset + query.limit
    if query.offset:
        offsets["prev"] = max(min(query.offset, total) - query.limit, 0)
    return ", ".join(f'<{_page(request, query, at)}>; rel="{name}"' for name, at in offsets.items())


def _page(request: Request, query: Query, offset: int) -> str:
    kept = [pair for pair in request.query_params.multi_items() if pair[0] not in {"limit", "offset"}]
    said = urlencode([*kept, ("limit", query.limit), ("offset", offset)])
    return f"{address(request, request.url.path)}?{said}"
