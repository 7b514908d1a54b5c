"""The unit of systemd: checked by systemd's own tool, and what it starts is started."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "deploy" / "sftpingest.service"

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


def test_what_the_unit_starts_listens_and_stops_at_sigterm(tmp_path: Path) -> None:
    environment = dict(line.split("=", 1) for line in lines("Environment"))
    assert environment["SFTPINGEST_DATA"] == f"/var/lib/{lines('StateDirectory')[0]}"
    ours = {
        "SFTPINGEST_DATA": str(tmp_path / "state"),
        "SFTPINGEST_SFTP_PORT": "0",
        "SFTPINGEST_SFTP_HOST": "127.0.0.1",
    }
    ours["PATH"] = environment["PATH"].replace("/opt/sftpingest/bin", str(Path(sys.executable).parent))
    (command,) = lines("ExecStart")
    with subprocess.Popen(
        shlex.split(command),
        env=environment | ours,
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as service:
        assert service.stdout
        assert "sftp://127.0.0.1:" in service.stdout.readline()
        os.kill(service.pid, signal.SIGTERM)
        assert service.wait(60) == 0
