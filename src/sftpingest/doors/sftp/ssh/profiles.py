"""Which algorithms the door speaks: three profiles, as data.

In: the name of a profile. Out: for every step of SSH the algorithms it offers, and on which ports it does.

The order is ours, but in SSH the client's order decides: the first one of its list that we have too is taken.

In no profile, ever: the ciphers none, 3des, blowfish and arcfour, hmac-md5, group1 (1024 bits can be broken), DSA,
compression (memory and processor time of ours that a stranger could spend). Nor diffie-hellman-group-exchange: asyncssh
overlooks the client's least size and answers old clients with the 1024 bits of group1. Nor chacha20-poly1305: with a
client that has no strict kex it is open to Terrapin (CVE-2023-48795), every client that has it has AES too, and with
AES a byte costs us a third less; OpenSSH before 10 would ask for it first.
What ssh-audit says of each profile stands in tests/doors/sftp/test_profiles.py, to the letter.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from asyncssh.kex import get_kex_algs


class KeyType(StrEnum):
    """What a host key can be; `ssh_host_ed25519_key` is the name of its file."""

    ED25519 = "ed25519"  #: every client of the last ten years
    ECDSA = "ecdsa"  #: clients that know no Ed25519: JSch to 0.1.55
    RSA = "rsa"  #: clients that know neither


@dataclass(frozen=True)
class Profile:
    """One set of algorithms, each tuple in our order."""

    name: str
    #: keys that the door makes and shows
    host_keys: tuple[KeyType, ...]
    #: algorithms by which these keys sign; asyncssh would add SHA-1 for RSA
    host_key_algs: tuple[str, ...]
    kex: tuple[str, ...]
    ciphers: tuple[str, ...]
    macs: tuple[str, ...]
    #: algorithms by which a user's key may sign
    signatures: tuple[str, ...]
    #: what an operator must know, for log, terminal and doctor
    warning: str = ""
    #: after so many bytes that we sent, or seconds, both sides get new session keys, as RFC 4253 asks for; the blocks
    #: of AES would bear 64 GiB (RFC 4344). Of what the client sends it counts the bytes itself
    rekey_bytes: int = 1 << 30
    rekey_seconds: float = 3600

    @property
    def kex_here(self) -> tuple[str, ...]:
        """Its key exchanges that this machine can do: those against quantum computers need new libraries."""
        return tuple(name for name in self.kex if name.encode() in get_kex_algs())


MODERN = Profile(
    name="modern",
    host_keys=(KeyType.ED25519,),
    host_key_algs=("ssh-ed25519",),
    kex=(
        "mlkem768x25519-sha256",  # what is recorded today is not read by a quantum computer later; OpenSSH from 9.9
        "sntrup761x25519-sha512",  # the same for OpenSSH from 9.0; needs liboqs on this machine
        "sntrup761x25519-sha512@openssh.com",  # its name before it was a standard
        "curve25519-sha256",  # everybody else of the last ten years; cheap for us, so DHEat is no attack
        "curve25519-sha256@libssh.org",  # its name before it was a standard: libssh2 to 1.9, PuTTY to 0.77
    ),
    ciphers=(
        "aes256-gcm@openssh.com",  # encrypts and proves in one go, in hardware
        "aes128-gcm@openssh.com",
        "aes256-ctr",  # clients without; proven by a MAC over what was encrypted (etm)
        "aes192-ctr",
        "aes128-ctr",
    ),
    macs=(
        "hmac-sha2-256-etm@openssh.com",
        "hmac-sha2-512-etm@openssh.com",
    ),
    signatures=(
        "ssh-ed25519",
        "sk-ssh-ed25519@openssh.com",  # keys on a security token
        "ssh-ed448",
        "ecdsa-sha2-nistp256",  # what others made long ago; a user's key is the user's choice
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ecdsa-sha2-nistp256@openssh.com",
        "rsa-sha2-512",
        "rsa-sha2-256",
    ),
)

COMPATIBLE = Profile(
    name="compatible",
    host_keys=(KeyType.ED25519, KeyType.ECDSA),
    host_key_algs=(
        *MODERN.host_key_algs,
        # JSch to 0.1.55 knows this or RSA with SHA-1. No RSA here. ssh-audit fails it because NIST has not said where
        # the numbers of the curve come from; no attack is known, and FIPS 186-5 asks for it.
        "ecdsa-sha2-nistp256",
    ),
    kex=(
        *MODERN.kex,
        "ecdh-sha2-nistp256",  # the same for the same; also clients in FIPS mode, which have no curve25519
    ),
    ciphers=MODERN.ciphers,
    macs=(
        *MODERN.macs,
        # libssh2 (curl) and JSch have no etm; ssh-audit warns of that. No attack on how SSH uses these is known
        "hmac-sha2-256",
        "hmac-sha2-512",
    ),
    signatures=MODERN.signatures,
)

LEGACY = Profile(
    name="legacy",
    host_keys=(KeyType.RSA,),
    host_key_algs=(
        "rsa-sha2-512",
        "rsa-sha2-256",
        "ssh-rsa",  # with SHA-1: exporters of before 2018 know nothing else
    ),
    kex=(
        "curve25519-sha256",
        "curve25519-sha256@libssh.org",
        "ecdh-sha2-nistp256",
        "diffie-hellman-group14-sha256",  # 2048 bits: the most that old clients can
        "diffie-hellman-group14-sha1",  # for JSch to 0.1.49, SSH.NET to 2016, PuTTY to 0.67
    ),
    ciphers=(
        *COMPATIBLE.ciphers,
        "aes256-cbc",  # clients of before 2006; AES all the same
        "aes192-cbc",
        "aes128-cbc",
    ),
    macs=(
        "hmac-sha2-256",  # no etm here: with cbc and a client without strict kex it is open to Terrapin
        "hmac-sha2-512",
        "hmac-sha1",  # the only one that all of them have; as a MAC SHA-1 still holds
    ),
    signatures=(
        *COMPATIBLE.signatures,
        "ssh-rsa",  # libssh2 to 1.10 and JSch to 0.1.55 sign with SHA-1 when the key is RSA
    ),
    warning="It takes algorithms that are no longer safe (SHA-1, CBC). Only for exporters that cannot do better; let a "
    "firewall pass only their addresses.",
)

PROFILES = {profile.name: profile for profile in (MODERN, COMPATIBLE, LEGACY)}


@dataclass(frozen=True)
class Place:
    """A port that the door is to listen on, and how it speaks there."""

    port: int
    profile: Profile
    #: the setting it comes from, to be named where the port cannot be had
    setting: str


def places(port: int, legacy_port: int | None, algorithms: str) -> Iterator[Place]:
    """Every port of the door: its own, and the one for old exporters where it is set. 0 takes any free one.

    `algorithms` is the name of a profile. Raises KeyError where there is none of that name.
    """
    yield Place(port, PROFILES[algorithms], "SFTPINGEST_SFTP_PORT")
    if legacy_port is not None:
        yield Place(legacy_port, LEGACY, "SFTPINGEST_SFTP_LEGACY_PORT")
