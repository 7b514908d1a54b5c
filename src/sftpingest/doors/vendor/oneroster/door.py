"""Both releases as parts of the web door.

In:  requests.
Out: `mounts`, for `application(grounds, parts)`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from sftpingest.doors.vendor.bearer import granted, read_by, token_of
from sftpingest.doors.vendor.disclosing import Answered, template
from sftpingest.doors.vendor.grounds import address, grounds
from sftpingest.doors.vendor.oneroster import answer
from sftpingest.doors.vendor.oneroster.lists import unknown
from sftpingest.doors.vendor.oneroster.operations import OPERATIONS, Operation
from sftpingest.doors.vendor.oneroster.query import Query, query_of
from sftpingest.doors.vendor.oneroster.reads import Reading
from sftpingest.doors.vendor.oneroster.remembered import Remembered
from sftpingest.doors.vendor.oneroster.words import Release
from sftpingest.doors.vendor.scopes import PREFIX_1_1, PREFIX_1_2
from sftpingest.doors.vendor.shaped import part
from sftpingest.roster.disclosed import Door
from sftpingest.store.reading import reading

#: Where each release is read, and by scopes with which names.
PLACES = {Release.V1_2: "/ims/oneroster/rostering/v1p2", Release.V1_1: "/ims/oneroster/v1p1"}
_PREFIXES = {Release.V1_2: (PREFIX_1_2,), Release.V1_1: (PREFIX_1_1, PREFIX_1_2)}


def mounts() -> list[Mount]:
    """Both releases."""
    remembered = Remembered()
    return [
        Mount(place, app=part(OneRelease(release, remembered).routes(), answer.refusals(release)))
        for release, place in PLACES.items()
    ]


@dataclass(frozen=True)
class OneRelease:
    """One release."""

    release: Release
    remembered: Remembered

    def routes(self) -> list[Route]:
        """All that is read."""
        return [Route(one.path, self._answering(one), methods=["GET"]) for one in OPERATIONS]

    def _answering(self, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
        async def answering(request: Request) -> Response:
            return await run_in_threadpool(self._answer, request, token_of(request), operation)

        return answering

    def _answer(self, request: Request, token: str, operation: Operation) -> Response:
        with reading(grounds(request).engine) as c:
            who = read_by(c, request, token)
            granted(who, frozenset(prefix + name for prefix in _PREFIXES[self.release] for name in operation.scopes))
            query = self._query(request, operation)
            root = address(request, PLACES[self.release])
            its = Reading(c, who, self.release, root, request.url.path, query, self.remembered)
            made = self._made(request, operation, its)
        of = its.__dict__.get("views", ())  # where none was looked for, there is nothing to note
        noted = Answered(grounds(request), who, Door.ONEROSTER, template(request), of, query.fields or None)
        noted.keep(its.disclosed)
        return made

    def _query(self, request: Request, operation: Operation) -> Query:
        names = operation.entity.names(self.release)
        return query_of(request.query_params.multi_items(), names, self.release, single=operation.page is None)

    def _made(self, request: Request, operation: Operation, its: Reading) -> Response:
        if operation.page:
            shapes, total = operation.page(its, request.path_params)
            return answer.many(request, shapes, total, operation.entity, its.query, self.release)
        shape = operation.one(its, request.path_params) if operation.one else None
        if shape is None:
            raise unknown()
        return answer.one(shape, operation.entity, its.query, self.release)
