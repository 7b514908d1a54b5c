"""OpenSSH's sftp, and its scp in SFTP mode.

In: `Reach`. Out: runs of both.
"""

import os
from pathlib import Path
from typing import ClassVar

from tests.clients.client import Client, Reach, run, said
from tests.clients.operations import Operation


def options(at: Reach) -> list[str]:
    """What sftp, scp, ssh and sshfs have in common: no configuration of ours, one proof, a server that is known."""
    proof = {"PreferredAuthentications": "publickey", "IdentityFile": str(at.key("ed25519"))}
    if not at.by_key:
        proof = {"PreferredAuthentications": "password", "PubkeyAuthentication": "no"}
    settings = proof | {
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": str(at.known_hosts),
        "GlobalKnownHostsFile": os.devnull,
        "UpdateHostKeys": "no",
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "LogLevel": "ERROR",
    }
    return ["-F", os.devnull, *(part for pair in settings.items() for part in ("-o", "=".join(pair)))]


def asked(at: Reach) -> list[str]:
    """What stands before a command that asks for a password."""
    return [] if at.by_key else ["sshpass", "-p", at.password]


def quoted(name: object) -> str:
    """A name in a batch of sftp."""
    return '"' + str(name).replace("\\", "\\\\").replace('"', '\\"') + '"'


class Sftp(Client):
    """The command that is on every machine, Windows 10 and later among them."""

    title = "OpenSSH sftp"
    needs = ("sftp", "sshpass")

    def version(self) -> str:
        """As ssh says it: sftp has no option for that."""
        return said("ssh", "-V").partition(" ")[0].removeprefix("OpenSSH_").rstrip(",")

    def batch(self, at: Reach, line: str) -> str:
        """Run one line."""
        # batch mode would refuse to ask for a password: the line comes on standard input then
        batch = ["-b", "-"] if at.by_key else []
        return run(at, [*asked(at), "sftp", *batch, "-P", at.port, *options(at), f"{at.user}@{at.host}"], f"{line}\n")

    def put(self, at: Reach, local: Path, name: str) -> None:
        self.batch(at, f"put {quoted(local)} {quoted(f'/{name}')}")

    def resume(self, at: Reach, local: Path, name: str) -> None:
        self.batch(at, f"reput {quoted(local)} {quoted(f'/{name}')}")

    def names(self, at: Reach) -> set[str]:
        return set(self.batch(at, "ls -1").splitlines()[1:])

    def get(self, at: Reach, remote: str, local: Path) -> None:
        self.batch(at, f"get {quoted(remote)} {quoted(local)}")

    def rename(self, at: Reach, old: str, new: str) -> None:
        self.batch(at, f"rename {quoted(old)} {quoted(new)}")

    def delete(self, at: Reach, name: str) -> None:
        self.batch(at, f"rm {quoted(name)}")


class Scp(Client):
    """The copy command: since version 9 it speaks SFTP."""

    title = "OpenSSH scp"
    needs = ("scp", "sshpass")
    lacks: ClassVar = dict.fromkeys((Operation.LIST, Operation.RENAME, Operation.DELETE), "scp only copies")
    differs: ClassVar = {Operation.RESUME: "has no resume; the next upload starts anew and is whole"}
    resumes = False

    def version(self) -> str:
        return Sftp().version()

    def command(self, at: Reach, *words: str) -> list[object]:
        """The whole command line."""
        return [*asked(at), "scp", "-s", "-P", at.port, *options(at), *words]

    def put(self, at: Reach, local: Path, name: str) -> None:
        run(at, self.command(at, str(local), f"{at.user}@{at.host}:/{name}"))

    def get(self, at: Reach, remote: str, local: Path) -> None:
        run(at, self.command(at, f"{at.user}@{at.host}:{remote}", str(local)))
