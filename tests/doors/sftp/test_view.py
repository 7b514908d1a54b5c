"""What a district sees, and that it sees nothing else."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from tests.doors.sftp.conftest import USER, Knock

OLDER, NEWER = "2026-11-23T031502Z-000016", "2026-11-24T031502Z-000017"


def refused(door: Knock, command: str) -> bool:
    return door.sftp(f"{command}\n").returncode != 0


def test_the_top_folder_lists_own_files_the_readme_and_the_reports(door: Knock) -> None:
    (door.home / "students.csv").write_text("x")
    assert door.sftp("ls -1\n").stdout.splitlines()[1:] == ["README.txt", "reports", "students.csv"]


def test_listings_name_the_login_and_no_user_of_this_machine(door: Knock) -> None:
    (door.home / "students.csv").write_text("x")
    door.gate.entry = replace(door.gate.entry, username="oak valley")  # the space must not shift the columns
    lines = [line.split() for line in door.sftp("ls -l\n").stdout.splitlines()[1:]]
    assert [(line[0][0], line[2], line[3], line[-1]) for line in lines] == [
        ("-", "oak_valley", "oak_valley", "README.txt"),
        ("d", "oak_valley", "oak_valley", "reports"),
        ("-", "oak_valley", "oak_valley", "students.csv"),
    ]


def test_the_readme_says_how_to_upload_where_reports_are_and_how_long_to_wait(door: Knock, tmp_path: Path) -> None:
    assert door.sftp(f"get README.txt {tmp_path}\n").returncode == 0
    text = (tmp_path / "README.txt").read_text()
    assert "/reports/latest/" in text
    assert "We start 1 minute after" in text
    for name in ("schools.csv", "teachers.csv", "students.csv", "sections.csv", "enrollments.csv", "staff.csv"):
        assert name in text


@pytest.mark.parametrize(
    ("own", "said"), [(0.0, "We start at once after"), (90.0, "We start 1 minute 30 seconds after")]
)
def test_the_readme_tells_a_district_its_own_quiet_time(door: Knock, tmp_path: Path, own: float, said: str) -> None:
    door.gate.entry = replace(door.gate.entry, quiet_seconds=own)
    assert door.sftp(f"get README.txt {tmp_path}\n").returncode == 0
    assert said in (tmp_path / "README.txt").read_text()


def test_reports_are_a_tree_to_read(door: Knock, tmp_path: Path) -> None:
    (door.report(NEWER, summary="applied") / "rejected").mkdir()
    (door.reports / NEWER / "rejected" / "rejected-students.csv").write_text("id")
    assert door.sftp(f"get -r /reports/{NEWER} {tmp_path}/copy\n").returncode == 0
    assert (tmp_path / "copy" / "rejected" / "rejected-students.csv").read_text() == "id"


def test_latest_is_the_newest_report_and_is_no_link(door: Knock, tmp_path: Path) -> None:
    door.report(OLDER, summary="old")
    door.report(NEWER, summary="new")
    door.report(".new-000018", summary="not yet")
    assert door.sftp("ls -1 /reports\n").stdout.split()[4:] == [f"/reports/{n}" for n in (OLDER, NEWER, "latest")]
    assert door.sftp("ls -l /reports/latest/\n").stdout.splitlines()[1].startswith("-r--r--r--")
    assert door.sftp(f"get /reports/latest/summary.txt {tmp_path}\n").returncode == 0
    assert (tmp_path / "summary.txt").read_text() == "new"


def test_what_only_looks_like_a_report_is_not_the_latest(door: Knock, tmp_path: Path) -> None:
    door.report(NEWER, summary="new")
    door.report(f"{NEWER}-kept", summary="an operator's copy")
    os.utime(door.reports / NEWER, (5, 5))
    assert door.sftp(f"get /reports/latest/summary.txt {tmp_path}\n").returncode == 0
    assert (tmp_path / "summary.txt").read_text() == "new"
    [latest] = [line for line in door.sftp("ls -l /reports\n").stdout.splitlines() if line.endswith("latest")]
    assert "1970" in latest


def test_the_latest_is_told_by_the_number_of_its_sync_and_not_by_its_text(door: Knock, tmp_path: Path) -> None:
    for number in ("999999", "1000000"):
        door.report(f"2026-11-24T031502Z-{number}", summary=number)
    assert door.sftp(f"get /reports/latest/summary.txt {tmp_path}\n").returncode == 0
    assert (tmp_path / "summary.txt").read_text() == "1000000"


def test_latest_is_absent_before_the_first_report(door: Knock) -> None:
    assert "latest" not in door.sftp("ls -1 /reports\n").stdout.split()[4:]
    assert refused(door, "ls /reports/latest")
    assert refused(door, "get /reports/latest/summary.txt /dev/null")


def test_a_report_that_is_still_being_written_is_hidden_and_cannot_be_read(door: Knock) -> None:
    door.report(".new-000018", summary="not yet")
    assert ".new" not in door.sftp("ls -a /reports\n").stdout
    assert refused(door, "get /reports/.new-000018/summary.txt /dev/null")


@pytest.mark.parametrize(
    "command",
    [
        "put {local} /reports/summary.txt",
        "put {local} /reports/latest/summary.txt",
        "put {local} /README.txt",
        "put {local} /reports",
        "rm /README.txt",
        f"rm /reports/{NEWER}/summary.txt",
        f"rename /reports/{NEWER}/summary.txt /mine.txt",
        f"rename /reports/{NEWER} /reports/other",
        "rename students.csv /reports/students.csv",
        "rename students.csv README.txt",
        f"rmdir /reports/{NEWER}",
        "mkdir /reports/x",
        "mkdir /folder",
        "chmod 777 /reports",
        "put {local} /folder/students.csv",
    ],
)
def test_reports_and_readme_can_only_be_read_and_the_top_is_flat(door: Knock, tmp_path: Path, command: str) -> None:
    door.report(NEWER, summary="applied")
    (door.home / "students.csv").write_text("kept")
    (tmp_path / "local").write_text("mine")
    assert refused(door, command.format(local=tmp_path / "local"))
    assert door.published() == {"students.csv": b"kept"}
    assert (door.reports / NEWER / "summary.txt").read_text() == "applied"
    assert sorted(path.name for path in door.root.iterdir()) == ["home", "reports", "staging"]


# -- trap 5 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["../secret.txt", "/../secret.txt", "reports/../../secret.txt", "/reports/latest/../../../secret.txt"]
)
def test_two_dots_do_not_climb_out(door: Knock, path: str) -> None:
    (door.root / "secret.txt").write_text("secret")
    (door.root.parent / "secret.txt").write_text("secret")
    door.report(NEWER, summary="applied")
    assert refused(door, f"get {path} /dev/null")


def test_an_absolute_path_begins_at_the_districts_top(door: Knock) -> None:
    assert refused(door, "get /etc/passwd /dev/null")
    assert refused(door, f"get {door.root}/home /dev/null")
    assert door.sftp("cd /..\npwd\n").stdout.splitlines()[-1] == "Remote working directory: /"


@pytest.mark.parametrize("command", ["symlink students.csv l", "symlink ../../secret l", "ln students.csv l"])
def test_a_link_cannot_be_made(door: Knock, command: str) -> None:
    (door.home / "students.csv").write_text("x")
    assert refused(door, command)
    assert list(door.published()) == ["students.csv"]


def test_a_link_cannot_be_made_deep_down_and_renamed_upward(door: Knock) -> None:
    """The escape from asyncssh's own chroot: a relative link in a deep folder, moved up, points outside."""

    async def escape() -> None:
        async with door.client() as client:
            for step in (
                client.mkdir("/a"),
                client.symlink("../../../../../etc/passwd", "/a/up"),
                client.symlink("../../../../../etc/passwd", "/up"),
                client.rename("/a/up", "/up"),
                client.posix_rename("/reports/latest", "/up"),
                client.rename("/reports", "/up"),
                client.open("/up", "rb"),
                client.readlink("/up"),
            ):
                with pytest.raises(asyncssh.SFTPError):
                    await step

    asyncio.run(escape())
    assert door.published() == {}


def test_links_that_somebody_planted_are_not_followed(door: Knock, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "passwords.txt").write_text("secret")
    door.report(NEWER, summary="applied")
    (door.home / "file.csv").symlink_to(secret / "passwords.txt")
    (door.home / "folder").symlink_to(secret)
    (door.reports / "linked").symlink_to(secret)
    (door.reports / "2027-01-01T000000Z-000099").symlink_to(secret)
    (door.reports / NEWER / "file.txt").symlink_to(secret / "passwords.txt")
    listed = door.sftp("ls -1\nls -1 /reports\nls -1 /reports/latest/\n").stdout
    assert not any(name in listed for name in ("file.csv", "folder", "linked", "000099", "file.txt"))
    for path in ("/file.csv", "/folder/passwords.txt", "/reports/linked/passwords.txt", "/reports/latest/file.txt"):
        assert refused(door, f"get {path} /dev/null"), path
        assert refused(door, f"ls {path}"), path
    assert refused(door, "rename file.csv other.csv")
    assert refused(door, "rm file.csv")
    assert refused(door, "chmod 777 file.csv")


def test_an_upload_replaces_a_planted_link_and_leaves_its_target_alone(door: Knock, tmp_path: Path) -> None:
    (tmp_path / "target").write_text("untouched")
    (tmp_path / "local").write_text("mine")
    (door.home / "file.csv").symlink_to(tmp_path / "target")
    assert door.sftp(f"put {tmp_path}/local file.csv\n").returncode == 0
    assert (tmp_path / "target").read_text() == "untouched"
    assert door.published() == {"file.csv": b"mine"}
    assert not (door.home / "file.csv").is_symlink()


def test_a_home_that_is_a_link_is_not_entered(door: Knock, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file.csv").write_text("secret")
    door.home.rmdir()
    door.home.symlink_to(tmp_path / "elsewhere")
    assert refused(door, "get file.csv /dev/null")


def test_a_planted_pipe_does_not_stop_the_door(door: Knock) -> None:
    os.mkfifo(door.home / "pipe")
    assert "pipe" not in door.sftp("ls -1\n").stdout
    assert refused(door, "get pipe /dev/null")


# -- and the rest ----------------------------------------------------------------------------------------------------


def test_a_client_that_asks_for_gigabytes_at_once_gets_a_piece(door: Knock) -> None:
    (door.home / "big.csv").write_bytes(bytes(2**20))

    async def ask() -> int:
        async with door.client() as client:
            handle = await client._handler.open(b"big.csv", asyncssh.FXF_READ, asyncssh.SFTPAttrs())
            piece, _ = await client._handler.read(handle, 0, 2**32 - 1)
            return len(piece)

    assert asyncio.run(ask()) == 255 * 1024


def test_a_long_listing_is_whole(door: Knock) -> None:
    for number in range(1000):
        (door.home / f"file{number}.csv").touch()
    assert len(door.sftp("ls -1\n").stdout.split()) == 1005  # sftp> ls -1 README.txt reports


def test_scp_fetches_a_report(door: Knock, tmp_path: Path) -> None:
    door.report(NEWER, summary="applied")
    ran = door.scp(f"{USER}@127.0.0.1:/reports/latest/summary.txt", str(tmp_path))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert (tmp_path / "summary.txt").read_text() == "applied"
    assert door.scp("-r", f"{USER}@127.0.0.1:/reports/latest", str(tmp_path)).returncode == 0
    assert (tmp_path / "latest" / "summary.txt").read_text() == "applied"


def test_too_many_open_files_are_refused_and_closing_helps(door: Knock) -> None:
    async def open_many() -> None:
        async with door.client() as client:
            files = [await client.open("README.txt", "rb") for _ in range(64)]
            with pytest.raises(asyncssh.SFTPFailure, match="Too many"):
                await client.open("README.txt", "rb")
            await files[0].close()
            await client.open("README.txt", "rb")

    asyncio.run(open_many())


def test_the_greeting_of_sftp_names_no_library(door: Knock) -> None:
    async def greeted() -> bytes:
        async with door.connection() as connection:
            writer, reader, _ = await connection.open_session(subsystem="sftp", encoding=None)
            writer.write(b"\0\0\0\x05\x01\0\0\0\x03")
            size = int.from_bytes(await reader.readexactly(4), "big")
            return bytes(await reader.readexactly(size))

    said = door.in_door(greeted())
    assert b"posix-rename@openssh.com" in said
    assert b"vendor-id" not in said
    assert b"AsyncSSH" not in said
