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
from sftpingest.roster.disclosed import MOST_IDS, Door, Read
from sftpingest.roster.kinds import Kind
from sftpingest.roster.sharing import Group
from sftpingest.store.reading import View
from sftpingest.store.tables import now
from sftpingest.store.tokens import Reader

#: From so many records on, a page in which none is left out is kept as a range of ids.
_RANGE = 200
_PEOPLE = frozenset({Kind.STUDENT, Kind.TEACHER, Kind.STAFF, Kind.CONTACT})


@dataclass(frozen=True, slots=True)
class Disclosed:
    """Records in an answer, of one district and kind."""

    view: View
    kind: Kind
    ids: Sequence[str]


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
        for some in records:
            of.setdefault(some.view.district.id, []).append(some)
            views.setdefault(some.view.district.id, some.view)
        for district in of or views:  # an empty answer tells something too
            for its in parts(of.get(district, []), in_a_row=in_a_row):
                read = self._read([some.view for some in its] or [views[district]], its, in_a_row=in_a_row)
                kept(self.grounds, read)

    def _read(self, views: list[View], its: list[Disclosed], *, in_a_row: bool) -> Read:
        """Of one district: `views` are of the editions that were read, of which events have several."""
        of_kind: dict[Kind, set[str]] = {}
        for some in its:
            of_kind.setdefault(some.kind, set()).update(some.ids)
        ids = sorted(set[str]().union(*of_kind.values()))
        return Read(
            **self._common(views),
            kinds=tuple(kind for kind in Kind if of_kind.get(kind)),
            people=sum(len(some) for kind, some in of_kind.items() if kind in _PEOPLE),
            records=len(ids),
            **({"range": (ids[0], ids[-1])} if in_a_row and len(ids) > _RANGE else {"ids": tuple(ids)}),
        )

    def _common(self, views: list[View]) -> dict[str, Any]:
        groups = frozenset[Group]().union(*{view.sharing.groups for view in views})
        return {
            "at": now(),
            "vendor": self.reader.vendor,
            "district": views[0].slug,
            "door": self.door,
            "request": self.request,
            "fields": self.fields or tuple(sorted(groups)),
            "sequence": max(view.edition.last_event for view in views),
        }


def parts(its: list[Disclosed], *, in_a_row: bool) -> list[list[Disclosed]]:
    """What goes into one read; where that names more ids than one may, each kind by itself."""
    if in_a_row or sum(len(some.ids) for some in its) <= MOST_IDS:
        return [its]
    once = (Disclosed(some.view, some.kind, sorted(set(some.ids))) for some in its)
    return [
        [Disclosed(some.view, some.kind, some.ids[start : start + MOST_IDS])]
        for some in once
        for start in range(0, len(some.ids), MOST_IDS)
    ]


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
