"""rclone, whose version in Debian sends bytes after the end of a write.

In: `Reach`. Out: runs of it.
"""

from pathlib import Path
from typing import ClassVar

from tests.clients.client import Client, Reach, run, said
from tests.clients.operations import Operation


class Rclone(Client):
    """It copies and synchronizes; checks what it copied by size and time."""

    title = "rclone"
    needs = ("rclone",)
    differs: ClassVar = {Operation.RESUME: "has no resume over SFTP; the next upload starts anew and is whole"}
    resumes = False

    def version(self) -> str:
        return said("rclone", "version").removeprefix("rclone v").removesuffix("-DEV")

    def command(self, at: Reach, *words: object) -> str:
        """One run, without a configuration file."""
        proof = ["--sftp-key-file", at.key("ed25519")]
        if not at.by_key:
            proof = ["--sftp-pass", run(at, ["rclone", "obscure", at.password]).strip()]
        where = ["--sftp-host", at.host, "--sftp-port", at.port, "--sftp-user", at.user]
        known = ["--sftp-known-hosts-file", at.known_hosts, "--sftp-disable-hashcheck", "--config", ""]
        return run(at, ["rclone", *where, *known, *proof, "--retries", 1, "--low-level-retries", 1, *words])

    def put(self, at: Reach, local: Path, name: str) -> None:
        self.command(at, "copyto", "--ignore-times", local, f":sftp:/{name}")

    def names(self, at: Reach) -> set[str]:
        return {line.rstrip("/") for line in self.command(at, "lsf", ":sftp:/").splitlines()}

    def get(self, at: Reach, remote: str, local: Path) -> None:
        self.command(at, "copyto", f":sftp:{remote}", local)

    def rename(self, at: Reach, old: str, new: str) -> None:
        self.command(at, "moveto", f":sftp:/{old}", f":sftp:/{new}")

    def delete(self, at: Reach, name: str) -> None:
        self.command(at, "deletefile", f":sftp:/{name}")
