"""Certificates of users as somebody made them, the plain rules for them, and the door that judges them.

In: who signs whose key, and what is said of it. Out: a certificate, what the rules say, what the door says.
"""

import asyncio
import time
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

import asyncssh
from asyncssh.packet import String, UInt32, UInt64

from sftpingest.app.gate import _is_among
from sftpingest.doors.sftp.entrance import certificates
from sftpingest.doors.sftp.entrance.connection import Connection
from tests.fuzz.pair import options

NOW = int(time.time())
V01 = b"-cert-v01@openssh.com"


def key(kind: str, **more: Any) -> Any:
    return asyncssh.generate_private_key(kind, **more)


@dataclass(frozen=True)
class Authority:
    """Who signs, and by which algorithm; `good`: whether a certificate may rest on it."""

    key: Any = field(repr=False)
    algorithm: bytes
    good: bool

    @property
    def blob(self) -> bytes:
        return bytes(self.key.public_data)

    @property
    def line(self) -> str:
        return bytes(self.key.export_public_key()).decode().strip()


ED, EC, RSA, ODD, SHORT, DSS = (
    key("ssh-ed25519"),
    key("ecdsa-sha2-nistp256"),
    key("ssh-rsa", key_size=2048),
    key("ssh-rsa", key_size=2052),
    key("ssh-rsa", key_size=1024),
    key("ssh-dss"),
)
AUTHORITIES = [
    Authority(ED, b"ssh-ed25519", good=True),
    Authority(EC, b"ecdsa-sha2-nistp256", good=True),
    Authority(RSA, b"rsa-sha2-256", good=True),
    Authority(ODD, b"rsa-sha2-512", good=True),
    Authority(RSA, b"ssh-rsa", good=False),
    Authority(ODD, b"ssh-rsa", good=False),
    Authority(SHORT, b"rsa-sha2-512", good=False),
    Authority(DSS, b"ssh-dss", good=False),
    Authority(key("ssh-ed448"), b"ssh-ed448", good=False),  # the store knows no such kind
]
#: keys of users, and whether they are strong enough
SUBJECTS = [(ED, True), (EC, True), (RSA, True), (ODD, True), (SHORT, False), (DSS, False)]


def strings(blob: bytes) -> list[bytes] | None:
    """What a list of strings has in it, None where it is none."""
    found = []
    while blob:
        size = int.from_bytes(blob[:4], "big")
        if len(blob) < 4 + size:
            return None
        found.append(blob[4 : 4 + size])
        blob = blob[4 + size :]
    return found


@dataclass
class Claim:
    """A certificate as it was drawn: what it says, and what was done to it."""

    authority: Authority
    subject: Any = field(repr=False)
    strong: bool
    kind: bytes
    role: int = 1
    after: int = 0
    before: int = 2**64 - 1
    principals: bytes = b""
    critical: bytes = b""
    extensions: bytes = b""
    name: bytes = b"badge"
    more: bytes = b""
    #: no part of it is drawn as mere bytes
    plain: bool = True
    body: bytes = field(default=b"", init=False, repr=False)

    def signed(self) -> bytes:
        head = String(self.kind) + String(b"n" * 32) + self.subject.encode_ssh_public() + UInt64(7)
        said = (
            UInt32(self.role) + String(self.name) + String(self.principals) + UInt64(self.after) + UInt64(self.before)
        )
        rest = String(self.critical) + String(self.extensions) + String(b"") + String(self.authority.blob)
        self.body = head + said + rest
        return self.body + String(self.authority.key.sign(self.body, self.authority.algorithm)) + self.more

    def is_good(self, username: str, address: str) -> bool:
        """The plain rules, but for who is trusted."""
        return (
            self.role == 1
            and self.after <= NOW < self.before
            and username.encode() in (strings(self.principals) or [])
            and self.strong
            and self.authority.good
            and not self.more
            and self._is_from(address)
        )

    def _is_from(self, address: str) -> bool:
        """Nothing is asked for but where it comes from, and that is so."""
        parts = strings(self.critical)
        if parts is None or len(parts) % 2:
            return False
        named = list(zip(parts[::2], parts[1::2], strict=True))
        return all(name == b"source-address" and _is_within(address, value) for name, value in named)


def _is_within(address: str, value: bytes) -> bool:
    """Compared as numbers; a network that is written wrong makes the whole list wrong."""
    try:
        networks = [ip_network(one.decode("ascii")) for one in (strings(value) or [b""])[0].split(b",")]
        came: Any = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    came = getattr(came, "ipv4_mapped", None) or came
    bits = [(one.version, int(one.network_address) >> (one.max_prefixlen - one.prefixlen), one) for one in networks]
    return any(came.version == v and int(came) >> (one.max_prefixlen - one.prefixlen) == n for v, n, one in bits)


class Porter:
    """What the reception asks, without threads and logins."""

    def __init__(self, lines: list[str], address: str) -> None:
        self.lines, self.address = lines, address

    async def certificate_offered(self, username: str, certificate: Any) -> bool:
        assert certificates.facts(certificate)["ca"]
        if certificates.refusal(certificate, username, self.address):
            return False
        return _is_among(certificates.bare(certificate.signing_key), self.lines)

    def validate_public_key(self, username: str, key: Any) -> bool:
        return _is_among(certificates.bare(key), [])

    async def key_shown(self, username: str, *, right: bool, signed: bool) -> bool:
        return right


def admits(door: Any, porter: Porter, username: str, blob: bytes, signature: bytes = b"") -> bool:
    """What the door says; nothing in it waits."""
    door._owner = porter
    asked = door.validate_public_key(username, blob, b"shown" if signature else b"", signature)
    try:
        asked.send(None)
    except StopIteration as said:
        return bool(said.value)
    raise AssertionError("it waits")


async def a_door() -> Any:
    """A connection that nobody has."""
    door = Connection(asyncio.get_running_loop(), await options(), "192.0.2.7")
    door._session_id = b"session"
    return door
