"""A district in the Clever-shaped API, read by two vendors of different rights.

In:  a store.
Out: `door` (a web door whose vendors read springfield), on each store; `all_of_it` reads everything there is to see.
"""

from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from sftpingest.app.web import parts
from sftpingest.roster.sharing import Group, Mode, Sharing, plain
from sftpingest.store import accounts, vendors
from sftpingest.store.publish import publish
from sftpingest.store.tables import now
from sftpingest.store.vendors import Said, Version
from tests.doors.vendor.conftest import Web, bearing
from tests.roster.uploads import lines
from tests.store.test_shared import take

#: Every word that only one record has says in its first letters whose it is: of the north side or of the south side.
FILES = {
    "schools.csv": lines(
        "School_id,School_name,School_number,Principal,School_city,ext.bus",
        "n1,Norwood,101,Nora Nagel,Nton,Nbus",
        "s1,Southmore,201,Sol Stein,Ston,Sbus",
    ),
    "teachers.csv": lines(
        "School_id,Teacher_id,First_name,Last_name,Teacher_email,Title,Username",
        "n1,nt1,Nell,Nott,nell@n.example,Ntitle,Nuser",
        "s1,st1,Saul,Sand,saul@s.example,Stitle,Suser",
    ),
    "students.csv": lines(
        "School_id,Student_id,Student_number,First_name,Last_name,Grade,Gender,DOB,IEP_status,Student_city,"
        "Student_email,Contact_sis_id,Contact_name,Contact_phone,Contact_type,Username,ext.team",
        "n1,ns1,N-17,Nia,Nash,5,F,1/20/2015,Y,Nville,nia@n.example,nk1,Nan Nash,503-555-0111,Mother,Nlogin,Nteam",
        "s1,ss1,S-17,Sam,Sage,6,M,2/3/2014,N,Sville,sam@s.example,sk1,Sue Sage,503-555-0222,Mother,Slogin,Steam",
        "s1,ss2,S-18,Sia,Solo,6,F,2/4/2014,N,Sville,sia@s.example,,,,,Slogin2,Steam2",
    ),
    "sections.csv": lines(
        "School_id,Section_id,Teacher_id,Course_name,Course_number,Period,Subject,Term_name,Term_start,Term_end",
        "n1,nc1,nt1,Nanotech,NC-1,1,science,Nfall,8/31/2026,1/15/2027",
        "s1,sc1,st1,Sculpture,SC-1,2,arts and music,Sfall,9/1/2026,1/16/2027",
    ),
    "enrollments.csv": lines("School_id,Section_id,Student_id", "n1,nc1,ns1", "s1,sc1,ss1", "n1,nc1,ss2"),
    "staff.csv": lines(
        "School_id,Staff_id,Staff_email,First_name,Last_name,Title",
        "n1,nf1,ned@n.example,Ned,Nurse,Nclerk",
        "s1,sf1,sal@s.example,Sal,Scribe,Sclerk",
    ),
}
COLLECTIONS = ("schools", "sections", "courses", "terms", "users")
EVERYTHING = Sharing(Mode.EVERYTHING, staff=True, groups=frozenset(Group))
SOUTH = Sharing(Mode.SCHOOLS, schools=("s1",))


def of(files: dict[str, str]) -> dict[str, bytes]:
    return {name: text.encode() for name, text in files.items()}


class Door(Web):
    """A web door, and what vendors and districts do."""

    #: the district where none is named
    slug = "springfield"

    def upload(self, files: dict[str, str], slug: str = "") -> None:
        self.apply(files, slug)
        with self.engine.begin() as c:
            for vendor in vendors.vendors(c):
                publish(c, vendor.id, accounts.district(c, slug or self.slug), now().date())

    def apply(self, files: dict[str, str], slug: str = "") -> None:
        """An upload of which vendors have not been told yet."""
        district_id, sync_id = take(self.engine, of(files), slug or self.slug)
        with self.engine.begin() as c:
            its = accounts.DISTRICT
            c.execute(sa.update(its).where(its.c.id == district_id).values(head=sync_id))
            c.execute(
                sa.text("UPDATE sync SET finished_at = :at WHERE id = :id"),
                {"at": now().replace(tzinfo=None), "id": sync_id},
            )

    def let(self, vendor: str, sharing: Sharing | None, slug: str = "") -> None:
        """Set what a vendor sees of a district; None: nothing."""
        with self.engine.begin() as c:
            its, district = vendors.vendor(c, vendor), accounts.district(c, slug or self.slug)
            said, terms = (Said.SET, plain(sharing)) if sharing else (Said.ENDED, {})
            vendors.say(c, Version(vendor_id=its.id, district_id=district.id, said=said, terms=terms, by="a test"))
            publish(c, its.id, district, now().date())

    def get(self, path: str, vendor: str = "everything", slug: str = "", **asked: Any) -> httpx.Response:
        more: dict[str, Any] = (
            {"params": asked} if asked else {}
        )  # httpx would take none for "without those in the path"
        return self("GET", path, headers=bearing(self.token(vendor, slug or self.slug)), **more)

    def read(self, path: str, vendor: str = "everything", **asked: Any) -> list[dict[str, Any]]:
        """All objects of a list, as a client follows its links."""
        out: list[dict[str, Any]] = []
        answer = self.get(f"/v3.1{path}", vendor, **asked)
        while True:
            assert answer.status_code == 200, answer.text
            body = answer.json()
            out += [one["data"] for one in body["data"]]
            following = [link["uri"] for link in body["links"] if link["rel"] == "next"]
            if not following:
                return out
            answer = self.get(following[0], vendor)


def told(door: Door, vendor: str, after: str = "") -> list[dict[str, Any]]:
    return door.read("/events", vendor, **({"starting_after": after} if after else {}))


def new_door(engine: Engine, keys: Path) -> Door:
    """Two vendors, of which one sees all of springfield, and one its south side without any group of fields."""
    door = Door(engine, keys, parts(keys.parent))
    with engine.begin() as c:
        accounts.add_district(c, "springfield", "Springfield Public Schools")
        for vendor in ("everything", "south"):
            vendors.add_vendor(c, vendor)
    door.upload(FILES)
    door.let("everything", EVERYTHING)
    door.let("south", SOUTH)
    return door


@pytest.fixture(scope="module")
def standing(lasting: Engine, tmp_path_factory: pytest.TempPathFactory) -> Door:
    """A door for tests that only look."""
    return new_door(lasting, tmp_path_factory.mktemp("keys"))
