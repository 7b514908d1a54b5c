"""kill -9 of client or server during any of a hundred uploads: no part is ever published, no acknowledged file is lost.

In:  a client process that uploads ten files at once, each again and again, and writes down what it has begun and what
     was acknowledged; a server that runs in several processes.
Out: nothing.

Every version of a file says what it is and how long, so that the file that lies there in the end can be told to be
whole, and to be one that came at or after the last acknowledged one. The moments are drawn with a seed;
SFTPINGEST_LONG=1 draws more than ten times as many.
"""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import Program, Up, running
from tests.flow.conftest import LONG, PASSWORD, until

#: Files uploaded at once, and times that something is killed meanwhile.
FILES, KILLS = 10, 120 if LONG else 5
#: The longest time from the first acknowledged upload to a kill, in seconds.
SPAN = 0.7
UPLOADER = Path(__file__).with_name("uploader.py")


def content(name: str, version: int) -> bytes:
    """What a version of a file holds: from 1 byte to 3 MB, mostly little."""
    chance = random.Random(f"{name} {version}")
    size = int(3_000_000 ** chance.random())
    head = f"{name} {version} {size}\n".encode()
    return head + chance.randbytes(size)


@dataclass
class Diary:
    """What the client wrote down: one line each, begun or acknowledged, a name and a version."""

    path: Path

    def last(self, what: str) -> dict[str, int]:
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        found = [line.split() for line in lines if line.startswith(what)]
        return {name: int(version) for _, name, version in found}  # later lines win


@contextmanager
def client(server: Up, diary: Diary) -> Iterator["subprocess.Popen[bytes]"]:
    """The uploading client; gone at the end of the block."""
    command = [sys.executable, str(UPLOADER), str(server.port), str(FILES), str(diary.path)]
    with subprocess.Popen(command, env={**os.environ, "PASSWORD": PASSWORD}, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def kill(chance: random.Random, server: Up, process: "subprocess.Popen[bytes]") -> str:
    """kill -9 for one of those who take part; gives what was killed."""
    what = chance.choice(["client", "door", "door", "parent"])
    with suppress(ProcessLookupError):
        if what == "client":
            process.kill()
        elif what == "door":
            os.kill(chance.choice(until(lambda: server.children("door"))), signal.SIGKILL)
        else:
            server.process.kill()
            server.process.wait()
    return what


def whole(home: Path, diary: Diary) -> int:
    """See that every published file is whole and not older than what was acknowledged; how many there are."""
    begun, acknowledged = diary.last("begun"), diary.last("acknowledged")
    published = {path.name: path.read_bytes() for path in home.iterdir()}
    assert acknowledged.keys() <= published.keys()
    for name, found in published.items():
        head = re.match(rb"(\S+) (\d+) (\d+)\n", found)
        assert head, f"{name} has no beginning"
        version = int(head[2])
        assert found == content(name, version), f"{name}, version {version}: {len(found)} bytes of {head[3].decode()}"
        assert acknowledged.get(name, 0) <= version <= begun[name], name
    return len(published)


@pytest.mark.parametrize("seed", range(3) if LONG else [20261124])
def test_no_kill_publishes_a_part_or_loses_an_acknowledged_file(tmp_path: Path, seed: int) -> None:
    quick = Program(tmp_path / "data", inside=True)
    quick.settings |= {"SFTPINGEST_SFTP_PROCESSES": "2", "SFTPINGEST_QUIET_SECONDS": "3600"}
    quick.ok("district", "add", "springfield", "--name", "Springfield Public Schools")
    quick.ok("login", "add", "springfield", "sis", "--password-stdin", stdin=f"{PASSWORD}\n")
    home = quick.data / "districts" / "springfield" / "home"
    chance, diary, kills = random.Random(seed), Diary(tmp_path / "diary"), 0
    while kills < KILLS:
        with running(quick) as server:
            killed = ""
            while killed != "parent" and kills < KILLS:
                killed = one_kill(chance, server, diary)
                kills += 1
                whole(home, diary)
    assert whole(home, diary) > 1
    assert sum(diary.last("acknowledged").values()) > KILLS  # it was no test of a server that takes nothing


def one_kill(chance: random.Random, server: Up, diary: Diary) -> str:
    """Let a client upload, and kill somebody meanwhile; gives who."""
    before = diary.last("acknowledged")
    with client(server, diary) as process:
        until(lambda: diary.last("acknowledged") != before or process.poll() is not None, every=0.01)
        time.sleep(chance.uniform(0, SPAN))
        killed = kill(chance, server, process)
        if killed == "door":
            time.sleep(0.2)  # what goes through the other one goes on
    return killed
