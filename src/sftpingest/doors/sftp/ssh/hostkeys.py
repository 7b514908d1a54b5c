"""The keys by which clients know this server, and how the next ones take their place.

In: a folder. Out: private key files there that only we may read, named as OpenSSH does: `ssh_host_ed25519_key` is the
key that is used, `….next` the one that clients learn of, `….old` the one that was used before.

Each step is one rename, so that a door that looks at any moment finds whole keys. The time of a file says since when
its key is what it is.
"""

import fcntl
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path

import asyncssh
from asyncssh import SSHKey

from sftpingest.doors.sftp.ssh.profiles import KeyType

#: how a key of each type is made; the bits of RSA are what NIST wants for after 2030
_MAKE: dict[KeyType, Callable[[], SSHKey]] = {
    KeyType.ED25519: partial(asyncssh.generate_private_key, "ssh-ed25519"),
    KeyType.ECDSA: partial(asyncssh.generate_private_key, "ecdsa-sha2-nistp256"),
    KeyType.RSA: partial(asyncssh.generate_private_key, "ssh-rsa", key_size=3072),
}


class State(StrEnum):
    """What a key is to us."""

    CURRENT = "current"  #: proves who we are
    NEXT = "next"  #: announced to everyone who logs in
    OLD = "old"  #: no longer shown, kept until it is forgotten

    @property
    def ending(self) -> str:
        """What the name of its file ends in."""
        return "" if self is State.CURRENT else f".{self}"


class WrongStep(Exception):
    """The host keys are not ready for this step. `sftpingest keys list` shows how they stand."""


@dataclass(frozen=True)
class HostKey:
    """One key in the folder. `public` is its OpenSSH line without comment."""

    type: KeyType
    state: State
    path: Path
    fingerprint: str
    public: str
    since: datetime


def file_of(folder: Path, key_type: KeyType, state: State = State.CURRENT) -> Path:
    """Where a key lies."""
    return folder / f"ssh_host_{key_type}_key{state.ending}"


def host_key(path: Path) -> Path:
    """Make a host key (OpenSSH format, mode 0600) at `path` if there is none yet; give `path`.

    Its name says its type; another name than ours is an Ed25519 key. Two processes that start at once end with one
    key: whoever comes second keeps the first one's. Raises OSError where the folder cannot be written.
    """
    with suppress(FileExistsError):
        if not path.exists():
            _make(path, _type_of(path))
    return path


def host_keys(folder: Path, types: Iterable[KeyType]) -> list[Path]:
    """The current keys of these types, made where they are missing. Raises OSError."""
    return [host_key(file_of(folder, one)) for one in types]


def found(folder: Path) -> list[HostKey]:
    """Every key in the folder. Raises OSError where one cannot be read, WrongStep where one is no key."""
    paths = ((one, state, file_of(folder, one, state)) for one in KeyType for state in State)
    return [_read(*known) for known in paths if known[2].exists()]


def rotate(folder: Path, types: Iterable[KeyType] = ()) -> list[HostKey]:
    """Make the next key of each type named, else of each there is; it is announced from now on.

    Raises WrongStep where there is no key yet, or a next one already; then nothing is made.
    """
    with _alone(folder):
        chosen = list(types) or [one for one in KeyType if file_of(folder, one).exists()]
        _refuse_rotation(folder, chosen)
        for one in chosen:
            _make(file_of(folder, one, State.NEXT), one)
    return [key for key in found(folder) if key.state is State.NEXT and key.type in chosen]


def switch(folder: Path) -> list[HostKey]:
    """Let every next key take its place, and keep the one before as old. Raises WrongStep where there is none."""
    with _alone(folder):
        chosen = [one for one in KeyType if file_of(folder, one, State.NEXT).exists()]
        if not chosen:
            raise WrongStep(
                "There is no next host key to switch to. Make one with `sftpingest keys rotate`, and give districts "
                "some weeks to log in and learn it."
            )
        for one in chosen:
            _take_place(folder, one)
    return [key for key in found(folder) if key.state is State.CURRENT and key.type in chosen]


def forget(folder: Path) -> list[HostKey]:
    """Remove the old keys for good; gives what they were. Raises WrongStep where there is none."""
    with _alone(folder):
        old = [key for key in found(folder) if key.state is State.OLD]
        if not old:
            raise WrongStep("There is no old host key to forget. `sftpingest keys list` shows all there are.")
        for key in old:
            key.path.unlink()
    return old


def watched(current: Sequence[Path]) -> list[Path]:
    """The files that a door shows its clients: the current keys, then the next ones, whether they are there or not."""
    return [*current, *(path.with_name(path.name + State.NEXT.ending) for path in current)]


def _refuse_rotation(folder: Path, types: Sequence[KeyType]) -> None:
    missing = [one for one in types if not file_of(folder, one).exists()]
    if missing or not types:
        named = f"{missing[0]} host key" if missing else "host key"
        raise WrongStep(f"There is no {named} in {folder} yet. `sftpingest up` makes the first one.")
    for one in types:
        if (path := file_of(folder, one, State.NEXT)).exists():
            raise WrongStep(
                f"There is a next {one} key already: {path}. `sftpingest keys switch` makes it first; remove the file "
                "to make another."
            )


def _take_place(folder: Path, one: KeyType) -> None:
    """The current key gets a second name before it loses its first: there is a current key at any moment."""
    current, old = file_of(folder, one), file_of(folder, one, State.OLD)
    coming = file_of(folder, one, State.NEXT)
    spare = current.with_name(f".{old.name}.{secrets.token_hex(4)}")
    if current.exists():
        os.link(current, spare)
        spare.replace(old)
    os.utime(coming)
    coming.replace(current)
    current.with_name(f"{current.name}.pub").unlink(missing_ok=True)  # an operator's; `ssh-keygen -l` would believe it
    if old.exists():
        os.utime(old)


def _read(key_type: KeyType, state: State, path: Path) -> HostKey:
    key = _imported(path)
    public = b" ".join(key.export_public_key("openssh").split()[:2]).decode()
    since = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(microsecond=0)
    return HostKey(key_type, state, path, key.get_fingerprint("sha256"), public, since)


def _imported(path: Path) -> SSHKey:
    try:
        return asyncssh.read_private_key(path)
    except asyncssh.KeyImportError:  # one with a passphrase too
        raise WrongStep(
            f"{path} is no private key that can be read. Put the right one there; it must have no passphrase."
        ) from None


def _type_of(path: Path) -> KeyType:
    return next((one for one in KeyType if path.name == file_of(path.parent, one).name), KeyType.ED25519)


def _make(path: Path, key_type: KeyType) -> None:
    """Write a new key. Raises FileExistsError where there is one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        _write_private(temporary, _MAKE[key_type]().export_private_key("openssh"))
        _give_to_service(temporary, file_of(path.parent, key_type))
        os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    _keep(path.parent)


def _write_private(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _give_to_service(path: Path, current: Path) -> None:
    """What root makes belongs to whom the current key, or the folder, belongs to: the service must read it."""
    if os.geteuid() == 0:
        like = (current if current.exists() else path.parent).stat()
        os.chown(path, like.st_uid, like.st_gid)


def _keep(folder: Path) -> None:
    """Let the names in a folder outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One step at a time. Raises WrongStep where there is no such folder."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        raise WrongStep(f"There is no host key in {folder} yet. `sftpingest up` makes the first one.") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        os.fsync(handle)
    finally:
        os.close(handle)
