"""A district, two vendors of different rights side by side, and a door with files of what they see.

In:  a store.
Out: `House`: upload, share, ask.
"""

import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from starlette.requests import Request
from starlette.routing import Mount

from sftpingest.doors.vendor import part
from sftpingest.doors.vendor.export import Disclosed, Kept, routes
from sftpingest.doors.vendor.shaped import plainly
from sftpingest.roster.sharing import Group, Mode, Sharing, plain
from sftpingest.store import accounts, vendors
from sftpingest.store.journal import SYNC
from sftpingest.store.publish import publish
from sftpingest.store.tables import State, now
from sftpingest.store.vendors import Said, Version
from tests.doors.vendor.conftest import Web, bearing
from tests.roster.strategies import RICH
from tests.store.test_shared import take

_numbers = itertools.count(1)
#: Fields that only a grant shows, and a phone in the district's own columns.
FILES = {
    **RICH,
    "students.csv": "School_id,Student_id,First_name,Last_name,DOB,Gender,Unweighted_gpa,Graduation_year,Username,"
    "ext.team,Contact_sis_id,Contact_name\n"
    'north,ann,Ann,Ash,2010-02-03,F,3.5,2028,ann7,"Chess, ""A""",k1,Val Ash\n'
    "north,bob,Bob,Bay,,M,,,bob7,,,Xia Bay\n"
    'south,cid,"Cid, jr",Cob,2011-12-31,X,2.25,2029,cid7,,,\n',
}
EVERYTHING = Sharing(Mode.EVERYTHING, staff=True, groups=frozenset(Group))
ALGEBRA = Sharing(Mode.SECTIONS, sections=("alg",))


@dataclass
class House:
    """One installation."""

    web: Web
    folder: Path
    slug: str = ""
    first: int = 0  #: a sync
    told: list[Disclosed] = field(default_factory=list)
    clock: Callable[[], float] = lambda: 1_000.0

    def __post_init__(self) -> None:
        async def disclose(_: Request, what: Disclosed) -> None:
            self.told.append(what)

        self.slug = self.slug or f"house{next(_numbers)}"
        self.kept = Kept(self.folder)
        self.web.parts = [Mount("/export", app=part(routes(self.kept, disclose), plainly))]
        self.web.in_store(lambda c: accounts.add_district(c, self.slug, self.slug))

    def upload(self, **changed: tuple[str, str]) -> int:
        """The files, with one text in some of them replaced by another; gives the sync."""
        files = dict(FILES)
        for name, (old, new) in changed.items():
            assert old in files[f"{name}.csv"]
            files[f"{name}.csv"] = files[f"{name}.csv"].replace(old, new)
        district_id, sync = take(self.web.engine, {name: text.encode() for name, text in files.items()}, self.slug)
        with self.web.engine.begin() as c:
            c.execute(sa.update(SYNC).where(SYNC.c.id == sync).values(state=State.APPLIED))
            c.execute(sa.update(accounts.DISTRICT).where(accounts.DISTRICT.c.id == district_id).values(head=sync))
        self._publish()
        return sync

    def vendor(self, name: str, sharing: Sharing | None = None) -> dict[str, str]:
        """Add a vendor of that name in this house; gives the head of its requests."""
        self.web.in_store(lambda c: vendors.add_vendor(c, f"{name}-{self.slug}"))
        self.share(name, sharing)
        return bearing(self.web.token(f"{name}-{self.slug}", self.slug))

    def share(self, name: str, sharing: Sharing | None) -> None:
        with self.web.engine.begin() as c:
            reads, of = vendors.vendor(c, f"{name}-{self.slug}").id, accounts.district(c, self.slug)
            said = Said.SET if sharing else Said.ENDED
            terms = plain(sharing) if sharing else {}
            vendors.say(c, Version(vendor_id=reads, district_id=of.id, said=said, terms=terms, by="a test"))
            publish(c, reads, of, now().date())

    def _publish(self) -> None:
        with self.web.engine.begin() as c:
            of = accounts.district(c, self.slug)
            for vendor in vendors.vendors(c):
                if vendor.name.endswith(f"-{self.slug}"):
                    publish(c, vendor.id, of, now().date())

    def get(self, head: dict[str, str], file: str, **more: Any) -> httpx.Response:
        """A file of the district, or another address that begins with a slash."""
        path = f"/export{file}" if file.startswith("/") else f"/export/{self.slug}/{file}"
        return self.web("GET", path, headers=head | more.pop("headers", {}), **more)

    def lines(self, head: dict[str, str], file: str) -> list[dict[str, Any]]:
        answer = self.get(head, file)
        assert answer.status_code == 200, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]


def own(rows: Iterable[dict[str, Any]]) -> set[str]:
    """The district's own keys of records."""
    return {row["sis_id"] for row in rows}
