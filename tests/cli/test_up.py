"""`sftpingest up`: the whole service as one process tree."""

import asyncio
import os
import signal
import stat
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh
import pytest

from tests.cli.conftest import Program, Up, needs_ssh, running, without_mistakes, written

PASSWORD = "correct horse battery"


@pytest.fixture
def springfield(up: Up) -> Up:
    """A running server with a district and a login."""
    return settled(up)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """The same for all tests that leave it as they found it: each server takes six seconds of CPU to start."""
    with running(Program(tmp_path_factory.mktemp("standing") / "data", inside=True)) as server:
        yield settled(server)


def settled(up: Up) -> Up:
    up.program.ok("district", "add", "springfield", "--name", "Springfield Public Schools")
    up.program.ok("login", "add", "springfield", "sis", "--password-stdin", stdin=f"{PASSWORD}\n")
    return up


@asynccontextmanager
async def client(server: Up, username: str = "sis", password: str = PASSWORD) -> AsyncIterator[asyncssh.SFTPClient]:
    proof = {"username": username, "password": password, "known_hosts": None, "client_keys": None, "config": None}
    async with asyncssh.connect("127.0.0.1", server.port, **proof) as link, link.start_sftp_client() as sftp:
        yield sftp


async def upload(sftp: asyncssh.SFTPClient, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        async with sftp.open(name, "wb") as file:
            await file.write(content)


async def report(sftp: asyncssh.SFTPClient) -> str:
    """The newest summary, as soon as there is one."""
    for _ in range(300):
        if await sftp.exists("/reports/latest/result.json"):
            async with sftp.open("/reports/latest/summary.txt", "r") as file:
                return str(await file.read())
        await asyncio.sleep(0.1)
    pytest.fail("no report came")


def lives(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_an_upload_to_what_the_first_start_made_comes_back_with_a_report(springfield: Up) -> None:
    data = springfield.program.data
    key = data / "hostkeys" / "ssh_host_ed25519_key"
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert (data / "roster.db").exists()
    assert str(data) in springfield.said

    async def whole_way() -> str:
        async with client(springfield) as sftp:
            await upload(sftp, without_mistakes())
            return await report(sftp)

    assert "applied" in asyncio.run(whole_way()).lower()
    assert len(springfield.program.json("roster", "springfield", "--kind", "student")) == 60
    assert springfield.stop() == 0


@needs_ssh
def test_openssh_gets_in_with_a_key(standing: Up, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    standing.program.ok("login", "add", "springfield", "night", "--key", tmp_path / "key.pub")
    folder = written(tmp_path / "roster", without_mistakes())
    options = ["-i", str(tmp_path / "key"), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
    command = ["sftp", "-q", "-b", "-", "-P", str(standing.port), *options, "-F", "none", "night@127.0.0.1"]
    batch = f"lcd {folder}\nput *.csv\nls -1\n"
    done = subprocess.run(command, input=batch, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "students.csv" in done.stdout


def test_logins_that_may_not_enter_stay_outside(standing: Up) -> None:
    ways = {"expired": ["--expires", "2020-01-01"], "elsewhere": ["--allow", "192.0.2.0/24"], "disabled": []}
    for username, words in ways.items():
        add = ["login", "add", "springfield", username, "--password-stdin", *words]
        standing.program.ok(*add, stdin=f"{PASSWORD}\n")
    standing.program.ok("login", "disable", "springfield", "disabled")

    async def knock(username: str, password: str) -> None:
        async with client(standing, username, password):
            pytest.fail(f"{username} got in")

    for username, password in [
        *((name, PASSWORD) for name in ways),
        ("sis", "wrong"),
        ("nobody", PASSWORD),
        ("sis", ""),
    ]:
        with pytest.raises(asyncssh.PermissionDenied):
            asyncio.run(knock(username, password))


def test_a_login_from_its_network_gets_in(standing: Up) -> None:
    add = [
        "login",
        "add",
        "springfield",
        "other",
        "--password-stdin",
        "--allow",
        "127.0.0.0/8",
        "--expires",
        "2099-01-01",
    ]
    standing.program.ok(*add, stdin=f"{PASSWORD}\n")

    async def look() -> list[str]:
        async with client(standing, "other") as sftp:
            return [str(name) for name in await sftp.listdir("/")]

    assert "README.txt" in asyncio.run(look())


def test_door_and_worker_are_children_in_the_same_process_group(standing: Up, wait_for: Callable[..., None]) -> None:
    wait_for(lambda: standing.children("door") and standing.children("worker"))
    assert {os.getpgid(child) for child in standing.children()} == {os.getpgid(standing.process.pid)}


def test_a_door_that_dies_is_started_anew_and_no_child_outlives_a_parent_that_was_killed(
    quick: Program, wait_for: Callable[..., None]
) -> None:
