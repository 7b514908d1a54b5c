"""`sftpingest login`: what may be changed about a login that is there."""

import subprocess
from pathlib import Path

import pyotp
import pytest

from tests.cli.conftest import Program, needs_ssh


@pytest.fixture
def sis(quick: Program) -> Program:
    """A district with a login that has a password."""
    quick.ok("district", "add", "springfield", "--name", "Springfield")
    quick.ok("login", "add", "springfield", "sis")
    return quick


def keygen(folder: Path, name: str, *words: str) -> Path:
    command = ["ssh-keygen", "-q", "-N", "", "-C", name, "-f", str(folder / name), *words]
    subprocess.run(command, check=True, capture_output=True)
    return folder / f"{name}.pub"


def test_a_password_is_changed_and_taken_away(sis: Program) -> None:
    made = sis.json("login", "password", "sis")["password"]
    assert len(made) == 27
    said = sis.ok("login", "password", "springfield", "sis", "--password-stdin", stdin="correct horse battery\n")
    assert "correct horse" not in said
    assert "shown this once" in sis.ok("login", "password", "sis")
    off = sis("login", "password", "sis", "--off")
    assert "asks for a password or key: it has none" in off.stderr
    assert sis.json("login", "list", "springfield")[0]["password_set"] is False
    assert "open, lacks a password or key" in sis.ok("login", "list", "springfield")
    assert "no login" in sis.refused("login", "password", "nobody")
    assert "SSH cannot send" in sis.refused("login", "password", "sis", "--password-stdin", stdin="hot\u0007horse\n")


@needs_ssh
def test_keys_are_added_and_removed(sis: Program, tmp_path: Path) -> None:
    first, second = keygen(tmp_path, "first", "-t", "ed25519"), keygen(tmp_path, "second", "-t", "ecdsa")
    sis.ok("login", "key", "add", "sis", first, second)
    sis.ok("login", "key", "add", "sis", first)
    listed = sis.json("login", "key", "list", "sis")
    assert [key["comment"] for key in listed] == ["first", "second"]
    shown = subprocess.run(["ssh-keygen", "-lf", first], capture_output=True, text=True, check=True).stdout
    assert listed[0]["fingerprint"] in shown
    assert "first; " in sis.refused("login", "key", "remove", "sis", "third")
    sis.ok("login", "key", "remove", "sis", listed[0]["fingerprint"])
    sis.ok("login", "key", "remove", "sis", "second")
    assert sis.json("login", "key", "list", "sis") == []
    assert "no login" in sis.refused("login", "key", "list", "nobody")


@needs_ssh
def test_a_weak_key_and_a_certificate_are_refused_with_a_remedy(sis: Program, tmp_path: Path) -> None:
    weak = keygen(tmp_path, "weak", "-t", "rsa", "-b", "1024")
    assert "ssh-keygen -t ed25519" in sis.refused("login", "key", "add", "sis", weak)
    assert "2048 bits" in sis.refused("login", "add", "springfield", "other", "--key", weak)
    key = keygen(tmp_path, "id", "-t", "ed25519")
    subprocess.run(["ssh-keygen", "-q", "-s", tmp_path / "id", "-I", "id", "-n", "sis", key], check=True)
    assert "user_ca" in sis.refused("login", "key", "add", "sis", tmp_path / "id-cert.pub")


def test_a_login_is_asked_for_codes_and_no_longer(sis: Program) -> None:
    made = sis.json("login", "totp", "sis")
    assert pyotp.parse_uri(made["uri"]).secret == made["secret"]
    assert made["uri"].startswith("otpauth://totp/sftpingest:sis?secret=")
    assert sis.json("login", "list", "springfield")[0]["totp"] is True
    assert made["secret"] not in sis.ok("login", "list", "springfield", "--json")
    assert "password + code" in sis.ok("login", "list", "springfield")
    assert "otpauth://" in sis.ok("login", "totp", "springfield", "sis")
    sis.ok("login", "totp", "sis", "--off")
    assert sis.json("login", "list", "springfield")[0]["totp"] is False


def test_limits_are_changed_and_a_login_is_enabled_again(sis: Program) -> None:
    sis.ok("login", "set", "sis", "--allow", "203.0.113.0/24", "--allow", "198.51.100.7", "--expires", "2030-06-30")
    [listed] = sis.json("login", "list", "springfield")
    assert (listed["allow"], listed["expires"]) == (["203.0.113.0/24", "198.51.100.7/32"], "2030-06-30")
    sis.ok("login", "set", "springfield", "sis", "--anywhere", "--never-expires")
    [listed] = sis.json("login", "list", "springfield")
    assert (listed["allow"], listed["expires"]) == ([], None)
    assert "300.1.1.1" in sis.refused("login", "set", "sis", "--allow", "300.1.1.1")
    assert "what to change" in sis.refused("login", "set", "sis")
    assert "sis is disabled" in sis.ok("login", "disable", "sis")
    assert "sis is enabled" in sis.ok("login", "enable", "sis")
    assert sis.json("login", "list", "springfield")[0]["state"] == "open"


@needs_ssh
def test_a_login_that_lacks_what_its_district_asks_for_is_named(sis: Program, tmp_path: Path) -> None:
    sis.ok("district", "set", "springfield", "proof", "password+key")
    assert sis.json("login", "list", "springfield")[0]["lacks"] == ["key"]
    assert "open, lacks a key\n" in sis.ok("login", "list", "springfield")
    ca = keygen(tmp_path, "authority", "-t", "ed25519")
    both = sis.json("login", "add", "springfield", "both", "--key", ca)
    assert both["password"]
    assert both["lacks"] == []
    sis.ok("district", "set", "springfield", "user_ca", ca.read_text())
    shown = subprocess.run(["ssh-keygen", "-lf", ca], capture_output=True, text=True, check=True).stdout.split()[1]
    assert f"{shown} authority" in sis.ok("district", "show", "springfield")
    assert sis.json("login", "list", "springfield")[-1]["lacks"] == []


@needs_ssh
def test_who_takes_the_last_key_away_is_told_that_nobody_can_log_in(sis: Program, tmp_path: Path) -> None:
    sis.ok("login", "add", "springfield", "night", "--key", keygen(tmp_path, "only", "-t", "ed25519"))
    assert "asks for a password or key: it has none" in sis("login", "key", "remove", "night", "only").stderr


def test_who_asks_for_more_is_told_which_logins_do_not_have_it(sis: Program) -> None:
    done = sis("district", "set", "springfield", "proof", "key")
    assert (done.returncode, "1 login lacks" in done.stderr) == (0, True)
    assert sis("district", "set", "springfield", "proof", "any").stderr == ""


@needs_ssh
def test_the_private_key_of_an_authority_is_neither_taken_nor_shown(sis: Program, tmp_path: Path) -> None:
    key = keygen(tmp_path, "authority", "-t", "ed25519").with_suffix("").read_text()
    said = sis.refused("district", "set", "springfield", "user_ca", key)
    assert "user_ca.pub" in said
    assert key.splitlines()[1] not in said
    assert "-5" in sis.refused("district", "set", "springfield", "quiet_seconds", "-5")
