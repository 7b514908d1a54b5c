"""Other clients than OpenSSH, where this machine has them."""

import random
import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.doors.sftp.conftest import PASSWORD, USER, Knock


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def curl_speaks_sftp() -> bool:
    return shutil.which("curl") is not None and "sftp" in run("curl", "--version").stdout


needs_lftp = pytest.mark.skipif(shutil.which("lftp") is None, reason="lftp is not installed")
needs_curl = pytest.mark.skipif(not curl_speaks_sftp(), reason="no curl with SFTP is installed")


@pytest.fixture
def local(tmp_path: Path) -> Path:
    folder = tmp_path / "roster"
    folder.mkdir()
    for name in ("students.csv", "teachers.csv"):
        (folder / name).write_bytes(random.Random(name).randbytes(500_000))
    return folder


def lftp(door: Knock, script: str) -> subprocess.CompletedProcess[str]:
    ssh = " ".join(["ssh", "-a", "-x", *door.options, "-i", str(door.key)])
    settings = f'set sftp:connect-program "{ssh}"; set net:max-retries 1; set cmd:fail-exit yes; '
    return run("lftp", "-c", f"{settings} open -p {door.port} -u '{USER}', sftp://127.0.0.1; {script}")


@needs_lftp
def test_lftp_mirrors_a_folder_and_lists_it(door: Knock, local: Path) -> None:
    ran = lftp(door, f"mirror -R {local} /; cls -l")
    assert ran.returncode == 0, ran.stderr
    assert door.published() == {path.name: path.read_bytes() for path in local.iterdir()}
    assert int((door.home / "students.csv").stat().st_mtime) == int((local / "students.csv").stat().st_mtime)


@needs_lftp
def test_lftp_goes_on_with_a_broken_upload(door: Knock, local: Path) -> None:
    content = (local / "students.csv").read_bytes()
    (door.staging / "0123456789abcdef.students.csv").write_bytes(content[:123_456])
    ran = lftp(door, f"put -c {local}/students.csv")
    assert ran.returncode == 0, ran.stderr
    assert door.published() == {"students.csv": content}


def curl(door: Knock, path: str, *more: str) -> subprocess.CompletedProcess[str]:
    return run(
        *("curl", "-sS", "--insecure", "-u", f"{USER}:{PASSWORD}", *more, f"sftp://127.0.0.1:{door.port}{quote(path)}")
    )


@needs_curl
def test_curl_uploads_and_fetches(door: Knock, local: Path) -> None:
    ran = curl(door, "/students.csv", "-T", str(local / "students.csv"))
    assert ran.returncode == 0, ran.stderr
    assert door.published() == {"students.csv": (local / "students.csv").read_bytes()}
    assert "/reports/latest/" in curl(door, "/README.txt").stdout


@needs_curl
@pytest.mark.parametrize("how", [["-C", "123456"], ["-C", "-"]])
def test_curl_goes_on_with_a_broken_upload(door: Knock, local: Path, how: list[str]) -> None:
    content = (local / "students.csv").read_bytes()
    (door.staging / "0123456789abcdef.students.csv").write_bytes(content[:123_456])
    ran = curl(door, "/students.csv", *how, "-T", str(local / "students.csv"))
    assert ran.returncode == 0, ran.stderr
    assert door.published() == {"students.csv": content}
