"""What comes beside the door: files written in place, names that are no text; formats that are gone. All is reported.

In:  the demo's roster without mistakes, in a home; a worker in this process.
Out: nothing.
"""

import json
import os
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from sftpingest import inbox
from sftpingest.roster import parse as stage
from sftpingest.roster.kinds import Kind
from sftpingest.store import accounts, journal
from sftpingest.store.tables import State, Sync
from sftpingest.sync import flow
from sftpingest.sync.files import Files
from sftpingest.sync.reports import rereport
from sftpingest.work import work_once
from tests.cli.conftest import cut, without_mistakes, written
from tests.flow.conftest import District, Place, Report, place_of_one_store, read

NOT_UTF8 = os.fsdecode(b"sch\xfcler.csv")


@pytest.fixture
def district(place: Place) -> District:
    """A district whose home is written beside the door; no server runs."""
    return place.district()


def taken(district: District) -> Sync:
    """Snapshot and queue what lies in home, as the watcher does."""
    mark, seen = uuid.uuid4().hex, inbox.look(district.folders.home)
    inbox.snapshot(district.folders, mark)
    with district.place.engine.begin() as c:
        owner = accounts.district(c, district.slug).id
        return journal.sync(c, journal.queue(c, owner, mark, "sftp", inbox.signature(seen)))


def worked(district: District, of: Sync) -> Sync:
    """Let a worker do it."""
    assert work_once(district.place.engine, district.place.program.data, flow.run, rereport=rereport)
    return district.sync(of.id)


def report_of(district: District, of: Sync) -> Report:
    assert of.report
    folder = district.folders.reports / of.report
    return Report({str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()})


def write_in_place(district: District, name: str = "students.csv") -> None:
    with (district.folders.home / name).open("r+b") as file:
        file.seek(400)
        file.write(b"QQQQ")


def was_refused(district: District, of: Sync) -> None:
    assert (of.state, of.reason) == (State.REFUSED, flow.WRITTEN)
    assert report_of(district, of).result["reason"] == flow.WRITTEN
    assert len(district.roster(Kind.STUDENT)) == 0


@place_of_one_store
def test_files_written_in_place_before_they_are_read_are_refused_and_what_lies_there_then_is_taken(
    district: District,
) -> None:
    written(district.folders.home, without_mistakes())
    queued = taken(district)
    write_in_place(district)
    was_refused(district, worked(district, queued))
    assert worked(district, taken(district)).state is State.APPLIED


@place_of_one_store
def test_files_written_in_place_while_they_are_read_are_refused(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(district.folders.home, without_mistakes())
    real = stage.parse

    def parse(*given: object) -> object:
        parsed = real(*given)  # type: ignore[arg-type]
        write_in_place(district)
        return parsed

    monkeypatch.setattr(flow, "parse", parse)
    was_refused(district, worked(district, taken(district)))


@place_of_one_store
def test_a_held_upload_whose_files_were_written_in_place_cannot_be_applied(district: District) -> None:
    written(district.folders.home, without_mistakes())
    assert worked(district, taken(district)).state is State.APPLIED
    half = cut(cut(without_mistakes(), "students.csv", 40), "enrollments.csv", 80)
    for name, content in half.items():
        (district.folders.home / f".{name}").write_bytes(content)
        (district.folders.home / f".{name}").rename(district.folders.home / name)
    held = worked(district, taken(district))
    assert held.state is State.HELD
    write_in_place(district)
    with district.place.engine.begin() as c:
        journal.release(c, held.id)
    ended = worked(district, held)
    assert (ended.state, ended.reason) == (State.REFUSED, flow.WRITTEN)
    assert len(district.roster(Kind.STUDENT)) == 60


@place_of_one_store
def test_rejected_rows_are_not_shown_from_files_that_were_written_in_place_since(district: District) -> None:
    files = without_mistakes()
    files["students.csv"] = files["students.csv"].replace(b",Fjord,", b",,")
    written(district.folders.home, files)
    ended = worked(district, taken(district))
    assert "rejected/rejected-students.csv" in report_of(district, ended).files
    inbox.snapshot(district.folders, ended.mark)
    (district.folders.home / "students.csv").write_bytes(b"Student_id\r\n")
    rereport(district.place.engine, district.folders, ended)
    shown = report_of(district, district.sync(ended.id))
    assert "rejected/rejected-students.csv" not in shown.files
    assert shown.result["files"] == ended.files


@place_of_one_store
def test_an_upload_in_a_format_that_is_gone_is_refused_with_a_report(district: District) -> None:
    written(district.folders.home, without_mistakes())
    with district.place.engine.begin() as c:
        accounts.set_district(c, district.slug, "format", "vanished")
    ended = worked(district, taken(district))
    assert ended.state is State.REFUSED
    assert "vanished" in report_of(district, ended).summary
    assert "Use one of: anyschool, clever" in report_of(district, ended).result["reason"]


@place_of_one_store
def test_a_report_shows_all_files_though_the_format_has_changed_since(district: District) -> None:
    written(district.folders.home, without_mistakes())
    ended = worked(district, taken(district))
    with district.place.engine.begin() as c:
        accounts.set_district(c, district.slug, "format", "vanished")
    rereport(district.place.engine, district.folders, ended)
    assert report_of(district, district.sync(ended.id)).result["files"].keys() == ended.files.keys()


@place_of_one_store
def test_a_file_name_that_is_no_text_is_named_as_well_as_can_be(district: District) -> None:
    written(district.folders.home, without_mistakes() | {NOT_UTF8: b"x"})
    ended = worked(district, taken(district))
    assert (ended.state, ended.findings) == (State.APPLIED, {"file.unknown": 1})
    assert report_of(district, ended).rejections["file"].tolist() == ["sch\ufffdler.csv"]


def test_two_names_that_look_alike_are_two_files(tmp_path: Path) -> None:
    names = (b"sch\xfcler.csv", b"sch\xe4ler.csv", "sch\ufffdler.csv".encode())
    for number, name in enumerate(names):
        (tmp_path / os.fsdecode(name)).write_text(str(number))
    files = Files(tmp_path)
    assert sorted(files) == ["sch\ufffdler (2).csv", "sch\ufffdler (3).csv", "sch\ufffdler.csv"]
    assert sorted(files.values()) == [b"0", b"1", b"2"]
    assert len(files.fingerprint()) == 64


# ------------------------------------------------------------------------------------------------ check and ingest


def with_hidden_files(folder: Path) -> None:
    (folder / ".DS_Store").write_bytes(b"\0")


def with_a_linked_file(folder: Path) -> None:
    (folder / "students.csv").rename(folder.with_name("elsewhere.csv"))
    (folder / "students.csv").symlink_to(folder.with_name("elsewhere.csv"))


def with_a_name_that_is_no_text(folder: Path) -> None:
    (folder / NOT_UTF8).write_bytes(b"x")


def with_nothing_to_see(folder: Path) -> None:
    for path in folder.iterdir():
        path.rename(folder / f".{path.name}")


@place_of_one_store
@pytest.mark.parametrize(
    "spoil", [with_hidden_files, with_a_linked_file, with_a_name_that_is_no_text, with_nothing_to_see]
)
def test_check_and_ingest_of_a_folder_agree(district: District, tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    program = district.place.program
    program.inside = True
    folder = written(tmp_path / "roster", without_mistakes())
    spoil(folder)
    checked, taken = program("check", folder, "--json"), program("ingest", district.slug, folder, "--json")
    assert checked.returncode == taken.returncode
    if not taken.stdout:
        assert checked.stderr == taken.stderr
        return
    same = ("outcome", "reason", "files", "findings")
    first, second = json.loads(checked.stdout), json.loads(taken.stdout)
    assert [first[key] for key in same] == [second[key] for key in same]


@place_of_one_store
def test_a_folder_whose_name_is_no_text_can_be_checked(place: Place, tmp_path: Path) -> None:
    place.program.inside = True
    folder = written(tmp_path / os.fsdecode(b"l\xe4ufe"), without_mistakes())
    assert place.program("check", folder).returncode == 0
    assert read(folder).keys() == without_mistakes().keys()
