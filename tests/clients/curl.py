"""curl with SFTP.

In: `Reach`. Out: runs of it.
"""

from pathlib import Path
from urllib.parse import quote

from tests.clients.client import Client, Reach, run, said
from tests.clients.openssh import quoted


class Curl(Client):
    """Debian's curl speaks SFTP by libssh2; not every curl does."""

    title = "curl"
    needs = ("curl",)

    def missing(self) -> str | None:
        return super().missing() or (None if "libssh" in said("curl", "--version") else "this curl speaks no SFTP")

    def version(self) -> str:
        words = said("curl", "--version").split()
        return f"{words[1]}, {next(word for word in words if word.startswith('libssh'))}"

    def fetch(self, at: Reach, path: str, *words: object) -> str:
        """One run for one path. curl looks the server up in ~/.ssh/known_hosts."""
        proof = ["--key", at.key("ed25519"), "-u", f"{at.user}:"]
        if not at.by_key:
            proof = ["-u", f"{at.user}:{at.password}"]
        return run(at, ["curl", "-sS", "-q", *proof, *words, f"sftp://{at.host}:{at.port}{quote(path)}"])

    def put(self, at: Reach, local: Path, name: str) -> None:
        self.fetch(at, f"/{name}", "-T", local)

    def resume(self, at: Reach, local: Path, name: str) -> None:
        self.fetch(at, f"/{name}", "-C", "-", "-T", local)

    def names(self, at: Reach) -> set[str]:
        return set(self.fetch(at, "/", "--list-only").splitlines()) - {".", ".."}

    def get(self, at: Reach, remote: str, local: Path) -> None:
        self.fetch(at, remote, "-o", local)

    def rename(self, at: Reach, old: str, new: str) -> None:
        self.fetch(at, "/", "-l", "-o", at.home / "listed", "-Q", f"-rename {quoted(f'/{old}')} {quoted(f'/{new}')}")

    def delete(self, at: Reach, name: str) -> None:
        self.fetch(at, "/", "-l", "-o", at.home / "listed", "-Q", f"-rm {quoted(f'/{name}')}")
