"""lftp, the client of many a cron table.

In: `Reach`. Out: runs of it.
"""

from pathlib import Path

from tests.clients.client import Client, Reach, run, said
from tests.clients.openssh import options, quoted

#: one try; without the second it waits half a minute before it gives up
_ONCE = "set net:max-retries 1; set net:reconnect-interval-base 1; set net:timeout 20; set cmd:fail-exit yes"


class Lftp(Client):
    """It speaks SFTP itself, over an ssh that it starts."""

    title = "lftp"
    needs = ("lftp", "ssh")

    def version(self) -> str:
        return said("lftp", "--version").split()[3]

    def script(self, at: Reach, line: str) -> str:
        """Log in and run one line. It tries once: without that it reconnects by itself, and goes on."""
        ssh = " ".join(["ssh", "-a", "-x", *options(at)])
        settings = f'set sftp:connect-program "{ssh}"; {_ONCE}'
        login = f"open -p {at.port} -u {at.user},{quoted('' if at.by_key else at.password)} sftp://{at.host}"
        return run(at, ["lftp", "--norc", "-c", f"{settings}; {login}; {line}"])

    def put(self, at: Reach, local: Path, name: str) -> None:
        self.script(at, f"put {quoted(local)} -o {quoted(name)}")

    def resume(self, at: Reach, local: Path, name: str) -> None:
        self.script(at, f"put -c {quoted(local)} -o {quoted(name)}")

    def names(self, at: Reach) -> set[str]:
        return {line.rstrip("/") for line in self.script(at, "cls -1").splitlines()}

    def get(self, at: Reach, remote: str, local: Path) -> None:
        self.script(at, f"get {quoted(remote)} -o {quoted(local)}")

    def rename(self, at: Reach, old: str, new: str) -> None:
        self.script(at, f"mv {quoted(old)} {quoted(new)}")

    def delete(self, at: Reach, name: str) -> None:
        self.script(at, f"rm {quoted(name)}")
