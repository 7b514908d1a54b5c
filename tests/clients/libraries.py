"""Libraries that a district's own exporter may be built on, each driven by a small program in programs/.

In: `Reach`. Out: runs of the programs: `PROGRAM put LOCAL NAME`, `resume LOCAL NAME`, `list`, `get REMOTE LOCAL`,
`rename OLD NEW`, `delete NAME`, `version`. Where to and how to log in stands in SFTP_* variables.
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from tests.clients.client import INSTALLED, ROOT, Client, Reach, package, run, said
from tests.clients.operations import Operation

PROGRAMS = Path(__file__).parent / "programs"
PYTHON = INSTALLED / "python" / "bin" / "python"
MODULES = INSTALLED / "node" / "node_modules"


class Library(Client):
    """A client that is a program of ours around a library."""

    program: ClassVar[str]
    key_kind: ClassVar[str] = "ed25519"

    def command(self) -> Sequence[object]:
        """What starts the program."""
        raise NotImplementedError

    def version(self) -> str:
        return said(*(str(word) for word in self.command()), "version")

    def call(self, at: Reach, *words: object) -> str:
        """Run the program once."""
        proof = {"SFTP_KEY": str(at.key(self.key_kind))} if at.by_key else {"SFTP_PASSWORD": at.password}
        where = {"SFTP_HOST": at.host, "SFTP_PORT": str(at.port), "SFTP_USER": at.user}
        known = {"SFTP_KNOWN_HOSTS": str(at.known_hosts)}
        return run(at, [*self.command(), *words], **where, **known, **proof)

    def put(self, at: Reach, local: Path, name: str) -> None:
        self.call(at, "put", local, name)

    def resume(self, at: Reach, local: Path, name: str) -> None:
        self.call(at, "resume", local, name)

    def names(self, at: Reach) -> set[str]:
        return set(self.call(at, "list").splitlines()) - {".", ".."}

    def get(self, at: Reach, remote: str, local: Path) -> None:
        self.call(at, "get", remote, local)

    def rename(self, at: Reach, old: str, new: str) -> None:
        self.call(at, "rename", old, new)

    def delete(self, at: Reach, name: str) -> None:
        self.call(at, "delete", name)


class FromPyPI(Library):
    """A library from PyPI, in an environment of its own."""

    def command(self) -> Sequence[object]:
        return ["env", f"PYTHONPATH={ROOT}", PYTHON, "-m", f"tests.clients.programs.{self.program}"]

    def missing(self) -> str | None:
        return None if PYTHON.exists() else "not installed: build/clients/python"


class Paramiko(FromPyPI):
    title = "paramiko"
    program = "with_paramiko"
    differs: ClassVar = {Operation.RESUME: "by the program that uses it: stat, open without truncating, seek"}


class LibSSH2(FromPyPI):
    title = "ssh2-python (libssh2)"
    program = "with_libssh2"
    differs: ClassVar = {Operation.RESUME: "by the program that uses it: stat, open without truncating, seek"}


class LibSSH(FromPyPI):
    title = "ssh-python (libssh)"
    program = "with_libssh"
    differs: ClassVar = {
        Operation.LARGE: "in 2 seconds, if TCP_NODELAY is set on the socket that it is given; in 190 without",
        Operation.RESUME: "by the program that uses it: stat, open without truncating, seek",
    }


class AsyncSSH(FromPyPI):
    title = "asyncssh"
    program = "with_asyncssh"
    differs: ClassVar = {Operation.RESUME: "by the program that uses it: stat, open for appending"}


class Node(Library):
    """ssh2-sftp-client for Node.js, its `put`."""

    title = "ssh2-sftp-client put"
    needs = ("node",)
    program = "with_ssh2_sftp_client.js"
    differs: ClassVar = {Operation.RESUME: "by the program that uses it: its `append`"}
    way: ClassVar[str] = "put"

    def missing(self) -> str | None:
        there = (MODULES / "ssh2-sftp-client").is_dir()
        return super().missing() or (None if there else "not installed: ssh2-sftp-client")

    def command(self) -> Sequence[object]:
        return ["env", f"NODE_PATH={MODULES}", "node", PROGRAMS / self.program]

    def put(self, at: Reach, local: Path, name: str) -> None:
        self.call(at, self.way, local, name)


class NodeFast(Node):
    """Its `fastPut`, which has many writes under way at once."""

    title = "ssh2-sftp-client fastPut"
    differs: ClassVar = {
        Operation.RESUME: "by the program that uses it: its `append`; what fastPut sends comes out of order"
    }
    way = "fastput"


class NetSFTPForeign(Library):
    """The library of Perl; it drives OpenSSH's ssh."""

    title = "Net::SFTP::Foreign"
    needs = ("perl", "ssh")
    program = "with_net_sftp_foreign.pl"

    def command(self) -> Sequence[object]:
        return ["perl", PROGRAMS / self.program]

    def missing(self) -> str | None:
        missing = super().missing()
        return missing or ("not installed: Net::SFTP::Foreign, IO::Pty, Expect" if "ersion" in self.version() else None)


class JSch(Library):
    """The library of Java that old exporters are built on. Its keys are PEM; it knows no Ed25519."""

    title = "JSch"
    needs = ("java", "javac")
    program = "WithJSch.java"
    key_kind = "ecdsa.pem"
    differs: ClassVar = {Operation.KEY: "an ECDSA key in PEM: it knows no Ed25519, and signs with RSA by SHA-1 only"}
    jar: ClassVar[Path] = Path("/usr/share/java/jsch.jar")
    compiled: ClassVar[Path] = INSTALLED / "java"

    def command(self) -> Sequence[object]:
        # little memory and no second compiler: it lives for a second
        quick = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
        letters = ["-Dfile.encoding=UTF-8", "-Dsun.jnu.encoding=UTF-8"]
        return ["java", *quick, *letters, "-cp", f"{self.jar}{os.pathsep}{self._classes()}", "WithJSch"]

    def missing(self) -> str | None:
        return super().missing() or (None if self.jar.exists() else "not installed: libjsch-java")

    def version(self) -> str:
        return package("libjsch-java")

    def _classes(self) -> Path:
        source = PROGRAMS / self.program
        made = self.compiled / "WithJSch.class"
        if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
            self.compiled.mkdir(parents=True, exist_ok=True)
            javac = shutil.which("javac") or "javac"
            failed = said(javac, "-encoding", "UTF-8", "-cp", str(self.jar), "-d", str(self.compiled), str(source))
            if failed:
                raise RuntimeError(failed)
        return self.compiled
