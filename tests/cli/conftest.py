"""The real command on a data folder of its own.

In:  the arguments of a test.
Out: `program` (run a command to its end, as a child process), `quick` (the same line of arguments to the same function,
     but in this process: where many commands are run, most of the time is their start), `up` (the whole server,
     running), `roster` (a folder with files to upload).
"""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sftpingest.cli import demo_roster, run

COMMAND = (sys.executable, "-m", "sftpingest")


def commands(command: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command and group, by the words that call it."""
    inner = getattr(command, "commands", {})
    return [path, *(found for name, one in inner.items() for found in commands(one, (*path, name)))]


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Ours, without what this machine may have set for an installation of its own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SFTPINGEST_")} | dict(more)


@dataclass
class Program:
    """The command on one data folder."""

    data: Path
    settings: dict[str, str] = field(default_factory=dict)
    inside: bool = False

    @property
    def variables(self) -> dict[str, str]:
        """Its environment. A web door costs each start of the server a second: who is about it sets it on."""
        return environment({"SFTPINGEST_DATA": str(self.data), "SFTPINGEST_WEB": "off", **self.settings})

    def __call__(self, *words: object, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        if self.inside and words[0] not in {"up", "serve"}:
            return self._inside([str(word) for word in words], stdin)
        command = [*COMMAND, *(str(word) for word in words)]
        there = self.data.parent
        return subprocess.run(
            command,
            input=stdin,
            env=self.variables,
            cwd=there,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def _inside(self, words: list[str], stdin: str) -> "subprocess.CompletedProcess[str]":
        said, complained = io.StringIO(), io.StringIO()
        before = os.umask(0o022)
        try:
            with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(complained):
                for name in set(os.environ) - set(self.variables):
                    patch.delenv(name)
                for name, value in self.variables.items():
                    patch.setenv(name, value)
                patch.setattr("sys.stdin", io.StringIO(stdin))
                patch.chdir(self.data.parent)
                status = run(words)
        finally:
            os.umask(before)
        return subprocess.CompletedProcess(words, status, said.getvalue(), complained.getvalue())

    def ok(self, *words: object, stdin: str = "") -> str:
        """Run a command that must end with 0; gives what it printed."""
        done = self(*words, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *words: object) -> Any:
        return json.loads(self.ok(*words, "--json"))

    def refused(self, *words: object, stdin: str = "") -> str:
        """Run a command that must be refused as wrong use; gives its one sentence."""
        done = self(*words, stdin=stdin)
        assert done.returncode == 2, done
        assert done.stdout == ""
        assert done.stderr.startswith("sftpingest: ")
        assert done.stderr.count("\n") == 1, done.stderr
        return done.stderr


@dataclass
class Up:
    """A running server."""

    program: Program
    process: "subprocess.Popen[str]"
    port: int
    said: str

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def children(self, part: str = "") -> list[int]:
        """The process ids of its children; of those that serve `part` where it is given."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split() if serves(int(pid), part)]


def serves(pid: int, part: str) -> bool:
    """Whether a process is `sftpingest serve PART`; with no part, whether it lives."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:  # gone meanwhile
        return False
    return not part or ("serve" in words and part in words)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path / "data")


@pytest.fixture
def quick(program: Program) -> Program:
    program.inside = True
    return program


@contextmanager
def running(program: Program, *words: str) -> Iterator[Up]:
    """Run `up` (or another command that serves) on a free port, and see that it is gone afterwards."""
    program.settings |= {"SFTPINGEST_SFTP_HOST": "127.0.0.1", "SFTPINGEST_SFTP_PORT": "0"}
    program.settings.setdefault("SFTPINGEST_SFTP_PROCESSES", "1")  # each starts anew with all it imports: a second
    program.settings |= {"SFTPINGEST_QUIET_SECONDS": program.settings.get("SFTPINGEST_QUIET_SECONDS", "0.2")}
    command = [*COMMAND, *(words or ("up",))]
    log = program.data.parent / "up.log"
    with (
        log.open("a") as err,
        subprocess.Popen(
            command, env=program.variables, cwd=program.data.parent, stdout=subprocess.PIPE, stderr=err, text=True
        ) as process,
    ):
        try:
            assert process.stdout
            said = process.stdout.readline()
            found = re.search(r"sftp://[^ :]+:(\d+)", said)
            assert found, log.read_text()
            yield Up(program, process, int(found[1]), said)
        finally:
            process.kill()  # does nothing to one that has left already


@pytest.fixture
def up(quick: Program) -> Iterator[Up]:
    with running(quick) as server:
        yield server


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    """A folder with the demo's roster, mistakes and all."""
    return written(tmp_path / "roster", demo_roster.made()[0])


def written(folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def without_mistakes() -> dict[str, bytes]:
    """The demo's roster as it should be."""
    return demo_roster.made(spoilt=False)[0]


def cut(files: Mapping[str, bytes], name: str, keep: int) -> dict[str, bytes]:
    """The files with only the first rows of one of them."""
    lines = files[name].split(b"\r\n")
    return {**files, name: b"\r\n".join(lines[: keep + 1]) + b"\r\n"}


needs_ssh = pytest.mark.skipif(shutil.which("sftp") is None, reason="no OpenSSH client on this machine")
