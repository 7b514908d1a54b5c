"""What is an upload, and what is not: files that go, files that come again, pauses, and other districts.

In:  the demo's roster without mistakes, and a staff.csv.
Out: nothing.
"""

import asyncio
import os
import time
from datetime import date, timedelta

import asyncssh
import pytest

from sftpingest.roster.kinds import Kind
from sftpingest.store.tables import State
from tests.cli.conftest import without_mistakes
from tests.flow.conftest import District, House, Place, house_of_one_store, place_of_one_store, same, until

STAFF = (
    b"School_id,Staff_id,Staff_email,First_name,Last_name\r\n"
    b"100,F1,f1@example.org,Wren,Tallow\r\n"
    b"200,F2,f2@example.org,Bram,Sedge\r\n"
)


def with_staff() -> dict[str, bytes]:
    return without_mistakes() | {"staff.csv": STAFF}


#: Longer than the quiet time and a scan of all homes: what has not begun by then is no upload.
LONGER = 4.0


def test_staff_stay_as_held_when_their_optional_file_is_deleted(springfield: District) -> None:
    """And the deletion of a file is an upload."""
    assert springfield.uploaded(with_staff()).kinds["staff"]["created"] == 2
    springfield.delete("staff.csv")
    sync = springfield.outcome()
    assert (sync.state, sync.findings) == (State.APPLIED, {})
    assert "staff.csv" not in sync.files
    assert sync.kinds["staff"] == {"created": 0, "updated": 0, "removed": 0, "unchanged": 2}
    assert list(springfield.shown("staff")["last_name"]) == ["Tallow", "Sedge"]
    assert springfield.latest().result["sync"] == sync.id


BAD = (b"", STAFF.split(b"\r\n")[0] + b"\r\n", STAFF.replace(b"F1", b"F\x001"))


@house_of_one_store
def test_staff_stay_as_held_when_their_file_cannot_be_used(springfield: District) -> None:
    springfield.uploaded(with_staff())
    for bad in BAD:
        sync = springfield.uploaded({"staff.csv": bad})
        assert sync.state is State.APPLIED
        assert sum(sync.findings.values()) == 1
        assert springfield.latest().rejections["file"].tolist() == ["staff.csv"]
        assert springfield.counts()["staff"] == 2


def test_a_staff_file_with_fewer_people_removes_those_who_left(springfield: District) -> None:
    springfield.uploaded(with_staff())
    sync = springfield.uploaded({"staff.csv": STAFF[: STAFF.index(b"200,F2")]})
    assert (sync.state, sync.kinds["staff"]["removed"]) == (State.APPLIED, 1)


def test_the_same_files_again_are_a_new_sync_with_a_report(springfield: District) -> None:
    files = with_staff()
    first, before = springfield.uploaded(files), springfield.whole()
    second = springfield.uploaded(files)
    assert second.id > first.id
    assert second.mark != first.mark
    assert second.report != first.report
    assert second.files == first.files
    assert {n: c for counts in second.kinds.values() for n, c in counts.items() if n != "unchanged"} == {
        "created": 0,
        "updated": 0,
        "removed": 0,
    }
    assert springfield.latest().result["sync"] == second.id
    same(springfield.whole(), before)
    third = springfield.uploaded({"schools.csv": files["schools.csv"]})  # one file anew is enough
    assert third.files == first.files


@house_of_one_store
def test_logins_listings_and_downloads_start_nothing(springfield: District) -> None:
    first = springfield.uploaded(without_mistakes())
    until_when = time.monotonic() + LONGER
    while time.monotonic() < until_when:
        springfield.names("/")
        springfield.latest()
    assert [sync.id for sync in springfield.syncs()] == [first.id]


@house_of_one_store
def test_uploads_wait_while_the_district_is_paused_and_are_taken_after(springfield: District) -> None:
    program, slug = springfield.place.program, springfield.slug
    first = springfield.uploaded(without_mistakes())
    today = date.today()  # noqa: DTZ011  (days of a pause are those where the server stands)
    program.ok("district", "set", slug, "pause_start", today - timedelta(days=1))
    program.ok("district", "set", slug, "pause_end", today + timedelta(days=1))
    changed = without_mistakes()["teachers.csv"].replace(b"Abara", b"Abbara").replace(b"Brook", b"Brooke")
    springfield.upload({"teachers.csv": changed})
    time.sleep(LONGER)
    assert [sync.id for sync in springfield.syncs()] == [first.id]
    assert (springfield.folders.home / "teachers.csv").read_bytes() == changed  # taken in, not worked on
    program.ok("district", "set", slug, "pause_end", today - timedelta(days=1))
    assert springfield.outcome().kinds["teacher"]["updated"] == 1


@house_of_one_store
def test_files_that_come_beside_the_door_are_taken_too(springfield: District) -> None:
    """As rsync does it: a hidden name, then a rename."""
    home = springfield.folders.home
    for name, content in without_mistakes().items():
        (home / f".{name}.part").write_bytes(content)
        (home / f".{name}.part").rename(home / name)
    assert springfield.outcome().state is State.APPLIED
    os.remove(home / "students.csv")  # noqa: PTH107
    assert springfield.outcome().state is State.REFUSED


@place_of_one_store
def test_an_upload_that_came_while_nothing_ran_is_taken_at_the_start(place: Place) -> None:
    district = place.district()
    for name, content in without_mistakes().items():
        (district.folders.home / name).write_bytes(content)
    with place.up() as district.server:
        assert district.outcome().state is State.APPLIED
    with place.up() as district.server:  # and not once more
        time.sleep(LONGER)
        assert len(district.syncs()) == 1
        assert district.uploaded(without_mistakes()).state is State.APPLIED


# ---------------------------------------------------------------------------------------------------- two districts


@house_of_one_store
def test_two_districts_do_not_see_each_other(house: House) -> None:
    one, other = house.district(), house.district()
    mine, theirs = one.uploaded(without_mistakes()), other.uploaded(with_staff())
    assert one.names("/") == {"README.txt", "reports", *without_mistakes()}
    assert one.names("/reports") == {"latest", mine.report}
    assert one.latest().result["sync"] == mine.id
    asyncio.run(nothing_of(other, theirs.report or "", through=one))
    other.delete("staff.csv")  # what one does stays with it
    other.uploaded({"students.csv": b""})
    assert one.names("/") == {"README.txt", "reports", *without_mistakes()}
    assert (one.counts()["student"], one.counts()["staff"]) == (60, 0)
    assert [sync.id for sync in one.syncs()] == [mine.id]


async def nothing_of(other: District, report: str, through: District) -> None:
    """No path leads to the other's folders, neither up and down again nor by its name on the server."""
    up = "/.." * 6
    paths = [
        *(f"{at}/{other.slug}/home/students.csv" for at in ("..", "/..", "/../..", up)),
        f"{up}{other.folders.home}/students.csv",
        f"{other.folders.home}/students.csv",
        f"/reports/{report}/summary.txt",
        f"/reports/../../{other.slug}/home/students.csv",
        f"/reports/latest/../../../{other.slug}/reports/{report}/summary.txt",
        "/home/students.csv",
        "/uploads",
        "/staging",
        f"{up}/etc/passwd",
    ]
    async with through.client() as sftp:
        for path in paths:
            assert not await sftp.exists(path), path
            with pytest.raises(asyncssh.SFTPError):
                await sftp.open(path, "rb")
        with pytest.raises(asyncssh.SFTPError):
            await sftp.symlink(f"../../{other.slug}/home/students.csv", "/link.csv")
        with pytest.raises(asyncssh.SFTPError):
            await sftp.rename("/students.csv", f"/../../{other.slug}/home/mine.csv")


@house_of_one_store
def test_one_password_does_not_open_the_other_district(house: House) -> None:
    one, other = house.district(), house.district()
    house.place.program.ok("login", "remove", one.slug, one.user)

    async def knock() -> None:
        async with one.client():
            pass

    with pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(knock())
    assert other.names("/") == {"README.txt", "reports"}


def test_the_same_ids_in_two_districts_are_two_records(house: House) -> None:
    one, other = house.district(), house.district()
    one.uploaded(without_mistakes())
    before = one.whole()
    files = without_mistakes()
    files["students.csv"] = files["students.csv"].replace(b",Fjord,", b",Fiord,")
    other.uploaded(files)
    same(one.whole(), before)
    names = set(one.roster(Kind.STUDENT)["last_name"]), set(other.roster(Kind.STUDENT)["last_name"])
    assert names[0] - names[1] == {"Fjord"}
    house.place.program.ok("district", "remove", other.slug, "--yes")
    same(one.whole(), before)
    until(lambda: not other.folders.root.exists(), 5)
