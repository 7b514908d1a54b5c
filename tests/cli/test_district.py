"""`sftpingest district` and `sftpingest login`."""

from pathlib import Path

import asyncssh
import pytest
from sqlalchemy import create_engine

from sftpingest import work
from sftpingest.cli import district
from sftpingest.store.tables import District
from tests.cli.conftest import Program


@pytest.fixture
def springfield(quick: Program) -> Program:
    quick.ok("district", "add", "springfield", "--name", "Springfield Public Schools")
    return quick


def test_a_district_is_added_with_its_folders(springfield: Program) -> None:
    assert (springfield.data / "districts" / "springfield" / "home").is_dir()
    shown = springfield.json("district", "show", "springfield")
    assert (shown["slug"], shown["name"], shown["head"]) == ("springfield", "Springfield Public Schools", None)
    assert shown["settings"]["max_removed"] == 0.1
    assert [one["slug"] for one in springfield.json("district", "list")] == ["springfield"]
    assert "Springfield Public Schools" in springfield.ok("district", "list")


def test_a_slug_is_taken_once_and_must_be_a_slug(springfield: Program) -> None:
    assert "taken" in springfield.refused("district", "add", "springfield", "--name", "Another")
    assert "small letters" in springfield.refused("district", "add", "Spring/field", "--name", "Another")


def test_a_setting_is_set_shown_and_taken_back(springfield: Program) -> None:
    springfield.ok("district", "set", "springfield", "max_removed", "15%")
    springfield.ok("district", "set", "springfield", "pause_start", "2027-06-07")
    settings = springfield.json("district", "show", "springfield")["settings"]
    assert (settings["max_removed"], settings["pause_start"]) == (0.15, "2027-06-07")
    springfield.ok("district", "set", "springfield", "max_removed", "default")
    assert springfield.json("district", "show", "springfield")["settings"]["max_removed"] == 0.1


def test_a_wrong_setting_of_a_district_is_refused_with_what_is_allowed(springfield: Program) -> None:
    assert "max_removed" in springfield.refused("district", "set", "springfield", "max_gone", "1")
    assert "10%" in springfield.refused("district", "set", "springfield", "max_removed", "lots")
    assert "clever" in springfield.refused("district", "set", "springfield", "format", "nonsense")
    assert springfield.json("district", "show", "springfield")["settings"]["format"] == "auto"


def test_what_a_file_is_read_as_is_set_shown_and_taken_back(springfield: Program) -> None:
    def files() -> object:
        return springfield.json("district", "show", "springfield")["settings"]["files"]

    springfield.ok("district", "set", "springfield", "file.export-1.csv", "students.csv")
    springfield.ok("district", "set", "springfield", "file.old_*.csv", "nothing")
    assert files() == {"export-1.csv": "students.csv", "old_*.csv": "nothing"}
    assert "students.csv" in springfield.refused("district", "set", "springfield", "file.x.csv", "pupils.csv")
    springfield.ok("district", "set", "springfield", "file.old_*.csv", "default")
    assert files() == {"export-1.csv": "students.csv"}


def test_a_file_must_be_one_of_the_format_of_the_district(springfield: Program) -> None:
    springfield.ok("district", "set", "springfield", "file.x.csv", "orgs.csv")
    assert "file.x.csv" in springfield.refused("district", "set", "springfield", "format", "clever")
    springfield.ok("district", "set", "springfield", "file.x.csv", "")
    springfield.ok("district", "set", "springfield", "format", "clever")
    assert "orgs.csv" in springfield.refused("district", "set", "springfield", "file.x.csv", "orgs.csv")


def test_a_district_is_removed_only_when_it_is_meant(springfield: Program) -> None:
    assert "--yes" in springfield.refused("district", "remove", "springfield")
    springfield.ok("district", "remove", "springfield", "--yes")
    assert springfield.json("district", "list") == []
    assert not (springfield.data / "districts" / "springfield").exists()


def test_a_district_that_is_worked_on_is_not_removed(springfield: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(district, "PATIENCE", 0)
    worked_on = District(id=1, slug="springfield", name="")
    with work.lock(create_engine("sqlite://"), springfield.data / "locks", worked_on) as got:
        assert got
        done = springfield("district", "remove", "springfield", "--yes")
    assert (done.returncode, done.stdout) == (1, "")
    assert "is running" in done.stderr
    assert (springfield.data / "districts" / "springfield").is_dir()
    springfield.ok("district", "remove", "springfield", "--yes")


def test_a_district_whose_files_cannot_go_stays_and_it_is_said(springfield: Program, tmp_path: Path) -> None:
    folder = springfield.data / "districts" / "springfield"
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")  # what a link leads to is not ours to remove
    done = springfield("district", "remove", "springfield", "--yes")
    assert (done.returncode, done.stdout) == (5, "")
    assert str(folder) in done.stderr
    assert springfield.json("district", "show", "springfield")["slug"] == "springfield"
    assert (tmp_path / "elsewhere" / "home").is_dir()


def test_a_strong_password_is_made_and_shown_once(springfield: Program) -> None:
    made = springfield.json("login", "add", "springfield", "sis")
    assert len(made["password"]) >= 24
    assert made["password"] not in springfield.ok("login", "list", "springfield", "--json")
    assert made["password"].encode() not in (springfield.data / "roster.db").read_bytes()
    assert springfield.json("login", "add", "springfield", "other")["password"] != made["password"]


def test_a_password_of_ones_own_is_read_from_standard_input(springfield: Program) -> None:
    said = springfield.ok("login", "add", "springfield", "sis", "--password-stdin", stdin="correct horse battery\n")
    assert "correct horse" not in said
    assert "fewer than" in springfield.refused("login", "add", "springfield", "b", "--password-stdin", stdin="short\n")


def test_a_login_has_keys_networks_and_a_last_day(springfield: Program) -> None:
    key = springfield.data.parent / "key.pub"
    private = asyncssh.generate_private_key("ssh-ed25519", comment="sis@example.org")
    key.write_bytes(private.export_public_key())
    words = ["--key", key, "--allow", "192.0.2.0/24", "--allow", "2001:db8::/32", "--expires", "2030-06-30"]
    added = springfield.json("login", "add", "springfield", "sis", *words)
    assert "password" not in added
    (listed,) = springfield.json("login", "list", "springfield")
    assert listed["allow"] == ["192.0.2.0/24", "2001:db8::/32"]
    assert (listed["expires"], listed["password_set"], len(listed["keys"])) == ("2030-06-30", False, 1)


def test_what_is_no_public_key_or_network_is_refused(springfield: Program) -> None:
    file = springfield.data.parent / "key"
    file.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key())
    assert "private key" in springfield.refused("login", "add", "springfield", "sis", "--key", file)
    file.write_text("hello\n")
    assert "no OpenSSH public key" in springfield.refused("login", "add", "springfield", "sis", "--key", file)
    assert "300.1.1.1" in springfield.refused("login", "add", "springfield", "sis", "--allow", "300.1.1.1")


def test_a_login_is_disabled_and_removed(springfield: Program) -> None:
    springfield.ok("login", "add", "springfield", "sis")
    springfield.ok("login", "disable", "springfield", "sis")
    assert springfield.json("login", "list", "springfield")[0]["state"] == "disabled"
    springfield.ok("login", "remove", "sis")
    assert springfield.json("login", "list", "springfield") == []


def test_a_login_of_another_district_is_not_touched(springfield: Program) -> None:
    springfield.ok("district", "add", "shelby", "--name", "Shelby")
    springfield.ok("login", "add", "springfield", "sis")
    assert "shelby has no login sis" in springfield.refused("login", "remove", "shelby", "sis")
    assert len(springfield.json("login", "list", "springfield")) == 1
