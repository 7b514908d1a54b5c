"""The same events as plain lines of JSON: all of them after a number, in one answer.

In:  Sight; `after`, the number of the last event that the client has (0: none), and `limit` where it wants no more.
Out: one event a line, with its `sequence`; the header X-Sequence has the number of the last one there is.
"""

import re
from collections.abc import Iterator

import orjson
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from sftpingest.doors.vendor.bearer import reader
from sftpingest.doors.vendor.clever.events import told
from sftpingest.doors.vendor.clever.sight import Sight
from sftpingest.doors.vendor.grounds import grounds
from sftpingest.doors.vendor.refused import Refused
from sftpingest.store.editions import last_sequence
from sftpingest.store.happened import happenings
from sftpingest.store.reading import reading
from sftpingest.store.tokens import Reader

#: Events that are read at once: the memory that an answer takes.
_AT_ONCE = 5_000
_NUMBER = re.compile("[0-9]{1,18}")
_VERSION = "v3.1"


def routes() -> list[Route]:
    """The one address."""
    return [Route("/export/events.ndjson", _stream, methods=["GET"])]


async def _stream(request: Request) -> Response:
    found = await reader(request)
    after, limit = _number(request, "after", 0), _number(request, "limit", _NO_END)
    engine = grounds(request).engine
    last = await run_in_threadpool(_last, engine, found)
    lines = _lines(engine, request, found, (after, last), limit)
    first = await run_in_threadpool(next, lines, b"")  # what cannot be answered shows before the answer begins
    headers = {"X-Sequence": str(last), "Cache-Control": "no-store"}
    return StreamingResponse(_with(first, lines), headers=headers, media_type="application/x-ndjson")


_NO_END = 10**18


def _number(request: Request, name: str, usual: int) -> int:
    text = request.query_params.get(name, str(usual)) or str(usual)
    if not _NUMBER.fullmatch(text) and text != str(usual):
        raise Refused(400, f"{name} is a whole number: that of an event, or how many are wanted.")
    return int(text)


def _last(engine: Engine, found: Reader) -> int:
    with engine.connect() as c:
        return last_sequence(c, found.vendor_id)


def _with(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _lines(engine: Engine, request: Request, found: Reader, between: tuple[int, int], limit: int) -> Iterator[bytes]:
    """The lines of some events at a time, each time noted before they leave."""
    after, last = between
    while limit > 0:
        with reading(engine) as c:
            sight = Sight(c, found, _VERSION, request.path_params, request)
            many = min(limit, _AT_ONCE)
            events = happenings(c, found.vendor_id, many, after=after, until=last, only=found.district_id)
            shown = told(sight, events)
        if not events:
            return
        sight.answered.keep(sight.disclosed)
        yield b"".join(
            orjson.dumps({"sequence": event.sequence, **one["data"]}) + b"\n"
            for event, one in zip(events, shown, strict=True)
        )
        after, limit = events[-1].sequence, limit - len(events)
