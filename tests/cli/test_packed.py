"""Packed uploads on the command line: `check`, `ingest` and `district pgp`."""

import gzip
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Program, without_mistakes, written
from tests.sync.packed import rows, sheet, workbook, zipped
from tests.sync.pgp import Correspondent, agents, needs_gpg


def test_zips_and_gzips_are_checked_like_the_files_in_them(quick: Program, tmp_path: Path) -> None:
    files = without_mistakes()
    plain = quick.json("check", written(tmp_path / "plain", files))
    zips = quick.json("check", written(tmp_path / "zip", {"roster.zip": zipped(files)}))
    gzips = {f"{name}.gz": gzip.compress(content) for name, content in files.items()}
    many = quick.json("check", written(tmp_path / "gzip", gzips))
    assert plain["files"] == zips["files"] == many["files"]
    assert (zips["findings"], many["findings"]) == ({"file.unpacked": 1}, {"file.unpacked": 5})
    assert sorted(path.name for path in (tmp_path / "zip").iterdir()) == ["roster.zip"]


def test_a_zip_that_is_damaged_is_the_only_thing_that_is_said(quick: Program, tmp_path: Path) -> None:
    folder = written(tmp_path / "r", {"roster.zip": zipped(without_mistakes())[:-30]})
    done = quick("check", folder)
    assert done.returncode == 4
    assert "roster.zip: the file cannot be read." in done.stdout
    assert "file.missing" not in done.stdout
    assert "roster.zip cannot be read: the zip is damaged. Mend that, or" in " ".join(done.stdout.split())


def as_workbooks(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name.replace(".csv", ".xlsx"): workbook({"Sheet1": sheet(content)}) for name, content in files.items()}


def test_a_roster_of_workbooks_is_checked_like_its_csv_and_says_what_an_upload_needs(
    quick: Program, tmp_path: Path
) -> None:
    files = without_mistakes()
    done = quick.json("check", written(tmp_path / "books", as_workbooks(files)))
    plain = quick.json("check", written(tmp_path / "plain", files))
    assert done["files"] == plain["files"]
    assert done["findings"] == {"file.unpacked": len(files)}
    said = " ".join(quick.ok("check", tmp_path / "books").split())
    assert "`sftpingest district set SLUG xlsx on` says so" in said


def test_a_finding_in_a_workbook_has_the_row_of_the_sheet(quick: Program, tmp_path: Path) -> None:
    files = without_mistakes()
    lines = files["students.csv"].decode().split("\r\n")
    table = [line.split(",") for line in lines if line]
    last_name = table[0].index("Last_name")
    table[7][last_name] = ""
    book = workbook({"Sheet1": rows(table[:5]) + rows(table[5:], 9)})  # rows 6 to 8 are blank
    del files["students.csv"]
    done = quick("check", written(tmp_path / "r", files | {"students.xlsx": book}), "--report", tmp_path / "report")
    assert done.returncode == 1, done.stdout
    told = (tmp_path / "report" / "rejections.csv").read_text("utf-8-sig")
    assert f"students.csv,11,Last_name,{table[7][1]},value.missing,row" in told.replace('"', "")


def test_one_workbook_may_be_checked_by_its_path(quick: Program, tmp_path: Path) -> None:
    names = {name.removesuffix(".csv"): sheet(content) for name, content in without_mistakes().items()}
    (tmp_path / "roster.xlsx").write_bytes(workbook(names))
    assert quick.json("check", tmp_path / "roster.xlsx")["outcome"] == "applied"


def test_strictly_a_workbook_is_no_departure(quick: Program, tmp_path: Path) -> None:
    quick.ok("check", "--strict", written(tmp_path / "books", as_workbooks(without_mistakes())))


def test_a_district_takes_workbooks_only_where_it_is_switched_on(quick: Program, tmp_path: Path) -> None:
    quick.ok("district", "add", "lake", "--name", "Lake")
    books = written(tmp_path / "books", as_workbooks(without_mistakes()))
    refused = quick("ingest", "lake", books)
    assert refused.returncode == 4
    told = next((quick.data / "districts" / "lake" / "reports").glob("*/rejections.csv")).read_text("utf-8-sig")
    assert "sftpingest district set SLUG xlsx on" in told
    assert "on or off" in quick.refused("district", "set", "lake", "xlsx", "maybe")
    quick.ok("district", "set", "lake", "xlsx", "on")
    assert quick.json("district", "show", "lake")["settings"]["xlsx"] is True
    quick.ok("ingest", "lake", books)


# PGP


@needs_gpg
def test_a_district_encrypts_for_the_key_that_is_shown(quick: Program, tmp_path: Path) -> None:
    quick.ok("district", "add", "lake", "--name", "4 Lake <x>@ & Sons")
    without = quick("district", "pgp", "lake")
    assert (without.returncode, without.stdout) == (1, "")
    assert "has no PGP key. Make one: sftpingest district pgp lake --make" in without.stderr
    assert quick.json("district", "pgp", "lake") == []
    public = quick.ok("district", "pgp", "lake", "--make")
    assert public == quick.ok("district", "pgp", "lake")
    assert public.startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----\n")
    [key] = quick.json("district", "pgp", "lake")
    assert (key["name"], key["public"]) == ("Roster uploads of 4 Lake x & Sons", public)
    folder = quick.data / "districts" / "lake" / "pgp"
    assert folder.stat().st_mode & 0o777 == 0o700
    with Correspondent.of(public) as district:
        packed = district.encrypted({"roster.zip": zipped(without_mistakes())})
        assert list(packed) == ["roster.zip.pgp"]
    quick.ok("ingest", "lake", written(tmp_path / "r", packed) / "roster.zip.pgp")
    [gone] = [entry for entry in quick.json("audit", "list") if entry["event"] == "pgp.made"]
    assert gone["facts"]["fingerprint"] == key["fingerprint"]
    assert not agents(folder)


@needs_gpg
def test_a_key_that_was_made_elsewhere_is_taken_and_can_be_removed(quick: Program, tmp_path: Path) -> None:
    quick.ok("district", "add", "lake", "--name", "Lake")
    with Correspondent.alone() as somebody:
        fingerprint = somebody.make("Somebody")
        (tmp_path / "private.asc").write_bytes(somebody.private(fingerprint))
        locked = somebody.make("Locked", passphrase="secret")
        (tmp_path / "locked.asc").write_bytes(somebody.private(locked, passphrase="secret"))
        (tmp_path / "public.asc").write_bytes(somebody.public(fingerprint))
    for wrong in ("locked.asc", "public.asc"):
        assert "no private PGP key that can be used" in quick.refused(
            "district", "pgp", "lake", "--import", tmp_path / wrong
        )
        assert quick.json("district", "pgp", "lake") == []
    assert "PUBLIC KEY" in quick.ok("district", "pgp", "lake", "--import", tmp_path / "private.asc")
    assert [key["fingerprint"] for key in quick.json("district", "pgp", "lake")] == [fingerprint]
    assert "say it with --yes" in quick.refused("district", "pgp", "lake", "--remove", fingerprint)
    spelt = f"{fingerprint[:20].lower()} {fingerprint[20:]}"
    assert quick.ok("district", "pgp", "lake", "--remove", spelt, "--yes") == ""
    assert quick.json("district", "pgp", "lake") == []
    assert "has no key" in quick.refused("district", "pgp", "lake", "--remove", fingerprint, "--yes")
    assert list((quick.data / "districts" / "lake" / "pgp" / "private-keys-v1.d").iterdir()) == []


def test_one_thing_is_done_to_keys_at_a_time(quick: Program, tmp_path: Path) -> None:
    quick.ok("district", "add", "lake", "--name", "Lake")
    assert "Say one of" in quick.refused("district", "pgp", "lake", "--make", "--remove", "ABC")


def test_a_district_without_a_key_is_told_what_to_do(quick: Program, tmp_path: Path) -> None:
    quick.ok("district", "add", "lake", "--name", "Lake")
    files = without_mistakes() | {"staff.csv.gpg": b"\x85\x01\x8c"}
    assert quick("ingest", "lake", written(tmp_path / "r", files)).returncode == 4
    told = next((quick.data / "districts" / "lake" / "reports").glob("*/rejections.csv")).read_text("utf-8-sig")
    assert "staff.csv.gpg cannot be read: it is encrypted, and no key is set up for this district; ask" in told


@needs_gpg
def test_a_machine_without_gnupg_says_so(quick: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick.ok("district", "add", "lake", "--name", "Lake")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "GnuPG is not installed" in quick.refused("district", "pgp", "lake", "--make")


@needs_gpg
def test_the_doctor_misses_gnupg_where_a_district_has_a_key(
    quick: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def verdicts() -> list[str]:
        return [check["verdict"] for check in json.loads(quick("doctor", "--json").stdout) if check["name"] == "gnupg"]

    quick.ok("district", "add", "lake", "--name", "Lake")
    assert verdicts() == []
    quick.ok("district", "pgp", "lake", "--make")
    assert verdicts() == ["ok"]
    monkeypatch.setenv("PATH", str(tmp_path))
    assert verdicts() == ["failed"]
