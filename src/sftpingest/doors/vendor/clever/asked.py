"""What stands after the question mark: how many, from where on, of which kind.

In:  a request.
Out: Asked; Refused with 400 or 413 where it cannot be meant.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from sftpingest.doors.vendor.clever.people import ROLES
from sftpingest.doors.vendor.refused import Refused
from sftpingest.roster.kinds import Kind

#: How many come where nothing is said, and at most.
USUAL, MOST = 100, 10_000
_ID = re.compile(r"[0-9a-f]{24}")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_YES = frozenset({"true", "1"})
_PAGING = ("starting_after", "ending_before")


@dataclass(frozen=True)
class Asked:
    """A page as it was asked for."""

    limit: int = USUAL
    after: str = ""
    before: str = ""
    kinds: tuple[Kind, ...] = tuple(ROLES.values())  #: of users
    primary: bool = False
    counted: bool = False
    rest: Mapping[str, str] | None = None  #: what stands there beside the paging, for links

    def link(self, path: str, **place: str) -> str:
        """The address of another page of the same list."""
        return f"{path}?{urlencode({**(self.rest or {}), **place})}"


def asked(given: QueryParams) -> Asked:
    """The page that is asked for. Raises Refused."""
    for name in (*_PAGING, "limit", "role"):
        if len(given.getlist(name)) > 1:
            raise Refused(400, f"Say {name} only once.")
    after, before = (_place(given, name) for name in _PAGING)
    if after and before:
        raise Refused(400, "Say starting_after or ending_before, not both.")
    role = given.get("role")
    if role and role not in ROLES and role not in _NOBODY:
        raise Refused(400, f"No user has that role. Say one of {', '.join(ROLES)}.")
    return Asked(
        limit_of(given),
        after,
        before,
        tuple(ROLES.values()) if not role else tuple(kind for name, kind in ROLES.items() if name == role),
        given.get("primary") in _YES,
        given.get("count") in _YES,
        {name: given[name] for name in ("limit", "role", "primary", "count") if name in given},
    )


#: A role that Clever has, and no user here.
_NOBODY = frozenset({"district_admin"})


def is_id(text: str) -> bool:
    """Whether it can be the id of an object."""
    return _ID.fullmatch(text) is not None


def limit_of(given: QueryParams) -> int:
    """How many are asked for. Raises Refused."""
    text = given.get("limit", str(USUAL))
    if not _NUMBER.fullmatch(text):
        raise Refused(400, f"limit is a whole number from 1 to {MOST}.")
    if int(text) > MOST:
        raise Refused(413, f"Ask for {MOST} at most at once, and follow the link next.")
    return int(text)


def _place(given: QueryParams, name: str) -> str:
    place = given.get(name, "")
    if place and not is_id(place):
        raise Refused(400, f"{name} is the id of an object: 24 hexadecimal digits.")
    return place
