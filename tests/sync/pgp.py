"""Somebody who encrypts, with a real gpg and a home of their own.

In:  public keys.
Out: encrypted files; nothing is left of the home.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

needs_gpg = pytest.mark.skipif(shutil.which("gpg") is None, reason="no gpg on this machine (the package gnupg)")


@dataclass
class Correspondent:
    """Encrypts for a key, and has keys of their own."""

    home: Path

    @classmethod
    @contextmanager
    def alone(cls) -> Iterator[Self]:
        with tempfile.TemporaryDirectory(prefix="gpg-", dir="/tmp") as folder:  # short: a socket lies in it
            try:
                yield cls(Path(folder))
            finally:
                subprocess.run(["gpgconf", "--homedir", folder, "--kill", "all"], check=False, capture_output=True)

    @classmethod
    @contextmanager
    def of(cls, public: str) -> Iterator[Self]:
        with cls.alone() as somebody:
            somebody.gpg("--import", given=public.encode())
            yield somebody

    def gpg(self, *words: str, given: bytes = b"") -> bytes:
        command = ["gpg", "--homedir", str(self.home), "--batch", "--yes", "--quiet", "--trust-model", "always"]
        done = subprocess.run([*command, *words], input=given, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def fingerprints(self) -> list[str]:
        lines = self.gpg("--list-keys", "--with-colons").decode().splitlines()
        return [
            line.split(":")[9] for at, line in enumerate(lines) if at and line[:4] == "fpr:" and "pub" in lines[at - 1]
        ]

    def make(self, name: str, passphrase: str = "") -> str:
        """A key pair; gives its fingerprint."""
        before = set(self.fingerprints())
        words = ("--pinentry-mode", "loopback", "--passphrase", passphrase)
        self.gpg(*words, "--quick-generate-key", name, "future-default", "default", "never")
        return (set(self.fingerprints()) - before).pop()

    def private(self, fingerprint: str, passphrase: str = "") -> bytes:
        words = ("--pinentry-mode", "loopback", "--passphrase", passphrase)
        return self.gpg(*words, "--armor", "--export-secret-keys", fingerprint)

    def public(self, fingerprint: str) -> bytes:
        return self.gpg("--armor", "--export", fingerprint)

    def encrypt(self, content: bytes, *words: str) -> bytes:
        """Encrypted for every key there is whose private part is elsewhere, or for those named."""
        recipients = words if "-r" in words else (*words, *(w for f in self.fingerprints() for w in ("-r", f)))
        return self.gpg(*recipients, "--encrypt", given=content)

    def encrypted(self, files: Mapping[str, bytes], ending: str = ".pgp") -> dict[str, bytes]:
        armour = ("--armor",) if ending == ".asc" else ()
        return {f"{name}{ending}": self.encrypt(content, *armour) for name, content in files.items()}


def agents(home: Path) -> list[int]:
    """The agents that keep the keys of a home."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if b"agent" in words[0] and str(home).encode() in words:
                found.append(int(process.name))
    return found
