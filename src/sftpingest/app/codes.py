"""Time-based codes (RFC 6238: SHA-1, 6 digits, 30 seconds) and the safe keeping of their secrets.

In:  the folder of the host keys, which all machines of an installation share; a secret and a code.
Out: new secrets, sealed for the store; the time step that a code belongs to.
"""

import hmac
import re
from pathlib import Path

import pyotp

from sftpingest.app import sealing

#: Name of the key file.
KEY = "totp_key"
ISSUER = "sftpingest"
SECONDS = 30
#: steps by which a clock may be wrong, either way
DRIFT = 1


class NoKey(Exception):
    """The file totp_key beside the host keys is missing or another one. Bring it back, or make new secrets."""


def new_secret() -> str:
    """160 random bits, in base 32, as RFC 4226 asks."""
    return pyotp.random_base32()


def uri(secret: str, username: str) -> str:
    """What the QR code for authenticator apps says."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)


def step_of(secret: str, code: str, seconds: float, after: int | None = None) -> int | None:
    """The time step of a code that is right at this time (seconds since 1970), None where it is not.

    `after`: the last step that was used; its code and older ones are used up.
    """
    code = re.sub(r"[\s-]", "", code)  # apps show 123 456
    if not re.fullmatch(r"[0-9]{6}", code):
        return None
    now = int(seconds // SECONDS)
    steps = [step for step in range(now - DRIFT, now + DRIFT + 1) if after is None or step > after]
    totp = pyotp.TOTP(secret)
    right = [step for step in steps if hmac.compare_digest(totp.generate_otp(step), code)]
    return right[0] if right else None


def seal(folder: Path, secret: str) -> str:
    """A secret as the store keeps it. Makes the key file where there is none; raises OSError where it cannot."""
    return sealing.seal(folder / KEY, secret)


def unseal(folder: Path, sealed: str) -> str:
    """The secret again. Raises NoKey."""
    try:
        return sealing.unseal(folder / KEY, sealed)
    except sealing.WrongKey:
        raise NoKey(NoKey.__doc__) from None
