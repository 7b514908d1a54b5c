"""Files that are encrypted for a district.

In:  the folder of its keys; files.
Out: what was in them, in the spool and nowhere else; or Unpackable.
"""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sftpingest.inbox.boxes.bounds import Box, Unpackable
from sftpingest.inbox.boxes.gpg import gnupg_on, marks
from sftpingest.inbox.boxes.spool import Place, Spool, Spooled

if TYPE_CHECKING:
    import gnupg

_HEAD = 4096


def is_message(place: Place) -> bool:
    """Whether it is something encrypted. Keys and signatures have the same ends of names, and are none."""
    with place.open() as file:
        head = file.read(_HEAD)
    armoured = head.find(b"-----BEGIN PGP ")
    return armoured < 0 or head[armoured:].startswith(b"-----BEGIN PGP MESSAGE")


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

    with gnupg_on(home) as gpg, place.open() as packed:
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


def _why(result: "gnupg.Crypt") -> str:
    if "no secret key" in result.status or "NO_SECKEY" in result.stderr:
        return f"it is encrypted for another key than this district's; {_ASK}"
    if "NEED_PASSPHRASE_SYM" in result.stderr:
        return "it is encrypted with a password instead of this district's key"
    return "it is damaged, cut off or not encrypted at all"
