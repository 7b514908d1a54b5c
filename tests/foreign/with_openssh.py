"""OpenSSH's own scripts (regress/*.sh of the Debian package openssh-tests), each unchanged.

In: a server. Out: of every step of every script what it found wrong.

The scripts start `sftp-server` over pipes and look for the files at the same path on both sides. So their folder is the
district's home, and in the place of `sftp-server` they get a program that connects to the door and cuts that folder off
the paths (translate.py). OpenSSH is asked in the scripts' own way: its `sftp-server` over pipes.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.foreign.servers import SFTP_SERVER, SSHD, Server, free_port

_INSTALLED = Path("/usr/lib/openssh/regress")
SCRIPTS = (
    "sftp",
    "sftp-cmds",
    "sftp-batch",
    "sftp-badcmds",
    "sftp-glob",
    "sftp-perm",
    "sftp-uri",
    "scp",
    "scp3",
    "scp-uri",
)
#: the scripts copy a file again and again, in pieces of 5 bytes too; theirs is ten times this size
_SIZE = 70_000
_HERE = Path(__file__).parent

#: by test and step: what was wrong, nothing where all was right
Findings = dict[str, tuple[str, ...]]


def fetch(build: Path) -> Path:
    """Give the folder of the scripts: where Debian's package puts them, else its content in `build`."""
    unpacked = build / "openssh-tests"
    suite = _INSTALLED if _INSTALLED.exists() else unpacked / _INSTALLED.relative_to("/")
    if not suite.exists():  # not installed, because it would bring PuTTY, Twisted and haproxy with it
        subprocess.run(["apt-get", "-qq", "download", "openssh-tests"], cwd=build, check=True)
        subprocess.run(["dpkg-deb", "-x", next(build.glob("openssh-tests_*.deb")), unpacked], check=True)
    return suite


def run(suite: Path, scratch: Path, server: Server | None) -> Findings:
    """Run all scripts against `server`, None: against OpenSSH's own over pipes."""
    return {step: faults for script in SCRIPTS for step, faults in _run(suite, script, scratch, server).items()}


def _run(suite: Path, script: str, scratch: Path, server: Server | None) -> Findings:
    top = scratch / "obj" if server is None else server.disk
    top.mkdir(exist_ok=True)
    (top / "failed-regress.log").unlink(missing_ok=True)
    done = subprocess.run(
        ["sh", suite / "test-exec.sh", top, suite / f"{script}.sh"],
        env=_environment(suite, script, scratch, top, server),
        cwd=scratch,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        errors="replace",
    )
    (scratch / f"{script}.log").write_text(done.stdout + done.stderr)
    log = top / "failed-regress.log"
    return _findings(
        (suite / f"{script}.sh").read_text(),
        script,
        done.stdout,
        log.read_text(errors="replace") if log.exists() else "",
    )


def _findings(source: str, script: str, said: str, failed: str) -> Findings:
    title = re.search(r'^tid="(.*)"', source, re.MULTILINE)
    begin = re.compile(rf"(?:test )?{re.escape(title[1] if title else script)}: (.*)")
    found: dict[str, list[str]] = {step[1]: [] for step in map(begin.match, said.splitlines()) if step}
    for step, fault in _faults(failed):
        match = begin.match(step)
        found.setdefault(match[1] if match else step, []).append(fault)
    return {f"{script}: {step}": tuple(dict.fromkeys(faults)) for step, faults in found.items() if _ours(script, step)}


def _ours(script: str, step: str) -> bool:
    """Whether a step concerns an SFTP server: scp's scripts try its old protocol first."""
    return not script.startswith("scp") or step.startswith("sftp mode: ")


def _faults(failed: str) -> Iterator[tuple[str, str]]:
    step = ""
    for line in failed.splitlines():
        if line.startswith("trace: "):
            step = line.removeprefix("trace: ")
        elif line.startswith(("FAIL: ", "FATAL: ")):
            yield step, _without_paths(line.split(": ", 1)[1])


def _without_paths(fault: str) -> str:
    return re.sub(r"/\S*/", "", fault)


def _environment(suite: Path, script: str, scratch: Path, top: Path, server: Server | None) -> Mapping[str, str]:
    agent = scratch / "some-program"
    if not agent.exists():
        agent.write_bytes(os.urandom(_SIZE))
        agent.chmod(0o755)
    more = {
        "TEST_SHELL": "sh",
        "BUILDDIR": str(suite),
        "TEST_SSH_UNSAFE_PERMISSIONS": "1",
        "TEST_SSH_PORT": str(free_port()),
        "TEST_SSH_SSHD": str(SSHD),
        "TEST_SSH_SSHAGENT": str(agent),
        "TEST_SSH_SFTPSERVER": str(SFTP_SERVER if server is None else _stand_in(script, scratch, top, server)),
    }
    if server is not None:
        more["TEST_SSH_SSH"] = str(_ssh(scratch, more["TEST_SSH_SFTPSERVER"]))
    return {name: value for name, value in os.environ.items() if name != "TMPDIR"} | more


def _stand_in(script: str, scratch: Path, top: Path, server: Server) -> Path:
    """Write the program that the scripts take for sftp-server."""
    options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes", "IdentityAgent=none")
    ssh = ["/usr/bin/ssh", "-F", "/dev/null", "-q", "-p", str(server.port), "-i", str(server.key)]
    ssh += [part for option in options for part in ("-o", option)] + ["-s", f"{server.username}@127.0.0.1", "sftp"]
    lines = ["#!/bin/sh"]
    if script == "sftp-glob":  # it looks for files two folders down: they are put where a district's files are
        files, top = top / "glob" / "dir", top / "glob" / "dir"
        lines.append(f"cp -p {shlex.quote(str(files))}/* {shlex.quote(str(server.disk))}/")
    command = [sys.executable, "-IS", str(_HERE / "translate.py"), "--top", str(top), "--ssh", shlex.join(ssh)]
    return _program(scratch / f"{script}.server", [*lines, f"exec {shlex.join(command)}"])


def _ssh(scratch: Path, stand_in: str) -> Path:
    """Write the program that the scripts take for ssh: where they ask for SFTP it is the stand-in."""
    lines = ["#!/bin/sh", 'for word; do last="$word"; done', f'[ "$last" = sftp ] && exec {shlex.quote(stand_in)}']
    return _program(scratch / "ssh", [*lines, f'exec {shutil.which("ssh")} "$@"'])


def _program(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o755)
    return path
