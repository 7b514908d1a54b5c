"""The addresses of /export: a list of what there is, whole kinds, changes.

In:  requests with a bearer token.
Out: files with a tag and ranges; refusals in JSON.
"""

from collections.abc import Awaitable, Callable
from typing import IO, Any

import anyio.to_thread
from anyio.lowlevel import RunVar
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from sftpingest.doors.vendor.bearer import reader
from sftpingest.doors.vendor.export.database import All, every, filled
from sftpingest.doors.vendor.export.found import Asked, Disclosed, asked, beginning, granted, last_editions, names
from sftpingest.doors.vendor.export.kept import Kept, Made
from sftpingest.doors.vendor.export.noting import note
from sftpingest.doors.vendor.export.overview import overview
from sftpingest.doors.vendor.export.written import SHAPES
from sftpingest.doors.vendor.grounds import as_json, grounds
from sftpingest.doors.vendor.refused import Refused
from sftpingest.roster.kinds import Kind
from sftpingest.store.reading import reading
from sftpingest.store.sql_file import asked_for
from sftpingest.store.tokens import Reader

#: Is told what a vendor gets, before the first byte leaves.
Disclose = Callable[[Request, Disclosed], Awaitable[None]]
#: Making files takes a processor and memory: one after the other, while other requests go on.
_MAKING: RunVar[anyio.CapacityLimiter] = RunVar("sftpingest.export.making")
#: Requests that may wait for their file to be made.
_WAITING = 50
#: How often is looked for files that nobody may read any more, in seconds.
_SWEEP = 60
_WORDS = "Say the number of a sync, such as {name}=12."
Write = Callable[[Connection, Asked, IO[bytes]], dict[str, Any]]


def routes(kept: Kept, disclose: Disclose = note) -> list[Route]:
    """To be mounted at /export. Takes away what an earlier process has kept."""
    kept.empty()
    door = _Door(kept, disclose)
    return [
        Route("/", door.listed),
        Route("/roster.db", door.database),
        Route("/{district}/changes.ndjson", door.changes),
        Route("/{district}/{file}", door.kind),
    ]


class _Door:
    """What the addresses share."""

    def __init__(self, kept: Kept, disclose: Disclose) -> None:
        self._kept, self._disclose = kept, disclose

    async def listed(self, request: Request) -> Response:
        """Which districts, kinds and columns there are, and as of what."""
        who = await reader(request)
        return as_json(await run_in_threadpool(overview, grounds(request).engine, who))

    async def kind(self, request: Request) -> Response:
        """One kind of a district as a file; or, with `changes`, what of it has changed."""
        who = await reader(request)
        name, _, shape = request.path_params["file"].partition(".")
        if shape not in SHAPES or name not in set(Kind):
            raise Refused(404, "There is nothing at this address.")
        if "changes" in request.query_params:
            since, _, until = request.query_params["changes"].partition("..")
            return await self._changes(request, who, (since, until), [Kind(name)], shape)
        as_of = _number(request.query_params.get("as_of"), "as_of")
        kind = Kind(name)

        def find(c: Connection) -> Asked:
            found = asked(c, who, request.path_params["district"], as_of)
            if kind not in granted(found.view):
                raise Refused(404, "There is nothing at this address.")
            return found

        def write(c: Connection, found: Asked, out: IO[bytes]) -> dict[str, Any]:
            from sftpingest.doors.vendor.export import written  # noqa: PLC0415  (the door starts without Arrow)
            from sftpingest.store.bulk import Bulk  # noqa: PLC0415

            return written.write(Bulk(c, found.view, found.as_of), kind, shape, out)

        return await self._file(request, find, write, [kind], shape)

    async def changes(self, request: Request) -> Response:
        """What has changed of all kinds."""
        who = await reader(request)
        between = tuple(request.query_params.get(name, "") for name in ("from", "to"))
        return await self._changes(request, who, (between[0], between[1]), [], "ndjson")

    async def database(self, request: Request) -> Response:
        """All that a vendor sees of all districts, as a file of SQLite; for those who have asked for it."""
        who = await reader(request)
        engine = grounds(request).engine

        def make() -> tuple[All, Made]:
            with reading(engine) as c:
                found = every(c, who, switched_on=asked_for(engine, who.vendor_id))
                self._sweep(c)
                name = f"{found.of}~{found.tag}.db"
                return found, self._kept.find(name) or self._kept.make(name, lambda out: filled(c, found.views, out))

        def look() -> All:
            with reading(engine) as c:
                return every(c, who, switched_on=asked_for(engine, who.vendor_id))

        found = await run_in_threadpool(look)
        if not _is_known(request, f'"{found.tag}"'):
            found, made = await anyio.to_thread.run_sync(make, limiter=_making())
        headers = found.headers | _HOW | {"ETag": f'"{found.tag}"'}
        if _is_known(request, f'"{found.tag}"'):
            return Response(status_code=304, headers=headers)
        if request.method != "HEAD":
            for told in found.told(made.facts, part="range" in request.headers):
                await self._disclose(request, told)
        return FileResponse(made.path, headers=headers, media_type="application/vnd.sqlite3", filename="roster.db")

    async def _changes(
        self, request: Request, who: Reader, between: tuple[str, str], kinds: list[Kind], shape: str
    ) -> Response:
        since, until = (_number(text or "none", name) for text, name in zip(between, ("from", "to"), strict=True))
        if shape != "ndjson":
            raise Refused(400, "Changes are told as NDJSON: ask for .ndjson.")
        if (since or 0) >= (until or 0):
            raise Refused(400, "Changes go from an earlier sync to a later one.")

        def find(c: Connection) -> Asked:
            found = asked(c, who, request.path_params["district"], until, since)
            if kinds and kinds[0] not in granted(found.view):
                raise Refused(404, "There is nothing at this address.")
            return found

        def write(c: Connection, found: Asked, out: IO[bytes]) -> dict[str, Any]:
            from sftpingest.doors.vendor.export import changed  # noqa: PLC0415

            return changed.write(c, found.view, (since or 0, until or 0), kinds or granted(found.view), out)

        return await self._file(request, find, write, kinds, shape)

    async def _file(
        self, request: Request, find: Callable[[Connection], Asked], write: Write, kinds: list[Kind], shape: str
    ) -> Response:
        """The file of what is asked for, made if it is not there."""
        engine = grounds(request).engine
        what = ",".join(kinds) or "all"

        def look() -> tuple[Asked, Made | None]:
            with reading(engine) as c:
                self._sweep(c)  # first: also where this one is refused
                found = find(c)
            return found, self._kept.find(_name(found, what, shape))

        def make() -> tuple[Asked, Made | None]:
            with reading(engine) as c:
                found = find(c)
                return found, self._kept.make(_name(found, what, shape), lambda out: write(c, found, out))

        found, made = await run_in_threadpool(look)
        tag = f'"{found.tag(what, shape)}"'
        if _is_known(request, tag):
            return Response(status_code=304, headers=found.headers | _HOW | {"ETag": tag})
        if made is None:
            found, made = await anyio.to_thread.run_sync(make, limiter=_making())
            tag = f'"{found.tag(what, shape)}"'
        assert made is not None  # noqa: S101  (tells mypy that making gives a file)
        await self._tell(request, found, made, kinds, shape)
        name = f"{found.view.district.slug}-{what if kinds and found.since is None else 'changes'}-{found.sync}.{shape}"
        return FileResponse(
            made.path, headers=found.headers | _HOW | {"ETag": tag}, media_type=SHAPES[shape], filename=name
        )

    async def _tell(self, request: Request, found: Asked, made: Made, kinds: list[Kind], shape: str) -> None:
        if request.method == "HEAD":
            return
        its, view = kinds or granted(found.view), found.view
        told = Disclosed(
            view.edition.vendor_id,
            found.vendor,
            view.slug,
            tuple(kind.value for kind in its),
            names(its, view),
            made.facts["rows"],
            made.facts["people"],
            found.sync,
            view.edition.last_event if found.as_of is None else 0,
            shape,
            whole=found.since is None,
            part="range" in request.headers,
        )
        await self._disclose(request, told)

    def _sweep(self, c: Connection) -> None:
        """Now and then, whoever asks for what: files of vendors who see them no more must not lie there."""
        if self._kept.clock() - self._kept.swept < _SWEEP:
            return
        self._kept.swept = self._kept.clock()
        self._kept.sweep({beginning(*of) for of in last_editions(c)})


#: The vendor's program may keep it, but asks each time whether it still may; nobody between may.
_HOW = {"Cache-Control": "private, no-cache", "Accept-Ranges": "bytes"}


def _making() -> anyio.CapacityLimiter:
    """One for each event loop. Raises Refused where too many wait: they would hold connections that others need."""
    try:
        limiter = _MAKING.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(1)
        _MAKING.set(limiter)
    if limiter.statistics().tasks_waiting >= _WAITING:
        raise Refused(503, "Too many files are being made. Come again in a minute.", headers={"Retry-After": "60"})
    return limiter


def _name(found: Asked, what: str, shape: str) -> str:
    return f"{found.of}~{found.tag(what, shape)}.{shape}"


def _is_known(request: Request, tag: str) -> bool:
    """Whether the client has it already."""
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    return tag in known or known == ["*"]


def _number(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004  (what the store can count to)
        raise Refused(400, _WORDS.format(name=name))
    return int(text)
