"""Packed uploads over SFTP, through the whole program: a zip, gzips, and what is encrypted.

In:  the demo's roster without mistakes.
Out: nothing.
"""

import gzip
import time
from pathlib import Path

from sftpingest.inbox.boxes import keys
from sftpingest.store.tables import State
from tests.cli.conftest import without_mistakes
from tests.flow.conftest import District, House, Place, house_of_one_store, place_of_one_store, same
from tests.sync.packed import sheet, workbook, zipped
from tests.sync.pgp import Correspondent, agents, needs_gpg


def with_a_mistake() -> dict[str, bytes]:
    """The third student has no last name."""
    files = without_mistakes()
    lines = files["students.csv"].split(b"\r\n")
    place = lines[0].split(b",").index(b"Last_name")
    cells = lines[3].split(b",")
    lines[3] = b",".join([*cells[:place], b"", *cells[place + 1 :]])
    return files | {"students.csv": b"\r\n".join(lines)}


def unpacked(district: District) -> list[str]:
    """Whatever lies in the snapshots that is no upload."""
    return [str(path) for path in district.folders.uploads.rglob("*") if path.suffix == ".csv"]


def test_a_zip_is_an_upload_and_its_report_names_the_files_in_it(springfield: District) -> None:
    files = with_a_mistake()
    sync = springfield.uploaded({"roster.zip": zipped(files)})
    assert sync.state is State.APPLIED
    report = springfield.latest()
    assert {name: counts["rejected"] for name, counts in report.result["files"].items()}["students.csv"] == 1
    found = report.rejections
    assert list(found["file"][found["code"] == "file.unpacked"]) == ["roster.zip"]
    wrong = found[found["code"] == "value.missing"].iloc[0]
    assert (wrong["file"], wrong["row"], wrong["column"]) == ("students.csv", "4", "Last_name")
    rejected = report.files["rejected/rejected-students.csv"].decode("utf-8-sig").splitlines()
    assert rejected[1] == files["students.csv"].decode().split("\r\n")[3]
    assert springfield.names("/") >= {"roster.zip"}
    assert not unpacked(springfield)


@house_of_one_store
def test_the_same_zip_again_changes_nothing_and_is_reported_as_before(springfield: District) -> None:
    packed = {"roster.zip": zipped(with_a_mistake())}
    first = springfield.uploaded(packed)
    before, told = springfield.whole(), springfield.latest().files["rejections.csv"]
    again = springfield.uploaded(packed)
    assert again.fingerprint == first.fingerprint
    assert springfield.latest().files["rejections.csv"] == told
    same(springfield.whole(), before)


@house_of_one_store
def test_a_lone_zip_of_a_whole_roster_does_not_wait_for_the_quiet_time(house: House) -> None:
    at_once, waits, two = (house.district(quiet_seconds=3600) for _ in range(3))
    files = without_mistakes()
    waits.upload({"roster.zip": zipped({name: files[name] for name in files if name != "schools.csv"})})
    two.upload({"roster.zip": zipped(files), "notes.txt": b"more is to come"})
    assert at_once.uploaded({"roster.zip": zipped(files)}).state is State.APPLIED
    assert (waits.syncs(), two.syncs()) == ([], [])


@house_of_one_store
def test_a_zip_that_is_left_when_others_are_deleted_waits_as_ever(house: House) -> None:
    district = house.district(quiet_seconds=3600)
    district.upload({"roster.zip": zipped(without_mistakes()), "notes.txt": b"x"})
    time.sleep(3)  # longer than clocks may differ
    district.delete("notes.txt")
    time.sleep(4)  # longer than a scan of all homes
    assert district.syncs() == []


@house_of_one_store
def test_a_damaged_zip_deletes_nobody(springfield: District) -> None:
    springfield.uploaded({"roster.zip": zipped(without_mistakes())})
    before = springfield.whole()
    refused = springfield.uploaded({"roster.zip": zipped(without_mistakes())[:-100]})
    assert (refused.state, refused.reason) == (State.REFUSED, "roster.zip: the file cannot be read.")
    assert list(springfield.latest().rejections["code"]) == ["file.unreadable"]
    same(springfield.whole(), before)


@house_of_one_store
def test_a_zip_beside_the_files_that_are_in_it_is_refused_until_one_is_deleted(springfield: District) -> None:
    files = without_mistakes()
    springfield.uploaded(files)
    refused = springfield.uploaded({"roster.zip": zipped(files)})
    assert (refused.state, refused.findings["file.repeated"]) == (State.REFUSED, len(files))
    springfield.delete(*files)
    assert springfield.outcome().state is State.APPLIED


@house_of_one_store
def test_a_quota_holds_for_what_is_in_boxes_too(house: House) -> None:
    files = without_mistakes()
    packed = {f"{name}.gz": gzip.compress(content) for name, content in files.items()}
    tight = sum(map(len, packed.values())) + 10
    assert tight < sum(map(len, files.values()))
    district = house.district(quota_bytes=tight)
    assert district.uploaded(packed).state is State.REFUSED
    assert "it unpacks to more than" in district.latest().summary


@house_of_one_store
def test_workbooks_are_read_where_a_district_has_them_switched_on(house: House) -> None:
    names = {name.removesuffix(".csv"): sheet(content) for name, content in without_mistakes().items()}
    plain, books = house.district(), house.district(xlsx="on")
    plain.uploaded(without_mistakes())
    assert books.uploaded({"roster.xlsx": workbook(names)}).state is State.APPLIED
    same(books.whole(), plain.whole())


@needs_gpg
@house_of_one_store
def test_what_is_encrypted_is_read_reported_and_never_lies_there_decrypted(springfield: District) -> None:
    key = keys.make(springfield.folders.pgp, "Springfield")
    with Correspondent.of(key.public) as district:
        packed = district.encrypted(with_a_mistake())
        zip_ = district.encrypted({"roster.zip": zipped(without_mistakes())})
    assert springfield.uploaded(packed).state is State.APPLIED
    assert "rejected/rejected-students.csv" in springfield.latest().files
    assert springfield.uploaded(zip_, gone=packed).state is State.APPLIED
    assert not unpacked(springfield)
    assert not agents(springfield.folders.pgp)


@place_of_one_store
def test_a_worker_that_is_killed_leaves_nothing_unpacked_and_its_report_is_made_up(place: Place) -> None:
    with place.up() as server:
        district = place.district(server)
        district.upload({"roster.zip": zipped(with_a_mistake())})
        server.kill_group()
    assert not unpacked(district)
    with place.up() as server:
        district.server = server
        assert district.outcome().state is State.APPLIED
        assert "rejected/rejected-students.csv" in district.latest().files
        assert {Path(name).name for name in unpacked(district)} == set()
