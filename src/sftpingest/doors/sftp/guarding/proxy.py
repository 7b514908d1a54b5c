"""The PROXY protocol, versions 1 and 2: a balancer tells the address of its client before the client's first byte.

In: a socket that one of our balancers opened. Out: the client's address, and a socket that is read up to there exactly.
The specification is haproxy's doc/proxy-protocol.txt (2020/03/05).
"""

import asyncio
import socket
import struct
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address

#: how version 2 begins, and how long what is common to all its headers is
SIGNATURE, _FIXED = b"\r\n\r\n\0\r\nQUIT\n", 16
#: the longest line of version 1, its end included
LONGEST_LINE = 107
#: the longest rest of version 2 that we take: addresses have up to 36 bytes, a client certificate's facts a kilobyte
LONGEST_REST = 4096

_LOCAL, _PROXY = 0x20, 0x21
_UNSPECIFIED, _TCP4, _TCP6 = 0x00, 0x11, 0x21
_BYTE = 8
_V1 = {b"TCP4": IPv4Address, b"TCP6": IPv6Address}
_V1_FIELDS = 6
_HIGHEST_PORT = 65535


class NoHeader(Exception):
    """What came is no header of the PROXY protocol. Set the balancer to send one (haproxy: send-proxy-v2)."""


@dataclass(frozen=True)
class Head:
    """The fixed first 16 bytes of version 2: whether it tells of a client, of which family, how much follows."""

    local: bool
    family: int
    rest: int


def read_line(line: bytes) -> str | None:
    """The client's address in a line of version 1, its end included; None where it tells of none. Raises NoHeader."""
    if len(line) > LONGEST_LINE or not line.endswith(b"\r\n"):
        raise NoHeader
    fields = line[:-2].split(b" ")
    if fields[:2] == [b"PROXY", b"UNKNOWN"]:
        return None
    if len(fields) != _V1_FIELDS or fields[0] != b"PROXY" or fields[1] not in _V1:
        raise NoHeader
    for port in fields[4:]:
        if not port.isdigit() or int(port) > _HIGHEST_PORT:
            raise NoHeader
    try:
        source, _ = (_V1[fields[1]](text.decode("ascii")) for text in fields[2:4])
    except (AddressValueError, UnicodeDecodeError):
        raise NoHeader from None
    return str(source)


def read_head(head: bytes) -> Head:
    """The first 16 bytes of version 2. Raises NoHeader."""
    if len(head) != _FIXED or not head.startswith(SIGNATURE):
        raise NoHeader
    command, family, rest = struct.unpack("!BBH", head[len(SIGNATURE) :])
    if command not in {_LOCAL, _PROXY} or rest > LONGEST_REST:
        raise NoHeader
    if command == _PROXY and family not in {_UNSPECIFIED, _TCP4, _TCP6}:
        raise NoHeader
    return Head(command == _LOCAL, family, rest)


def read_rest(head: Head, rest: bytes) -> str | None:
    """The client's address in what follows the head; None where it tells of none. Raises NoHeader.

    What stands behind the addresses (TLVs: certificates, names) is not looked at.
    """
    if len(rest) != head.rest:
        raise NoHeader
    if head.local or head.family == _UNSPECIFIED:
        return None
    size = 4 if head.family == _TCP4 else 16
    if len(rest) < 2 * size + 4:
        raise NoHeader
    return str(ip_address(rest[:size]))


async def receive(client: socket.socket) -> str | None:
    """Read a header off a socket, and not one byte more. Raises NoHeader, OSError. Waits as long as it takes.

    Gives the client's address; None where the balancer speaks for itself (a health check).
    """
    start = await _exactly(client, len(SIGNATURE))
    if start == SIGNATURE:
        head = read_head(start + await _exactly(client, _FIXED - len(SIGNATURE)))
        return read_rest(head, await _exactly(client, head.rest))
    if not start.startswith(b"PROXY "):
        raise NoHeader
    line = bytearray(start)
    while not line.endswith(b"\r\n") and len(line) < LONGEST_LINE:
        line += await _exactly(client, 1)
    return read_line(bytes(line))


async def _exactly(client: socket.socket, count: int) -> bytes:
    loop, got = asyncio.get_running_loop(), bytearray()
    while len(got) < count:
        more = await loop.sock_recv(client, count - len(got))
        if not more:
            raise NoHeader
        got += more
    return bytes(got)
