"""OpenSSH public key lines, as far as the store has to understand them: which kind, how strong, which fingerprint.

In:  a line such as `ssh-ed25519 AAAA... night export`.
Out: a KeyLine, or nothing where it is none. Whether the numbers in it are a key at all is for the door to say.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass

#: What we take, from keys and from the authorities of certificates.
KINDS = frozenset(
    {
        "ssh-ed25519",
        "ssh-rsa",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    }
)
#: bits of an RSA key; shorter ones can be broken
LEAST_RSA = 2048
STRONG = f"Ed25519, ECDSA, or RSA of {LEAST_RSA} bits or more; `ssh-keygen -t ed25519` makes a good one"


@dataclass(frozen=True)
class KeyLine:
    """One public key."""

    kind: str
    blob: bytes
    comment: str = ""

    @property
    def bare(self) -> str:
        """Kind and key, without comment: what makes two lines the same key."""
        return f"{self.kind} {base64.b64encode(self.blob).decode()}"

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` shows it."""
        digest = hashlib.sha256(self.blob).digest()
        return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"

    @property
    def weak(self) -> bool:
        """Whether it must not be taken: DSA, short RSA, and kinds that we do not know."""
        return self.kind not in KINDS or (self.kind == "ssh-rsa" and rsa_bits(self.blob) < LEAST_RSA)


def read(line: str) -> KeyLine | None:
    """The key of a line, None where it is no public key. Options before the key are none of ours."""
    kind, _, rest = line.strip().partition(" ")
    text, _, comment = rest.strip().partition(" ")
    try:
        blob = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    parts = _parts(blob)
    # a key is its kind and at least one number; RFC 4253 section 6.6
    return KeyLine(kind, blob, comment.strip()) if len(parts) > 1 and parts[0] == kind.encode() else None


def rsa_bits(blob: bytes) -> int:
    """Bits of the modulus: kind, exponent, modulus."""
    parts = _parts(blob)
    return int.from_bytes(parts[2], "big").bit_length() if len(parts) == 3 else 0  # noqa: PLR2004


def _parts(blob: bytes) -> list[bytes]:
    """The strings that a blob is made of, each with its length before it; none where they do not add up."""
    parts = []
    while blob:
        length = int.from_bytes(blob[:4], "big")
        if len(blob) < 4 + length:
            return []
        parts.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    return parts
