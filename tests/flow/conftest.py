"""The whole program behind its real doors: `sftpingest up` as a child process, on each store; districts that upload.

In:  nothing.
Out: `house` (a running server; one a store and test session), `springfield` (a district of its own for each test),
     `place` (a data folder and store of its own, for tests that kill the server).

SFTPINGEST_LONG=1 in the environment of the test run asks for the long forms of some tests.
"""

import asyncio
import io
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import time
import uuid
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import asyncssh
import pandas as pd
import psycopg
import pytest
from sqlalchemy import Connection, Engine

from sftpingest import inbox
from sftpingest.inbox import Folders
from sftpingest.roster.kinds import Kind
from sftpingest.store import accounts, journal, rosters
from sftpingest.store.engine import migrate, open_store
from sftpingest.store.tables import ENDED, Sync, Transition
from tests.cli.conftest import COMMAND, Program, serves
from tests.conftest import cheap_login, postgres_binaries

T = TypeVar("T")
Files = Mapping[str, bytes]

#: Read before the settings of the program under test are cleared of what this machine has set.
LONG = os.environ.get("SFTPINGEST_LONG", "") not in {"", "0"}
PASSWORD = "correct horse battery"
#: How long a report may take to come, in seconds; it takes two or three.
PATIENCE = 90.0
_numbers = itertools.count(1)

_CHOSEN = ["sqlite", "postgresql"] if LONG else ["sqlite"]
#: For tests of what does not depend on the store: run on both only in the long form.
house_of_one_store = pytest.mark.parametrize("house", _CHOSEN, indirect=True)
place_of_one_store = pytest.mark.parametrize("store_url", _CHOSEN, indirect=True)
#: For tests of what does: on both in every run. All others have one of the stores by turns.
on_both_stores = pytest.mark.on_both_stores
in_the_long_form = pytest.mark.skipif(not LONG, reason="only with SFTPINGEST_LONG=1")
needs_ssh = pytest.mark.skipif(shutil.which("sftp") is None, reason="no OpenSSH client on this machine")
needs_lftp = pytest.mark.skipif(shutil.which("lftp") is None, reason="lftp is not installed")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In the everyday run a test of this folder has one of the two stores, by a number that its name gives."""
    taken = [item for item in items if LONG or not _in_turn(item) or _store(item) == _STORES[_turn(item)]]
    if len(taken) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if item not in set(taken)])
        items[:] = taken


_STORES = ("sqlite", "postgresql")


def _in_turn(item: pytest.Item) -> bool:
    """Whether a test is there once for each store and needs not be."""
    chosen = [mark for mark in item.iter_markers("parametrize") if mark.args[0] in {"house", "store_url"}]
    here = Path(__file__).parent in item.path.parents
    return here and not chosen and _store(item) in _STORES and item.get_closest_marker("on_both_stores") is None


def _store(item: pytest.Item) -> object:
    given = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return given.get("house", given.get("store_url"))


def _turn(item: pytest.Item) -> int:
    if postgres_binaries() is None:
        return 0  # else half of the tests would run on no store at all
    return zlib.crc32(re.sub("sqlite|postgresql", "", item.name).encode()) % 2


def until(is_so: Callable[[], T], seconds: float = PATIENCE, every: float = 0.1) -> T:
    """Wait until something is so, and give it; fail if it does not become so."""
    give_up = time.monotonic() + seconds
    while not (found := is_so()):
        assert time.monotonic() < give_up, "it never came to be"
        time.sleep(every)
    return found


def lives(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


# ---------------------------------------------------------------------------------------------------------- the server


@dataclass
class Server:
    """A running `sftpingest up`, leader of a process group of its own."""

    process: "subprocess.Popen[str]"
    port: int

    @property
    def pid(self) -> int:
        return self.process.pid

    def children(self, part: str = "") -> list[int]:
        """The process ids of its children; of those that serve `part` where it is given."""
        with suppress(OSError):
            pids = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
            return [int(pid) for pid in pids if serves(int(pid), part)]
        return []

    def worker(self) -> int:
        """The process id of its worker, as soon as there is one."""
        return until(lambda: [pid for pid in self.children("worker") if lives(pid)])[0]

    def kill_group(self) -> None:
        """kill -9 for all of it at once."""
        os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()

    def kill_parent(self) -> None:
        """kill -9 for the parent alone; gives when its children are gone too."""
        children = self.children()
        self.process.kill()
        self.process.wait()
        until(lambda: not any(lives(pid) for pid in children), 15)

    def kill_worker(self) -> None:
        """kill -9 for the worker alone; the parent starts another."""
        os.kill(self.worker(), signal.SIGKILL)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@dataclass
class Place:
    """A data folder and a store; servers may be started on it, one after the other."""

    program: Program
    engine: Engine
    log: Path

    @contextmanager
    def up(self) -> Iterator[Server]:
        """Start `sftpingest up` on a free port; nothing of it is left at the end of the block."""
        with self.log.open("a") as err:
            process = subprocess.Popen(
                [*COMMAND, "up"],
                env=self.program.variables,
                cwd=self.program.data.parent,
                stdout=subprocess.PIPE,
                stderr=err,
                text=True,
                start_new_session=True,
            )
        try:
            assert process.stdout
            found = re.search(r"sftp://[^ :]+:(\d+)", process.stdout.readline())
            assert found, self.log.read_text()
            yield Server(process, int(found[1]))
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

    def events(self, name: str) -> list[dict[str, Any]]:
        """Events of that name in the server's log so far."""
        lines = (line for line in self.log.read_text().splitlines() if line.startswith("{"))
        return [event for event in map(json.loads, lines) if event.get("event") == name]

    def folders(self, slug: str) -> Folders:
        return inbox.folders(self.program.data, slug)

    def district(self, server: Server | None = None, **settings: object) -> "District":
        """Add a district with a login, with these things set."""
        slug = f"district-{next(_numbers)}"
        with self.engine.begin() as c:
            accounts.add_district(c, slug, f"District {slug.rpartition('-')[2]}")
            cheap_login(c, slug, f"{slug}-sis", PASSWORD)
            for key, value in settings.items():
                accounts.set_district(c, slug, key, str(value))
        self.folders(slug).make()
        return District(self, slug, server)


@contextmanager
def new_place(folder: Path, store_url: str) -> Iterator[Place]:
    """A data folder below `folder`, and its store, migrated."""
    settings = {"SFTPINGEST_SFTP_HOST": "127.0.0.1", "SFTPINGEST_SFTP_PORT": "0", "SFTPINGEST_LOG": "json"}
    settings |= {"SFTPINGEST_QUIET_SECONDS": "0.3", "SFTPINGEST_DATABASE_URL": store_url}
    settings |= {"SFTPINGEST_SFTP_PROCESSES": "1"}  # each starts anew with all it imports: a second
    # commands in this process: a second or two less each; as processes cli/ runs them
    program = Program(folder / "data", settings, inside=True)
    (folder / "data" / "locks").mkdir(mode=0o700, parents=True)
    engine = open_store(store_url)
    migrate(engine)
    try:
        yield Place(program, engine, folder / "up.log")
    finally:
        engine.dispose()


def new_database(cluster: Path) -> str:
    """The URL of a new, empty database; it goes when the cluster goes."""
    name = f"flow{uuid.uuid4().hex}"
    with psycopg.connect(host=str(cluster), user="postgres", dbname="postgres", autocommit=True) as c:
        c.execute(f'CREATE DATABASE "{name}"')
    return f"postgresql://postgres@/{name}?host={cluster}"


@dataclass
class House:
    """A running server on its place."""

    place: Place
    server: Server

    def district(self, **settings: object) -> "District":
        return self.place.district(self.server, **settings)


@pytest.fixture(scope="session")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, Callable[[], Path]], House]]:
    """Running servers, one a store, started when they are first asked for."""
    there: dict[str, House] = {}
    with ExitStack() as open_:

        def house_of(store: str, cluster: Callable[[], Path]) -> House:
            if store not in there:
                folder = tmp_path_factory.mktemp("house")
                url = new_database(cluster()) if store == "postgresql" else f"sqlite:///{folder / 'data' / 'roster.db'}"
                place = open_.enter_context(new_place(folder, url))
                there[store] = House(place, open_.enter_context(place.up()))
            return there[store]

        yield house_of


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, houses: Callable[[str, Callable[[], Path]], House]) -> House:
    """A running server, on each store. Tests share it, each with districts of its own."""
    return houses(request.param, lambda: request.getfixturevalue("postgres"))


@pytest.fixture
def springfield(house: House) -> "District":
    """A district that nobody else uses."""
    return house.district()


@pytest.fixture
def place(store_url: str, tmp_path: Path) -> Iterator[Place]:
    """A data folder and a store for one test; no server runs on it yet."""
    with new_place(tmp_path, store_url) as made:
        yield made


# -------------------------------------------------------------------------------------------------------- the district


@dataclass
class District:
    """A district and what it can do: upload, look, fetch; and what the operator sees of it."""

    place: Place
    slug: str
    server: Server | None = None
    seen: int = field(default=0)  #: the last sync that `outcome` gave

    @property
    def user(self) -> str:
        return f"{self.slug}-sis"

    @property
    def folders(self) -> Folders:
        return self.place.folders(self.slug)

    # over SFTP

    @asynccontextmanager
    async def client(self) -> AsyncIterator[asyncssh.SFTPClient]:
        assert self.server
        proof = {"username": self.user, "password": PASSWORD, "known_hosts": None, "client_keys": None, "config": None}
        async with asyncssh.connect("127.0.0.1", self.server.port, **proof) as link, link.start_sftp_client() as sftp:
            yield sftp

    def upload(self, files: Files, gone: Iterable[str] = ()) -> None:
        """Upload files and remove others. All are open until the last byte is sent: no pause can end the upload."""

        async def send() -> None:
            async with self.client() as sftp:
                opened = [(await sftp.open(f"/{name}", "wb"), content) for name, content in files.items()]
                for name in gone:
                    await sftp.remove(f"/{name}")
                for file, content in opened:
                    await file.write(content)
                for file, _ in opened:
                    await file.close()

        asyncio.run(send())

    def delete(self, *names: str) -> None:
        async def remove() -> None:
            async with self.client() as sftp:
                for name in names:
                    await sftp.remove(f"/{name}")

        asyncio.run(remove())

    def fetch(self, folder: str) -> dict[str, bytes]:
        """All files below a folder, by their path in it."""

        async def walk(sftp: asyncssh.SFTPClient, at: str) -> dict[str, bytes]:
            found: dict[str, bytes] = {}
            for entry in [entry async for entry in sftp.scandir(at)]:
                path = f"{at}/{entry.filename!s}"
                if entry.filename in {".", ".."}:
                    continue
                if entry.attrs.type == asyncssh.FILEXFER_TYPE_DIRECTORY:
                    found |= await walk(sftp, path)
                else:
                    async with sftp.open(path, "rb") as file:
                        content: Any = await file.read()  # bytes, for it was opened as such
                    found[path.removeprefix(f"{folder}/")] = content
            return found

        async def all_of_it() -> dict[str, bytes]:
            async with self.client() as sftp:
                return await walk(sftp, folder)

        return asyncio.run(all_of_it())

    def names(self, folder: str) -> set[str]:
        async def listed() -> set[str]:
            async with self.client() as sftp:
                return {str(name) for name in await sftp.listdir(folder)} - {".", ".."}

        return asyncio.run(listed())

    def latest(self) -> "Report":
        """The report as the district fetches it."""
        return Report(self.fetch("/reports/latest"))

    # what the operator sees

    def ask(self, question: Callable[[Connection, int], T]) -> T:
        """Ask the store, of this district's id."""
        with self.place.engine.connect() as c:
            return question(c, accounts.district(c, self.slug).id)

    def syncs(self) -> list[Sync]:
        """All syncs, newest first."""
        return self.ask(lambda c, _: journal.syncs(c, self.slug, limit=1000))

    def outcome(self) -> Sync:
        """The next sync that has ended and is reported; asked again it gives the one after."""

        def ended() -> Sync | None:
            after = [sync for sync in self.syncs() if sync.id > self.seen]
            return next((sync for sync in reversed(after) if sync.state in ENDED and sync.report), None)

        found = until(ended)
        assert found
        self.seen = found.id
        return found

    def uploaded(self, files: Files, gone: Iterable[str] = ()) -> Sync:
        """Upload and wait for what becomes of it."""
        self.upload(files, gone)
        return self.outcome()

    def sync(self, sync_id: int) -> Sync:
        return self.ask(lambda c, _: journal.sync(c, sync_id))

    def steps(self, sync_id: int) -> list[Transition]:
        return self.ask(lambda c, _: journal.transitions(c, sync_id))

    def roster(self, kind: Kind, as_of: int | None = None) -> pd.DataFrame:
        """What the store holds of one kind."""
        return self.ask(lambda c, district: rosters.roster(c, district, kind, as_of))

    def whole(self, as_of: int | None = None) -> dict[Kind, pd.DataFrame]:
        return {kind: self.roster(kind, as_of) for kind in Kind}

    def counts(self) -> dict[str, int]:
        counted = self.ask(rosters.counts)
        return {kind.value: count for kind, count in counted.items()}

    def shown(self, kind: str, *words: object) -> pd.DataFrame:
        """What `sftpingest roster` prints of one kind."""
        printed = self.place.program.ok("roster", self.slug, "--kind", kind, "--format", "csv", *words)
        return pd.read_csv(io.StringIO(printed), dtype=str, keep_default_na=False)


@dataclass
class Report:
    """The files of a report."""

    files: dict[str, bytes]

    @property
    def result(self) -> Any:
        return json.loads(self.files["result.json"])

    @property
    def summary(self) -> str:
        return self.files["summary.txt"].decode()

    @property
    def rejections(self) -> pd.DataFrame:
        """rejections.csv, all columns text."""
        return rejections(self.files["rejections.csv"])


def rejections(content: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, encoding="utf-8-sig")


def same(one: Mapping[Kind, pd.DataFrame], other: Mapping[Kind, pd.DataFrame]) -> None:
    """Two rosters are equal, kind by kind."""
    assert one.keys() == other.keys()
    for kind in one:
        pd.testing.assert_frame_equal(one[kind], other[kind], obj=kind.value)


def read(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
