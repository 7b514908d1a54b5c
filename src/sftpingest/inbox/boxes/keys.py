"""A district's PGP keys.

In:  the folder of the keys; the name of a district, or a key that was made elsewhere.
Out: Key: the public part; the private one stays in the folder.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sftpingest.inbox.boxes.gpg import gnupg_on, marks
from sftpingest.inbox.owner import give_to_owner_of_folder

if TYPE_CHECKING:
    import gnupg


class NoKey(Exception):
    """That is no private PGP key that can be used. Export one without a passphrase: gpg --export-secret-keys."""


@dataclass(frozen=True)
class Key:
    """A key of a district."""

    fingerprint: str
    name: str  #: whose it is, as the key says
    made: datetime
    public: str  #: to give to the district


def keys(home: Path) -> list[Key]:
    """The keys there are, the newest first. Raises NoGnuPG."""
    if not marks(home):
        return []
    with gnupg_on(home) as gpg:
        return _keys(gpg)


def _keys(gpg: "gnupg.GPG") -> list[Key]:
    found = [
        Key(
            fingerprint=each["fingerprint"],
            name=next(iter(each["uids"]), ""),
            made=datetime.fromtimestamp(int(each["date"]), UTC),
            public=gpg.export_keys(each["fingerprint"]),
        )
        for each in gpg.list_keys(secret=True)
    ]
    return sorted(found, key=lambda key: (key.made, key.fingerprint), reverse=True)


#: No e-mail: python-gnupg would add one with the name of this machine.
_ASKED = """\
Key-Type: RSA
Key-Length: 3072
Key-Usage: sign
Subkey-Type: RSA
Subkey-Length: 3072
Subkey-Usage: encrypt
Name-Real: Roster uploads of {name}
Expire-Date: 0
%no-protection
%commit
"""


def make(home: Path, name: str) -> Key:
    """Make a key pair for a district of that name; it never expires. Raises NoGnuPG."""
    with _changed(home) as gpg:
        made = gpg.gen_key(_ASKED.format(name=re.sub(r"[<>()@\s]+", " ", name).strip()))
        if not made.fingerprint:
            raise OSError(f"gpg made no key: {made.status}")
        return next(key for key in _keys(gpg) if key.fingerprint == made.fingerprint)


def bring(home: Path, key: bytes) -> Key:
    """Take a key pair that was made elsewhere. Raises NoKey where it cannot decrypt, and NoGnuPG."""
    with _changed(home) as gpg:
        before = {each.fingerprint for each in _keys(gpg)}
        taken = gpg.import_keys(key)
        new = [each for each in _keys(gpg) if each.fingerprint in taken.fingerprints]
        for each in new:
            if _decrypts(gpg, each.fingerprint):
                return each
            if each.fingerprint not in before:
                gpg.delete_keys(each.fingerprint, secret=True, expect_passphrase=False)
                gpg.delete_keys(each.fingerprint)
        raise NoKey


def _decrypts(gpg: "gnupg.GPG", fingerprint: str) -> bool:
    packed = gpg.encrypt(b"a trial", fingerprint, armor=False)
    return bool(packed.ok) and bool(gpg.decrypt(packed.data).ok)


def remove(home: Path, fingerprint: str) -> bool:
    """Remove a key for good; says whether it was there. Raises NoGnuPG."""
    if fingerprint not in {key.fingerprint for key in keys(home)}:
        return False
    with _changed(home) as gpg:
        gpg.delete_keys(fingerprint, secret=True, expect_passphrase=False)
        gpg.delete_keys(fingerprint)
    return True


@contextmanager
def _changed(home: Path) -> Iterator["gnupg.GPG"]:
    """The same where keys come or go: what is new belongs to the service."""
    home.mkdir(mode=0o700, exist_ok=True)
    try:
        with gnupg_on(home) as gpg:
            yield gpg
    finally:
        for path in (home, *home.rglob("*")):
            with suppress(FileNotFoundError):
                give_to_owner_of_folder(path)
