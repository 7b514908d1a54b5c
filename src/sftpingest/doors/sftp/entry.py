"""Who may enter, and where to.

In: what a client shows: a name with a password or a key. Out: the district's folder it may work in.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Entry:
    """A login that got in: its district, and the folder that has home/, staging/ and reports/ in it."""

    username: str
    slug: str
    root: Path
    #: bytes that home/ and staging/ may hold together; None is no limit
    quota_bytes: int | None = None
    #: seconds without any change after which its files are an upload; None: those of the installation
    quiet_seconds: float | None = None


class Gate(Protocol):
    """Decides who enters. Both functions may block: the door calls them in a thread of its own."""

    def password(self, username: str, password: str, address: str) -> Entry | None:
        """Give the entry of a login whose password is right, else None. `address` is the client's IP address."""

    def key(self, username: str, key_line: str, address: str) -> Entry | None:
        """Give the entry of a login that has this public key, else None.

        `key_line` is an OpenSSH public key line without comment; the signature is checked by the door.
        """
