"""Who gets in, and what they get: SFTP and nothing else."""

import asyncio
import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from sftpingest.doors.sftp import host_key
from tests.doors.sftp.conftest import PASSWORD, USER, Knock


def password_client(door: Knock, tmp_path: Path, password: str) -> subprocess.CompletedProcess[str]:
    """OpenSSH's sftp with a password, as a person would type it."""
    ask = tmp_path / "ask.sh"
    ask.write_text(f"#!/bin/sh\necho '{password}'\n")
    ask.chmod(0o700)
    command = ["sftp", "-P", str(door.port), *door.options, "-o", "PubkeyAuthentication=no"]
    command += ["-o", "NumberOfPasswordPrompts=1", f"{USER}@127.0.0.1"]
    environment = os.environ | {"SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"}
    return subprocess.run(
        command, input="pwd\nls\n", env=environment, capture_output=True, text=True, timeout=30, check=False
    )


def test_a_password_lets_in(door: Knock, tmp_path: Path) -> None:
    ran = password_client(door, tmp_path, PASSWORD)
    assert ran.returncode == 0, ran.stderr
    assert "README.txt" in ran.stdout


def test_a_wrong_password_does_not(door: Knock, tmp_path: Path) -> None:
    assert password_client(door, tmp_path, "wrong").returncode == 255


def test_a_key_lets_in_whatever_its_comment(door: Knock) -> None:
    ran = door.sftp("pwd\n")
    assert ran.returncode == 0, ran.stderr
    assert "Remote working directory: /" in ran.stdout
    assert ("key", "127.0.0.1") in door.gate.asked


def test_another_key_does_not(door: Knock) -> None:
    door.gate.keys.clear()
    assert door.sftp("pwd\n").returncode == 255


async def knock(door: Knock, **more: Any) -> None:
    async with door.connection(**more):
        pass


def test_a_key_of_one_login_does_not_open_for_another(door: Knock) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(knock(door, username="somebody else"))


def test_a_connection_that_guesses_is_ended(door: Knock) -> None:
    async def guess() -> None:
        guesses = iter([f"guess {n}" for n in range(100)])

        class Guessing(asyncssh.SSHClient):
            def password_auth_requested(self) -> str | None:
                return next(guesses)

            def kbdint_auth_requested(self) -> str | None:
                return None

        await asyncssh.connect(
            "127.0.0.1", door.port, username=USER, client_factory=Guessing, client_keys=None, known_hosts=None
        )

    with pytest.raises((asyncssh.DisconnectError, OSError)):  # the client may still be writing
        asyncio.run(guess())
    assert 0 < len(door.gate.asked) <= 12


@pytest.mark.parametrize("wanted", [["true"], []])
def test_there_is_no_shell_and_no_command(door: Knock, wanted: list[str]) -> None:
    command = ["ssh", "-p", str(door.port), "-i", str(door.key), *door.options, "-T", f"{USER}@127.0.0.1", *wanted]
    ran = subprocess.run(command, input="", capture_output=True, text=True, timeout=30, check=False)
    assert ran.returncode == 1
    assert "only takes SFTP" in ran.stderr


def test_the_old_protocol_of_scp_is_refused(door: Knock, tmp_path: Path) -> None:
    (tmp_path / "students.csv").write_text("x")
    ran = door.scp("-O", str(tmp_path / "students.csv"), f"{USER}@127.0.0.1:")
    assert ran.returncode != 0
    assert door.published() == {}


def test_nothing_is_forwarded(door: Knock) -> None:
    async def forward() -> None:
        async with door.connection() as connection:
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.open_connection("127.0.0.1", door.port)
            with pytest.raises(asyncssh.ChannelListenError):
                await connection.forward_remote_port("127.0.0.1", 0, "127.0.0.1", door.port)

    asyncio.run(forward())


def test_a_host_key_is_made_once_and_only_we_may_read_it(tmp_path: Path) -> None:
    path = host_key(tmp_path / "hostkeys" / "ssh_host_ed25519_key")
    made = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert asyncssh.read_private_key(str(path)).get_algorithm() == "ssh-ed25519"
    assert host_key(path).read_bytes() == made
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_a_draining_door_lets_open_uploads_finish_and_takes_no_new_ones(door: Knock) -> None:
    async def upload() -> None:
        async with door.client() as client:
            file = await client.open("students.csv", "wb")
            await file.write(b"first half, ")
            drained = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(door.door.drain(20), door.loop))
            await asyncio.sleep(0.1)
            with pytest.raises(asyncssh.SFTPFailure, match="about to stop"):
                await client.open("teachers.csv", "wb")
            assert not drained.done()
            await file.write(b"second half")
            await file.close()
            await drained

    asyncio.run(upload())
    assert door.published() == {"students.csv": b"first half, second half"}


def test_a_door_that_closes_breaks_off_what_is_open(door: Knock) -> None:
    async def upload() -> None:
        async with door.client() as client:
            file = await client.open("students.csv", "wb")
            await file.write(b"first half, ")
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(door.door.close(), door.loop))

    asyncio.run(upload())
    assert door.published() == {}
    assert [path.read_bytes() for path in door.staging.iterdir()] == [b"first half, "]
