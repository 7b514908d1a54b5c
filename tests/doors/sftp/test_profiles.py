"""What the door says it speaks, what ssh-audit thinks of it, and which clients get in by it."""

import asyncio
import contextlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from sftpingest.doors.sftp import Profile, places
from sftpingest.doors.sftp.ssh.profiles import COMPATIBLE, LEGACY, MODERN, PROFILES
from tests.doors.sftp.conftest import Knock

Verdict = dict[str, dict[str, list[str]]]

NO_QUANTUM = "does not provide protection against post-quantum attacks"
SHORT = "2048-bit modulus only provides 112-bits of symmetric strength"
CURVE = "using elliptic curves that are suspected as being backdoored by the U.S. National Security Agency"
RANDOM = "using weak random number generator could reveal the key"
AND_MAC = "using encrypt-and-MAC mode"
SHA_1 = "using broken SHA-1 hash algorithm"
CBC = "using weak cipher mode"

#: Every fault that ssh-audit finds; why we live with it stands at the algorithm in profiles.py.
MODERN_FAULTS: Verdict = {
    "curve25519-sha256": {"warn": [NO_QUANTUM]},
    "curve25519-sha256@libssh.org": {"warn": [NO_QUANTUM]},
}
COMPATIBLE_FAULTS: Verdict = MODERN_FAULTS | {
    "ecdh-sha2-nistp256": {"fail": [CURVE], "warn": [NO_QUANTUM]},
    "ecdsa-sha2-nistp256": {"fail": [CURVE], "warn": [RANDOM]},
    "hmac-sha2-256": {"warn": [AND_MAC]},
    "hmac-sha2-512": {"warn": [AND_MAC]},
}
LEGACY_FAULTS: Verdict = COMPATIBLE_FAULTS | {
    "diffie-hellman-group14-sha256": {"warn": [SHORT, NO_QUANTUM]},
    "diffie-hellman-group14-sha1": {"fail": [SHA_1], "warn": [SHORT, NO_QUANTUM]},
    "ssh-rsa": {"fail": [SHA_1]},
    "aes256-cbc": {"warn": [CBC]},
    "aes192-cbc": {"warn": [CBC]},
    "aes128-cbc": {"warn": [CBC]},
    "hmac-sha1": {"fail": [SHA_1], "warn": [AND_MAC]},
}
del LEGACY_FAULTS["ecdsa-sha2-nistp256"]

#: What each profile has, so that nothing slips in: key exchanges that need other libraries are left out.
NEVER = (
    "none",
    "3des",
    "blowfish",
    "arcfour",
    "cast",
    "seed",
    "chacha",
    "md5",
    "group1-",
    "group-exchange",
    "dss",
    "gss",
)


def audit(door: Knock) -> Any:
    """What ssh-audit finds, as JSON. Its test of how many connections a second are taken is left out."""
    command = [sys.executable, "-m", "ssh_audit", "-jj", "--skip-rate-test", "-p", str(door.port), "127.0.0.1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return json.loads(done.stdout)


def faults(found: Any) -> Verdict:
    notes = {each["algorithm"]: each["notes"] for part in ("kex", "key", "enc", "mac") for each in found[part]}
    bad = {name: {kind: said for kind, said in note.items() if kind != "info"} for name, note in notes.items()}
    return {name: said for name, said in bad.items() if said}


@pytest.mark.parametrize(
    ("profile", "expected"),
    [(MODERN, MODERN_FAULTS), (COMPATIBLE, COMPATIBLE_FAULTS), (LEGACY, LEGACY_FAULTS)],
    ids=["modern", "compatible", "legacy"],
)
def test_ssh_audit_finds_what_is_known_and_nothing_more(door: Knock, profile: Profile, expected: Verdict) -> None:
    found = audit(door)
    assert faults(found) == expected
    assert not [name for name, said in faults(found).items() if "fail" in said and profile is MODERN]
    assert "kex-strict-s-v00@openssh.com" in {each["algorithm"] for each in found["kex"]}  # Terrapin is shut out
    assert (found["cves"], found["additional_notes"]) == ([], [])  # nor can a client that knows no strict kex open it
    assert found["compression"] == ["none"]
    markers = {"ext-info-s", "kex-strict-s-v00@openssh.com"}
    assert [each["algorithm"] for each in found["kex"] if each["algorithm"] not in markers] == list(profile.kex_here)
    assert [each["algorithm"] for each in found["key"]] == list(profile.host_key_algs)
    assert [each["algorithm"] for each in found["enc"]] == list(profile.ciphers)
    assert [each["algorithm"] for each in found["mac"]] == list(profile.macs)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_no_profile_has_what_is_broken(profile: Profile) -> None:
    names = (*profile.kex, *profile.host_key_algs, *profile.ciphers, *profile.macs, *profile.signatures)
    assert not [name for name in names for bad in NEVER if bad in name]
    old = [name for name in names if "sha1" in name or name == "ssh-rsa" or "cbc" in name]
    assert bool(old) == bool(profile.warning) == (profile is LEGACY)


def test_the_ports_have_their_profiles() -> None:
    main, old = places(2222, 0, "modern")
    assert (main.port, main.profile, main.setting) == (2222, MODERN, "SFTPINGEST_SFTP_PORT")
    assert (old.port, old.profile, old.setting) == (0, LEGACY, "SFTPINGEST_SFTP_LEGACY_PORT")
    assert [place.profile for place in places(22, None, "compatible")] == [COMPATIBLE]


@pytest.mark.parametrize(
    ("profile", "gets_in"),
    [(MODERN, False), (COMPATIBLE, False), (LEGACY, True)],
    ids=["modern", "compatible", "legacy"],
)
def test_a_signature_by_sha_1_lets_nobody_in_but_on_the_legacy_port(
    door: Knock, profile: Profile, gets_in: bool
) -> None:
    async def log_in(algorithm: str) -> bool:
        pair = asyncssh.load_keypairs([rsa])[0]
        pair.sig_algorithms = [algorithm.encode()]
        try:
            async with door.connection(client_keys=[pair], signature_algs=[algorithm]):
                return True
        except asyncssh.PermissionDenied:
            return False

    rsa = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    door.gate.keys.add(b" ".join(rsa.export_public_key().split()[:2]).decode())
    assert asyncio.run(log_in("rsa-sha2-256"))
    assert asyncio.run(log_in("ssh-rsa")) is gets_in


@pytest.mark.parametrize("profile", [LEGACY], ids=["legacy"])
def test_clients_at_the_same_time_each_get_the_signature_they_agreed_on(door: Knock, profile: Profile) -> None:
    async def together() -> set[str]:
        async with contextlib.AsyncExitStack() as all_of_them:
            for algorithm in profile.host_key_algs:
                await all_of_them.enter_async_context(door.connection(server_host_key_algs=[algorithm]))
            pairs = [connection.get_server_host_key() for connection in door.door._house.connections]
            return {pair.sig_algorithm.decode() for pair in pairs if pair}

    assert asyncio.run(together()) == set(profile.host_key_algs)


def test_new_session_keys_in_the_middle_of_an_upload_and_a_download_change_no_byte(door: Knock, tmp_path: Path) -> None:
    upload_and_fetch(door, tmp_path, "-o", "RekeyLimit=1M")


@pytest.mark.filterwarnings("ignore:Diffie-Hellman over finite fields")
@pytest.mark.parametrize("cipher", ["aes128-cbc", "aes256-cbc"])
@pytest.mark.parametrize("profile", [COMPATIBLE, LEGACY], ids=["compatible", "legacy"])
def test_an_exporter_of_long_ago_gets_in_by_the_legacy_port_alone(
    door: Knock, tmp_path: Path, profile: Profile, cipher: str
) -> None:
    sent = tmp_path / "students.csv"
    sent.write_bytes(bytes(range(256)) * 4096)
    old = {
        "KexAlgorithms": "diffie-hellman-group14-sha1",
        "HostKeyAlgorithms": "ssh-rsa",
        "Ciphers": cipher,
        "MACs": "hmac-sha1",
    }
    done = door.sftp(f"put {sent}\n", *(part for pair in old.items() for part in ("-o", "=".join(pair))))
    assert (done.returncode == 0) is (profile is LEGACY), done.stderr
    assert door.published() == ({"students.csv": sent.read_bytes()} if profile is LEGACY else {})


def upload_and_fetch(door: Knock, tmp_path: Path, *arguments: str) -> None:
    sent, fetched = tmp_path / "students.csv", tmp_path / "fetched.csv"
    sent.write_bytes(bytes(range(256)) * 4096 * 8)
    done = door.sftp(f"put {sent}\nget students.csv {fetched}\n", "-vv", *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("SSH2_MSG_KEXINIT sent") > 8, done.stderr
    assert door.published() == {"students.csv": sent.read_bytes()}
    assert fetched.read_bytes() == sent.read_bytes()


@pytest.mark.parametrize("profile", [replace(COMPATIBLE, rekey_bytes=1 << 18, rekey_seconds=0.05)], ids=["often"])
def test_the_door_asks_for_new_session_keys_too(door: Knock, tmp_path: Path, profile: Profile) -> None:
    upload_and_fetch(door, tmp_path)
