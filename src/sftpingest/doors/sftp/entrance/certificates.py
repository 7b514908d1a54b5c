"""Whether a certificate of a user may be believed, apart from who signed it.

In: an OpenSSH certificate whose signature asyncssh has verified. Out: why it is refused, None where it is not.

asyncssh alone would take one that names nobody for anybody, does not mind `force-command`, looks for `source-address`
at whoever is at the other end of the socket (a balancer), and believes signatures by SHA-1.
"""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import cast

from asyncssh import SSHKey
from asyncssh.public_key import CERT_TYPE_USER, SSHOpenSSHCertificate
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

#: bits of an RSA key
_LEAST_RSA = 2048
#: the name of that option, as it stands in a certificate
_FROM = b"\0\0\0\x0esource-address"
_LATEST_RSA = (b"rsa-sha2-256", b"rsa-sha2-512")


def refusal(certificate: SSHOpenSSHCertificate, username: str, address: str) -> str | None:
    """Say in a word for the log why this certificate does not let this username in from this address."""
    try:
        certificate.validate(CERT_TYPE_USER, None)
    except ValueError:  # for a host, not yet valid, no longer valid
        return "validity"
    if username not in certificate.principals:  # none at all would be a certificate for everybody
        return "principals"
    if "force-command" in certificate.options:
        return "force-command"
    if certificate.public_data.count(_FROM) > 1:  # all would have to hold; asyncssh keeps the last one alone
        return "source-address"
    if "source-address" in certificate.options and not _is_within(address, _networks(certificate)):
        return "source-address"
    return "weak" if _is_weak(certificate) else None


def facts(certificate: SSHOpenSSHCertificate) -> dict[str, object]:
    """What the log should know of it."""
    return {
        "certificate": certificate._key_id,  # noqa: SLF001 - asyncssh has no other name for it
        "serial": certificate._serial,  # noqa: SLF001 - the same
        "ca": certificate.signing_key.get_fingerprint(),
    }


def bare(key: SSHKey) -> str:
    """A public key line without comment."""
    return b" ".join(key.export_public_key("openssh").split()[:2]).decode()


def _networks(certificate: SSHOpenSSHCertificate) -> Sequence[IPv4Network | IPv6Network]:
    return cast("Sequence[IPv4Network | IPv6Network]", certificate.options["source-address"])


def _is_within(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found in network for network in networks)


def _is_weak(certificate: SSHOpenSSHCertificate) -> bool:
    """Whether it rests on SHA-1, DSA or short RSA, in the key or in the authority."""
    return weak(certificate.key) or weak(certificate.signing_key) or not _is_signed_well(certificate)


def weak(key: SSHKey) -> bool:
    """Whether a key can be broken."""
    if key.algorithm == b"ssh-rsa":
        return _bits(key) < _LEAST_RSA
    return key.algorithm == b"ssh-dss"


def _bits(key: SSHKey) -> int:
    return cast("RSAPublicKey", key.pyca_key).key_size


def _is_signed_well(certificate: SSHOpenSSHCertificate) -> bool:
    """Whether an authority with RSA signed by SHA-2. Its signature is as long as its key, and ends the certificate."""
    authority = certificate.signing_key
    if authority.algorithm != b"ssh-rsa":
        return True
    signature = (_bits(authority) + 7) // 8
    before = certificate.public_data[: -(signature + 4)]  # what stands before the length of the signature
    return before.endswith(_LATEST_RSA)
