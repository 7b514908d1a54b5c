"""Who may enter, and where to.

In: what a client shows: a name with a password, key, certificate or code. Out: the district's folder it may work in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class Proof(StrEnum):
    """What a client can show, as far as it matters what else is needed."""

    KEY = "key"  #: a key of the login, or a certificate of an authority of its district
    PASSWORD = "password"  # noqa: S105  #: its password
    CODE = "code"  #: the code that an app makes anew every 30 seconds


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
    #: what must be shown, all of it; a password or a key always is
    needs: frozenset[Proof] = frozenset()
    #: another one as soon as what proves this login is another; says nothing to anybody but the gate
    mark: str = ""
    #: files that home/ and staging/ may hold together, and bytes that one file may have; None is no limit
    quota_files: int | None = None
    quota_file_bytes: int | None = None


class Gate(Protocol):
    """Decides who enters. All functions may block: the door calls them in a thread of its own.

    Each gives the entry of a login, or None; `address` is the client's IP address. That an entry is given does not mean
    that the client is in: `Entry.needs` says what it must show besides.
    """

    def password(self, username: str, password: str, address: str) -> Entry | None:
        """Give the entry of a login whose password is right, else None."""

    def key(self, username: str, key_line: str, address: str) -> Entry | None:
        """Give the entry of a login that has this public key, else None.

        `key_line` is an OpenSSH public key line without comment; the signature is checked by the door.
        """

    def certificate(self, username: str, ca_line: str, address: str) -> Entry | None:
        """Give the entry of a login whose district trusts this authority, else None.

        `ca_line` is the authority's OpenSSH public key line; the certificate itself is checked by the door.
        """

    def code(self, username: str, code: str, address: str) -> Entry | None:
        """Give the entry of a login whose code this is, and use the code up; else None."""

    def known(self, username: str) -> str | None:
        """Give the slug of a login's district; None where there is no such login: it may be a misplaced password."""

    def still(self, inside: Sequence[tuple[Entry, str]]) -> Sequence[str | None]:
        """For each entry and its client's address: None while it may stay, else a sentence that says why not."""
