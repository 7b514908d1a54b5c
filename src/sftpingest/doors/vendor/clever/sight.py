"""One request: who reads, and what is seen, in one transaction.

In:  a request with a token.
Out: Sight; an answer, once what it discloses is kept.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from orjson import Fragment
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sftpingest.doors.vendor.bearer import read_by, token_of
from sftpingest.doors.vendor.clever.asked import Asked, asked, is_id
from sftpingest.doors.vendor.clever.objects import Object, Stamp
from sftpingest.doors.vendor.clever.shaping import written
from sftpingest.doors.vendor.disclosing import Answered, Disclosed, template
from sftpingest.doors.vendor.grounds import as_json, grounds
from sftpingest.doors.vendor.refused import Refused
from sftpingest.doors.vendor.seen import seen
from sftpingest.roster.disclosed import Door
from sftpingest.roster.kinds import Kind
from sftpingest.store.reading import Key, View, find, further_of, reading, times_of
from sftpingest.store.tokens import Reader

#: So many times of editions are remembered, some ten megabytes.
_MOST_TIMES = 100_000


@dataclass
class Sight:
    """What a request can see."""

    c: Connection
    reader: Reader
    version: str  #: v3.0 or v3.1
    path: Mapping[str, str]  #: what stands in the address
    request: Request
    disclosed: list[Disclosed] = field(default_factory=list)  #: what the answer has in it
    door: Door = Door.CLEVER
    looked_into: Sequence[View] = ()  #: the districts of an answer, also where nothing of them is in it
    in_a_row: bool = False  #: it is all there is between the first and the last id

    @cached_property
    def views(self) -> list[View]:
        """The districts that are seen. Raises Refused where a token is for one that is not (any more)."""
        found = seen(self.c, self.reader)
        if not found and self.reader.district_id is not None:
            raise Refused(404, "This district shares nothing with you, or no more.")
        self.looked_into = found
        return found

    @cached_property
    def answered(self) -> Answered:
        """The answer, as the disclosure log is told of it."""
        return Answered(grounds(self.request), self.reader, self.door, template(self.request), self.looked_into)

    def times(self, editions: Collection[int]) -> dict[int, datetime]:
        """When editions were made."""
        kept = grounds(self.request).times
        found = {number: at for number in editions if (at := kept.get(number))}
        if unknown := set(editions) - found.keys():
            more = times_of(self.c, unknown)
            if len(kept) > _MOST_TIMES:
                kept.clear()
            kept.update(more)
            found |= more
        return found

    @cached_property
    def asked(self) -> Asked:
        """The page that is asked for."""
        return asked(self.request.query_params)

    def view_of(self, key: Key) -> View:
        """The district of a record."""
        return next(view for view in self.views if view.district.id == key.district_id)

    def one(self, *kinds: Kind) -> Key:
        """The record whose id stands in the address. Raises Refused: not there and not seen are the same."""
        id_ = self.path["id"]  # whatever stands there: PostgreSQL refuses what is no text
        found = find(self.c, self.views, kinds, id_) if is_id(id_) else None
        if found is None:
            raise Refused(404, "Resource not found")
        return found

    def objects(self, keys: list[Key]) -> list[Fragment]:
        """Records in Clever's shape as JSON, in their order."""
        at = self.times({edition for key in keys for edition in (key.since, key.changed)})
        groups: dict[tuple[int, Kind], dict[int, Stamp]] = {}
        for key in keys:
            stamp = Stamp(key.id, at.get(key.since), at.get(key.changed), further_of(key))
            groups.setdefault((key.district_id, key.kind), {})[key.no] = stamp
        made: dict[str, Fragment] = {}
        for (district, kind), stamps in groups.items():
            view = next(view for view in self.views if view.district.id == district)
            self.disclosed.append(Disclosed(view, kind, [stamp.id for stamp in stamps.values()]))
            for no, one in written(self.c, view, kind, stamps, self.version):
                made[stamps[no].id] = Fragment(one)
        return [made[key.id] for key in keys]


#: Answers one request.
Ask = Callable[[Sight], Object]


def answering(ask: Ask) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that answers by `ask`, in a thread."""

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(_answer, request, token_of(request), ask)

    return endpoint


def _answer(request: Request, token: str, ask: Ask) -> Response:
    version = request.scope["root_path"].rpartition("/")[2]
    with reading(grounds(request).engine) as c:
        sight = Sight(c, read_by(c, request, token), version, request.path_params, request)
        content = ask(sight)
    sight.answered.keep(sight.disclosed, in_a_row=sight.in_a_row)
    return as_json(content)
