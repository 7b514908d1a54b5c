"""`sftpingest keys`: the host keys are shown, rotated and switched, and a running server takes them up."""

import asyncio
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from sftpingest.doors.sftp import host_keys
from sftpingest.doors.sftp.ssh.profiles import COMPATIBLE, KeyType
from tests.cli.conftest import Program, Up


@pytest.fixture
def keyed(quick: Program) -> Program:
    host_keys(folder(quick), COMPATIBLE.host_keys)
    return quick


def folder(program: Program) -> Path:
    return program.data / "hostkeys"


def states(program: Program) -> list[tuple[str, str]]:
    return [(key["type"], key["state"]) for key in program.json("keys", "list")]


def by_state(program: Program) -> dict[str, Any]:
    return {key["state"]: key for key in program.json("keys", "list") if key["type"] == "ed25519"}


def test_the_list_shows_what_districts_need(keyed: Program) -> None:
    keyed.settings |= {"SFTPINGEST_SFTP_PORT": "2222"}
    ed25519, ecdsa = keyed.json("keys", "list", "--host", "sftp.example.org")
    key = asyncssh.read_private_key(folder(keyed) / "ssh_host_ed25519_key")
    assert ed25519["fingerprint"] == key.get_fingerprint()
    assert ed25519["known_hosts"] == [f"[sftp.example.org]:2222 {ed25519['public']}"]
    assert (ed25519["ports"], ecdsa["ports"]) == ([2222], [2222])
    said = keyed.ok("keys", "list", "--host", "sftp.example.org")
    assert ed25519["fingerprint"] in said
    assert ed25519["known_hosts"][0] in said
    assert "PRIVATE" not in said


def test_at_the_usual_port_known_hosts_has_the_bare_name(keyed: Program) -> None:
    keyed.settings |= {"SFTPINGEST_SFTP_PORT": "22"}
    first = keyed.json("keys", "list", "--host", "sftp.example.org")[0]
    assert first["known_hosts"] == [f"sftp.example.org {first['public']}"]


def test_every_port_is_named_with_the_keys_it_shows(keyed: Program) -> None:
    host_keys(folder(keyed), [KeyType.RSA])
    keyed.settings |= {"SFTPINGEST_SFTP_ALGORITHMS": "modern", "SFTPINGEST_SFTP_LEGACY_PORT": "2223"}
    ports = {key["type"]: key["ports"] for key in keyed.json("keys", "list")}
    assert ports == {"ed25519": [2222], "ecdsa": [], "rsa": [2223]}


def test_a_key_goes_from_next_to_current_to_old_and_is_forgotten(keyed: Program) -> None:
    keyed.ok("keys", "rotate")
    assert states(keyed) == [
        ("ed25519", "current"),
        ("ed25519", "next"),
        ("ecdsa", "current"),
        ("ecdsa", "next"),
    ]
    before = by_state(keyed)
    keyed.ok("keys", "switch")
    after = by_state(keyed)
    assert after["current"]["fingerprint"] == before["next"]["fingerprint"]
    assert after["old"]["fingerprint"] == before["current"]["fingerprint"]
    assert after["old"]["ports"] == []
    keyed.ok("keys", "forget", "--yes")
    assert states(keyed) == [("ed25519", "current"), ("ecdsa", "current")]


def test_one_type_alone_may_be_rotated(keyed: Program) -> None:
    (made,) = keyed.json("keys", "rotate", "--type", "ecdsa")
    assert (made["type"], made["state"]) == ("ecdsa", "next")
    assert states(keyed) == [("ed25519", "current"), ("ecdsa", "current"), ("ecdsa", "next")]


def test_a_step_that_leads_nowhere_is_refused_in_one_sentence(quick: Program) -> None:
    assert "sftpingest up" in quick.refused("keys", "rotate")
    host_keys(folder(quick), COMPATIBLE.host_keys)
    assert "sftpingest keys rotate" in quick.refused("keys", "switch")
    assert "no old host key" in quick.refused("keys", "forget", "--yes")
    assert "ed25519, ecdsa, rsa" in quick.refused("keys", "rotate", "--type", "dsa")
    quick.ok("keys", "rotate")
    assert "next ed25519 key already" in quick.refused("keys", "rotate")
    (folder(quick) / "ssh_host_ed25519_key").write_text("not a key\n")
    assert "is no private key" in quick.refused("keys", "list")


def test_a_running_server_takes_up_the_new_key(up: Up) -> None:
    before = by_state(up.program)["current"]["public"]
    assert shown(up) == {before}
    up.program.ok("keys", "rotate")
    assert shown(up) == {before}
    up.program.ok("keys", "switch")
    assert shown(up) == {by_state(up.program)["current"]["public"]} != {before}


def test_every_step_is_in_the_audit_trail(keyed: Program) -> None:
    keyed.ok("district", "add", "springfield", "--name", "Springfield")  # makes the store
    keyed.ok("keys", "rotate", "--type", "ed25519")
    key = by_state(keyed)["next"]["fingerprint"]
    keyed.ok("keys", "switch")
    keyed.ok("keys", "forget", "--yes")
    steps = [entry for entry in keyed.json("audit", "list") if entry["event"].startswith("keys.")]
    told = {entry["event"]: key in str(entry) for entry in steps}
    assert told == {"keys.rotated": True, "keys.switched": True, "keys.forgotten": False}


def shown(up: Up) -> set[str]:
    """The keys by which it proves itself to several clients, whichever of its processes takes them."""

    async def ask() -> list[asyncssh.SSHKey | None]:
        asked = (
            asyncssh.get_server_host_key("127.0.0.1", up.port, config=None, server_host_key_algs=["ssh-ed25519"])
            for _ in range(8)
        )
        return await asyncio.gather(*asked)

    keys = asyncio.run(ask())
    return {b" ".join(key.export_public_key("openssh").split()[:2]).decode() for key in keys if key}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SFTPINGEST_SFTP_ALGORITHMS", "legacy", "modern or compatible"),
        ("SFTPINGEST_SFTP_LEGACY_PORT", "2222", "another port than the door's own"),
        ("SFTPINGEST_SFTP_LEGACY_PORT", "70000", "another port than the door's own"),
    ],
)
def test_a_wrong_setting_is_named(keyed: Program, name: str, value: str, said: str) -> None:
    keyed.settings |= {name: value}
    refusal = keyed.refused("keys", "list")
    assert name in refusal
    assert said in refusal


def test_doctor_looks_at_every_key_and_minds_the_legacy_port(keyed: Program) -> None:
    keyed.ok("keys", "rotate")
    (folder(keyed) / "ssh_host_ecdsa_key.next").chmod(0o640)
    keyed.settings |= {"SFTPINGEST_SFTP_LEGACY_PORT": "2223"}
    said = keyed("doctor").stdout
    assert "ssh_host_ecdsa_key.next has mode 0640: chmod 600" in said
    assert "Port 2223: It takes algorithms that are no longer safe" in said
    (folder(keyed) / "ssh_host_ecdsa_key.next").chmod(0o600)
    assert "ed25519 current, ed25519 next, ecdsa current, ecdsa next" in keyed("doctor").stdout
