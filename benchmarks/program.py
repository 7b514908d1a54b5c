"""Our program as a benchmark sees it: commands in fresh processes, with their time, memory and log.

In:  a data folder, an address of a store, the words of a command.
Out: Run.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
WORK: Final = Path(__file__).parent / ".work"
COMMAND: Final = ROOT / ".venv" / "bin" / "sftpingest"
DISTRICT: Final = "bench"


class ProgramFailed(Exception):
    """A command of ours ended with a status that is no outcome; its last words follow."""


@dataclass(frozen=True)
class Run:
    """A child process that has ended: from its start to its end, with nothing taken off."""

    status: int
    seconds: float
    #: user and system time: less disturbed by what else the machine does
    cpu_seconds: float
    #: the largest resident memory of the process or of a child it waited for
    peak_mb: float
    output: str
    log: str

    def event(self, name: str) -> Mapping[str, Any]:
        """The last line of the log with this event; empty where there is none."""
        found: Mapping[str, Any] = {}
        for line in self.log.splitlines():
            if line.startswith("{") and f'"{name}"' in line:
                found = json.loads(line)
        return found


@dataclass(frozen=True)
class Program:
    """One installation: a data folder and a store."""

    folder: Path
    url: str

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of its commands, without settings from outside."""
        plain = {name: value for name, value in os.environ.items() if not name.upper().startswith("SFTPINGEST_")}
        ours = {"SFTPINGEST_DATA": str(self.folder), "SFTPINGEST_DATABASE_URL": self.url, "SFTPINGEST_LOG": "json"}
        return plain | ours | {"SFTPINGEST_WEB": "off"} | more

    def run(self, *words: str, allowed: Sequence[int] = (0,), answer: str = "") -> Run:
        """Run a command of ours to its end. Raises ProgramFailed for a status that is not allowed."""
        done = measure([str(COMMAND), *words], self.environment(), answer)
        if done.status not in allowed:
            last = "\n".join((done.log or done.output).splitlines()[-5:])
            message = f"sftpingest {' '.join(words)} ended with status {done.status}:\n{last}"
            raise ProgramFailed(message)
        return done


def measure(words: Sequence[str], environment: Mapping[str, str], answer: str = "") -> Run:
    """Run a child to its end and ask the kernel what it used."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as log, tempfile.TemporaryFile() as question:
        question.write(answer.encode())
        question.seek(0)
        start = time.monotonic()
        child = subprocess.Popen(words, env=environment, cwd=ROOT, stdin=question, stdout=out, stderr=log)
        # the kernel counts our own memory at the fork as the child's: this process stays small, it imports no pandas
        _, wait_status, used = os.wait4(child.pid, 0)
        seconds = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(wait_status)
        texts = [_text(file) for file in (out, log)]
    cpu = used.ru_utime + used.ru_stime
    return Run(child.returncode, seconds, cpu, used.ru_maxrss / 1024, *texts)


def _text(file: Any) -> str:  # noqa: ANN401  (tempfile's files have no public type)
    file.seek(0)
    return str(file.read().decode(errors="replace"))


def fresh(store: str, postgres: str | None) -> Program:
    """An empty installation with one district; what was there before is removed."""
    folder = WORK / f"installation-{store}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if postgres:
        empty(postgres)
    program = Program(folder, postgres or f"sqlite:///{folder}/roster.db")
    program.run("district", "add", DISTRICT, "--name", "Bench")
    return program


def empty(postgres: str) -> None:
    """Drop what the store holds, and let the disk come to rest."""
    script = "set client_min_messages = warning; drop schema public cascade; create schema public; checkpoint;"
    words = [part for statement in script.split("; ") for part in ("-c", statement)]
    subprocess.run(["psql", postgres, "-X", "-q", "-v", "ON_ERROR_STOP=1", *words], check=True)


def rows(upload: Path) -> Iterator[int]:
    """Lines of each file of an upload, the heading not counted."""
    for path in sorted(upload.glob("*.csv")):
        with path.open("rb") as file:
            yield sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b"")) - 1
