"""The three servers, each on a free port of this machine, ready for the same login with the same key.

In:  a scratch folder.
Out: running servers: where they are, where files land, and what they use.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.program import COMMAND, DISTRICT, ROOT, Program, ProgramFailed
from benchmarks.sftp.peers import PROFTPD, SSHD
from benchmarks.sftp.tree import Tree

#: whoever logs in at the peers: an account that every Debian has
PEERS_USER: Final = "nobody"
OUR_USER: Final = "bench"
_KEEPER: Final = Path(__file__).parent / "keeper.py"
_PATIENCE: Final = 60
#: half seconds in a row in which a server uses less CPU than this, in seconds, before it counts as started
_QUIET: Final = 3
_HARDLY: Final = 0.02
#: no upload settles while we measure; the caps are for the open internet, not for a thousand clients of one machine
_OUR_SETTINGS: Final = {
    "SFTPINGEST_SFTP_HOST": "127.0.0.1",
    "SFTPINGEST_QUIET_SECONDS": "86400",
    "SFTPINGEST_SFTP_MOST_STARTING": "100000",
    "SFTPINGEST_SFTP_MOST_STARTING_PER_ADDRESS": "100000",
    "SFTPINGEST_SFTP_MOST_PER_LOGIN": "100000",
    "SFTPINGEST_SFTP_MOST_PER_ADDRESS": "100000",
}


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    name: str
    port: int
    user: str
    key: Path
    #: where uploads land
    home: Path
    tree: Tree
    #: processes that it has while nobody is there
    resting: int

    def cpu(self) -> float:
        """Seconds of CPU until now, once all sessions that have ended are gone."""
        self.tree.settle(self.resting)
        return self.tree.cpu()

    def clear(self) -> None:
        """Remove what was uploaded."""
        for path in self.home.iterdir():
            path.unlink()


Start = Callable[[Path, Path, int], tuple[list[str], Mapping[str, str], str, Path]]


@contextmanager
def servers(scratch: Path, names: tuple[str, ...]) -> Iterator[list[Server]]:
    """Start them all; they end with the block."""
    key = scratch / "client_key"
    _make_key(key)
    with ExitStack() as running:
        yield [running.enter_context(_running(name, scratch / name, key)) for name in names]


@contextmanager
def _running(name: str, folder: Path, key: Path) -> Iterator[Server]:
    folder.mkdir(mode=0o711)
    port = _free_port()
    command, environment, user, home = _STARTS[name](folder, key, port)
    with (folder / "log").open("wb") as log:
        keeper = subprocess.Popen(
            [sys.executable, str(_KEEPER), *command], env=environment, cwd=ROOT, stdout=log, stderr=log
        )
    try:
        _wait_for(name, port, keeper, folder / "log")
        tree = Tree(keeper.pid)
        yield Server(name, port, user, key, home, tree, _at_rest(tree))
    finally:
        keeper.send_signal(signal.SIGTERM)
        keeper.wait(_PATIENCE)


def _at_rest(tree: Tree) -> int:
    """Processes there once nothing starts any more: as many as a second ago, and they do hardly anything."""
    give_up = time.monotonic() + _PATIENCE
    quiet, before = 0, (len(tree.pids()), tree.cpu())
    while quiet < _QUIET and time.monotonic() < give_up:
        time.sleep(0.5)
        now = (len(tree.pids()), tree.cpu())
        quiet = quiet + 1 if now[0] == before[0] and now[1] - before[1] < _HARDLY else 0
        before = now
    return before[0]


def _ours(folder: Path, key: Path, port: int) -> tuple[list[str], Mapping[str, str], str, Path]:
    program = Program(folder / "data", f"sqlite:///{folder}/data/roster.db")
    program.folder.mkdir()
    program.run("district", "add", DISTRICT, "--name", "Bench")
    program.run("login", "add", DISTRICT, OUR_USER, "--key", str(key.with_suffix(".pub")))
    environment = program.environment(**_OUR_SETTINGS, SFTPINGEST_SFTP_PORT=str(port))
    return [str(COMMAND), "up"], environment, OUR_USER, program.folder / "districts" / DISTRICT / "home"


def _openssh(folder: Path, key: Path, port: int) -> tuple[list[str], Mapping[str, str], str, Path]:
    """OpenSSH as Debian ships it, without PAM; privileges are separated as everywhere, hence root."""
    home = _peers_home(folder)
    shutil.copy(key.with_suffix(".pub"), folder / "keys")
    (folder / "keys").chmod(0o644)
    _make_key(folder / "host_key")
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd wants it, and only its package's start script makes it
    (folder / "conf").write_text(SSHD.format(folder=folder, port=port, home=home))
    return ["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "conf")], dict(os.environ), PEERS_USER, home


def _proftpd(folder: Path, key: Path, port: int) -> tuple[list[str], Mapping[str, str], str, Path]:
    """ProFTPD with mod_sftp and nothing else, its accounts in a file of its own."""
    home = _peers_home(folder)
    _make_key(folder / "host_key")
    account = pwd.getpwnam(PEERS_USER)
    line = f"{PEERS_USER}:*:{account.pw_uid}:{account.pw_gid}::{home}:/bin/sh\n"
    _private(folder / "passwd", line)
    _private(folder / "group", f"{PEERS_USER}:*:{account.pw_gid}:\n")
    rfc4716 = subprocess.run(
        ["ssh-keygen", "-e", "-f", str(key.with_suffix(".pub"))], check=True, capture_output=True, text=True
    )
    (folder / "keys").write_text(rfc4716.stdout)
    (folder / "conf").write_text(PROFTPD.format(folder=folder, port=port))
    return ["/usr/sbin/proftpd", "-n", "-c", str(folder / "conf")], dict(os.environ), PEERS_USER, home


def settings() -> dict[str, object]:
    """How each is set up; the rest is what it does by itself."""
    return {"sftpingest": _OUR_SETTINGS, "openssh": SSHD, "proftpd": PROFTPD}


_STARTS: Final[Mapping[str, Start]] = {"sftpingest": _ours, "openssh": _openssh, "proftpd": _proftpd}
NAMES: Final = tuple(_STARTS)


def _peers_home(folder: Path) -> Path:
    home = folder / "home"
    home.mkdir()
    account = pwd.getpwnam(PEERS_USER)
    os.chown(home, account.pw_uid, account.pw_gid)
    return home


def _private(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o600)


def _make_key(path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)], check=True)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait_for(name: str, port: int, keeper: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + _PATIENCE
    while time.monotonic() < give_up and keeper.poll() is None:
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise ProgramFailed(f"{name} did not start:\n{log.read_text(errors='replace')}")
