"""sshfs: the district's folder as a folder of the client's machine.

In: `Reach`. Out: a mount that stays, as it does for people, and what the system's own commands do in it.
"""

import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from tests.clients.client import PATIENCE, Client, ClientFailed, Reach, run, said
from tests.clients.openssh import options
from tests.clients.operations import Operation

#: seconds that it may take to leave
_LEAVES = 20


@dataclass
class Sshfs(Client):
    """It needs /dev/fuse, which containers often have not."""

    title = "sshfs"
    needs = ("sshfs", "fusermount3")
    differs: ClassVar = {
        Operation.SMALL: "the file is closed a moment after cp has ended: before you unmount, look whether it is there",
        Operation.RESUME: "cp has no resume; the next upload starts anew and is whole",
    }
    resumes = False
    lags = True
    mounts: dict[Reach, "subprocess.Popen[str]"] = field(default_factory=dict)

    def impossible(self) -> str | None:
        return None if os.access("/dev/fuse", os.R_OK | os.W_OK) else "this machine has no /dev/fuse that we may open"

    def version(self) -> str:
        return said("sshfs", "--version").rpartition(" ")[2]

    def end(self) -> None:
        """Unmount everything."""
        for at, process in self.mounts.items():
            subprocess.run(["fusermount3", "-u", "-z", _place(at)], capture_output=True, check=False)
            try:
                process.wait(_LEAVES)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()
        self.mounts.clear()

    def mounted(self, at: Reach) -> Path:
        """Where the top folder is mounted. Nothing is remembered there: tests change it from the other side."""
        if at not in self.mounts:
            _place(at).mkdir()
            fresh = ["-o", "dir_cache=no", "-o", "entry_timeout=0", "-o", "attr_timeout=0"]
            words = ["-f", *options(at), *fresh, *([] if at.by_key else ["-o", "password_stdin"]), "-p", str(at.port)]
            self.mounts[at] = _started(["sshfs", *words, f"{at.user}@{at.host}:/", str(_place(at))], at)
            _wait_until_mounted(self.mounts[at], _place(at))
        return _place(at)

    def put(self, at: Reach, local: Path, name: str) -> None:
        run(at, ["cp", local, self.mounted(at) / name])

    def names(self, at: Reach) -> set[str]:
        return set(run(at, ["ls", "-1", self.mounted(at)]).splitlines())

    def get(self, at: Reach, remote: str, local: Path) -> None:
        run(at, ["cp", self.mounted(at) / remote.lstrip("/"), local])

    def rename(self, at: Reach, old: str, new: str) -> None:
        run(at, ["mv", self.mounted(at) / old, self.mounted(at) / new])

    def delete(self, at: Reach, name: str) -> None:
        run(at, ["rm", self.mounted(at) / name])


def _place(at: Reach) -> Path:
    return at.home / f"mounted {at.port} {'key' if at.by_key else 'password'}"


def _started(command: list[str], at: Reach) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        command,
        env=at.variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdin
    process.stdin.write(f"{at.password}\n")
    process.stdin.close()
    return process


def _wait_until_mounted(process: "subprocess.Popen[str]", place: Path) -> None:
    give_up = time.monotonic() + PATIENCE
    while not place.is_mount():
        if process.poll() is not None or time.monotonic() > give_up:
            process.kill()
            raise ClientFailed(f"sshfs did not mount\n{process.stdout.read() if process.stdout else ''}")
        time.sleep(0.02)
