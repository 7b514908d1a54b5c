"""Where a client comes from, as limits and bans count it.

In: IP addresses as a socket or a balancer tells them. Out: an address in one spelling, and what it counts as.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

#: whoever has one IPv6 address has a network of so many bits; many have one of the second kind, with 65,536 of those
_IPV6_BITS, _WIDE_BITS = 64, 48


@lru_cache(4096)
def read(text: str) -> IPv4Address | IPv6Address:
    """The address of that text: ::ffff:192.0.2.1 is 192.0.2.1, and a zone (%eth0) is left out. Raises ValueError."""
    found = ip_address(text.partition("%")[0])
    return getattr(found, "ipv4_mapped", None) or found


def plain(text: str) -> str:
    """An address in its one spelling; what is no address stays as it is."""
    try:
        return str(read(text))
    except ValueError:
        return text


@lru_cache(4096)
def origins(text: str) -> tuple[str, ...]:
    """All that an address counts as, the narrowest first: an IPv6 address as its /64 and as its /48.

    `192.0.2.1`, or `2001:db8:0:1::/64` and `2001:db8::/48`. What is no address counts as it stands.
    """
    try:
        found = read(text)
    except ValueError:
        return (text,)
    if isinstance(found, IPv4Address):
        return (str(found),)
    return tuple(str(ip_network((found, bits), strict=False)) for bits in (_IPV6_BITS, _WIDE_BITS))


def is_wide(origin: str) -> bool:
    """Whether this is many networks of which each may be somebody else's."""
    return origin.endswith(f"/{_WIDE_BITS}")


def within(text: str, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    """Whether an address lies in one of the networks."""
    try:
        found = read(text)
    except ValueError:
        return False
    return any(found in network for network in networks)
