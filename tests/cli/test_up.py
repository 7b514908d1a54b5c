"""`sftpingest up`: the whole service as one process tree."""

import asyncio
import os
import signal
import stat
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh
import pytest

from tests.cli.conftest import Program, Up, needs_ssh, running, without_mistakes, written

PASSWORD = "correct horse battery"


@pytest.fixture
def springfield(up: Up) -> Up:
    """A running server with a district and a login."""
    return settled(up)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """The same for all tests that leave it as they found it: each server takes six seconds of CPU to start."""
    with running(Program(tmp_path_factory.mktemp("standing") / "data", inside=True)) as server:
        yield settled(server)


def settled(up: Up) -> Up:
    up.program.ok("district", "add", "springfield", "--name", "Springfield Public Schools")
    up.program.ok("login", "add", "springfield", "sis", "--password-stdin", stdin=f"{PASSWORD}\n")
    return up


@asynccontextmanager
async def client(server: Up, username: str = "sis", password: str = PASSWORD) -> AsyncIterator[asyncssh.SFTPClient]:
    proof = {"username": username, "password": password, "known_hosts": None, "client_keys": None, "config": None}
    async with asyncssh.connect("127.0.0.1", server.port, **proof) as link, link.start_sftp_client() as sftp:
        yield sftp


async def upload(sftp: asyncssh.SFTPClient, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        async with sftp.open(name, "wb") as file:
            await file.write(content)


async def report(sftp: asyncssh.SFTPClient) -> str:
    """The newest summary, as soon as there is one."""
    for _ in range(300):
        if await sftp.exists("/reports/latest/result.json"):
            async with sftp.open("/reports/latest/summary.txt", "r") as file:
                return str(await file.read())
        await asyncio.sleep(0.1)
    pytest.fail("no report came")


def lives(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_an_upload_to_what_the_first_start_made_comes_back_with_a_report(springfield: Up) -> None:
    data = springfield.program.data
    key = data / "hostkeys" / "ssh_host_ed25519_key"
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert (data / "roster.db").exists()
    assert str(data) in springfield.said

    async def whole_way() -> str:
        async with client(springfield) as sftp:
            await upload(sftp, without_mistakes())
            return await report(sftp)

    assert "applied" in asyncio.run(whole_way()).lower()
    assert len(springfield.program.json("roster", "springfield", "--kind", "student")) == 60
    assert springfield.stop() == 0


@needs_ssh
def test_openssh_gets_in_with_a_key(standing: Up, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    standing.program.ok("login", "add", "springfield", "night", "--key", tmp_path / "key.pub")
    folder = written(tmp_path / "roster", without_mistakes())
    options = ["-i", str(tmp_path / "key"), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
    command = ["sftp", "-q", "-b", "-", "-P", str(standing.port), *options, "-F", "none", "night@127.0.0.1"]
    batch = f"lcd {folder}\nput *.csv\nls -1\n"
    done = subprocess.run(command, input=batch, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "students.csv" in done.stdout


def test_logins_that_may_not_enter_stay_outside(standing: Up) -> None:
    ways = {"expired": ["--expires", "2020-01-01"], "elsewhere": ["--allow", "192.0.2.0/24"], "disabled": []}
    for username, words in ways.items():
        add = ["login", "add", "springfield", username, "--password-stdin", *words]
        standing.program.ok(*add, stdin=f"{PASSWORD}\n")
    standing.program.ok("login", "disable", "springfield", "disabled")

    async def knock(username: str, password: str) -> None:
        async with client(standing, username, password):
            pytest.fail(f"{username} got in")

    for username, password in [
        *((name, PASSWORD) for name in ways),
        ("sis", "wrong"),
        ("nobody", PASSWORD),
        ("sis", ""),
    ]:
        with pytest.raises(asyncssh.PermissionDenied):
            asyncio.run(knock(username, password))


def test_a_login_from_its_network_gets_in(standing: Up) -> None:
    add = [
        "login",
        "add",
        "springfield",
        "other",
        "--password-stdin",
        "--allow",
        "127.0.0.0/8",
        "--expires",
        "2099-01-01",
    ]
    standing.program.ok(*add, stdin=f"{PASSWORD}\n")

    async def look() -> list[str]:
        async with client(standing, "other") as sftp:
            return [str(name) for name in await sftp.listdir("/")]

    assert "README.txt" in asyncio.run(look())


def test_door_and_worker_are_children_in_the_same_process_group(standing: Up, wait_for: Callable[..., None]) -> None:
    wait_for(lambda: standing.children("door") and standing.children("worker"))
    assert {os.getpgid(child) for child in standing.children()} == {os.getpgid(standing.process.pid)}


def test_a_door_that_dies_is_started_anew_and_no_child_outlives_a_parent_that_was_killed(
    quick: Program, wait_for: Callable[..., None]
) -> None:
    quick.settings |= {"SFTPINGEST_SFTP_PROCESSES": "2", "SFTPINGEST_WEB": "on", "SFTPINGEST_WEB_PORT": "0"}
    quick.ok("district", "add", "springfield", "--name", "Springfield Public Schools")
    quick.ok("login", "add", "springfield", "sis", "--password-stdin", stdin=f"{PASSWORD}\n")

    async def look(server: Up) -> None:
        async with client(server) as sftp:
            await sftp.listdir("/")

    with running(quick) as server:
        wait_for(lambda: len(server.children("door")) == 2)
        doors = server.children("door")
        os.kill(doors[0], signal.SIGKILL)
        for _ in range(4):
            asyncio.run(look(server))
        wait_for(lambda: len(server.children("door")) == 2 and server.children("door") != doors)
        asyncio.run(look(server))
        wait_for(lambda: server.children("web"))
        children = server.children()
        assert len(children) == 4
        server.process.kill()
        wait_for(lambda: not any(lives(pid) for pid in children))


def test_an_upload_whose_door_died_does_not_hold_up_the_others_and_a_worker_that_died_is_started_anew(
    quick: Program, wait_for: Callable[..., None]
) -> None:
    quick.settings["SFTPINGEST_SFTP_PROCESSES"] = "1"
    quick.ok("district", "add", "springfield", "--name", "Springfield Public Schools")
    quick.ok("login", "add", "springfield", "sis", "--password-stdin", stdin=f"{PASSWORD}\n")

    async def cut(server: Up) -> None:
        async with client(server) as sftp:
            file = await sftp.open("staff.csv", "wb")
            await file.write(b"School_id,")
            os.kill(server.children("door")[0], signal.SIGKILL)
            with pytest.raises((asyncssh.Error, OSError)):
                await file.close()

    async def whole_way(server: Up) -> str:
        async with client(server) as sftp:
            await upload(sftp, without_mistakes())
            return await report(sftp)

    with running(quick) as server:
        wait_for(lambda: server.children("worker"))
        (door,), (worker,) = server.children("door"), server.children("worker")
        asyncio.run(cut(server))
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: server.children("door") not in ([], [door]))
        wait_for(lambda: server.children("worker") not in ([], [worker]))
        assert "applied" in asyncio.run(whole_way(server)).lower()
        assert server.stop() == 0


def test_a_door_that_cannot_open_ends_the_server_with_a_sentence(quick: Program) -> None:
    quick.ok("district", "add", "springfield", "--name", "Springfield Public Schools")
    key = quick.data / "hostkeys" / "ssh_host_ed25519_key"
    key.parent.mkdir()
    key.write_text("no key at all\n")
    done = quick("up")
    assert done.returncode == 2
    assert "could not be opened" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_open_upload_may_finish_after_a_stop_was_asked_for(springfield: Up) -> None:
    async def whole_way() -> None:
        async with client(springfield) as sftp, sftp.open("students.csv", "wb") as file:
            await file.write(b"School_id,")
            springfield.process.send_signal(signal.SIGTERM)
            await asyncio.sleep(1)
            assert springfield.process.poll() is None
            await file.write(b"Student_id\n")

    asyncio.run(whole_way())
    assert springfield.process.wait(30) == 0
    home = springfield.program.data / "districts" / "springfield" / "home"
    assert (home / "students.csv").read_bytes() == b"School_id,Student_id\n"


def test_an_upload_that_does_not_end_is_broken_off_after_the_grace_time(quick: Program) -> None:
    quick.settings["SFTPINGEST_GRACE_SECONDS"] = "0.5"
    quick.ok("district", "add", "springfield", "--name", "Springfield Public Schools")
    quick.ok("login", "add", "springfield", "sis", "--password-stdin", stdin=f"{PASSWORD}\n")

    async def stop_meanwhile(server: Up) -> None:
        async with client(server) as sftp:
            file = await sftp.open("students.csv", "wb")
            await file.write(b"School_id,")
            server.process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(server.process.wait, 30) == 0

    with running(quick) as server:
        asyncio.run(stop_meanwhile(server))
    assert list((quick.data / "districts" / "springfield" / "home").iterdir()) == []


def test_ctrl_c_for_the_whole_group_ends_in_order(program: Program) -> None:
    program.settings |= {"SFTPINGEST_WEB": "on", "SFTPINGEST_WEB_PORT": "0"}
    with running(program) as server:
        for pid in (*server.children(), server.process.pid):
            os.kill(pid, signal.SIGINT)
        assert server.process.wait(60) == 0


def test_a_second_server_on_the_same_folder_is_refused(standing: Up) -> None:
    assert "already runs" in standing.program.refused("up")


def test_a_port_that_is_taken_is_one_sentence(standing: Up, tmp_path: Path) -> None:
    other = Program(tmp_path / "other", {**standing.program.settings, "SFTPINGEST_SFTP_PORT": str(standing.port)})
    assert f"Port {standing.port} is in use already. Set SFTPINGEST_SFTP_PORT to a free one." in other.refused("up")


def test_an_address_that_is_not_ours_is_one_sentence(program: Program) -> None:
    program.settings |= {"SFTPINGEST_SFTP_HOST": "192.0.2.1", "SFTPINGEST_SFTP_PORT": "0"}
    assert "Set SFTPINGEST_SFTP_HOST" in program.refused("up")


def test_help_says_where_it_listens(quick: Program) -> None:
    said = quick.ok("up", "--help")
    assert "SFTPINGEST_SFTP_HOST" in said
    assert "SFTPINGEST_SFTP_PORT" in said


def test_a_wrong_setting_stops_the_start_and_makes_nothing(program: Program) -> None:
    program.settings["SFTPINGEST_SFTP_PROT"] = "22"
    assert "SFTPINGEST_SFTP_PORT" in program.refused("up")
    assert not program.data.exists()


def test_door_and_worker_run_apart(quick: Program, tmp_path: Path) -> None:
    folder = written(tmp_path / "roster", without_mistakes())
    quick.ok("district", "add", "springfield", "--name", "Springfield Public Schools")
    home = quick.data / "districts" / "springfield" / "home"
    with running(quick, "serve", "sftp") as door:
        assert door.children("worker") == []
        for path in folder.iterdir():
            (home / path.name).write_bytes(path.read_bytes())
        for _ in range(100):
            if quick.json("syncs", "springfield"):
                break
            time.sleep(0.1)
        assert [one["state"] for one in quick.json("syncs", "springfield")] == ["queued"]
        with _worker(quick) as worker:
            while quick.json("syncs", "springfield")[0]["state"] != "applied":
                assert worker.poll() is None
                time.sleep(0.1)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(30) == 0
        assert door.stop() == 0


def _worker(program: Program) -> "subprocess.Popen[bytes]":
    from tests.cli.conftest import COMMAND

    return subprocess.Popen([*COMMAND, "serve", "worker"], env=program.variables, stderr=subprocess.DEVNULL)
