"""What door processes know together, with real logins and a real store."""

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from sqlalchemy import Engine, event

from sftpingest.app.gate import StoreGate
from sftpingest.app.watchlist import StoreWatchlist, guard_and_rules
from sftpingest.doors.sftp import Door, Guard, Listening, Rules, Uploads, host_key, listen, serve
from sftpingest.doors.sftp.guarding.watching import Ban, Inside, News
from sftpingest.settings import read
from sftpingest.store import accounts, guarding, logins, passwords
from sftpingest.store.engine import migrate, open_store
from sftpingest.store.tables import now
from tests.conftest import cheap_login

PASSWORD = "correct horse battery"
RULES = Rules(longest_delay_seconds=0, most_refusals_per_address=3)


@dataclass
class House:
    """A store with a login, and doors on it as if each were a process of its own."""

    engine: Engine
    data: Path

    @contextlib.asynccontextmanager
    async def door(self, rules: Rules = RULES) -> AsyncIterator[Door]:
        key = host_key(self.data / "hostkeys" / "ssh_host_ed25519_key")
        guard = Guard(rules, StoreWatchlist(self.engine, self.data / "locks", rules))
        gate = StoreGate(self.engine, self.data)
        listening = [Listening(listen("127.0.0.1", 0), [key])]
        door = await serve(listening, gate, Uploads(), rules=rules, guard=guard)
        try:
            yield door
        finally:
            await door.close()


@pytest.fixture
def house(engine: Engine, tmp_path: Path) -> House:
    with engine.begin() as c:
        accounts.add_district(c, "north", "North Hills")
        cheap_login(c, "north", "sis", PASSWORD)
    return House(engine, tmp_path / "data")


@pytest.fixture
def sqlite_house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    engine = open_store(sqlite_url)
    migrate(engine)
    with engine.begin() as c:
        accounts.add_district(c, "north", "North Hills")
        cheap_login(c, "north", "sis", PASSWORD)
    yield House(engine, tmp_path / "data")
    engine.dispose()


def come(door: Door, source: str = "127.0.0.1", password: str = PASSWORD) -> Any:
    options: dict[str, Any] = {"username": "sis", "password": password, "client_keys": None, "config": None}
    return asyncssh.connect("127.0.0.1", door.ports[0], local_addr=(source, 0), known_hosts=None, **options)


async def try_to_come(door: Door, source: str = "127.0.0.1", password: str = PASSWORD) -> str:
    """`in`, or why not."""
    try:
        async with come(door, source, password):
            return "in"
    except (asyncssh.DisconnectError, OSError) as fault:
        return str(getattr(fault, "reason", type(fault).__name__))


async def until(true: Callable[[], Awaitable[object]], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not await true():  # noqa: ASYNC110 - it happens in other threads
            await asyncio.sleep(0.05)


def test_a_ban_by_one_process_holds_in_another_and_after_a_restart_until_it_is_lifted(house: House) -> None:
    async def guess() -> None:
        async with house.door() as one:
            async with house.door() as other:
                for _ in range(3):
                    await try_to_come(one, password="wrong")
                assert "wrong attempts" in await try_to_come(one)

                async def kept_out() -> bool:
                    return "wrong attempts" in await try_to_come(other)

                await until(kept_out)
                assert await try_to_come(other, "127.0.0.2") == "in"
            async with house.door() as later:
                assert "wrong attempts" in await try_to_come(later)
                with house.engine.begin() as c:
                    assert [ban.origin for ban in guarding.bans(c, now())] == ["127.0.0.1"]
                    assert guarding.lift(c, "127.0.0.1")
                for door in (one, later):

                    async def let_in(door: Door = door) -> bool:
                        return await try_to_come(door) == "in"

                    await until(let_in)

    asyncio.run(guess())


def test_guesses_spread_over_processes_are_counted_together(house: House) -> None:
    async def guess() -> None:
        async with house.door() as one, house.door() as other:
            for at, door in enumerate((one, other), 1):
                await try_to_come(door, password="wrong")

                async def told(door: Door = door, at: int = at) -> bool:
                    return door._house.guard._refusals.count("127.0.0.1", time.time()) == at

                await until(told)

                async def written(at: int = at) -> bool:
                    with house.engine.connect() as c:
                        return guarding.refusals(c, ["127.0.0.1"], now() - timedelta(minutes=5)) == {"127.0.0.1": at}

                await until(written)
            await try_to_come(other, password="wrong")  # its second one, and the third of all
            assert "wrong attempts" in await try_to_come(other)
        with house.engine.connect() as c:
            assert [ban.origin for ban in guarding.bans(c, now())] == ["127.0.0.1"]

    asyncio.run(guess())


def test_a_store_that_is_being_written_holds_up_no_refusal_and_lets_nobody_through(sqlite_house: House) -> None:
    house = sqlite_house

    async def guess() -> None:
        async with house.door() as door:
            with house.engine.begin():  # a long sync has begun to write
                began = time.monotonic()
                for _ in range(3):
                    await try_to_come(door, password="wrong")
                assert "wrong attempts" in await try_to_come(door)
                assert await try_to_come(door, "127.0.0.2") == "in"
                await try_to_come(door, "127.0.0.3", password="wrong")
                assert time.monotonic() - began < 60
                await asyncio.sleep(3)  # one attempt to write has failed by now
                assert "wrong attempts" in await try_to_come(door)
                with house.engine.connect() as c:
                    assert guarding.bans(c, now()) == []

            async def written() -> bool:
                with house.engine.connect() as c:
                    refused = guarding.refusals(c, ["127.0.0.3"], now() - timedelta(minutes=5))
                    return bool(guarding.bans(c, now())) and refused == {"127.0.0.3": 1}

            await until(written)
            assert "wrong attempts" in await try_to_come(door)

    asyncio.run(guess())


def test_two_logins_a_second_are_nothing_to_the_defaults(sqlite_house: House) -> None:
    async def come_and_go() -> None:
        async with sqlite_house.door(Rules()) as door:
            for number in range(20):
                began = time.monotonic()
                assert await try_to_come(door) == "in", number
                await asyncio.sleep(max(0, 0.5 - (time.monotonic() - began)))
            with sqlite_house.engine.connect() as c:
                assert guarding.bans(c, now()) == []
                assert guarding.refusals(c, ["127.0.0.1"], now() - timedelta(minutes=5)) == {}

    asyncio.run(come_and_go())


# -- sessions ------------------------------------------------------------------------------------------------------


def test_a_login_has_its_connections_in_all_processes_together(house: House) -> None:
    rules = replace(RULES, most_per_login=2)

    async def fill() -> None:
        async with house.door(rules) as one, house.door(rules) as other:
            async with come(one), come(other):

                async def full() -> bool:
                    return "2 connections open already" in await try_to_come(other)

                await until(full)

            async def room() -> bool:
                return await try_to_come(other) == "in"

            await until(room)

    asyncio.run(fill())


def test_of_connections_that_came_at_once_the_latest_have_to_go(house: House) -> None:
    rules = replace(RULES, most_per_login=2)

    async def fill() -> None:
        async with house.door(rules) as one, house.door(rules) as other:
            tried = [asyncio.ensure_future(_held(door)) for door in (one, other) * 3]

            async def two_are_left() -> bool:
                left = [not task.done() for task in tried]
                return left.count(True) == 2

            await until(two_are_left)
            await asyncio.sleep(2.5)
            assert await two_are_left()
            for task in tried:
                task.cancel()

    asyncio.run(fill())


async def _held(door: Door) -> None:
    """Stay until sent away."""
    with contextlib.suppress(asyncssh.Error, OSError):
        async with come(door) as connection:
            await connection.wait_closed()


HOLDS = """
import sys
from pathlib import Path
from sftpingest.app.watchlist import StoreWatchlist
from sftpingest.doors.sftp import Rules
from sftpingest.doors.sftp.guarding.watching import Inside, News
from sftpingest.store.engine import open_store
held = StoreWatchlist(open_store(sys.argv[1]), Path(sys.argv[2]), Rules())
held.write(News(entered=[Inside(n, "sis", "192.0.2.1", 1.0) for n in range(16)]))
print("in", flush=True)
input()
"""


def test_sessions_of_a_killed_process_count_no_longer(house: House, store_url: str) -> None:
    locks = house.data / "locks"
    command = [sys.executable, "-c", HOLDS, store_url, str(locks)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in\n"
        ours = StoreWatchlist(house.engine, locks, Rules())
        assert ours.read().logins == {"sis": 16}
        process.kill()
    assert ours.read().logins == {}
    ours.write(News(refused={"192.0.2.9": 1}))
    with house.engine.connect() as c:
        assert guarding.processes(c) == {}
    assert list(locks.iterdir()) == []
    ours.close()


def test_a_process_of_another_machine_is_dead_when_it_is_silent_and_others_are_not(house: House) -> None:
    there = StoreWatchlist(house.engine, house.data / "there", Rules())
    ours = StoreWatchlist(house.engine, house.data / "locks", Rules())
    there.write(News(entered=[Inside(1, "sis", "192.0.2.1", time.time())]))
    assert ours.read().logins == {"sis": 1}
    with house.engine.begin() as c:
        guarding.sign(c, there.process, now() - timedelta(minutes=5))
    assert ours.read().logins == {"sis": 1}  # nobody could write for five minutes: a long sync
    ours.write(News(entered=[Inside(1, "sis", "192.0.2.1", time.time())]))
    assert ours.read().logins == {}
    ours.write(News())  # removes it
    assert there.read().logins == {"sis": 1}
    there.write(News())  # it was only asleep, and tells again
    assert ours.read().logins == {"sis": 1}
    for one in (there, ours):
        one.close()


def test_news_that_could_not_be_written_are_told_again_without_counting_twice(house: House) -> None:
    ours = StoreWatchlist(house.engine, house.data / "locks", Rules())
    inside = [Inside(n, "sis", "192.0.2.1", time.time()) for n in range(3)]
    other = StoreWatchlist(house.engine, house.data / "locks", Rules())
    ours.write(News(entered=inside))
    ours.write(News(entered=inside, left=[1]))
    assert other.read().logins == {"sis": 2}
    ours.write(News(bans={"192.0.2.1": Ban(1, time.time(), time.time() + 60)}, left=[0, 2]))
    assert other.read().logins == {}
    assert list(other.read().bans) == ["192.0.2.1"]
    for one in (other, ours):
        one.close()


# -- logins that are no longer good --------------------------------------------------------------------------------


def _change(engine: Engine, how: str) -> None:
    login = accounts.LOGIN
    with engine.begin() as c:
        if how == "disabled":
            accounts.disable_login(c, "sis")
        elif how == "removed":
            accounts.remove_login(c, "sis")
        elif how == "district removed":
            accounts.remove_district(c, "north")
        elif how == "expired":
            c.execute(login.update().values(expires=date(2026, 1, 1)))
        elif how == "network":
            c.execute(login.update().values(allow=["192.0.2.0/24"]))
        elif how == "password":
            c.execute(login.update().values(password_hash="$argon2id$another"))


@pytest.mark.parametrize("how", ["disabled", "removed", "district removed", "expired", "network", "password"])
def test_a_session_ends_when_its_login_is_no_longer_what_it_was(sqlite_house: House, how: str) -> None:
    house = sqlite_house

    async def stay() -> tuple[float, str]:
        ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        class Client(asyncssh.SSHClient):
            def connection_lost(self, exc: Exception | None) -> None:
                ended.set_result(str(exc))

        async with house.door() as door:
            options: dict[str, Any] = {"username": "sis", "password": PASSWORD, "client_keys": None, "config": None}
            address = ("127.0.0.1", door.ports[0])
            async with asyncssh.connect(*address, client_factory=Client, known_hosts=None, **options) as connection:
                client = await connection.start_sftp_client()
                await asyncio.sleep(2.5)  # it was looked at, and may stay
                file = await client.open("students.csv", "wb")
                await file.write(b"first half, ")
                began = time.monotonic()
                _change(house.engine, how)
                sentence = await asyncio.wait_for(ended, 60)
                return time.monotonic() - began, sentence

    took, sentence = asyncio.run(stay())
    assert took < 20  # 2 seconds between two questions, and a machine with other work
    assert "This login" in sentence
    assert not list((house.data / "districts" / "north" / "home").iterdir())


# -- the settings --------------------------------------------------------------------------------------------------


def test_what_is_set_is_what_the_guard_keeps(
    sqlite_house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_by_hand = {"ALLOW": "192.0.2.0/24, 2001:db8::1", "BALANCERS": "10.0.0.7", "MOST_PER_LOGIN": "3"}
    for name, value in (set_by_hand | {"BAN_SECONDS": "200000"}).items():
        monkeypatch.setenv(f"SFTPINGEST_SFTP_{name}", value)
    monkeypatch.setenv("SFTPINGEST_DATA", str(tmp_path))
    settings = read()
    rules, guard = guard_and_rules(settings, sqlite_house.engine)
    assert [str(network) for network in rules.allow] == ["192.0.2.0/24", "2001:db8::1/128"]
    assert [str(network) for network in rules.balancers] == ["10.0.0.7/32"]
    assert (rules.most_per_login, rules.ban_seconds, rules.longest_ban_seconds) == (3, 200_000, 200_000)
    asyncio.run(guard.close())
    assert replace(Rules(), allow=(), balancers=()) == Rules()


def _asked(gate: StoreGate, name: str) -> None:
    """What is asked for the log, once a proof was refused."""
    gate.known(name)


# -- the same cost -------------------------------------------------------------------------------------------------


def test_every_refusal_costs_the_same_whatever_is_wrong(sqlite_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house, work = sqlite_house, []
    key = "ssh-ed25519 " + asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().split()[1]
    with house.engine.begin() as c:
        more = {"disabled": {}, "expired": {"expires": date(2026, 1, 1)}, "elsewhere": {"allow": ["192.0.2.0/24"]}}
        for name, facts in more.items():
            accounts.add_login(c, "north", name, PASSWORD, [key], **facts)  # type: ignore[arg-type]
        accounts.disable_login(c, "disabled")
        accounts.add_login(c, "north", "keys-only", None, [key])
        logins.set_password(c, "sis", PASSWORD)  # its hash costs what every one costs
    hasher = passwords._hasher()
    passwords._nobodys_hash()

    class Spy:
        def verify(self, *of: Any) -> Any:
            work.append("argon2")
            return hasher.verify(*of)

    monkeypatch.setattr(passwords, "_hasher", Spy)
    event.listen(house.engine, "before_cursor_execute", lambda *of: work.append(" ".join(of[2].split()[:1])))
    gate = StoreGate(house.engine, house.data)

    def cost(refused: Callable[[], object]) -> list[str]:
        work.clear()
        assert refused() is None
        return [step for step in work if step not in {"BEGIN", "ROLLBACK"}]

    names = ["nobody", "disabled", "expired", "elsewhere", "sis"]
    by_password = {name: cost(partial(gate.password, name, "wrong", "127.0.0.1")) for name in names}
    by_password |= {f"{name}!": cost(partial(gate.password, name, PASSWORD, "127.0.0.1")) for name in more}
    by_password["keys-only"] = cost(partial(gate.password, "keys-only", "wrong", "127.0.0.1"))
    assert len({tuple(steps) for steps in by_password.values()}) == 1, by_password
    assert by_password["nobody"].count("argon2") == 1
    by_key = {name: cost(partial(gate.key, name, key, "127.0.0.1")) for name in [*more, "nobody", "sis"]}
    assert len({tuple(steps) for steps in by_key.values()}) == 1, by_key
    authority = {name: cost(partial(gate.certificate, name, key, "127.0.0.1")) for name in [*more, "nobody", "sis"]}
    assert len({tuple(steps) for steps in authority.values()}) == 1, authority
    known = {name: cost(partial(_asked, gate, name)) for name in [*more, "nobody", "sis"]}
    assert len({tuple(steps) for steps in known.values()}) == 1, known
