"""The token of a vendor for one district: made once, and shown again whenever it is asked for.

In:  a Connection in the caller's transaction; the folder of the host keys, where the key lies that seals it.
Out: the token; what was done for it.
"""

from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection

from sftpingest.app import sealing
from sftpingest.store import tokens

#: Name of the key's file.
KEY = "token_key"


class Done(StrEnum):
    """What was done to give a token; with `token.` before it, the event in the audit trail."""

    MADE = "made"  #: there was none
    ROTATED = "rotated"  #: a new one took the place of the old
    SHOWN = "shown"  #: it was there


class NoKey(Exception):
    """The file token_key beside the host keys is missing or another one, so that tokens cannot be shown.

    Bring the file back, or make a new token: say --rotate.
    """


def token_of(c: Connection, keys: Path, vendor_id: int, district_id: int, *, rotate: bool) -> tuple[str, Done]:
    """The token; the same each time, unless it is asked to rotate. Raises NoKey."""
    sealed = tokens.sealed_token(c, vendor_id, district_id)
    if sealed and not rotate:
        return unseal(keys, sealed), Done.SHOWN
    token = tokens.new_token()
    tokens.keep_token(c, vendor_id, district_id, token, sealing.seal(keys / KEY, token))
    return token, Done.ROTATED if sealed else Done.MADE


def unseal(keys: Path, sealed: str) -> str:
    """A token as it was made. Raises NoKey."""
    try:
        return sealing.unseal(keys / KEY, sealed)
    except sealing.WrongKey:
        raise NoKey(NoKey.__doc__) from None
