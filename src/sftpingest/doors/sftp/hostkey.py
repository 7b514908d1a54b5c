"""The key by which clients know this server.

In: a path. Out: an Ed25519 host key file there that only we may read.
"""

import os
import secrets
from pathlib import Path

import asyncssh


def host_key(path: Path) -> Path:
    """Make an Ed25519 host key (OpenSSH format, mode 0600) at `path` if there is none yet; give `path`.

    Two processes that start at once end with one key: whoever comes second keeps the first one's.
    Raises OSError where the folder cannot be written.
    """
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        _write_private(temporary, asyncssh.generate_private_key("ssh-ed25519").export_private_key())
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _write_private(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
