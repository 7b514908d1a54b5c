"""Every client on one running server, and what became of each operation in build/clients/result.json.

In:  SFTPINGEST_CLIENTS: `all` (what `make test-clients` sets: a client that is missing fails) or `installed` (it is
     skipped). Without it, as in `make test`, no client is tried. `--write` writes the table of docs/clients.md anew.
Out: `ground`, a client on a district of its own.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.cli.conftest import Program, running, without_mistakes, written
from tests.clients.client import Client
from tests.clients.ground import Ground, Server
from tests.clients.operations import Operation
from tests.clients.results import Results

#: Read before the settings of the program under test are cleared of what this machine has set.
ASKED = os.environ.get("SFTPINGEST_CLIENTS", "")
#: A day: nothing that is uploaded here is to become a sync.
QUIET = "86400"
_RESULTS = Results()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write", action="store_true", help="write the table of docs/clients.md anew")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("write", default=False):  # the page is about to change
        items[:] = [item for item in items if item.path.name != "test_table.py"]
    if ASKED:
        return
    why = pytest.mark.skip(reason="every SFTP client there is: make test-clients tries them")
    for item in items:
        if Path(__file__).parent in item.path.parents and "server" in getattr(item, "fixturenames", ()):
            item.add_marker(why)


class ByClient(LoadScopeScheduling):  # type: ignore[misc]
    """All tests of one client run in one process, on one server: `[openssh-sftp]` is what they have in common."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.rpartition("[")[2]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByClient:
    return ByClient(config, log)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _RESULTS.note(report)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if ASKED and not hasattr(session.config, "workerinput"):
        _RESULTS.keep()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if ASKED and config.getoption("write", default=False):
        terminalreporter.write_line(_RESULTS.write())


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server, started when the first client needs it."""
    folder = tmp_path_factory.mktemp("clients")
    program = Program(folder / "data", {"SFTPINGEST_QUIET_SECONDS": QUIET}, inside=True)
    roster = written(folder / "roster", without_mistakes())
    with running(program) as up:
        server = Server(up, folder, roster)
        try:
            yield server
        finally:
            for ground in server.grounds.values():
                ground.client.end()
        assert up.stop() == 0


@pytest.fixture
def ground(client: Client, operation: Operation, server: Server, record_property: Callable[[str, str], None]) -> Ground:
    """The client on its district, with nothing uploaded yet."""
    record_property("client", client.title)
    record_property("operation", operation.value)
    impossible, missing = client.impossible(), client.missing()
    if impossible or (missing and ASKED != "all"):
        pytest.skip(f"{client.title}: {impossible or missing}")
    assert missing is None, missing
    record_property("version", client.version())
    ground = server.ground(client)
    for path in (*ground.folders.home.iterdir(), *ground.folders.staging.iterdir()):
        path.unlink()
    return ground
