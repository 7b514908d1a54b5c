"""A district's folders: what has settled, snapshots, reports."""

import fcntl
import os
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sftpingest import inbox
from sftpingest.inbox import Folders, Seen, Sight, WrongSource
from sftpingest.inbox.boxes import Bounds

A = Seen("students.csv", 100, 1, 11)
NOW = datetime(2026, 11, 24, 3, 15, 2, tzinfo=UTC)


@pytest.fixture
def at(tmp_path: Path) -> Folders:
    made = inbox.folders(tmp_path, "north")
    made.make()
    return made


def put(at: Folders, **files: str) -> None:
    """Publish files as the door does: by a rename from staging."""
    for name, text in files.items():
        staged = at.staging / f"0123456789abcdef.{name}.csv"
        staged.write_text(text)
        staged.rename(at.home / f"{name}.csv")


def test_folders_are_made_for_us_alone(at: Folders) -> None:
    at.make()
    for folder in (at.root, at.home, at.staging, at.uploads, at.reports):
        assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("slug", ["", "..", "../north", "a/b", "-a"])
def test_a_slug_cannot_lead_out_of_the_data_folder(tmp_path: Path, slug: str) -> None:
    with pytest.raises(ValueError, match="no slug"):
        inbox.folders(tmp_path, slug)


def test_only_regular_files_are_seen(at: Folders, tmp_path: Path) -> None:
    put(at, students="x", schools="yy")
    (at.home / "folder").mkdir()
    (at.home / ".students.csv.Xy12").write_text("rsync is still writing")
    (at.home / "link.csv").symlink_to(tmp_path)
    os.mkfifo(at.home / "pipe.csv")
    assert [(seen.name, seen.size) for seen in inbox.look(at.home)] == [("schools.csv", 2), ("students.csv", 1)]


def test_a_home_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    assert inbox.look(tmp_path / "nowhere") == ()


def test_the_same_file_uploaded_anew_is_another_signature(at: Folders) -> None:
    put(at, students="x")
    before = inbox.look(at.home)
    put(at, students="x")
    os.utime(at.home / "students.csv", ns=(before[0].mtime_ns, before[0].mtime_ns))
    assert inbox.signature(inbox.look(at.home)) != inbox.signature(before)
    assert inbox.signature(before) == inbox.signature(before)


def test_a_removed_file_is_another_signature(at: Folders) -> None:
    put(at, students="x", schools="y")
    before = inbox.signature(inbox.look(at.home))
    (at.home / "schools.csv").unlink()
    assert inbox.signature(inbox.look(at.home)) != before


def test_a_name_that_is_no_unicode_has_a_signature(at: Folders) -> None:
    Path(os.fsdecode(os.fsencode(at.home) + b"/\xff.csv")).write_text("x")
    assert len(inbox.signature(inbox.look(at.home))) == 64


def settled(of: Sight, **facts: object) -> bool:
    known: dict[str, object] = {"writing": 0, "changed": None, "at": 100.0, "quiet": 60.0}
    return inbox.settled(of, **(known | facts))  # type: ignore[arg-type]


def test_a_scan_that_sees_something_else_begins_anew() -> None:
    first = inbox.sight(None, (A,), 10.0)
    second = inbox.sight(first, (A,), 13.0)
    grown = inbox.sight(second, (Seen("students.csv", 200, 2, 11),), 16.0)
    assert [(s.since, s.scans) for s in (first, second, grown)] == [(10.0, 1), (10.0, 2), (16.0, 1)]


def test_files_that_lay_there_for_the_quiet_time_have_settled() -> None:
    assert settled(Sight((A,), since=40.0, scans=2))
    assert not settled(Sight((A,), since=40.1, scans=2))


def test_the_quiet_time_runs_from_the_last_change_the_door_saw() -> None:
    assert not settled(Sight((A,), since=10.0, scans=9), changed=40.1)
    assert settled(Sight((A,), since=10.0, scans=9), changed=40.0)


def test_a_change_long_ago_does_not_shorten_the_quiet_time_of_other_files() -> None:
    assert not settled(Sight((A,), since=50.0, scans=9), changed=1.0)


def test_nothing_has_settled_while_something_is_written() -> None:
    assert not settled(Sight((A,), since=0.0, scans=9), writing=1)


def test_an_empty_home_is_no_upload() -> None:
    assert not settled(Sight((), since=0.0, scans=9))


def test_one_scan_is_not_enough_even_without_quiet_time() -> None:
    assert not settled(Sight((A,), since=0.0, scans=1), quiet=0.0)
    assert settled(Sight((A,), since=0.0, scans=2), quiet=0.0)


def test_a_snapshot_does_not_change_when_files_are_uploaded_anew_or_removed(at: Folders) -> None:
    put(at, students="first", schools="s")
    snapshot = inbox.snapshot(at, "mark")
    put(at, students="second")
    (at.home / "schools.csv").unlink()
    assert names(snapshot) == {"students.csv": "first", "schools.csv": "s"}
    assert inbox.intact(snapshot)
    assert snapshot == at.uploads / "mark"


def test_a_snapshot_takes_no_room(at: Folders) -> None:
    put(at, students="x")
    assert (inbox.snapshot(at, "mark") / "students.csv").samefile(at.home / "students.csv")


def test_a_snapshot_is_copied_where_links_cannot_be_made(at: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    put(at, students="x")
    copy = inbox.snapshot(at, "mark") / "students.csv"
    assert copy.read_text() == "x"
    assert inbox.intact(copy.parent)
    assert copy.stat().st_mtime_ns == (at.home / "students.csv").stat().st_mtime_ns


def test_a_snapshot_whose_file_was_written_in_place_is_not_intact(at: Folders) -> None:
    put(at, students="first", schools="s")
    snapshot = inbox.snapshot(at, "mark")
    with (at.home / "students.csv").open("r+") as in_place:
        in_place.write("FIRST")
    assert not inbox.intact(snapshot)


def test_a_snapshot_that_is_not_there_is_an_error_and_no_answer(at: Folders) -> None:
    with pytest.raises(FileNotFoundError):
        inbox.intact(at.uploads / "mark")


def test_a_snapshot_may_be_finished_or_dropped_by_another_while_it_is_looked_at(
    at: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    (at.uploads / ".new-mark").mkdir()
    real = Path.is_dir

    def gone_after(folder: Path) -> bool:
        found = real(folder)
        if folder.name == ".new-mark":
            folder.rmdir()
        return found

    monkeypatch.setattr(Path, "is_dir", gone_after)
    assert inbox.snapshots(at) == {".new-mark": 0.0}


def test_two_may_drop_a_snapshot_at_once(at: Folders) -> None:
    """As worker and watcher do."""
    put(at, **{f"file{n}": "x" for n in range(30)})
    with ThreadPoolExecutor(2) as both:
        for n in range(30):
            inbox.snapshot(at, str(n))
            list(both.map(inbox.drop_snapshot, (at, at), (str(n), str(n))))
            assert inbox.snapshots(at) == {}


def test_a_dropped_snapshot_is_gone_and_may_be_dropped_again(at: Folders) -> None:
    put(at, students="x")
    inbox.snapshot(at, "mark")
    inbox.drop_snapshot(at, "mark")
    inbox.drop_snapshot(at, "mark")
    assert inbox.snapshots(at) == {}
    assert (at.home / "students.csv").read_text() == "x"


def test_a_half_made_snapshot_is_seen_under_another_name(at: Folders) -> None:
    (at.uploads / ".new-mark").mkdir()
    assert list(inbox.snapshots(at)) == [".new-mark"]
    inbox.drop_snapshot(at, ".new-mark")
    assert inbox.snapshots(at) == {}


def test_a_broken_off_upload_is_named_unless_it_is_being_written(at: Folders) -> None:
    (at.staging / "0123456789abcdef.students.csv").write_text("half")
    (at.staging / "0123456789abcdee.students.csv").write_text("half, earlier")
    writing = at.staging / "fedcba9876543210.schools.csv"
    writing.write_text("more to come")
    with writing.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert inbox.broken_off(at) == ("students.csv",)
    assert inbox.broken_off(at) == ("schools.csv", "students.csv")


def test_what_broke_off_long_ago_is_dropped_unless_it_is_being_written(at: Folders) -> None:
    for name in ("students", "schools"):
        path = at.staging / f"0123456789abcdef.{name}.csv"
        path.write_text("half")
        os.utime(path, (1, 1))  # a client may have set an old time
    (at.staging / "other").write_text("not of the door")
    later = datetime.now(UTC) + timedelta(days=90, minutes=1)
    assert inbox.drop_broken_off(at, 90, datetime.now(UTC)) == ()
    with (at.staging / "0123456789abcdef.students.csv").open() as writing:
        fcntl.flock(writing, fcntl.LOCK_EX)
        assert inbox.drop_broken_off(at, 90, later) == ("schools.csv",)
    assert inbox.drop_broken_off(at, 91, later) == ()
    assert inbox.drop_broken_off(at, 90, later) == ("students.csv",)
    assert [path.name for path in at.staging.iterdir()] == ["other"]


# Sources of the operator's


def zip_of(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def names(snapshot: Path) -> dict[str, str]:
    return {seen.name: (snapshot / seen.name).read_text() for seen in inbox.look(snapshot)}


def test_a_folder_is_taken_as_an_upload(at: Folders, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "deeper").mkdir(parents=True)
    (source / "students.csv").write_text("x")
    (source / "link.csv").symlink_to("students.csv")
    snapshot = inbox.snapshot_from(source, at, "mark")
    (source / "students.csv").write_text("changed in place")
    assert names(snapshot) == {"students.csv": "x"}
    assert inbox.look(at.home) == ()


def test_a_zip_of_files_is_taken_as_an_upload(at: Folders, tmp_path: Path) -> None:
    source = zip_of(
        tmp_path / "r.zip", **{"students.csv": "x", "./schools.csv": "y", "old/students.csv": "no", ".DS_Store": ""}
    )
    assert names(inbox.snapshot_from(source, at, "mark")) == {"students.csv": "x", "schools.csv": "y"}


@pytest.mark.parametrize("separator", ["/", "\\"])
def test_a_zip_of_one_folder_is_taken_as_an_upload(at: Folders, tmp_path: Path, separator: str) -> None:
    members = {f"export{separator}students.csv": "x", "__MACOSX/._students.csv": "no", "__MACOSX/x": "no"}
    assert names(inbox.snapshot_from(zip_of(tmp_path / "r.zip", **members), at, "mark")) == {"students.csv": "x"}


def test_a_zip_cannot_write_outside(at: Folders, tmp_path: Path) -> None:
    members = {"../evil.csv": "no", "/evil.csv": "yes, but inside", "a/../../evil2.csv": "no", "..\\evil3.csv": "no"}
    snapshot = inbox.snapshot_from(zip_of(tmp_path / "r.zip", **members), at, "mark")
    assert names(snapshot) == {"evil.csv": "yes, but inside"}
    assert [path.name for path in at.uploads.iterdir()] == ["mark"]


def test_a_link_in_a_zip_is_left_out(at: Folders, tmp_path: Path) -> None:
    source = zip_of(tmp_path / "r.zip", **{"students.csv": "x"})
    with zipfile.ZipFile(source, "a") as archive:
        link = zipfile.ZipInfo("link.csv")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert names(inbox.snapshot_from(source, at, "mark")) == {"students.csv": "x"}


def damaged(path: Path) -> Path:
    zip_of(path, **{"students.csv": "x" * 1000})
    path.write_bytes(path.read_bytes().replace(b"students.csv", b"students.csb", 1))
    return path


def twice(path: Path) -> Path:
    zip_of(path, **{"students.csv": "x", "students.csw": "y"})
    path.write_bytes(path.read_bytes().replace(b"students.csw", b"students.csv"))
    return path


def locked(path: Path) -> Path:
    zip_of(path, **{"students.csv": "x"})
    packed = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(mark) + place] |= 1  # says that it is encrypted
    path.write_bytes(packed)
    return path


def text(path: Path) -> Path:
    path.write_text("no zip")
    return path


def empty(path: Path) -> Path:
    path.mkdir()
    (path / ".DS_Store").touch()
    return path


def misnamed(path: Path) -> Path:
    """It says of a name that it is UTF-8, which it is not."""
    zip_of(path, **{"sch\xfcler.csv": "x"})
    path.write_bytes(path.read_bytes().replace("\xfc".encode(), b"\xff\xff"))
    return path


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: path, "not there"),
        (text, "neither a folder nor a zip"),
        (empty, "holds no files"),
        (damaged, "damaged"),
        (misnamed, "damaged"),
        (twice, "two files of one name"),
        (locked, "encrypted"),
        (lambda path: zip_of(path, **{"a/x.csv": "", "b/x.csv": ""}), "no files at its top"),
        (lambda path: zip_of(path, **{f"{n}.csv": "" for n in range(1001)}), "more than 1000"),
        (lambda path: zip_of(path, bomb="0" * 150_000_000), "far more than a roster"),
    ],
)
def test_a_source_that_cannot_be_taken_is_refused_with_a_remedy(
    at: Folders, tmp_path: Path, make: Callable[[Path], Path], why: str
) -> None:
    source = make(tmp_path / "source.zip")
    with pytest.raises(WrongSource, match=why) as wrong:
        inbox.snapshot_from(source, at, "mark")
    assert str(source) in str(wrong.value)
    assert str(wrong.value).count(". ") == 1
    assert inbox.snapshots(at) == {}


def test_a_zip_that_is_too_big_is_refused(tmp_path: Path) -> None:
    source = zip_of(tmp_path / "r.zip", **{"students.csv": "x" * 2000})
    (tmp_path / "out").mkdir()
    with pytest.raises(WrongSource, match="far more than a roster"):
        inbox.bring(source, tmp_path / "out", Bounds(bytes=1000))


# Reports


def name(days: float = 0, sync: int = 17) -> str:
    return f"{NOW - timedelta(days=days):%Y-%m-%dT%H%M%SZ}-{sync:06}"


def reports(at: Folders) -> list[str]:
    return sorted(path.name for path in at.reports.iterdir())


def test_a_report_is_written_with_its_folders(at: Folders) -> None:
    files = {"summary.txt": b"applied", "rejected/rejected-students.csv": b"x"}
    folder = inbox.publish(at, name(), files)
    assert folder == at.reports / name()
    assert {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()} == files
    assert reports(at) == [name()]


def test_a_report_that_cannot_be_written_leaves_nothing(at: Folders) -> None:
    inbox.publish(at, name(1), {"summary.txt": b"held"})
    with pytest.raises(FileExistsError):
        inbox.publish(at, name(), {"a": b"", "a/b": b""})
    assert reports(at) == [name(1)]


@pytest.mark.parametrize("inside", ["../x", "/x", "a/../../x"])
def test_a_report_cannot_write_outside(at: Folders, inside: str) -> None:
    with pytest.raises(ValueError, match="inside a report"):
        inbox.publish(at, name(), {inside: b""})


@pytest.mark.parametrize("wrong", ["17", "latest", "../2026-11-24T031502Z-000017", "2026-11-24T031502Z-000017/x"])
def test_a_report_has_a_name_with_its_time_and_sync(at: Folders, wrong: str) -> None:
    with pytest.raises(ValueError, match="no name of a report"):
        inbox.publish(at, wrong, {})


def test_a_sync_that_is_reported_anew_has_one_report(at: Folders) -> None:
    inbox.publish(at, name(2, sync=16), {"summary.txt": b"other"})
    inbox.publish(at, name(1), {"summary.txt": b"held"})
    inbox.publish(at, name(), {"summary.txt": b"applied"})
    assert reports(at) == [name(2, sync=16), name()]


def test_a_report_may_be_written_again_under_its_name(at: Folders) -> None:
    inbox.publish(at, name(), {"summary.txt": b"first", "old.txt": b""})
    folder = inbox.publish(at, name(), {"summary.txt": b"second"})
    assert names(folder) == {"summary.txt": "second"}
    assert reports(at) == [name()]


def test_the_newest_report_is_the_latest(at: Folders) -> None:
    assert inbox.latest(at) is None
    for made in (name(1, sync=1_000_000), name(1, sync=999_999), name(3, sync=18)):
        inbox.publish(at, made, {})
    (at.reports / ".new-2027-01-01T000000Z-000099-x").mkdir()
    (at.reports / "zzz").mkdir()
    (at.reports / "2027-01-01T000000Z-000099.kept").mkdir()
    assert inbox.latest(at) == name(1, sync=1_000_000)


def test_old_reports_are_removed_but_never_the_newest(at: Folders) -> None:
    for days, sync in ((400, 1), (91, 2), (89, 3)):
        inbox.publish(at, name(days, sync), {"summary.txt": b""})
    assert inbox.prune(at, 90, NOW) == (name(400, 1), name(91, 2))
    assert inbox.prune(at, 1, NOW) == ()
    assert reports(at) == [name(89, 3)]


def test_what_a_crash_left_half_written_is_removed_after_a_while(at: Folders) -> None:
    left = [at.reports / f".new-{name()}-x", at.reports / f".old-{name()}-x"]
    for folder in left:
        folder.mkdir()
    inbox.prune(at, 90, datetime.now(UTC))
    assert len(reports(at)) == 2
    inbox.prune(at, 90, datetime.now(UTC) + timedelta(hours=2))
    assert reports(at) == []
