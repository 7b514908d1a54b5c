"""SSH packets opened where they lie: decrypted into a buffer of ours, without a copy in between.

In: the decryption that asyncssh has set up for a connection, and packets as they came. Out: what was in them.

Written for asyncssh 2.24: it makes a new AESGCM object for each packet and copies it five times. The counters of the
cipher stay in asyncssh's own object, so that either of us may open the next packet. The ciphers are those of
profiles.py; with others, CBC in the legacy profile, asyncssh opens its packets itself.
"""

# ruff: noqa: SLF001 - asyncssh keeps keys and counters in private fields

import hmac
from typing import Any, Protocol

from asyncssh.crypto import BasicCipher, GCMCipher
from asyncssh.encryption import BasicEncryption, Encryption, ETMEncryption, GCMEncryption
from asyncssh.mac import _HMAC
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.modes import CTR

#: a packet's length stands in front of it, in so many bytes
LENGTH = 4
#: bytes that must have come before the length can be read
BLOCK = 16
_TAG = 16


class Opening(Protocol):
    """Opens packets of one direction of one connection."""

    #: bytes that follow a packet and prove it
    proof: int

    def length(self, seq: int, packet: memoryview) -> int:
        """Length of the packet that begins here, as it is told in its first four bytes."""

    def open(self, seq: int, packet: memoryview, into: memoryview) -> bool:
        """Put into `into` what is in a packet; False where it was changed on its way.

        `packet` is all of it, length and proof included; `into` has room for what is between them.
        """


class _GCM:
    """AES-GCM (RFC 5647): the length is plain and vouched for; the counter goes up with each packet."""

    proof = _TAG

    def __init__(self, cipher: GCMCipher) -> None:
        self._cipher = cipher
        self._aead = AESGCM(cipher._key)

    def length(self, seq: int, packet: memoryview) -> int:  # noqa: ARG002 - the counter is the cipher's own
        return int.from_bytes(packet[:LENGTH], "big")

    def open(self, seq: int, packet: memoryview, into: memoryview) -> bool:  # noqa: ARG002
        try:
            self._aead.decrypt_into(self._cipher._iv, packet[LENGTH:], packet[:LENGTH], into)
        except InvalidTag:
            return False
        finally:
            self._cipher._update_iv()
        return True


class _ProvenOutside:
    """AES in counter mode with a code over the encrypted packet (...-etm@openssh.com): the length is plain."""

    def __init__(self, encryption: BasicEncryption, mac: _HMAC) -> None:
        self.proof = mac._hash_size
        self._code = hmac.new(mac._key, digestmod=mac._hash_alg)
        encryption._cipher.decrypt(b"")  # makes the context, if there is none yet; asyncssh goes on with it
        self._stream: Any = encryption._cipher._decryptor

    def length(self, seq: int, packet: memoryview) -> int:  # noqa: ARG002
        return int.from_bytes(packet[:LENGTH], "big")

    def open(self, seq: int, packet: memoryview, into: memoryview) -> bool:
        if not self._proven(packet[-self.proof :], seq, packet[: -self.proof]):
            return False
        self._stream.update_into(packet[LENGTH : -self.proof], into)
        return True

    def _proven(self, proof: memoryview, seq: int, *parts: bytes | memoryview) -> bool:
        code = self._code.copy()
        code.update(seq.to_bytes(4, "big"))
        for part in parts:
            code.update(part)
        return hmac.compare_digest(code.digest()[: self.proof], proof)


class _ProvenInside(_ProvenOutside):
    """AES in counter mode with a code over the plain packet, as JSch, paramiko and libssh2 have it.

    The length is in the first block, which can be decrypted only once: it is kept until the packet is whole. Nobody
    else opens a packet meanwhile: only another packet could take the connection out of the lane.
    """

    _first = b""

    def length(self, seq: int, packet: memoryview) -> int:  # noqa: ARG002
        self._first = self._first or self._stream.update(packet[:BLOCK])
        return int.from_bytes(self._first[:LENGTH], "big")

    def open(self, seq: int, packet: memoryview, into: memoryview) -> bool:
        first, self._first = self._first, b""
        into[: BLOCK - LENGTH] = first[LENGTH:]
        self._stream.update_into(packet[BLOCK : -self.proof], into[BLOCK - LENGTH :])
        return self._proven(packet[-self.proof :], seq, first[:LENGTH], into)


def opening(encryption: Encryption | None) -> Opening | None:
    """Say how packets of this encryption are opened here; None where asyncssh has to do it."""
    if isinstance(encryption, GCMEncryption):
        return _GCM(encryption._cipher)
    if isinstance(encryption, BasicEncryption) and _counts(encryption._cipher) and isinstance(encryption._mac, _HMAC):
        return (_ProvenOutside if isinstance(encryption, ETMEncryption) else _ProvenInside)(encryption, encryption._mac)
    return None


def _counts(cipher: BasicCipher) -> bool:
    return isinstance(cipher._cipher.mode, CTR) and not cipher._initial_bytes
