"""What must be shown or used again is sealed for the store, by a key in a file beside the host keys.

In:  the key's file, which all machines of an installation share; a secret.
Out: the secret, sealed and opened again. The store alone (a dump of PostgreSQL, say) then does not give it to anybody.
"""

import contextlib
import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from sftpingest.inbox.owner import give_to_owner_of_folder


class WrongKey(Exception):
    """The file of the key is missing or another one. Bring it back."""


def seal(key: Path, secret: str) -> str:
    """A secret as the store keeps it. Makes the key's file where there is none; raises OSError where it cannot."""
    return Fernet(_key(key, make=True)).encrypt(secret.encode()).decode()


def unseal(key: Path, sealed: str) -> str:
    """The secret again. Raises WrongKey."""
    try:
        return Fernet(_key(key, make=False)).decrypt(sealed).decode()
    except (OSError, ValueError, InvalidToken):
        raise WrongKey from None


def _key(path: Path, *, make: bool) -> bytes:
    """The key, for us alone to read. Of two who make it at once, one wins, and both read that one."""
    if make and not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(Fernet.generate_key())
                file.flush()
                os.fsync(file.fileno())
            give_to_owner_of_folder(Path(name))
            with contextlib.suppress(FileExistsError):
                os.link(name, path)
        finally:
            Path(name).unlink()
    return path.read_bytes().strip()
