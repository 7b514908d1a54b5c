"""Whoever has very many IPv6 addresses: a /48 has 65,536 networks that count as one address each."""

import asyncio
import contextlib
import socket
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import asyncssh
import pytest

from sftpingest.doors.sftp import Rules
from sftpingest.doors.sftp.guarding import exchange, refusals
from sftpingest.doors.sftp.guarding.guests import Guests
from sftpingest.doors.sftp.guarding.origin import origins
from sftpingest.doors.sftp.guarding.refusals import Refusals
from sftpingest.doors.sftp.guarding.watching import Ban, Known, News
from tests.doors.sftp.conftest import PASSWORD, USER, Knock
from tests.doors.sftp.test_proxy import BALANCER, version_1


def test_an_address_counts_as_its_network_and_the_one_around_that() -> None:
    assert origins("2001:db8:1:2::3") == ("2001:db8:1:2::/64", "2001:db8:1::/48")
    assert origins("192.0.2.1") == origins("::ffff:192.0.2.1") == ("192.0.2.1",)
    assert origins("nonsense") == ("nonsense",)


async def try_from(door: Knock, address: str, password: str) -> str:
    """`in`, or why not, for a client that the balancer tells of."""
    options: dict[str, Any] = {"username": USER, "password": password, "client_keys": None, "config": None}
    with socket.create_connection(("127.0.0.1", door.port), 10) as balancer:
        balancer.sendall(version_1(address))
        balancer.setblocking(False)
        try:
            async with asyncssh.connect(sock=balancer, known_hosts=None, **options):
                return "in"
        except (asyncssh.DisconnectError, OSError) as fault:
            return str(getattr(fault, "reason", type(fault).__name__))


@pytest.mark.parametrize("rules", [replace(BALANCER, proxy_seconds=5, most_refusals_per_address=2)])
def test_guesses_spread_over_the_networks_of_a_wide_one_ban_it_and_no_other(door: Knock) -> None:
    async def guess() -> None:
        for network in range(19):
            said = await try_from(door, f"2001:db8:1:{network:x}::1", "wrong")
            assert said.startswith("Permission denied"), network
        assert await try_from(door, "2001:db8:1:ffff::1", PASSWORD) == "in"
        assert "wrong attempts" in await try_from(door, "2001:db8:1:ff::1", "wrong")
        assert "wrong attempts" in await try_from(door, "2001:db8:1:ffff::1", PASSWORD)
        assert await try_from(door, "2001:db8:2::1", PASSWORD) == "in"
        assert await try_from(door, "192.0.2.1", PASSWORD) == "in"

    asyncio.run(guess())


class Silent:
    """A connection that only waits."""

    moved = 0

    def __init__(self, address: str) -> None:
        self.address = address

    def disconnect(self, code: int, reason: str) -> None:
        """It is sent away."""


def test_a_wide_network_gives_way_before_others_of_which_each_has_more() -> None:
    guests, wide = Guests(), [Silent(f"2001:db8:1:{network:x}::1") for network in range(5)]
    others = [Silent("192.0.2.1") for _ in range(3)]
    for one in (*others, *wide):
        guests.come(one)
    assert [guest.connection for guest in guests.most_knocking()] == wide
    assert guests.starting("2001:db8:1::/48") == 5
    for one in (*others, *wide):
        guests.leave(one)
    assert guests.starting() == 0
    assert guests.most_knocking() == []


@pytest.mark.parametrize("rules", [replace(BALANCER, most_starting=5, most_starting_per_address=4)])
def test_connections_from_all_over_a_wide_network_do_not_drive_out_another(door: Knock) -> None:
    async def crowd() -> None:
        with contextlib.ExitStack() as held:
            one = held.enter_context(socket.create_connection(("127.0.0.1", door.port), 10))
            one.sendall(version_1("192.0.2.1"))
            assert one.recv(4) == b"SSH-"
            for network in range(30):
                other = held.enter_context(socket.create_connection(("127.0.0.1", door.port), 10))
                other.sendall(version_1(f"2001:db8:1:{network:x}::1"))
                assert other.recv(4) == b"SSH-"
            guests = door.door._house.guard._guests
            assert guests.starting("192.0.2.1") == 1

    asyncio.run(crowd())


# -- memory --------------------------------------------------------------------------------------------------------


def test_bans_and_refusals_of_very_many_addresses_are_not_all_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "_MOST", 100)
    kept = Refusals(Rules(most_refusals_per_address=2))
    for number in range(1000):
        for _ in range(number % 2 + 1):
            kept.add(f"192.0.{number >> 8}.{number & 255}", number)
    assert len(kept._bans) <= 100
    assert len(kept._own) <= 100
    assert kept.ban("192.0.3.231", 1000) is not None


class Gone:
    """A store that is gone for good."""

    def read(self) -> Known:
        raise OSError

    def write(self, news: News) -> Mapping[str, int]:
        raise OSError

    def close(self) -> None:
        raise OSError


def test_bans_that_cannot_be_written_are_not_all_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "_MOST", 100)

    async def scene() -> None:
        told = exchange.Exchange(Refusals(Rules()), Guests(), Gone())
        for number in range(1000):
            told.banned(f"192.0.2.{number}", Ban(1, 0, 10))
            told.refused(f"192.0.2.{number}")
        assert len(told._bans) == len(told._refused) == 100
        assert "192.0.2.999" in told._bans

    asyncio.run(scene())
