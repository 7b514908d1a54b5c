"""What tests of every kind stand on: a store of each sort, as empty or as ready as they ask for.

In:  PostgreSQL's binaries, where the machine has them.
Out: `store_url` (a new, empty store; each test runs once on SQLite and once on PostgreSQL) and `engine` (the same,
     opened and migrated); `cheap_login`, for tests that are not about what a password costs.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from argon2 import PasswordHasher
from hypothesis import settings
from sqlalchemy import Connection, Engine, update

from sftpingest.store import accounts
from sftpingest.store.engine import file_of, migrate, open_store

SKIPPED = "no PostgreSQL on this machine (initdb and postgres, on PATH or under /usr/lib/postgresql)"
#: The official OpenAPI file of OneRoster 1.2, which is not ours to hand on.
_FILE = "onerosterv1p2rostersservice_openapi3_v1p0.json"
_BESIDE = Path(__file__).parents[2] / "shared" / "samples" / "oneroster" / "openapi" / _FILE
ONEROSTER = Path(os.environ.get("SFTPINGEST_ONEROSTER_OPENAPI", _BESIDE))
NO_ONEROSTER = f"{_FILE} is not there; SFTPINGEST_ONEROSTER_OPENAPI may say where it is"
_DIES_WITH_ITS_PARENT = 1  # PR_SET_PDEATHSIG


def postgres_binaries() -> Path | None:
    """The folder of initdb and postgres; the newest version where there are several."""
    on_path = shutil.which("initdb")
    found = [Path(on_path).resolve().parent] if on_path else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda bin_: float(bin_.parent.name), reverse=True)
    return next((bin_ for bin_ in found if (bin_ / "initdb").exists() and (bin_ / "postgres").exists()), None)


#: The everyday run tries the same examples every time: a failure is of what was changed. SFTPINGEST_LAWS tries others.
settings.register_profile("everyday", derandomize=not os.environ.get("SFTPINGEST_LAWS"))
settings.load_profile("everyday")


def pytest_configure() -> None:
    """Loggers are never cached: one that was could not be listened to by a later test (structlog's capture_logs)."""
    configure = structlog.configure

    def uncached(**how: Any) -> None:
        configure(**(how | {"cache_logger_on_first_use": False}))

    pytest.MonkeyPatch().setattr(structlog, "configure", uncached)


@pytest.fixture(autouse=True)
def log_as_at_first() -> Iterator[None]:
    """A command that ran inside of a test has set up the log, and its level, for the whole process."""
    yield
    structlog.reset_defaults()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if postgres_binaries() is None:
        terminalreporter.write_line(f"Tests on PostgreSQL were skipped: {SKIPPED}.", yellow=True)
    if not ONEROSTER.is_file():
        terminalreporter.write_line(
            f"Answers were not held against OneRoster's OpenAPI file: {NO_ONEROSTER}.", yellow=True
        )


@pytest.fixture(scope="session")
def postgres() -> Iterator[Path]:
    """A private cluster without a port, one a session and xdist worker; gives the folder of its socket."""
    binaries = postgres_binaries()
    if binaries is None:
        pytest.skip(SKIPPED)
    # Not below pytest's own folder: nobody but us may enter that, and the server must not run as root.
    place = Path(tempfile.mkdtemp(prefix="sftpingest-pg-"))
    try:
        yield from _cluster(binaries, place)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _cluster(binaries: Path, place: Path) -> Iterator[Path]:
    user = _unprivileged(place)
    initdb = [
        str(binaries / "initdb"),
        "-D",
        str(place / "data"),
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
    ]
    made = subprocess.run([*initdb, "--locale=C"], cwd=place, capture_output=True, text=True, check=False, user=user)
    assert made.returncode == 0, made.stderr
    settings = ["fsync=off", "listen_addresses=", f"unix_socket_directories={place}", "max_connections=60"]
    options = [part for setting in settings for part in ("-c", setting)]
    with (place / "log").open("wb") as log:
        server = subprocess.Popen(
            [str(binaries / "postgres"), "-D", str(place / "data"), *options],
            cwd=place,
            stdout=log,
            stderr=log,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  (a killed test run must not leave a server behind)
            user=user,
        )
    try:
        _wait_until_it_answers(place, server)
        yield place
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)


def _unprivileged(place: Path) -> str | None:
    """Who runs the server: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return None
    shutil.chown(place, "nobody")
    place.chmod(0o755)
    return "nobody"


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_DIES_WITH_ITS_PARENT, signal.SIGQUIT)


def _wait_until_it_answers(place: Path, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        assert server.poll() is None, (place / "log").read_text()
        try:
            _admin(place).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    pytest.fail((place / "log").read_text())


def _admin(place: Path) -> psycopg.Connection:
    return psycopg.connect(host=str(place), user="postgres", dbname="postgres", autocommit=True)


@pytest.fixture
def postgres_url(postgres: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A new, empty database; for a test that asks for `engine` too, a copy of one with all tables."""
    # Copied in the place of the empty one, not over it: to make a database is what takes the time.
    ready = "engine" in request.fixturenames
    name = _new_database(postgres, request.getfixturevalue("migrated_database") if ready else "template1")
    yield _url(postgres, name)
    with _admin(postgres) as c:
        c.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def migrated_database(postgres: Path) -> str:
    """The name of a database with all tables and nothing in them."""
    name = _new_database(postgres, "template1")
    opened = open_store(_url(postgres, name))
    migrate(opened)
    opened.dispose()
    return name


def _new_database(cluster: Path, template: str) -> str:
    name = f"t{uuid.uuid4().hex}"
    with _admin(cluster) as c:
        c.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return name


def _url(cluster: Path, database: str) -> str:
    return f"postgresql://postgres@/{database}?host={cluster}"


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A new, empty file."""
    return f"sqlite:///{tmp_path / 'roster.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """A new, empty store. The test runs on each sort."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return str(request.getfixturevalue(name))


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of SQLite with all tables and nothing in them: a copy is made in no time."""
    file = tmp_path_factory.mktemp("migrated") / "roster.db"
    opened = open_store(f"sqlite:///{file}")
    migrate(opened)
    opened.dispose()
    return file


@pytest.fixture
def engine(store_url: str, migrated: Path) -> Iterator[Engine]:
    """A new store, opened and migrated."""
    if file := file_of(store_url):
        shutil.copyfile(migrated, file)
    opened = open_store(store_url)
    yield opened
    opened.dispose()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lasting(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, migrated: Path
) -> Iterator[Engine]:
    """A store for all tests of a module that keep to districts and vendors of their own: a new one takes a second."""
    if request.param == "sqlite":
        file = tmp_path_factory.mktemp("lasting") / "roster.db"
        shutil.copyfile(migrated, file)
        opened = open_store(f"sqlite:///{file}")
        yield opened
        opened.dispose()
        return
    postgres = request.getfixturevalue("postgres")
    name = _new_database(postgres, request.getfixturevalue("migrated_database"))
    opened = open_store(_url(postgres, name))
    yield opened
    opened.dispose()
    with _admin(postgres) as c:
        c.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def cheap_login(c: Connection, slug: str, username: str, password: str, keys: Iterable[str] = ()) -> None:
    """A login whose password is looked at in a blink, and by the same code as any other.

    A hash as the program makes it costs a quarter of a second of CPU, and again at each connection; that it does, and
    for a login that is not there too, store/test_accounts.py, app/test_gate.py and app/test_watchlist.py see.
    """
    accounts.add_login(c, slug, username, None, keys)
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)
    c.execute(update(accounts.LOGIN).where(accounts.LOGIN.c.username == username).values(password_hash=cheap))


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """A data folder that its owner alone, or nobody, may look into."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0)
    yield folder
    folder.chmod(0o700)


@pytest.fixture
def somebody_else() -> Iterator[None]:
    """The test runs as a user whom nothing belongs to; who is not root already may do no more than that."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def wait_for() -> Callable[..., None]:
    """Wait until something is so, or fail after some seconds."""

    def wait(is_so: Callable[[], object], seconds: float = 10) -> None:
        give_up = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < give_up, "it never came to be"
            time.sleep(0.02)

    return wait
