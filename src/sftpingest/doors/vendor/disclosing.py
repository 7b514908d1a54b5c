"""What an answer discloses, told to the disclosure log before the answer leaves.

In:  who reads, through which door, which records of which districts.
Out: a Read for each district; Refused with 503 where it cannot be kept.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from sftpingest.doors.vendor.grounds import Grounds
from sftpingest.doors.vendor.refused import Refused
from sftpingest.roster.disclosed import Door, Read
from sftpingest.roster.kinds import Kind
from sftpingest.store.reading import View
from sftpingest.store.tables import now
from sftpingest.store.tokens import Reader

#: From so many records on, a page in which none is left out is kept as a range of ids.
_RANGE = 200
_PEOPLE = frozenset({Kind.STUDENT, Kind.TEACHER, Kind.STAFF, Kind.CONTACT})


@dataclass(frozen=True, slots=True)
class Disclosed:
    """One record in an answer."""

    view: View
    kind: Kind
    id: str


@dataclass(frozen=True)
class Answered:
    """An answer, as the disclosure log is told of it."""

    grounds: Grounds
    reader: Reader
    door: Door
    request: str  #: the method and the template of the path
    views: Sequence[View]  #: the districts that were looked into
    fields: tuple[str, ...] | None = None  #: the fields that were chosen; None: all of the groups that are granted

    def keep(self, records: Iterable[Disclosed], *, in_a_row: bool = False) -> None:
        """Note what is in it; `in_a_row`: of each district all there is of these kinds between the first and the last.

        In the thread that answers, before a byte leaves. Raises Refused.
        """
        of: dict[int, list[Disclosed]] = {}
        views = {view.district.id: view for view in self.views}
        for one in records:
            of.setdefault(one.view.district.id, []).append(one)
            views.setdefault(one.view.district.id, one.view)
        for district in of or views:  # an empty answer tells something too
            self._keep(self._read(views[district], of.get(district, []), in_a_row=in_a_row))

    def keep_whole(self, view: View, kinds: tuple[Kind, ...], *, people: int, records: int) -> None:
        """Note that all of these kinds was read of a district. Raises Refused."""
        self._keep(Read(**self._common(view), kinds=kinds, people=people, records=records, whole=True))

    def _read(self, view: View, records: list[Disclosed], *, in_a_row: bool) -> Read:
        ids = sorted({one.id for one in records})
        kinds = {one.kind for one in records}
        return Read(
            **self._common(view),
            kinds=tuple(kind for kind in Kind if kind in kinds),
            people=sum(one.kind in _PEOPLE for one in records),
            records=len(records),
            **({"range": (ids[0], ids[-1])} if in_a_row and len(ids) > _RANGE else {"ids": tuple(ids)}),
        )

    def _common(self, view: View) -> dict[str, Any]:
        return {
            "at": now(),
            "vendor": self.reader.vendor,
            "district": view.district.slug,
            "door": self.door,
            "request": self.request,
            "fields": self.fields or tuple(sorted(view.sharing.groups)),
            "sequence": view.edition.last_event,
        }

    def _keep(self, read: Read) -> None:
        kept(self.grounds, read)


def kept(grounds: Grounds, read: Read) -> None:
    """Note a read. Raises Refused where that cannot be done: then it must not be answered."""
    try:
        grounds.keep(read)
    except OSError:
        why = "What is read must be noted here first, and that cannot be done just now. Try again later."
        raise Refused(503, why, headers={"Retry-After": "60"}) from None


def template(request: Request) -> str:
    """The method and the address of a request, without what is named in it."""
    route = request.scope.get("route")
    path = route.path if isinstance(route, Route) else ""
    return f"{request.method} {request.scope.get('root_path', '')}{path}"
