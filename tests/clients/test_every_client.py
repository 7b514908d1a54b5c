"""Every client, at everything that it can do. What arrives is compared by SHA-256."""

import pytest

from tests.clients.client import ClientFailed
from tests.clients.ground import Ground, digest, until
from tests.clients.operations import MEGABYTE, Operation
from tests.clients.roll import CLIENTS
from tests.clients.wire import Wire

NAME = "Schüler Liste.csv"
#: as large as a file must be to be cut in its middle, whatever a client and the system keep back
CUT_SIZE, CUT_AFTER = 12 * MEGABYTE, 5 * MEGABYTE


def of(operation: Operation) -> pytest.MarkDecorator:
    """Try every client that has this operation."""
    able = [client for client in CLIENTS if operation not in client.lacks]
    each = [pytest.param(one, operation, id=one.slug) for one in able]
    return pytest.mark.parametrize(("client", "operation"), each)


@of(Operation.PASSWORD)
def test_it_uploads_after_a_login_by_password(ground: Ground) -> None:
    ground.put(ground.file(1000), by_key=False)


@of(Operation.KEY)
def test_it_uploads_after_a_login_by_key(ground: Ground) -> None:
    ground.put(ground.file(1000), by_key=True)


@of(Operation.EMPTY)
def test_a_file_without_a_byte_arrives(ground: Ground) -> None:
    ground.put(ground.file(0))


@of(Operation.SMALL)
def test_a_small_file_arrives(ground: Ground) -> None:
    ground.put(ground.file(MEGABYTE))


@of(Operation.LARGE)
def test_a_large_file_arrives(ground: Ground) -> None:
    ground.put(ground.server.large)
    ground.published().unlink()  # a quarter of a GB for each client


@of(Operation.LONGER)
def test_a_longer_file_takes_the_place_of_a_shorter_one(ground: Ground) -> None:
    ground.put(ground.file(MEGABYTE))
    ground.put(ground.file(MEGABYTE + 12_345))


@of(Operation.SHORTER)
def test_a_shorter_file_takes_the_place_of_a_longer_one(ground: Ground) -> None:
    ground.put(ground.file(MEGABYTE))
    ground.put(ground.file(123_456))


@of(Operation.RESUME)
def test_it_goes_on_after_the_connection_was_cut(ground: Ground) -> None:
    """Where the client can: only what was missing is sent. Nothing is published before all is there."""
    local, before = ground.file(CUT_SIZE), ground.broken_off()
    with Wire(ground.server.up.port, CUT_AFTER) as wire, pytest.raises(ClientFailed):
        ground.client.put(ground.reach(port=wire.port), local, "students.csv")
    assert wire.broken
    assert not list(ground.folders.home.iterdir())
    until(lambda: ground.broken_off() > before)
    with Wire(ground.server.up.port) as wire:
        ground.client.resume(ground.reach(port=wire.port), local, "students.csv")
        ground.holds(local)  # while the wire is there: one that lags has not closed the file yet
    assert (wire.sent < CUT_SIZE - CUT_AFTER // 2) is ground.client.resumes


@of(Operation.LIST)
def test_it_lists_the_folder(ground: Ground) -> None:
    ground.put(ground.file(10))
    assert ground.names() == {"README.txt", "reports", "students.csv"}


@of(Operation.REPORT)
def test_it_fetches_the_report(ground: Ground) -> None:
    (report,) = [folder for folder in ground.folders.reports.iterdir() if not folder.name.startswith(".")]
    for name in ("summary.txt", "rejections.csv"):
        assert digest(ground.fetched(f"/reports/latest/{name}")) == digest(report / name)


@of(Operation.RENAME)
def test_it_renames_a_file(ground: Ground) -> None:
    local = ground.file(1000)
    ground.put(local)
    ground.client.rename(ground.reach(), "students.csv", "older.csv")
    ground.holds(local, "older.csv")
    assert not ground.published().exists()


@of(Operation.DELETE)
def test_it_deletes_a_file(ground: Ground) -> None:
    ground.put(ground.file(1000))
    ground.client.delete(ground.reach(), "students.csv")
    assert not list(ground.folders.home.iterdir())


@of(Operation.NAME)
def test_a_name_with_an_umlaut_and_a_space_stays_as_it_is(ground: Ground) -> None:
    local = ground.file(1000, NAME)
    ground.put(local, NAME)
    if ground.can(Operation.LIST):
        assert NAME in ground.names()
    assert digest(ground.fetched(f"/{NAME}")) == digest(local)
