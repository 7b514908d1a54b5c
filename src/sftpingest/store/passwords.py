"""Passwords: kept as hashes, looked at slowly.

In:  a password as a person or a client gives it.
Out: its argon2id hash; whether it is the one of a login.
"""

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from sftpingest.store.tables import Login


def hashed(password: str) -> str:
    """What the store keeps."""
    return _hasher().hash(_bytes(password))


def verify_password(of: Login | None, password: str) -> bool:
    """Whether the password is that of the login (argon2id). Takes as long where there is no login or no password.

    Takes some 50 ms of one core and 64 MiB; call it outside of an event loop. Says nothing on `disabled`, `expires`
    and `allow`.
    """
    real = None if of is None else of.password_hash
    try:
        _hasher().verify(real or _nobodys_hash(), _bytes(password))
    except (VerificationError, InvalidHashError):
        return False
    return real is not None


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    return _hasher().hash(b"the password of nobody")


def _bytes(password: str) -> bytes:
    """One spelling whoever sends it: asyncssh prepares what comes by `password` (NFKC), not what comes by prompts.

    A client may send what is no Unicode; that is a wrong password, not an error of ours.
    """
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
