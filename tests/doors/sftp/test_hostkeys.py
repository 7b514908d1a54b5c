"""Host keys: the next one is learned by OpenSSH's client, takes its place, and nobody notices."""

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path

import asyncssh
import pytest

from sftpingest.doors.sftp import Profile, host_keys
from sftpingest.doors.sftp.ssh.hostkeys import HostKey, State, WrongStep, file_of, forget, found, rotate, switch
from sftpingest.doors.sftp.ssh.profiles import COMPATIBLE, LEGACY, MODERN, KeyType
from tests.doors.sftp.conftest import USER, Knock

Log = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "hostkeys"


@pytest.fixture
def known_hosts(tmp_path: Path) -> Path:
    return tmp_path / "known_hosts"


@pytest.fixture
def log_in(door: Knock, known_hosts: Path) -> Log:
    """OpenSSH's client with a known_hosts of its own; `strict` is its StrictHostKeyChecking."""

    def log_in(strict: str) -> subprocess.CompletedProcess[str]:
        ours = {
            "StrictHostKeyChecking": strict,
            "UserKnownHostsFile": str(known_hosts),
            "UpdateHostKeys": "yes",
            "HashKnownHosts": "no",
            "LogLevel": "INFO",
        }
        options = [part for pair in ours.items() for part in ("-o", "=".join(pair))]
        command = ["sftp", "-b", "-", *options, "-P", str(door.port), "-i", str(door.key), *door.options]
        # the client asks for the proof of a new key once it is in: a second is more than it takes
        return subprocess.run(
            [*command, f"{USER}@127.0.0.1"], input="ls\n!sleep 1\nls\n", capture_output=True, text=True, check=False
        )

    return log_in


def learned(known_hosts: Path) -> set[str]:
    return {" ".join(line.split()[1:3]) for line in known_hosts.read_text().splitlines()}


def publics(keys: list[HostKey], *states: State) -> set[str]:
    return {key.public for key in keys if key.state in states}


def learns(door: Knock, log_in: Log, known_hosts: Path, wanted: set[str]) -> None:
    """Log in until the client knows these keys and no others: once, where the machine is not too busy."""

    def knows() -> bool:
        done = log_in("yes")
        assert done.returncode == 0, done.stderr
        return learned(known_hosts) == wanted

    door.eventually(knows, 60)


@pytest.mark.parametrize("profile", [COMPATIBLE, MODERN, LEGACY], ids=lambda profile: profile.name)
def test_a_client_learns_the_next_key_and_does_not_notice_the_switch(
    door: Knock, log_in: Log, known_hosts: Path, folder: Path, profile: Profile
) -> None:
    assert log_in("accept-new").returncode == 0
    learns(door, log_in, known_hosts, publics(found(folder), State.CURRENT))
    rotate(folder)
    learns(door, log_in, known_hosts, publics(found(folder), State.CURRENT, State.NEXT))
    switch(folder)
    new = publics(found(folder), State.CURRENT)
    learns(door, log_in, known_hosts, new)
    assert not new & publics(found(folder), State.OLD)


def test_a_client_that_was_not_there_meanwhile_refuses_the_new_key(door: Knock, log_in: Log, folder: Path) -> None:
    assert log_in("accept-new").returncode == 0
    rotate(folder)
    switch(folder)
    done = log_in("yes")
    assert done.returncode != 0
    assert "IDENTIFICATION HAS CHANGED" in done.stderr


def test_the_next_key_is_not_used_before_its_time_nor_the_old_one_after_it(door: Knock, folder: Path) -> None:
    before = shown(door)
    rotate(folder)
    assert shown(door) == before
    switch(folder)
    assert {shown(door)} < publics(found(folder), State.CURRENT) - {before}
    forget(folder)
    assert {key.state for key in found(folder)} == {State.CURRENT}


@pytest.mark.parametrize("state", [State.NEXT, State.CURRENT])
def test_a_key_file_that_cannot_be_read_lets_the_door_go_on_with_what_it_has(
    door: Knock, folder: Path, state: State
) -> None:
    before = shown(door)
    file_of(folder, KeyType.ED25519, state).write_text("no key at all\n")
    assert shown(door) == before
    with pytest.raises(WrongStep, match="is no private key"):
        found(folder)


def test_the_public_key_of_an_earlier_key_beside_it_stops_nobody(door: Knock, folder: Path) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519")
    beside = folder / "ssh_host_ed25519_key.pub"
    other.write_public_key(str(beside))
    rotate(folder)
    shown(door)
    assert beside.exists()
    switch(folder)
    assert {shown(door)} < publics(found(folder), State.CURRENT)
    assert not beside.exists()


def test_every_file_is_for_us_alone_and_of_its_type(folder: Path) -> None:
    host_keys(folder, KeyType)
    rotate(folder)
    switch(folder)
    rotate(folder)
    keys = found(folder)
    assert len(keys) == len({key.public for key in keys}) == 9
    assert {key.path.stat().st_mode & 0o777 for key in keys} == {0o600}
    assert {(key.type, key.public.split()[0]) for key in keys} == {
        (KeyType.ED25519, "ssh-ed25519"),
        (KeyType.ECDSA, "ecdsa-sha2-nistp256"),
        (KeyType.RSA, "ssh-rsa"),
    }
    assert len(list(folder.iterdir())) == 9


def test_what_root_makes_belongs_to_the_service(folder: Path) -> None:
    import os

    if os.geteuid() != 0:
        pytest.skip("only root can make files for others")
    (current,) = host_keys(folder, [KeyType.ED25519])
    os.chown(current, 12345, 12346)
    (made,) = rotate(folder)
    assert (made.path.stat().st_uid, made.path.stat().st_gid) == (12345, 12346)


def test_no_step_is_taken_that_leads_nowhere(folder: Path) -> None:
    with pytest.raises(WrongStep, match="no host key"):
        rotate(folder)
    host_keys(folder, [KeyType.ED25519, KeyType.ECDSA])
    with pytest.raises(WrongStep, match="no rsa host key"):
        rotate(folder, [KeyType.RSA])
    with pytest.raises(WrongStep, match="keys rotate"):
        switch(folder)
    with pytest.raises(WrongStep, match="no old host key"):
        forget(folder)
    rotate(folder, [KeyType.ECDSA])
    with pytest.raises(WrongStep, match="next ecdsa key already"):
        rotate(folder)
    assert not file_of(folder, KeyType.ED25519, State.NEXT).exists()


def test_a_switch_that_a_power_cut_ended_in_its_middle_is_done_by_the_next_one(folder: Path) -> None:
    host_keys(folder, [KeyType.ED25519])
    (before,) = found(folder)
    (coming,) = rotate(folder)
    file_of(folder, KeyType.ED25519, State.OLD).hardlink_to(before.path)
    switch(folder)
    now, old = found(folder)
    assert (now.public, old.public) == (coming.public, before.public)


def shown(door: Knock) -> str:
    """The public key by which the door proves itself to a client."""
    key = asyncio.run(asyncssh.get_server_host_key("127.0.0.1", door.port, config=None))
    assert key is not None
    return b" ".join(key.export_public_key("openssh").split()[:2]).decode()
