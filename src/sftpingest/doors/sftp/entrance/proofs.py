"""What one connection has shown so far, and what is still needed.

In: proofs that were found right, each with the entry that it gives. Out: whether that is enough, for one username only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sftpingest.doors.sftp.entrance.entry import Entry, Proof


@dataclass(frozen=True)
class Shown:
    """One proof: what it counts as, what it is called, and what the log should know of it."""

    proof: Proof
    method: str
    facts: Mapping[str, object] = field(default_factory=dict)


class Proofs:
    """The proofs of one connection. They belong to one username: another one begins with nothing."""

    def __init__(self) -> None:
        self._username: str | None = None
        self._entry: Entry | None = None
        self._shown: dict[Proof, Shown] = {}

    def begin(self, username: str) -> None:
        """Forget what was shown for another username."""
        if username != self._username:
            self._username, self._entry, self._shown = username, None, {}

    def add(self, username: str, shown: Shown, entry: Entry) -> None:
        """Count a proof. Where the login has changed since the ones before it, those no longer count."""
        self.begin(username)
        if self._entry is not None and self._entry.mark != entry.mark:
            self._shown = {}
        self._entry = entry
        self._shown[shown.proof] = shown

    def needs(self, proof: Proof) -> bool:
        """Whether this would help. A code comes after something else: it is short, and must not be guessed alone."""
        if self._entry is None or not self._shown.keys() - {Proof.CODE}:
            return proof is not Proof.CODE
        return proof in self.missing

    @property
    def missing(self) -> frozenset[Proof]:
        """What the login must show besides, once it has shown something."""
        return frozenset() if self._entry is None else self._entry.needs - self._shown.keys()

    def proven(self, username: str) -> Entry | None:
        """The entry of this username, once all that it needs was shown; else None."""
        if username != self._username or not self._shown.keys() - {Proof.CODE} or self.missing:
            return None
        return self._entry

    @property
    def method(self) -> str:
        """How it is told: key+password, certificate+code."""
        return "+".join(self._shown[proof].method for proof in Proof if proof in self._shown)

    @property
    def facts(self) -> dict[str, object]:
        """What the log should know of all of them."""
        return {name: fact for shown in self._shown.values() for name, fact in shown.facts.items()}
