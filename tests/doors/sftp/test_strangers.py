"""What somebody does who does not wait for answers, has very many addresses, or sends very many small packets."""

import asyncio
import threading
from collections.abc import Iterator

import asyncssh
import pytest

from sftpingest.doors.sftp import Entry, Rules
from sftpingest.doors.sftp.events import Events
from sftpingest.doors.sftp.guarding.sparing import Sparing
from sftpingest.doors.sftp.ssh.runs import Waiting
from tests.doors.sftp.conftest import PASSWORD, Knock
from tests.doors.sftp.test_guard import try_to_come, until


def test_one_ipv6_network_is_told_of_once_however_many_addresses_it_has() -> None:
    told: list[dict[str, object]] = []
    sparing = Sparing(Events(lambda _, facts: told.append(facts)))
    for host in range(1000):
        sparing.refused(f"2001:db8::{host:x}", "banned", 5.0)
    for network in range(1000):
        sparing.refused(f"2001:db8:0:{network:x}::1", "banned", 5.0)
    sparing.refused("2001:db8:1::1", "banned", 5.0)
    assert [facts["address"] for facts in told] == ["2001:db8::0", "2001:db8:1::1"]


def test_small_pieces_that_wait_are_put_together() -> None:
    waiting = Waiting()
    for number in range(100_000):
        waiting.append((bytes((number % 256,)), None))
    waiting.append((b"other", 1))
    assert len(waiting) == 5
    assert b"".join(piece for piece, _ in waiting) == bytes(n % 256 for n in range(100_000)) + b"other"


class _Leaving(asyncssh.SSHClient):
    """Sends a password, and leaves before it is answered."""

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self._conn = conn

    def password_auth_requested(self) -> str:
        asyncio.get_running_loop().call_later(0.02, self._conn.abort)
        return "wrong"


@pytest.fixture
def held(door: Knock, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """While it is not set every password from elsewhere is being looked at."""
    go = threading.Event()

    def password(username: str, password: str, address: str) -> Entry | None:
        door.gate.asked.append(("password", address))
        if address != "127.0.0.1":
            go.wait(20)
        return door.gate.entry if password == PASSWORD else None

    monkeypatch.setattr(door.gate, "password", password)
    yield go
    go.set()


@pytest.mark.parametrize("rules", [Rules(longest_delay_seconds=0, most_refusals_per_address=1)])
def test_who_does_not_wait_for_an_answer_is_counted_and_keeps_nobody_waiting(
    door: Knock, held: threading.Event
) -> None:
    async def scene() -> None:
        options = {"client_factory": _Leaving, "password": None, "preferred_auth": "password"}
        for _ in range(6):
            await try_to_come(door, "127.0.0.9", **options)
        await until(lambda: not door.door._house.connections)
        held.set()
        guard = door.door._house.guard
        await until(lambda: guard._banned("127.0.0.9") is not None)
        assert len(door.gate.asked) == 1, "those in line had left: their passwords are not looked at"
        assert (await try_to_come(door, "127.0.0.9")).startswith("Too many wrong attempts")

    asyncio.run(scene())


async def crowd(door: Knock, source: str) -> list[asyncio.Task[str]]:
    """Ten that all wait for their wrong passwords to be looked at."""
    return [asyncio.create_task(try_to_come(door, source, password="wrong")) for _ in range(10)]


def test_passwords_of_one_address_wait_for_each_other_and_let_others_pass(door: Knock, held: threading.Event) -> None:
    async def scene() -> None:
        waiting = await crowd(door, "127.0.0.9")
        await until(lambda: len(door.door._house.connections) == 10 and len(door.gate.asked) == 1)
        assert await asyncio.wait_for(try_to_come(door), 10) == "in"
        assert door.gate.asked == [("password", "127.0.0.9"), ("password", "127.0.0.1")]
        held.set()
        await asyncio.wait(waiting)

    asyncio.run(scene())


def test_keys_do_not_wait_for_passwords(door: Knock, held: threading.Event) -> None:
    async def scene() -> None:
        waiting = [task for number in range(3) for task in await crowd(door, f"127.0.0.{10 + number}")]
        await until(lambda: len(door.door._house.connections) == 30 and len(door.gate.asked) == 2)
        assert await asyncio.wait_for(try_to_come(door, client_keys=[str(door.key)], password=None), 10) == "in"
        held.set()
        await asyncio.wait(waiting)

    asyncio.run(scene())
