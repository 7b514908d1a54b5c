"""A district's PGP keys, and files that are encrypted for them.

In:  the folder of the keys, readable by us alone; files.
Out: what was in them; or Unpackable.

GnuPG does it, as a program of its own: gpg reads from a pipe and writes into one, so nothing clear reaches the disk but
the spool. It starts an agent that keeps the keys. Here the agent is started first, as one that ends when this process
does, by kill -9 too; and it is told to end when the work is done.
"""

import fcntl
import logging
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import gnupg

from sftpingest.inbox.boxes.bounds import Box, Unpackable
from sftpingest.inbox.boxes.spool import Place, Spool, Spooled
from sftpingest.inbox.owner import give_to_owner_of_folder

_PRIVATE, _LOCK = "private-keys-v1.d", ".lock"
_HEAD = 4096
#: The name of a socket has at most 108 bytes, and the agent's adds to that of its folder.
_LONGEST = 80
#: No network, no question to anybody, no memory of whom to trust.
_OPTIONS = ["--disable-dirmngr", "--no-auto-key-locate", "--no-auto-key-retrieve", "--pinentry-mode", "error"]
_OPTIONS += ["--trust-model", "always", "--no-autostart"]

# python-gnupg logs what gpg says, and that may name people
logging.getLogger("gnupg").setLevel(logging.CRITICAL + 1)


class NoGnuPG(Exception):
    """GnuPG is not installed on this machine. Install it (the package is called gnupg), and try again."""


class NoKey(Exception):
    """That is no private PGP key that can be used. Export one without a passphrase: gpg --export-secret-keys."""


@dataclass(frozen=True)
class Key:
    """A key of a district."""

    fingerprint: str
    name: str  #: whose it is, as the key says
    made: datetime
    public: str  #: to give to the district


def is_message(place: Place) -> bool:
    """Whether it is something encrypted. Keys and signatures have the same ends of names, and are none."""
    with place.open() as file:
        head = file.read(_HEAD)
    armoured = head.find(b"-----BEGIN PGP ")
    return armoured < 0 or head[armoured:].startswith(b"-----BEGIN PGP MESSAGE")


def marks(home: Path | None) -> tuple[str, ...]:
    """What the private keys are called: other keys may mean another outcome."""
    if home is None or not (home / _PRIVATE).is_dir():
        return ()
    return tuple(sorted(path.name for path in (home / _PRIVATE).iterdir()))


def decrypt(home: Path | None, place: Place, spool: Spool, box: Box) -> Spooled:
    """What is in it. Raises Unpackable; what came out of it before is not used then."""
    if home is None:
        raise Unpackable("it is encrypted, and only an upload of a district with a key can be decrypted")
    if not marks(home):
        raise Unpackable(f"it is encrypted, and no key is set up for this district; {_ASK}")
    if shutil.which("gpg") is None:
        raise Unpackable(f"it is encrypted, and this server has no GnuPG; {_ASK}")
    return _decrypted(home, place, spool, box)


_ASK = "ask the people who run this server for one (they make it with `sftpingest district pgp`)"


def _decrypted(home: Path, place: Place, spool: Spool, box: Box) -> Spooled:
    writing = spool.begin(box)
    faults: list[Exception] = []

    def take(chunk: bytes) -> bool:
        try:
            if not faults:
                writing.write(chunk)
        except Exception as fault:  # noqa: BLE001  (it is raised below, where it can be caught)
            faults.append(fault)
        return False  # gnupg keeps nothing itself

    with _gpg(home) as gpg, place.open() as packed:
        gpg.on_data = take
        result = gpg.result_map["crypt"](gpg)
        gpg.result_map = gpg.result_map | {"crypt": lambda _: result}
        with suppress(BrokenPipeError):  # gpg has seen enough, and the result says of what
            # signatures are not looked at: whose they are is not known, and one of somebody unknown is gpg's failure
            gpg.decrypt_file(packed, extra_args=["--max-output", str(box.left), "--skip-verify"])
    if faults:
        raise faults[0]
    if "--max-output" in result.stderr:
        box.grow(box.left + 1)  # gpg stops there, and calls what it had done until then all right
    if not result.ok or result.returncode:
        raise Unpackable(_why(result))
    return writing.end()


def _why(result: gnupg.Crypt) -> str:
    if "no secret key" in result.status or "NO_SECKEY" in result.stderr:
        return f"it is encrypted for another key than this district's; {_ASK}"
    if "NEED_PASSPHRASE_SYM" in result.stderr:
        return "it is encrypted with a password instead of this district's key"
    return "it is damaged, cut off or not encrypted at all"


# ------------------------------------------------------------------------------------------------------------ the keys


def keys(home: Path) -> list[Key]:
    """The keys there are, the newest first. Raises NoGnuPG."""
    if not marks(home):
        return []
    with _gpg(home) as gpg:
        return _keys(gpg)


def _keys(gpg: gnupg.GPG) -> list[Key]:
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


def _decrypts(gpg: gnupg.GPG, fingerprint: str) -> bool:
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


# ----------------------------------------------------------------------------------------------------------- the agent


@contextmanager
def _changed(home: Path) -> Iterator[gnupg.GPG]:
    """The same where keys come or go: what is new belongs to the service."""
    home.mkdir(mode=0o700, exist_ok=True)
    try:
        with _gpg(home) as gpg:
            yield gpg
    finally:
        for path in (home, *home.rglob("*")):
            with suppress(FileNotFoundError):
                give_to_owner_of_folder(path)


@contextmanager
def _gpg(home: Path) -> Iterator[gnupg.GPG]:
    """GnuPG on that folder, by one at a time, with an agent that ends with it."""
    if shutil.which("gpg") is None:
        raise NoGnuPG
    with _alone(home), _short(home) as place, _agent(place):
        gpg = gnupg.GPG(gnupghome=str(place), options=_OPTIONS, env={**os.environ, "LC_ALL": "C", "LANGUAGE": "C"})
        gpg.buffer_size = 1 << 16
        gpg.encoding = "utf-8"
        yield gpg


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    fd = os.open(home / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


@contextmanager
def _short(home: Path) -> Iterator[Path]:
    """The folder under a name that is short enough for a socket in it."""
    if len(os.fsencode(home)) <= _LONGEST:
        yield home
        return
    with tempfile.TemporaryDirectory(prefix="sftpingest-") as folder:
        short = Path(folder) / "pgp"
        short.symlink_to(home.absolute())
        yield short


@contextmanager
def _agent(home: Path) -> Iterator[None]:
    """An agent that lives as long as `cat` does: until the pipe into it closes, however this process ends."""
    _end_agent(home)  # one that is about to end, since its own cat is dead, would end in the middle
    command = ["gpg-agent", "--homedir", str(home), "--quiet", "--daemon", "cat"]
    cat = subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        if not _answers(cat):
            raise OSError("gpg-agent did not start")
        yield
    finally:
        cat.communicate()
        _end_agent(home)


def _answers(cat: "subprocess.Popen[bytes]") -> bool:
    """Whether cat gives back what it gets: it is started when the agent listens."""
    if cat.stdin is None or cat.stdout is None:
        return False
    try:
        cat.stdin.write(b"\n")
        cat.stdin.flush()
    except BrokenPipeError:
        return False
    return cat.stdout.read(1) == b"\n"


def _end_agent(home: Path) -> None:
    command = ["gpgconf", "--homedir", str(home), "--kill", "all"]
    subprocess.run(command, check=False, capture_output=True)  # noqa: S603
