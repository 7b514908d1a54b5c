"""Who is kept out, who has to wait, and who may not stay."""

import asyncio
import contextlib
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import Any

import asyncssh
import pytest
from asyncssh.constants import MSG_USERAUTH_REQUEST
from asyncssh.packet import Boolean, String
from hypothesis import given
from hypothesis import strategies as st

from sftpingest.doors.sftp import Entry, Rules
from sftpingest.doors.sftp.guarding.refusals import Refusals
from sftpingest.doors.sftp.guarding.watching import Ban
from sftpingest.doors.sftp.server import _raise_limit_of_files
from tests.doors.sftp.conftest import PASSWORD, USER, Knock

LONG = os.environ.get("SFTPINGEST_LONG") == "1"
#: answers come at once, and everything else as on the open internet
AT_ONCE = Rules(longest_delay_seconds=0)


def come(door: Knock, source: str = "127.0.0.1", **more: Any) -> Any:
    """A client from some address of this machine, with a password."""
    options: dict[str, Any] = {"username": USER, "password": PASSWORD, "client_keys": None, "config": None} | more
    return asyncssh.connect("127.0.0.1", door.port, local_addr=(source, 0), known_hosts=None, **options)


async def try_to_come(door: Knock, source: str = "127.0.0.1", **more: Any) -> str:
    """`in`, or why not."""
    try:
        async with come(door, source, **more):
            return "in"
    except (asyncssh.DisconnectError, OSError) as fault:
        reason = str(getattr(fault, "reason", type(fault).__name__))
        return "denied" if reason.startswith("Permission denied") else reason.partition(" (error ")[0]


async def fail(door: Knock, times: int, source: str = "127.0.0.1") -> None:
    for _ in range(times):
        await try_to_come(door, source, password="wrong")


async def until(true: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until something is so, and fail if it does not become so."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - it happens in the door's thread
            await asyncio.sleep(0.02)


# -- what counts ---------------------------------------------------------------------------------------------------


def test_an_answer_waits_longer_with_every_refusal_from_the_third_on() -> None:
    refusals, waits = Refusals(Rules()), []
    for second in range(8):
        refusals.add("192.0.2.1", second)
        waits.append(refusals.delay("192.0.2.1", second))
    assert waits == [0, 0, 1, 2, 4, 8, 10, 10]
    assert refusals.delay("192.0.2.2", 8) == 0


def test_the_twentieth_refusal_within_ten_minutes_bans() -> None:
    refusals = Refusals(Rules())
    assert [refusals.add("192.0.2.1", at * 32.0) for at in range(200)] == [None] * 200  # 19 in any ten minutes
    bans = [refusals.add("192.0.2.2", at * 30.0) for at in range(20)]
    assert bans[:19] == [None] * 19
    assert bans[19] == Ban(1, 570, 1170)
    assert refusals.ban("192.0.2.2", 1169) == bans[19]
    assert refusals.ban("192.0.2.2", 1170) is None


def test_each_further_ban_is_twice_as_long_up_to_a_day_and_forgotten_after_a_quiet_day() -> None:
    refusals, now, lengths = Refusals(Rules(most_refusals_per_address=1)), 0.0, []
    for _ in range(10):
        ban = refusals.add("192.0.2.1", now)
        assert ban is not None
        lengths.append(ban.until - ban.since)
        now = ban.until
    assert lengths == [600 * 2**n for n in range(8)] + [86400, 86400]
    ban = refusals.add("192.0.2.1", now + 86400)
    assert ban is not None
    assert ban.until - ban.since == 600


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 100)), max_size=200))
def test_nobody_is_banned_by_what_others_do(tries: list[tuple[int, float]]) -> None:
    refusals, now, own = Refusals(Rules(most_refusals_per_address=5)), 0.0, []
    for who, pause in tries:
        now += pause
        ban = refusals.add(f"192.0.2.{who}", now)
        if who == 0 and ban is None and refusals.ban("192.0.2.0", now) is None:
            own.append(now)
        if who == 0 and ban is not None:
            assert len([at for at in own if at > now - 600]) == 4
            own.clear()


def test_what_another_process_banned_or_lifted_holds() -> None:
    refusals = Refusals(Rules(most_refusals_per_address=3))
    refusals.add("192.0.2.1", 1)
    refusals.learn({"192.0.2.1": Ban(1, 2, 602)})
    assert refusals.ban("192.0.2.1", 3) == Ban(1, 2, 602)
    refusals.learn({})
    assert refusals.ban("192.0.2.1", 3) is None
    assert refusals.add("192.0.2.1", 3) is None
    assert refusals.count("192.0.2.1", 3) == 1  # begins anew
    refusals.told({"192.0.2.1": 2, "192.0.2.2": 2}, 3)  # another process has seen one more
    assert refusals.count("192.0.2.1", 3) == 2
    assert refusals.add("192.0.2.1", 4) is not None


# -- bans ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rules", [replace(AT_ONCE, most_refusals_per_address=3, ban_seconds=300)])
def test_an_address_that_guesses_is_banned_and_no_other(door: Knock) -> None:
    async def guess() -> None:
        assert await try_to_come(door) == "in"
        await fail(door, 3)
        assert "wrong attempts" in await try_to_come(door)
        assert await try_to_come(door, "127.0.0.2") == "in"

    asyncio.run(guess())
    with socket.create_connection(("127.0.0.1", door.port), 10) as silent:
        said = b"".join(iter(lambda: silent.recv(65536), b""))
    assert said.startswith(b"SSH-2.0-sftpingest\r\n")  # and the sentence; no key exchange is begun
    assert b"Too many wrong attempts" in said
    assert len(said) < 200
    ran = door.sftp("pwd\n")
    assert ran.returncode == 255
    assert "Too many wrong attempts to log in came from your address. Try again in 5 minutes." in ran.stderr


@pytest.mark.parametrize("rules", [replace(AT_ONCE, most_refusals_per_address=2, ban_seconds=0.5)])
def test_a_ban_ends(door: Knock) -> None:
    asyncio.run(fail(door, 2))
    door.eventually(lambda: asyncio.run(try_to_come(door)) == "in")


@pytest.mark.parametrize("rules", [replace(AT_ONCE, most_refusals_per_address=3, ban_seconds=300)])
def test_a_ban_ends_what_the_address_has_begun_but_nobody_who_is_in(door: Knock) -> None:
    async def guess() -> None:
        async with come(door) as inside:
            with socket.create_connection(("127.0.0.1", door.port), 10) as begun:
                assert begun.recv(4) == b"SSH-"
                await fail(door, 3)
                begun.settimeout(10)
                said = b""
                while more := begun.recv(65536):
                    said += more
                assert b"Too many wrong attempts" in said
            async with inside.start_sftp_client() as client:
                assert "README.txt" in await client.listdir("/")

    asyncio.run(guess())


@pytest.mark.parametrize("rules", [replace(AT_ONCE, most_refusals_per_address=2)])
def test_keys_of_an_agent_do_not_count_where_one_of_them_is_right(door: Knock) -> None:
    async def try_keys() -> None:
        others = [asyncssh.generate_private_key("ssh-ed25519") for _ in range(5)]
        right = asyncssh.read_private_key(str(door.key))
        for _ in range(5):
            assert await try_to_come(door, password=None, client_keys=[*others, right]) == "in"
        assert await try_to_come(door, password=None, client_keys=others) == "denied"
        assert await try_to_come(door) == "in"  # five wrong keys of one connection are one
        assert await try_to_come(door, password=None, client_keys=others) == "denied"
        assert "wrong attempts" in await try_to_come(door)

    asyncio.run(try_keys())


@pytest.mark.parametrize("rules", [replace(AT_ONCE, most_refusals=4)])
def test_a_connection_has_so_many_attempts(door: Knock) -> None:
    keys = [asyncssh.generate_private_key("ssh-ed25519") for _ in range(8)]
    assert asyncio.run(try_to_come(door, password=None, client_keys=keys)) == "Too many attempts to log in."
    assert len(door.gate.asked) == 4


@pytest.mark.parametrize("rules", [Rules(delay_from=1, longest_delay_seconds=30)])
def test_who_waits_for_a_no_holds_up_nobody(door: Knock) -> None:
    async def guess() -> None:
        for _ in range(5):  # the next answer takes 16 seconds
            door.in_door(_count_one(door))
        guesses = [asyncio.create_task(try_to_come(door, password="wrong")) for _ in range(8)]
        await until(lambda: len(door.gate.asked) >= 8)
        assert await try_to_come(door, "127.0.0.2") == "in"
        assert await try_to_come(door) == "in"  # from the same address too
        assert not any(task.done() for task in guesses)
        for task in guesses:
            task.cancel()

    asyncio.run(guess())


async def _count_one(door: Knock) -> None:
    door.door._house.guard._count("127.0.0.1")


@pytest.mark.parametrize("rules", [replace(AT_ONCE, most_refusals=3)])
def test_guesses_that_do_not_wait_for_their_answers_end_the_connection(door: Knock) -> None:
    async def guess() -> str:
        ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        class Hasty(asyncssh.SSHClient):
            def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
                self.conn = conn

            def password_auth_requested(self) -> str:
                for number in range(50):
                    guess = (String(USER), String("ssh-connection"), String("password"), Boolean(False))
                    self.conn.send_packet(MSG_USERAUTH_REQUEST, *guess, String(f"guess {number}"))
                return "the last guess"

            def connection_lost(self, exc: Exception | None) -> None:
                ended.set_result(str(exc))

        with contextlib.suppress(asyncssh.Error, OSError):
            await come(door, client_factory=Hasty, password=None)
        return await asyncio.wait_for(ended, 20)

    assert asyncio.run(guess())
    assert len(door.gate.asked) <= 3


# -- before SSH ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rules", [replace(AT_ONCE, allow=(ip_network("127.0.0.2/31"), ip_network("2001:db8::/32")))])
def test_only_networks_that_are_allowed_may_connect(door: Knock) -> None:
    ran = door.sftp("pwd\n")
    assert ran.returncode == 255
    assert "does not take connections from your address" in ran.stderr
    assert door.gate.asked == []
    assert door.sftp("pwd\n", "-o", "BindAddress=127.0.0.3").returncode == 0


@pytest.mark.parametrize("rules", [replace(AT_ONCE, most_starting_per_address=3)])
def test_an_address_may_begin_only_so_many_connections_at_once(door: Knock) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(3):
            hold(door, held)
        assert "waiting to log in" in asyncio.run(try_to_come(door))
        assert asyncio.run(try_to_come(door, "127.0.0.2")) == "in"
    door.eventually(lambda: asyncio.run(try_to_come(door)) == "in")


@pytest.mark.parametrize("rules", [replace(AT_ONCE, most_starting=8, most_starting_per_address=6)])
def test_who_begins_the_most_makes_room_for_others(door: Knock) -> None:
    with contextlib.ExitStack() as held:
        first = hold(door, held)
        for _ in range(5):
            hold(door, held)
        for _ in range(2):
            hold(door, held, "127.0.0.2")
        assert asyncio.run(try_to_come(door, "127.0.0.3")) == "in"
        first.settimeout(10)
        with contextlib.suppress(ConnectionResetError):
            while first.recv(65536):
                pass


def hold(door: Knock, held: contextlib.ExitStack, source: str = "127.0.0.1") -> socket.socket:
    """A connection that says nothing."""
    silent = held.enter_context(socket.create_connection(("127.0.0.1", door.port), 10, (source, 0)))
    assert silent.recv(4) == b"SSH-"
    return silent


@pytest.mark.parametrize("rules", [replace(AT_ONCE, login_seconds=1, most_starting_per_address=100)])
def test_a_hundred_connections_that_say_nothing_are_gone_after_the_grace(
    door: Knock, wait_for: Callable[..., None]
) -> None:
    with contextlib.ExitStack() as held:
        silent = [hold(door, held) for _ in range(100)]
        for one in silent:
            one.settimeout(30)
            with contextlib.suppress(ConnectionResetError):
                while one.recv(65536):
                    pass
        assert asyncio.run(try_to_come(door)) == "in"
    wait_for(lambda: not door.door._house.connections)  # the last one has just said goodbye


@pytest.mark.parametrize("rules", [AT_ONCE])
def test_a_flood_from_one_address_leaves_the_door_open_for_others(door: Knock) -> None:
    async def flood() -> None:
        stop, dropped = asyncio.Event(), 0

        async def drop() -> None:
            nonlocal dropped
            while dropped < (20_000 if LONG else 2_000):
                dropped += 1
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", door.port)
                    writer.transport.abort()

        async def log_in() -> int:
            times = 0
            while not stop.is_set():
                assert await try_to_come(door, "127.0.0.2") == "in"
                times += 1
            return times

        others = asyncio.create_task(log_in())
        await asyncio.gather(*(drop() for _ in range(20)))
        stop.set()
        assert await others > 0

    asyncio.run(flood())
    door.eventually(lambda: door.door._house.connections == set())
    assert asyncio.run(try_to_come(door)) == "in"


# -- inside --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rules", [replace(AT_ONCE, most_per_login=2)])
def test_a_login_may_have_only_so_many_connections(door: Knock) -> None:
    async def fill() -> None:
        async with come(door), come(door, "127.0.0.2"):
            assert await try_to_come(door, "127.0.0.3") == (
                "This login has 2 connections open already. Close some, or wait until they end."
            )

    asyncio.run(fill())
    door.eventually(lambda: asyncio.run(try_to_come(door)) == "in")


@pytest.mark.parametrize("rules", [replace(AT_ONCE, most_per_address=2)])
def test_an_address_may_have_only_so_many_connections(door: Knock) -> None:
    async def fill() -> None:
        async with come(door), come(door):
            assert "Your address has 2 connections open" in await try_to_come(door)
            assert await try_to_come(door, "127.0.0.2") == "in"

    asyncio.run(fill())
    ran = door.sftp("pwd\n")
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("rules", [replace(AT_ONCE, idle_seconds=1, alive_seconds=0.2)])
def test_a_session_that_asks_for_nothing_ends_whatever_keeps_it_alive(door: Knock) -> None:
    async def idle() -> str:
        async with come(door, keepalive_interval=0.2) as connection, connection.start_sftp_client() as client:
            await client.listdir("/")
            await asyncio.wait_for(connection.wait_closed(), 20)
            return str(connection)

    asyncio.run(idle())


@pytest.mark.parametrize("rules", [replace(AT_ONCE, idle_seconds=3)])
def test_an_upload_that_moves_is_not_idle(door: Knock) -> None:
    async def upload() -> None:
        async with door.client() as client:
            file = await client.open("students.csv", "wb")
            for _ in range(16):
                await asyncio.sleep(0.3)
                await file.write(b"a row\n")
            await file.close()

    asyncio.run(upload())
    assert door.published() == {"students.csv": b"a row\n" * 16}


@pytest.mark.parametrize("rules", [replace(AT_ONCE, alive_seconds=1, alive_times=3)])
def test_a_client_that_answers_no_more_is_gone(door: Knock) -> None:
    frozen = subprocess.Popen(door.sftp_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert frozen.stdin is not None
        assert frozen.stdout is not None
        print("pwd", file=frozen.stdin, flush=True)
        assert "Remote working directory" in frozen.stdout.readline() + frozen.stdout.readline()
        children = subprocess.run(["pgrep", "-P", str(frozen.pid)], capture_output=True, text=True, check=True)
        ssh = int(children.stdout.split()[0])
        time.sleep(6)
        assert len(door.door._house.connections) == 1  # it answers
        os.kill(ssh, signal.SIGSTOP)
        door.eventually(lambda: not door.door._house.connections, 30)
        os.kill(ssh, signal.SIGCONT)
    finally:
        frozen.kill()
        frozen.communicate()


@dataclass
class Leaving:
    """A gate that says of every session why it may no longer stay, once there is a reason."""

    gate: Any
    reason: str | None = None
    asked: list[str] = field(default_factory=list)

    def still(self, inside: Sequence[tuple[Entry, str]]) -> Sequence[str | None]:
        self.asked += [address for _, address in inside]
        return [self.reason for _ in inside]


@pytest.mark.parametrize("rules", [AT_ONCE])
def test_a_login_that_is_no_longer_good_ends_its_sessions_and_breaks_off_its_upload(
    door: Knock, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaving = Leaving(door.gate)
    monkeypatch.setattr(door.gate, "still", leaving.still)

    async def reopen() -> None:
        guard, house = door.door._house.guard, door.door._house
        await guard._staying.close()
        guard._staying.open(house.events, house.gate)

    door.in_door(reopen())

    async def upload() -> None:
        async with come(door) as connection, connection.start_sftp_client() as client:
            file = await client.open("students.csv", "wb")
            await file.write(b"first half, ")
            await until(lambda: bool(leaving.asked))
            assert await client.listdir("/")
            leaving.reason = "This login was disabled."
            await asyncio.wait_for(connection.wait_closed(), 8)

    with contextlib.suppress(asyncssh.Error):
        asyncio.run(upload())
    assert leaving.asked[0] == "127.0.0.1"
    door.eventually(lambda: [path.read_bytes() for path in door.staging.iterdir()] == [b"first half, "])
    assert door.published() == {}


# -- torture -------------------------------------------------------------------------------------------------------


def test_the_door_takes_as_many_open_files_as_it_may_have() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1000, hard))
    try:
        _raise_limit_of_files()
        raised = resource.getrlimit(resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert raised == (65536 if hard == resource.RLIM_INFINITY else min(hard, 65536), hard)


MANY = 1000 if LONG else 60


@pytest.mark.parametrize(
    "rules", [replace(AT_ONCE, most_per_login=MANY, most_per_address=MANY, alive_seconds=3, most_starting=MANY)]
)
def test_a_thousand_idle_sessions_stay_up(door: Knock) -> None:
    async def sit() -> None:
        async with contextlib.AsyncExitStack() as held:
            connections = [await held.enter_async_context(come(door)) for _ in range(MANY)]
            await asyncio.sleep(5)
            assert len(door.door._house.connections) == MANY
            for connection in connections[:: MANY // 20]:
                async with connection.start_sftp_client() as client:
                    assert "README.txt" in await client.listdir("/")
            assert "connections open already" in await try_to_come(door, "127.0.0.2")

    asyncio.run(sit())
