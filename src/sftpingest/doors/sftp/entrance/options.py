"""What asyncssh is told for the connections of one port.

In: the house, a `Listening` with its profile and host keys. Out: options, made anew when the key files have changed.
"""

import asyncio
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncssh
import structlog
from asyncssh import SSHServerConnectionOptions
from asyncssh.public_key import SSHKeyPair

from sftpingest.doors.sftp.entrance.reception import House, Reception
from sftpingest.doors.sftp.ssh.hostkeys import watched
from sftpingest.doors.sftp.ssh.listening import Listening
from sftpingest.doors.sftp.ssh.profiles import Profile

# cryptography means to drop group14 one day, and says so in the log at every start of a legacy port
warnings.filterwarnings("ignore", message="Diffie-Hellman over finite fields")

#: faults of a key file that stay until somebody changes it
_UNTIL_IT_CHANGES = (FileNotFoundError, PermissionError, asyncssh.KeyImportError)

#: channels carry bytes, to nothing but SFTP; without Kerberos, else every login asks the network for our own name
_NOTHING_BUT_SFTP: dict[str, Any] = {
    "encoding": None,
    "line_editor": False,
    "allow_pty": False,
    "agent_forwarding": False,
    "gss_host": None,
}

log = structlog.get_logger()

#: what tells one file from the one that was there before
_Mark = tuple[int, int, int, int] | None


class Options:
    """The options of one port. Looking whether a key has changed costs a few microseconds."""

    def __init__(self, house: House, at: Listening) -> None:
        self._house = house
        self._at = at
        self._files = watched(at.host_keys)
        self._marks: list[_Mark] = []
        self._made: SSHServerConnectionOptions | None = None
        self._one_at_a_time = asyncio.Lock()

    async def now(self) -> SSHServerConnectionOptions:
        """Give the options for a connection that arrives.

        Keys that cannot be read leave the ones that we have in use. Raises OSError, asyncssh.KeyImportError where we
        have none yet.
        """
        if self._made is None or _marks(self._files) != self._marks:
            async with self._one_at_a_time:
                await self._look_again()
        assert self._made is not None  # noqa: S101 - `_look_again` has made it, or has raised
        return self._made

    async def _look_again(self) -> None:
        marks = _marks(self._files)
        if self._made is not None and marks == self._marks:  # another connection came first
            return
        try:
            pairs = await asyncio.get_running_loop().run_in_executor(self._house.threads, _pairs, self._at.host_keys)
        except (OSError, asyncssh.KeyImportError) as fault:
            if self._made is None:
                raise
            log.error("hostkeys.unreadable", fault=type(fault).__name__)  # noqa: TRY400 - no traceback
            if not isinstance(fault, _UNTIL_IT_CHANGES):  # no descriptor left, say: the next connection tries again
                return
        else:
            self._made = await _construct(self._house, self._at.profile, pairs)
            log.info("hostkeys.read", keys=len(pairs), port=self._at.port, profile=self._at.profile.name)
        self._marks = marks


def _marks(files: Sequence[Path]) -> list[_Mark]:
    return [_mark(path) for path in files]


def _mark(path: Path) -> _Mark:
    try:
        at = path.stat()
    except OSError:
        return None
    return at.st_ino, at.st_size, at.st_mtime_ns, at.st_ctime_ns


def _pairs(current: Sequence[Path]) -> list[SSHKeyPair]:
    """The current keys, then the next ones that can be read: nobody is turned away because of one of those."""
    keys = [asyncssh.read_private_key(path) for path in current]
    for path in watched(current)[len(current) :]:
        try:
            keys.append(asyncssh.read_private_key(path))
        except FileNotFoundError:
            continue
        except (PermissionError, asyncssh.KeyImportError) as fault:
            log.error("hostkeys.unreadable", file=path.name, fault=type(fault).__name__)  # noqa: TRY400 - no traceback
    # of files asyncssh would take the .pub beside them too, and stop where that is of an earlier key
    return list(asyncssh.load_keypairs(keys))


async def _construct(house: House, profile: Profile, pairs: Sequence[SSHKeyPair]) -> SSHServerConnectionOptions:
    options: SSHServerConnectionOptions = await SSHServerConnectionOptions.construct(
        None,
        config=None,
        server_factory=lambda: Reception(house),
        server_host_keys=pairs,
        send_server_host_keys=True,  # after login: all of them, with proof; the first of a type is the one in use
        server_version="sftpingest",
        login_timeout=house.rules.login_seconds,
        keepalive_interval=house.rules.alive_seconds,
        keepalive_count_max=house.rules.alive_times,
        **_NOTHING_BUT_SFTP,
        **_algorithms(profile),
    )
    _only(options, profile)
    return options


def _algorithms(profile: Profile) -> dict[str, Any]:
    return {
        "kex_algs": profile.kex_here,
        "encryption_algs": profile.ciphers,
        "mac_algs": profile.macs,
        "compression_algs": None,
        "signature_algs": profile.signatures,
        "rekey_bytes": profile.rekey_bytes,
        "rekey_seconds": profile.rekey_seconds,
    }


def _only(options: SSHServerConnectionOptions, profile: Profile) -> None:
    """Leave the host key algorithms of the profile: of RSA keys asyncssh offers all it knows, SHA-1 too."""
    offered = options.server_host_keys
    for name in [name for name in offered if name.decode() not in profile.host_key_algs]:
        del offered[name]
    for algorithm in reversed(profile.host_key_algs):
        if algorithm.encode() in offered:
            offered.move_to_end(algorithm.encode(), last=False)
    for pair in options.all_server_host_keys.values():
        if pair.key_algorithm == b"ssh-rsa":  # OpenSSH wants the proof by the algorithm that it agreed on: its first
            pair.set_sig_algorithm(b"rsa-sha2-512")
