"""What happens at the door is told, each time and of everybody."""

import ast
import asyncio
import contextlib
import re
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

import sftpingest
from sftpingest.doors.sftp import Events
from tests.doors.sftp.conftest import USER, Knock

PROJECT = Path(__file__).parents[3]
Told = list[tuple[str, dict[str, object]]]


@pytest.fixture
def told() -> Told:
    return []


@pytest.fixture
def sound() -> list[bool]:
    return [True]


@pytest.fixture
def events(told: Told, sound: list[bool]) -> Events:
    return Events(lambda event, facts: told.append((event, facts)), sound=lambda: sound[0])


def of(told: Told, event: str) -> list[dict[str, object]]:
    return [facts for name, facts in told if name == event]


async def work(door: Knock, tmp_path: Path) -> None:
    async with door.client() as sftp:
        async with sftp.open("a.csv", "wb") as file:
            await file.write(b"12345")
        await sftp.posix_rename("a.csv", "b.csv")
        await sftp.get("b.csv", str(tmp_path / "b.csv"))
        await sftp.remove("b.csv")


def test_everything_a_client_does_is_told_in_order_with_who_and_from_where(
    door: Knock, told: Told, tmp_path: Path
) -> None:
    asyncio.run(work(door, tmp_path))
    door.eventually(lambda: bool(of(told, "login.left")))
    names = [name for name, _ in told]
    expected = ["login.accepted", "upload.started", "upload.published", "file.renamed", "file.downloaded"]
    assert names == [*expected, "file.removed", "login.left"]
    for _, facts in told:
        assert (facts["district"], facts["username"], facts["address"]) == ("oak-valley", USER, "127.0.0.1")
    assert [facts.get("file") for _, facts in told[1:6]] == ["a.csv", "a.csv", "b.csv", "/b.csv", "b.csv"]
    assert of(told, "upload.published")[0]["bytes"] == 5
    assert of(told, "file.renamed")[0]["before"] == "a.csv"
    assert of(told, "file.downloaded")[0]["bytes"] == 5


def test_how_long_a_login_stayed_and_how_much_went_by_is_told(door: Knock, told: Told) -> None:
    async def upload() -> None:
        async with door.client() as sftp, sftp.open("a.csv", "wb") as file:
            await file.write(bytes(200_000))
            await file.close()
            async with sftp.open("README.txt", "rb") as text:
                await text.read()

    asyncio.run(upload())
    door.eventually(lambda: bool(of(told, "login.left")))
    (left,) = of(told, "login.left")
    assert isinstance(left["seconds"], float)
    assert 200_000 < int(str(left["received"])) < 300_000
    assert 1_000 < int(str(left["sent"])) < 100_000


def test_a_cut_is_told(door: Knock, told: Told) -> None:
    process = subprocess.Popen(door.sftp_command("-l", "800"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin
    source = door.root / "large"
    source.write_bytes(bytes(4_000_000))
    process.stdin.write(f"put {source} large.csv\n".encode())
    process.stdin.flush()
    door.eventually(lambda: bool(of(told, "upload.started")))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    door.eventually(lambda: bool(of(told, "login.left")))
    (cut,) = of(told, "upload.broken_off")
    assert (cut["file"], cut["district"], cut["username"]) == ("large.csv", "oak-valley", USER)


def test_a_refusal_is_told_without_the_name_that_nobody_has(door: Knock, told: Told) -> None:
    async def enter(name: str) -> None:
        with pytest.raises(asyncssh.PermissionDenied):
            async with door.connection(username=name, password="wrong word", client_keys=[]):
                pass

    asyncio.run(enter("correct-horse-battery"))
    refused = of(told, "login.refused")
    assert refused
    assert {facts["address"] for facts in refused} == {"127.0.0.1"}
    assert {facts["method"] for facts in refused} <= {"password", "key"}
    assert "correct-horse" not in repr(told)
    assert "wrong word" not in repr(told)


def test_what_a_client_may_not_do_is_told(door: Knock, told: Told) -> None:
    tries = [
        "-mkdir folder",
        "-symlink README.txt link.csv",
        "-rm README.txt",
        "-rmdir reports",
        "-chmod 777 README.txt",
    ]
    ran = door.sftp("\n".join(tries))
    assert ran.returncode == 0, ran.stderr
    door.eventually(lambda: len(of(told, "operation.refused")) >= 4)
    refused = {str(facts["operation"]): str(facts["file"]) for facts in of(told, "operation.refused")}
    assert refused["mkdir"].endswith("folder")
    assert {"mkdir", "symlink", "remove", "rmdir"} <= set(refused)
    assert all(facts["username"] == USER for facts in of(told, "operation.refused"))


def test_an_upload_over_the_quota_is_told_with_its_reason(door: Knock, told: Told, tmp_path: Path) -> None:
    door.gate.entry = replace(door.gate.entry, quota_bytes=1_000)
    (tmp_path / "a.csv").write_bytes(bytes(2_000))
    assert door.sftp(f"put {tmp_path}/a.csv\n").returncode == 1
    assert [(one["file"], one["reason"]) for one in of(told, "upload.refused")] == [("a.csv", "quota")]


def test_a_file_is_told_of_once_a_session_until_it_changes(door: Knock, told: Told, tmp_path: Path) -> None:
    (door.home / "a.csv").write_bytes(b"12345")
    (tmp_path / "b").write_bytes(b"123456")
    get = f"get a.csv {tmp_path}/a\n"
    door.sftp(get * 3 + f"put {tmp_path}/b a.csv\n" + get * 2)
    assert [one["bytes"] for one in of(told, "file.downloaded")] == [5, 6]
    door.sftp(get)
    assert [one["bytes"] for one in of(told, "file.downloaded")] == [5, 6, 6]


def test_a_client_that_repeats_itself_does_not_fill_the_trail(door: Knock, told: Told) -> None:
    async def repeat() -> None:
        async with door.client() as sftp:
            for n in range(150):
                with contextlib.suppress(asyncssh.SFTPError):
                    await sftp.mkdir(f"folder-{n}")

    asyncio.run(repeat())
    assert len(of(told, "operation.refused")) == 100


def test_a_shell_is_told(door: Knock, told: Told) -> None:
    command = ["ssh", "-p", str(door.port), "-i", str(door.key), *door.options, f"{USER}@127.0.0.1", "id"]
    subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert [facts["operation"] for facts in of(told, "operation.refused")] == ["exec"]


def test_nobody_new_is_let_in_while_events_cannot_be_kept(door: Knock, told: Told, sound: list[bool]) -> None:
    async def stay_while_others_come() -> None:
        async with door.client() as sftp:
            sound[0] = False
            with pytest.raises((asyncssh.Error, OSError)):
                async with door.connection():
                    pass
            async with sftp.open("a.csv", "wb") as file:  # who is in may end what was begun
                await file.write(b"1")
            sound[0] = True
            async with door.connection():
                pass

    asyncio.run(stay_while_others_come())
    assert of(told, "connection.refused")[0]["reason"] == "no_room_for_events"
    assert len(of(told, "upload.published")) == 1


# -- the table in the docs -----------------------------------------------------------------------------------------

_TELLS = {"note", "warn", "warn_some", "record", "_record", "write", "Event"}
_NAME = re.compile(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*")


def told_in(source: str) -> set[str]:
    """The names of events in calls that tell of one."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    telling = [call for call in calls if getattr(call.func, "attr", getattr(call.func, "id", "")) in _TELLS]
    words = [argument for call in telling for argument in call.args[:2] if isinstance(argument, ast.Constant)]
    return {str(word.value) for word in words if isinstance(word.value, str) and _NAME.fullmatch(word.value)}


def test_every_event_stands_in_the_docs_and_nothing_else_does() -> None:
    package = Path(str(sftpingest.__file__)).parent
    in_source: set[str] = {"audit.purged"}  # for what removes old entries, which is not built yet
    for path in package.rglob("*.py"):
        in_source |= told_in(path.read_text("utf-8"))
    table = re.findall(r"(?m)^\| `([^`]+)` \|", (PROJECT / "docs" / "audit.md").read_text("utf-8"))
    assert in_source - set(table) == set(), "not in docs/audit.md"
    assert set(table) - in_source == set(), "nowhere told"
