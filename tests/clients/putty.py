"""PuTTY's psftp and pscp.

In: `Reach`. Out: runs of both.
"""

from pathlib import Path
from typing import ClassVar

from tests.clients.client import Client, Reach, run, said
from tests.clients.openssh import quoted
from tests.clients.operations import Operation


def options(at: Reach) -> list[str]:
    """No questions, no saved sessions, the server's key as it is known."""
    proof = ["-i", str(at.key("ed25519.ppk"))] if at.by_key else ["-pw", at.password]
    known = at.home.joinpath("fingerprint").read_text("ascii").split()
    return ["-batch", "-noagent", "-P", str(at.port), *(word for one in known for word in ("-hostkey", one)), *proof]


class Psftp(Client):
    """PuTTY's sftp."""

    title = "PuTTY psftp"
    needs = ("psftp", "puttygen")

    def version(self) -> str:
        return said("psftp", "-V").rpartition(" ")[2]

    def batch(self, at: Reach, line: str) -> str:
        """Run one line; -b would keep going after an error without -be."""
        script = at.home / "psftp.batch"
        script.write_text(f"{line}\nquit\n", "utf-8")
        return run(at, ["psftp", *options(at), "-b", script, f"{at.user}@{at.host}"])

    def put(self, at: Reach, local: Path, name: str) -> None:
        self.batch(at, f"put {_quoted(local)} {_quoted(name)}")

    def resume(self, at: Reach, local: Path, name: str) -> None:
        self.batch(at, f"reput {_quoted(local)} {_quoted(name)}")

    def names(self, at: Reach) -> set[str]:
        return _listed(self.batch(at, "ls"))

    def get(self, at: Reach, remote: str, local: Path) -> None:
        self.batch(at, f"get {_quoted(remote)} {_quoted(local)}")

    def rename(self, at: Reach, old: str, new: str) -> None:
        self.batch(at, f"mv {_quoted(old)} {_quoted(new)}")

    def delete(self, at: Reach, name: str) -> None:
        self.batch(at, f"rm {_quoted(name)}")


def _listed(printed: str) -> set[str]:
    """The names in what looks like `ls -l`."""
    lines = [line.split(maxsplit=8) for line in printed.splitlines() if line[:1] in {"-", "d"}]
    return {words[8] for words in lines if len(words) > 8} - {".", ".."}


def _quoted(name: object) -> str:
    """psftp doubles a quote where others put a backslash; none of our names has either."""
    return quoted(name)


class Pscp(Client):
    """PuTTY's scp, told to speak SFTP, which it also does by itself where the server can."""

    title = "PuTTY pscp"
    needs = ("pscp", "puttygen")
    lacks: ClassVar = dict.fromkeys((Operation.RENAME, Operation.DELETE), "pscp only copies and lists")
    differs: ClassVar = {Operation.RESUME: "has no resume; the next upload starts anew and is whole"}
    resumes = False

    def version(self) -> str:
        return said("pscp", "-V").rpartition(" ")[2]

    def put(self, at: Reach, local: Path, name: str) -> None:
        run(at, ["pscp", *options(at), "-sftp", "-q", local, f"{at.user}@{at.host}:/{name}"])

    def names(self, at: Reach) -> set[str]:
        return _listed(run(at, ["pscp", *options(at), "-sftp", "-ls", f"{at.user}@{at.host}:/"]))

    def get(self, at: Reach, remote: str, local: Path) -> None:
        run(at, ["pscp", *options(at), "-sftp", "-q", f"{at.user}@{at.host}:{remote}", local])
