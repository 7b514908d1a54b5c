"""The unit of systemd: checked by systemd's own tool, and what it starts is started."""

import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "deploy" / "sftpingest.service"
#: Where the program is installed here.
BIN = str(Path(sys.executable).parent)

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this machine")


def lines(name: str) -> list[str]:
    """The values of one key, in order."""
    return re.findall(rf"(?m)^{name}=(.*)$", UNIT.read_text("utf-8"))


@needs_systemd
def test_systemd_verifies_the_unit() -> None:
    done = subprocess.run(["systemd-analyze", "verify", UNIT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
def test_the_unit_is_closed() -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(UNIT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_command_of_the_readme_works_on_the_store_of_the_service(tmp_path: Path) -> None:
    text = (UNIT.parent / "README.md").read_text("utf-8")
    (line,) = re.findall(r"(?m)^sudo -u sftpingest (env .* district list)$", text)
    line = line.replace("/var/lib/sftpingest", str(tmp_path / "state")).replace("/opt/sftpingest/bin", BIN)
    (tmp_path / "state").mkdir()
    settings = f'sftp_host = "127.0.0.1"\nsftp_port = 0\ndatabase_url = "sqlite:///{tmp_path / "other.db"}"\n'
    (tmp_path / "state" / "sftpingest.toml").write_text(settings)
    own = {name: value for name, value in os.environ.items() if not name.startswith("SFTPINGEST_")}  # as sudo leaves it
    words = [*shlex.split(line)[:-1], "add", "springfield", "--name", "Springfield Public Schools"]
    with started(tmp_path, {}) as service:
        subprocess.run(words, env=own, cwd=tmp_path, check=True, capture_output=True)
        os.kill(service.pid, signal.SIGTERM)
        assert service.wait(60) == 0
    with sqlite3.connect(tmp_path / "other.db") as store:
        assert store.execute("SELECT slug FROM district").fetchall() == [("springfield",)]
    assert not (tmp_path / "state" / "roster.db").exists()
    assert lines("EnvironmentFile") == []  # a command could not read it


@contextmanager
def started(tmp_path: Path, more: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """What the unit starts, with the environment that it says, on a folder of ours, once it listens."""
    environment = dict(line.split("=", 1) for line in lines("Environment"))
    assert environment["SFTPINGEST_DATA"] == f"/var/lib/{lines('StateDirectory')[0]}"
    environment |= {"SFTPINGEST_DATA": str(tmp_path / "state"), "SFTPINGEST_WEB": "off", **more}
    environment["PATH"] = environment["PATH"].replace("/opt/sftpingest/bin", BIN)
    (command,) = lines("ExecStart")
    out, err = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(shlex.split(command), env=environment, cwd="/", stdout=out, stderr=err, text=True) as service:
        try:
            assert service.stdout
            assert "sftp://127.0.0.1:" in service.stdout.readline()
            yield service
        finally:
            service.kill()  # does nothing to one that has left already


def test_what_the_unit_starts_listens_and_stops_at_sigterm(tmp_path: Path) -> None:
    with started(tmp_path, {"SFTPINGEST_SFTP_PORT": "0", "SFTPINGEST_SFTP_HOST": "127.0.0.1"}) as service:
        os.kill(service.pid, signal.SIGTERM)
        assert service.wait(60) == 0
