"""What a client is to these tests: a few verbs, each a run of the real program.

In: where the server is and how to log in. Out: files sent, lists and files fetched, or `ClientFailed`.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tests.clients.operations import Operation

ROOT = Path(__file__).parents[2]
#: what `make test-clients` installs below the project
INSTALLED = ROOT / "build" / "clients"
#: seconds after which a client hangs; the slowest takes 40 for the largest file on a busy machine
PATIENCE = 240


class ClientFailed(Exception):
    """The client ended with an error; what it said follows."""


@dataclass(frozen=True)
class Reach:
    """One way to reach the server: where it listens, the login, and its proof. `home` is the client's home folder."""

    port: int
    user: str
    password: str
    home: Path
    by_key: bool = True
    host: str = "127.0.0.1"

    @property
    def known_hosts(self) -> Path:
        """The server's host keys as OpenSSH keeps them."""
        return self.home / ".ssh" / "known_hosts"

    def key(self, kind: str) -> Path:
        """The login's private key: `ed25519`, `ecdsa.pem`, `rsa.pem` or `ed25519.ppk`."""
        return self.home / "keys" / kind

    @property
    def variables(self) -> dict[str, str]:
        """Our environment with the client's home, and a locale that has umlauts."""
        own = {"HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home / ".config"), "LC_ALL": "C.UTF-8"}
        own["PUTTYDIR"] = str(self.home / "putty")  # PuTTY asks the system, not HOME, where home is
        return {name: value for name, value in os.environ.items() if name not in _OF_OURS} | own


#: what would lead a client to our own configuration
_OF_OURS = {"SSH_AUTH_SOCK", "RCLONE_CONFIG", "DISPLAY", "LANG", "LANGUAGE"}


class Client:
    """A client program. What it cannot do stands in `lacks`, what it does in its own way in `differs`."""

    #: how the table names it
    title: ClassVar[str]
    #: the programs it needs on PATH
    needs: ClassVar[Sequence[str]] = ()
    lacks: ClassVar[Mapping[Operation, str]] = {}
    differs: ClassVar[Mapping[Operation, str]] = {}
    #: whether it can go on with an upload that was cut, sending only what was missing
    resumes: ClassVar[bool] = True
    #: whether it says that it is done a moment before it has closed the file
    lags: ClassVar[bool] = False

    @property
    def slug(self) -> str:
        """Its name in tests, files and logins."""
        return "-".join("".join(c if c.isalnum() else " " for c in self.title.lower()).split())

    def missing(self) -> str | None:
        """Why it cannot be tried on this machine although it should have been installed; None: it can."""
        gone = [name for name in self.needs if shutil.which(name) is None]
        return f"not installed: {', '.join(gone)}" if gone else None

    def impossible(self) -> str | None:
        """Why no installation could make it run on this machine; None: it can."""
        return None

    def version(self) -> str:
        """What it says of itself."""
        raise NotImplementedError

    def end(self) -> None:
        """End whatever stays between two verbs."""

    def put(self, at: Reach, local: Path, name: str) -> None:
        """Upload `local` as `name`."""
        raise NotImplementedError

    def resume(self, at: Reach, local: Path, name: str) -> None:
        """Go on with an upload that was cut; a client that cannot starts anew."""
        self.put(at, local, name)

    def names(self, at: Reach) -> set[str]:
        """List the top folder."""
        raise NotImplementedError

    def get(self, at: Reach, remote: str, local: Path) -> None:
        """Fetch the file `remote` to `local`."""
        raise NotImplementedError

    def rename(self, at: Reach, old: str, new: str) -> None:
        """Rename a file in the top folder."""
        raise NotImplementedError

    def delete(self, at: Reach, name: str) -> None:
        """Delete a file in the top folder."""
        raise NotImplementedError


def run(at: Reach, command: Sequence[object], text: str = "", **more: str) -> str:
    """Run a client to its end, as the login's own user would; gives what it printed. Raises ClientFailed."""
    done = attempt(at, command, text, **more)
    if done.returncode != 0:
        raise ClientFailed(f"{command[0]} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def attempt(at: Reach, command: Sequence[object], text: str = "", **more: str) -> "subprocess.CompletedProcess[str]":
    """Run a client to its end; the caller looks at the exit status."""
    words = [str(word) for word in command]
    try:
        return subprocess.run(
            words,
            input=text,
            env=at.variables | more,
            cwd=at.home,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise ClientFailed(f"{words[0]} did not end\n{late.stdout!r}{late.stderr!r}") from late


def said(*command: str) -> str:
    """The first line that a program prints, of its version say."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return (done.stdout + done.stderr).strip().partition("\n")[0]


def package(name: str) -> str:
    """The version of a Debian package, where dpkg knows it."""
    if shutil.which("dpkg-query") is None:
        return "?"
    return said("dpkg-query", "--show", "--showformat=${Version}", name).partition("+")[0].rpartition("-")[0]
