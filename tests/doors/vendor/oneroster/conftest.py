"""Two districts in the OneRoster door, read by vendors of different rights.

In:  a store.
Out: `lake` (a web door with everything in it), `on_postgresql` (the same there), `moving` and `each`
     (the same, of which the roster may change; `each` on each store).
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from sftpingest.doors.vendor.oneroster.door import PLACES, mounts
from sftpingest.doors.vendor.oneroster.operations import OPERATIONS
from sftpingest.doors.vendor.oneroster.words import Release
from sftpingest.roster.format import load as format_named
from sftpingest.roster.parse import parse
from sftpingest.roster.reconcile import reconcile
from sftpingest.roster.sharing import Group, Mode, Sharing
from sftpingest.roster.validate import validate
from sftpingest.store import accounts, journal, rosters, vendors
from sftpingest.store.engine import open_store
from sftpingest.store.load import load
from sftpingest.store.publish import publish
from sftpingest.store.tables import now
from tests.conftest import _new_database, _url
from tests.doors.vendor.clever.conftest import Door
from tests.doors.vendor.conftest import bearing
from tests.roster.uploads import lines

_RECORD = "sourcedId,status,dateLastModified"
_FLAGS = (
    "americanIndianOrAlaskaNative,asian,blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,"
    "demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity"
)
_USERS = (
    f"{_RECORD},enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,"
    "agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,preferredMiddleName,"
    "preferredFamilyName,primaryOrgSourcedId,pronouns"
)
#: Words that begin with N are of the north side alone, those with S of the south side.
FILES = {
    "orgs.csv": lines(
        f"{_RECORD},name,type,identifier,parentSourcedId",
        "d1,,,Lake District,district,,",
        "n1,,,Norwood,school,N-101,d1",
        "s1,,,Southmore,school,S-201,d1",
    ),
    "academicSessions.csv": lines(
        f"{_RECORD},title,type,startDate,endDate,parentSourcedId,schoolYear",
        "y1,,,Whole year,schoolYear,2026-08-01,2027-07-01,,2027",
        "nt1,,,Nfall,term,2026-08-17,2026-12-19,y1,2027",
        "st1,,,Sfall,term,2026-08-18,2026-12-20,y1,2027",
        "sg1,,,Squarter,gradingPeriod,2026-08-18,2026-10-20,st1,2027",
    ),
    "courses.csv": lines(
        f"{_RECORD},schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes",
        "nc1,,,y1,Nanotech,NC-1,,d1,,",
        "sc1,,,y1,Sculpture,SC-1,,d1,,",
    ),
    "classes.csv": lines(
        f"{_RECORD},title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,"
        "subjectCodes,periods",
        "nk1,,,Nanotech 1,09,nc1,NK-1,scheduled,Nroom,n1,nt1,Science,,1",
        "sk1,,,Sculpture 1,09,sc1,SK-1,homeroom,Sroom,s1,st1,Math,,2",
        "sk2,,,Sculpture 2,10,sc1,SK-2,scheduled,,s1,sg1,,,3",
    ),
    "users.csv": lines(
        _USERS,
        "np1,,,true,Nlogin,,Nia,Nash,,N-17,nia@n.example,,,ng1,09,,,Nini,,,n1,",
        "sp1,,,true,Slogin,,Sam,Sage,,S-17,sam@s.example,,503-555-0222,sg9,09,,,Sammy,,,s1,",
        "sp2,,,true,Slogin2,,Sia,Solo,,,,,,,10,,,,,,s1,",
        "ng1,,,true,Nguard,,Nan,Nash,,,nan@n.example,,503-555-0111,np1,,,,,,,,",
        "sg9,,,true,Sguard,,Sue,Sage,,,sue@s.example,,503-555-0333,sp1,,,,,,,,",
        "nx1,,,true,Nteach,,Nell,Nott,,,nell@n.example,,,,,,,,,,n1,",
        "sx1,,,true,Steach,,Saul,Sand,,,saul@s.example,,,,,,,,,,s1,",
        "sw1,,,false,Sstaff,,Sal,Scribe,,,sal@s.example,,,,,,,,,,s1,",
    ),
    "roles.csv": lines(
        f"{_RECORD},userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId",
        "r1,,,np1,primary,student,,,n1,",
        "r2,,,sp1,primary,student,,,s1,",
        "r3,,,sp2,primary,student,,,s1,",
        "r4,,,ng1,primary,guardian,,,n1,",
        "r5,,,sg9,primary,relative,,,s1,",
        "r6,,,nx1,primary,teacher,,,n1,",
        "r7,,,sx1,primary,teacher,,,s1,",
        "r8,,,sw1,primary,principal,,,s1,",
    ),
    "enrollments.csv": lines(
        f"{_RECORD},classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate",
        "e1,,,nk1,n1,np1,student,,,",
        "e2,,,sk1,s1,sp1,student,,,",
        "e3,,,nk1,n1,sp2,student,,,",
        "e4,,,nk1,n1,nx1,teacher,true,,",
        "e5,,,sk1,s1,sx1,teacher,true,,",
        "e6,,,sk2,s1,sx1,teacher,true,,",
        "e7,,,sk2,s1,sp1,student,,,",
    ),
    "demographics.csv": lines(
        f"{_RECORD},birthDate,sex,{_FLAGS},countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,"
        "publicSchoolResidenceStatus",
        "np1,,,2015-01-20,female,false,true,false,false,false,false,false,NZ,,Nton,",
        "sp1,,,2014-02-03,male,false,false,false,false,true,false,true,SE,,Ston,",
    ),
}
#: Another district, in which courses and terms are lacking.
BARE = {
    "orgs.csv": lines(f"{_RECORD},name,type,identifier,parentSourcedId", "bs,,,Barn,school,,"),
    "academicSessions.csv": lines(
        f"{_RECORD},title,type,startDate,endDate,parentSourcedId,schoolYear",
        "bt,,,Spring,term,2027-01-10,2027-05-20,,2027",
    ),
    "courses.csv": lines(
        f"{_RECORD},schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes",
        "bc,,,,Baking,,,bs,,",
    ),
    "classes.csv": lines(
        FILES["classes.csv"].splitlines()[0],
        "bk,,,Baking 1,,bc,,,,bs,bt,,,",
    ),
    "users.csv": lines(
        _USERS,
        "bp,,,true,Blogin,,Bea,Bond,,,bea@b.example,,,,K,,,,,,bs,",
        "bx,,,true,Bteach,,Bo,Birch,,,,,,,,,,,,,bs,",
    ),
    "roles.csv": lines(
        FILES["roles.csv"].splitlines()[0],
        "b1,,,bp,primary,student,,,bs,",
        "b2,,,bx,primary,teacher,,,bs,",
    ),
    "enrollments.csv": lines(
        FILES["enrollments.csv"].splitlines()[0], "f1,,,bk,bs,bp,student,,,", "f2,,,bk,bs,bx,teacher,true,,"
    ),
}
EVERYTHING = Sharing(Mode.EVERYTHING, staff=True, groups=frozenset(Group))
SOUTH = Sharing(Mode.SCHOOLS, schools=("s1",))
_NAMES = (
    "academicSessions categories classes classResources courses courseResources demographics enrollments "
    "lineItemLearningObjectiveIds lineItems lineItemScoreScales orgs resources resultLearningObjectiveIds results "
    "resultScoreScales roles scoreScales userProfiles userResources users"
)
V1_1, V1_2 = PLACES[Release.V1_1], PLACES[Release.V1_2]


def _set(files: dict[str, str]) -> dict[str, bytes]:
    there = [f"file.{name},{'bulk' if f'{name}.csv' in files else 'absent'}" for name in _NAMES.split()]
    manifest = lines("propertyName,value", "manifest.version,1.0", "oneroster.version,1.2", *there)
    return {name: text.encode() for name, text in (files | {"manifest.csv": manifest}).items()}


def changed(old: str, new: str, name: str, files: dict[str, str] | None = None) -> dict[str, str]:
    """The files with one text in one of them replaced, which is there."""
    files = files or FILES
    assert old in files[f"{name}.csv"]
    return files | {f"{name}.csv": files[f"{name}.csv"].replace(old, new)}


class Lake(Door):
    """A web door on districts whose uploads are sets of OneRoster."""

    clients: dict[str, tuple[str, str]]
    tokens: dict[str, str]

    def upload(self, files: dict[str, str], slug: str = "lake") -> None:
        with self.engine.begin() as c:
            district_id = accounts.district(c, slug).id
            syncs = c.execute(sa.text("SELECT count(*) FROM sync")).scalar_one()
            sync_id = journal.queue(c, district_id, f"{slug}-{syncs}", "sftp", None)
        with self.engine.connect() as c:
            checked = validate(parse(_set(files), format_named("oneroster")))
            changes, _ = reconcile(checked, rosters.held(c, district_id))
        with self.engine.begin() as c:
            load(c, district_id, sync_id, changes)
            its = accounts.DISTRICT
            c.execute(sa.update(its).where(its.c.id == district_id).values(head=sync_id))
            for vendor in vendors.vendors(c):
                publish(c, vendor.id, accounts.district(c, slug), now().date())

    def join(self, vendor: str) -> None:
        """A new vendor with a token for everything."""
        with self.engine.begin() as c:
            made, secret = vendors.add_vendor(c, vendor)
        self.clients[vendor] = (made.client_id, secret)
        self.tokens[vendor] = self.access(self.clients[vendor]).json()["access_token"]

    def ask(self, path: str, vendor: str = "everything", place: str = V1_2, **asked: Any) -> httpx.Response:
        more: dict[str, Any] = {"params": asked} if asked else {}
        return self("GET", f"{place}{path}", headers=bearing(self.tokens[vendor]), **more)

    def all_of(self, path: str, vendor: str = "everything", place: str = V1_2, **asked: Any) -> list[dict[str, Any]]:
        """All records of a collection that is one page."""
        answer = self.ask(path, vendor, place, **{"limit": 10_000} | asked)
        assert answer.status_code == 200, answer.text
        found = next(value for name, value in answer.json().items() if name != "statusInfoSet")
        assert answer.headers["x-total-count"] == str(len(found))
        return list(found)

    def ids(self, path: str, vendor: str = "everything", place: str = V1_2, **asked: Any) -> list[str]:
        return [one["sourcedId"] for one in self.all_of(path, vendor, place, **asked)]


def new_lake(engine: Engine, keys: Path) -> Lake:
    """Both districts; `everything` sees all of both, `south` one side of the first, without any group of fields."""
    door = Lake(engine, keys, mounts(), per_minute=1_000_000)
    door.clients, door.tokens = {}, {}
    with engine.begin() as c:
        accounts.add_district(c, "lake", "Lake District")
        accounts.add_district(c, "bare", "Bare District")
    door.join("everything")
    door.join("south")
    door.upload(FILES)
    door.upload(BARE, "bare")
    door.let("everything", EVERYTHING, "lake")
    door.let("everything", EVERYTHING, "bare")
    door.let("south", SOUTH, "lake")
    return door


@pytest.fixture(scope="session")
def lake(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """For tests that only look, and not at what the stores do differently: on SQLite alone."""
    there = tmp_path_factory.mktemp("lake")
    shutil.copyfile(migrated, there / "roster.db")
    opened = open_store(f"sqlite:///{there / 'roster.db'}")
    yield new_lake(opened, there)
    opened.dispose()


@pytest.fixture(scope="session")
def ready_database(
    postgres: Path, migrated_database: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Lake]:
    """A database of PostgreSQL with the same in it, to be copied; nobody has it open."""
    name = _new_database(postgres, migrated_database)
    made = new_lake(open_store(_url(postgres, name)), tmp_path_factory.mktemp("keys"))
    made.engine.dispose()
    return name, made


def _copied_database(cluster: Path, ready: tuple[str, Lake], there: Path) -> Lake:
    return _once_more(ready[1], open_store(_url(cluster, _new_database(cluster, ready[0]))), there)


@pytest.fixture
def on_postgresql(postgres: Path, ready_database: tuple[str, Lake], tmp_path: Path) -> Iterator[Lake]:
    """The same on PostgreSQL."""
    made = _copied_database(postgres, ready_database, tmp_path)
    yield made
    made.engine.dispose()


def _once_more(lake: Lake, engine: Engine, there: Path) -> Lake:
    made = Lake(engine, there, mounts(), per_minute=1_000_000)
    made.clients, made.tokens = dict(lake.clients), dict(lake.tokens)
    return made


def _copied(lake: Lake, there: Path) -> Lake:
    file = there / "copy.db"
    with closing(sqlite3.connect(lake.engine.url.database or "")) as old, closing(sqlite3.connect(file)) as new:
        old.backup(new)
    return _once_more(lake, open_store(f"sqlite:///{file}"), there)


@pytest.fixture
def moving(lake: Lake, tmp_path: Path) -> Iterator[Lake]:
    """A door of which the roster changes."""
    made = _copied(lake, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def each(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lake]:
    """The same, on each store."""
    asked = request.getfixturevalue
    if request.param == "sqlite":
        made = _copied(asked("lake"), tmp_path)
    else:
        made = _copied_database(asked("postgres"), asked("ready_database"), tmp_path)
    yield made
    made.engine.dispose()


#: For each name in a path the collection that has such ids.
_OF = {
    "schoolSourcedId": "schools",
    "classSourcedId": "classes",
    "courseSourcedId": "courses",
    "termSourcedId": "terms",
    "studentSourcedId": "students",
    "teacherSourcedId": "teachers",
    "userSourcedId": "users",
}


def addresses(ids: dict[str, list[str]], path: str) -> Iterator[str]:
    """A path with every id of the collections that its names stand for."""
    if "{" not in path:
        yield path
        return
    name = path[path.index("{") + 1 : path.index("}")]
    for id_ in ids[_OF.get(name) or path.split("/")[1]]:
        yield from addresses(ids, path.replace(f"{{{name}}}", id_, 1))


PATHS = [operation.path for operation in OPERATIONS]
COLLECTIONS = [path.removeprefix("/") for path in PATHS if path.count("/") == 1]
