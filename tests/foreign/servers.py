"""The two servers that a foreign suite is run against: our own door, and OpenSSH's as the measure.

In: a scratch folder. Out: a `Server` that runs on loopback as long as the block lasts.
"""

import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SLUG, LOGIN = "oak-valley", "oak-valley-sis"
SSHD, SFTP_SERVER = Path("/usr/sbin/sshd"), Path("/usr/lib/openssh/sftp-server")

_SSHD_CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {scratch}/host_key
PidFile {scratch}/pid
AuthorizedKeysFile {scratch}/client_key.pub
Subsystem sftp internal-sftp -d {top}
PermitRootLogin yes
StrictModes no
UsePAM no
PerSourceMaxStartups none
"""


@dataclass(frozen=True)
class Server:
    """A running server and one login of it."""

    port: int
    username: str
    key: Path
    #: where on our own disk the files lie that the suite works on
    disk: Path
    #: how the client names that place, to be put before "/name"
    folder: str
    #: names that stand there besides the suite's own
    besides: tuple[str, ...] = ()


@contextmanager
def our_door(scratch: Path) -> Iterator[Server]:
    """`sftpingest up` with one district, as an operator starts it."""
    key, settings = _key(scratch / "client_key"), _settings(scratch)
    for words in (
        ("district", "add", SLUG, "--name", "Oak Valley"),
        ("login", "add", SLUG, LOGIN, "--key", f"{key}.pub"),
    ):
        subprocess.run([*_program(), *words], env=settings, check=True, stdout=subprocess.DEVNULL)
    with (
        (scratch / "up.log").open("w") as log,
        subprocess.Popen([*_program(), "up"], env=settings, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            found = re.search(r"sftp://[^ :]+:(\d+)", process.stdout.readline() if process.stdout else "")
            if found is None:
                raise SystemExit(f"the door did not open:\n{(scratch / 'up.log').read_text()}")
            home = scratch / "data" / "districts" / SLUG / "home"
            yield Server(int(found[1]), LOGIN, key, home, "", ("README.txt", "reports"))
        finally:
            process.terminate()
            process.wait(60)


@contextmanager
def openssh(scratch: Path) -> Iterator[Server]:
    """OpenSSH's sshd with its internal-sftp."""
    key, top, port = _key(scratch / "client_key"), scratch / "top", free_port()
    _key(scratch / "host_key")
    (top / "target").mkdir(parents=True)
    config = scratch / "sshd_config"
    config.write_text(_SSHD_CONFIG.format(port=port, scratch=scratch, top=top))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd does not start without it
    with (
        (scratch / "sshd.log").open("w") as log,
        subprocess.Popen([SSHD, "-D", "-e", "-f", config], stderr=log) as process,
    ):
        try:
            _answers(port, scratch / "sshd.log")
            yield Server(port, pwd.getpwuid(os.geteuid()).pw_name, key, top / "target", "target")
        finally:
            process.terminate()
            process.wait(60)


def missing() -> list[str]:
    """Say what this machine lacks to run the suites."""
    programs = [name for name in ("sftp", "ssh-keygen", "make") if shutil.which(name) is None]
    return programs + [str(path) for path in (SSHD, SFTP_SERVER) if not path.exists()]


def _program() -> list[str]:
    return [sys.executable, "-m", "sftpingest"]


def _settings(scratch: Path) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SFTPINGEST_")}
    return ours | {
        "SFTPINGEST_DATA": str(scratch / "data"),
        "SFTPINGEST_SFTP_HOST": "127.0.0.1",
        "SFTPINGEST_SFTP_PORT": "0",
        "SFTPINGEST_WEB": "off",
        "SFTPINGEST_QUIET_SECONDS": "86400",  # the suites' files are no rosters
    }


def _key(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path], check=True)
    return path


def free_port() -> int:
    """Give a port that nobody has at the moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _answers(port: int, log: Path, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise SystemExit(f"sshd did not start:\n{log.read_text()}") from None
            time.sleep(0.05)
        else:
            return
