"""`sftpingest ban`, the settings of the guard, and what `doctor` says of them: with the whole server."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import asyncssh
import pytest

from sftpingest.store import guarding
from sftpingest.store.engine import open_store
from sftpingest.store.tables import now
from tests.cli.conftest import Program, running

PASSWORD = "correct horse battery"


async def _come(port: int, password: str) -> str:
    options: dict[str, Any] = {"username": "sis", "password": password, "client_keys": None, "config": None}
    try:
        async with asyncssh.connect("127.0.0.1", port, known_hosts=None, **options):
            return "in"
    except (asyncssh.DisconnectError, OSError) as fault:
        return str(getattr(fault, "reason", type(fault).__name__))


def test_a_ban_is_listed_holds_in_every_process_and_can_be_lifted(
    quick: Program, wait_for: Callable[..., None]
) -> None:
    quick.settings |= {"SFTPINGEST_SFTP_MOST_REFUSALS_PER_ADDRESS": "2", "SFTPINGEST_SFTP_PROCESSES": "2"}
    with running(quick) as server:
        quick.ok("district", "add", "springfield", "--name", "Springfield")
        quick.ok("login", "add", "springfield", "sis", "--password-stdin", stdin=f"{PASSWORD}\n")

        def come(password: str = PASSWORD) -> str:
            return asyncio.run(_come(server.port, password))

        assert come() == "in"
        assert quick.ok("ban", "list") == "No address is banned.\n"
        wait_for(lambda: "wrong attempts" in come("wrong"), 30)
        wait_for(lambda: quick.json("ban", "list"), 30)
        (ban,) = quick.json("ban", "list")
        assert (ban["address"], ban["times"]) == ("127.0.0.1", 1)
        assert "127.0.0.1" in quick.ok("ban", "list")
        wait_for(lambda: all("wrong attempts" in come() for _ in range(6)), 60)
        assert "127.0.0.1 is lifted" in quick.ok("ban", "lift", "127.0.0.1")
        assert quick.json("ban", "list") == []
        assert [one["address"] for one in quick.json("audit", "list", "--event", "ban.lifted")] == ["127.0.0.1"]
        wait_for(lambda: all(come() == "in" for _ in range(6)), 60)
        done = quick("ban", "lift", "127.0.0.1")
        assert (done.returncode, "is not banned" in done.stderr) == (1, True)
        assert server.stop() == 0
    assert [file.name for file in (quick.data / "locks").iterdir() if file.name.startswith(".guard-")] == []


def test_an_address_is_let_in_again_though_all_of_its_network_is_banned(quick: Program) -> None:
    quick.ok("district", "add", "springfield", "--name", "Springfield")
    engine = open_store(f"sqlite:///{quick.data}/roster.db")
    until = now() + timedelta(hours=1)
    with engine.begin() as c:
        for origin in ("2001:db8:1:2::/64", "2001:db8:1::/48", "2001:db8:1:3::/64"):
            guarding.ban(c, origin, 1, now(), until)
    engine.dispose()
    assert "2001:db8:1:2::/64 and of 2001:db8:1::/48 is lifted" in quick.ok("ban", "lift", "2001:db8:1:2::7")
    assert [ban["address"] for ban in quick.json("ban", "list")] == ["2001:db8:1:3::/64"]
    assert "2001:db8:1::/48 is not banned" in quick("ban", "lift", "2001:db8:1::/48").stderr
    assert quick("ban", "lift", "2001:db8:1:3::/64").returncode == 0


def test_what_is_no_address_is_one_sentence(quick: Program) -> None:
    assert "It should look like 192.0.2.17" in quick.refused("ban", "lift", "somewhere")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SFTPINGEST_SFTP_ALLOW", "192.0.2.0/33"),
        ("SFTPINGEST_SFTP_BALANCERS", "10.0.0.1;10.0.0.2"),
        ("SFTPINGEST_SFTP_MOST_PER_LOGIN", "0"),
        ("SFTPINGEST_SFTP_IDLE_SECONDS", "never"),
    ],
)
def test_a_wrong_setting_of_the_guard_is_named(quick: Program, name: str, value: str) -> None:
    quick.settings[name] = value
    assert f'{name} cannot be "{value}". Allowed: ' in quick.refused("doctor")


@pytest.mark.parametrize(
    ("balancers", "verdict"), [("0.0.0.0/0", "failed"), ("::/0", "failed"), ("10.0.0.7, 2001:db8::7", "ok"), ("", None)]
)
def test_doctor_warns_of_balancers_that_are_everybody(quick: Program, balancers: str, verdict: str | None) -> None:
    quick.settings["SFTPINGEST_SFTP_BALANCERS"] = balancers
    checks = {check["name"]: check["verdict"] for check in _json(quick)}
    assert checks.get("balancers") == verdict


def test_networks_may_be_a_list_in_the_file(quick: Program) -> None:
    quick.data.mkdir()
    (quick.data / "sftpingest.toml").write_text('sftp_balancers = ["10.0.0.7", "2001:db8::/64"]\n')
    says = {check["name"]: check["says"] for check in _json(quick)}
    assert says["balancers"] == "10.0.0.7/32, 2001:db8::/64"


def _json(program: Program) -> Any:
    import json

    return json.loads(program("doctor", "--json").stdout)
