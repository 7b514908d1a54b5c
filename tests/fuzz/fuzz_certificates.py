"""Certificates of users, right, nearly right and noise: admitted only where the plain rules say so, else refused."""

import asyncio

import atheris  # type: ignore[import-untyped]
from asyncssh.packet import String

from tests.fuzz import runner

with atheris.instrument_imports(
    include=[
        "sftpingest.doors.sftp.entrance.certificates",
        "sftpingest.doors.sftp.entrance.keying",
        "sftpingest.store.keyline",
        "sftpingest.app.gate",
    ]
):
    from sftpingest.store import keyline
    from sftpingest.store.setting import _authorities
    from tests.fuzz.claims import AUTHORITIES, NOW, SUBJECTS, V01, Claim, Porter, a_door, admits

LINES = sorted({one.line for one in AUTHORITIES})
GOOD = sorted({one.line for one in AUTHORITIES if one.good})
USERNAMES = ["oak-valley", "Oak-Valley", "oak-valley ", "oak", "", "öak", "oak\0"]
ADDRESSES = ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::7", "fe80::7%eth0", "", "nowhere"]
NETWORKS = [b"192.0.2.0/24", b"192.0.2.7/32", b"198.51.100.0/24", b"2001:db8::/32", b"fe80::/10"] * 2
WRONG = [b"192.0.2.7/24", b"?", b""]


def certificate_of(data: atheris.FuzzedDataProvider) -> Claim:
    """Draw one, right in most of its parts."""
    subject, strong = data.PickValueInList(SUBJECTS)
    kind = subject.algorithm + V01
    if subject.algorithm == b"ssh-rsa":
        kind = data.PickValueInList([b"ssh-rsa", b"rsa-sha2-256", b"rsa-sha2-512"]) + V01
    claim = Claim(data.PickValueInList(AUTHORITIES), subject, strong, kind)
    claim.principals = b"".join(String(name) for name in USERNAMES if data.ConsumeIntInRange(0, 4) < 4)
    claim.role = data.PickValueInList([1] * 12 + [2, 0, 2**32 - 1])
    claim.after = data.PickValueInList([0] * 6 + [NOW - 60, NOW + 600, 2**64 - 1])
    claim.before = data.PickValueInList([2**64 - 1] * 6 + [NOW + 600, NOW - 60, 0])
    claim.extensions = data.PickValueInList([b"", String(b"permit-pty") + String(b""), String(b"new") + String(b"x")])
    options = data.PickValueInList([0, 0, 1, 1, 2])
    claim.critical = b"".join(critical(data) for _ in range(options))
    claim.plain = options < 2  # two of a kind may be refused
    if data.ConsumeIntInRange(0, 5) == 0:
        noisy(claim, data)
    return claim


def critical(data: atheris.FuzzedDataProvider) -> bytes:
    """One option that must be understood."""
    name = data.PickValueInList(
        [b"source-address"] * 6 + [b"force-command"] * 3 + [b"force-command", b"verify-required", b"permit-pty"]
    )
    if name == b"source-address":
        listed = b",".join(data.PickValueInList(NETWORKS + WRONG) for _ in range(data.ConsumeIntInRange(1, 3)))
        return String(name) + String(String(listed))
    return String(name) + String(String(b"true") if name == b"force-command" else b"")


def noisy(claim: Claim, data: atheris.FuzzedDataProvider) -> None:
    """Make one part of it mere bytes, signed all the same."""
    claim.plain = False
    part = data.PickValueInList(["principals", "critical", "extensions", "name", "more", "kind"])
    setattr(claim, part, bytes(data.ConsumeBytes(data.ConsumeIntInRange(0, 30))))


def spoilt(blob: bytes, data: atheris.FuzzedDataProvider) -> bytes:
    """Change some bytes of it, or cut it."""
    for _ in range(data.ConsumeIntInRange(1, 3)):
        at = data.ConsumeIntInRange(0, max(len(blob) - 1, 0))
        how = data.ConsumeIntInRange(0, 3)
        put = bytes(data.ConsumeBytes(data.ConsumeIntInRange(0, 4)))
        blob = blob[:at] + put + (blob[at + len(put) :] if how else blob[at:])
    return blob if data.ConsumeIntInRange(0, 9) else blob[: data.ConsumeIntInRange(0, len(blob))]


def trusted(data: atheris.FuzzedDataProvider) -> tuple[list[str], set[bytes]]:
    """Lines of authorities as a district has them, and what stands in them; weak ones may be there from long ago."""
    most = data.PickValueInList([LINES, GOOD, GOOD])
    drawn = [line for line in most if data.ConsumeIntInRange(0, 4) < 4]
    if data.ConsumeBool():
        text = data.PickValueInList(["\n", "\r\n", "\n\n# ours\n"]).join(drawn)
        drawn = _authorities(text) or []
    return drawn, {known.blob for known in map(keyline.read, drawn) if known}


def target(content: bytes) -> None:
    """Noise as it is; then a certificate, and what was made of it."""
    data = atheris.FuzzedDataProvider(content)
    lines, blobs = trusted(data)
    username, address = (
        data.PickValueInList(USERNAMES[:2] * 6 + USERNAMES),
        data.PickValueInList(ADDRESSES + ADDRESSES[:2] * 3),
    )
    porter, claim = Porter(lines, address), certificate_of(data)
    blob = claim.signed()
    shown = data.PickValueInList(["asked", "shown", "wrong"])
    said = String(DOOR._session_id) + (b"shown" if shown == "shown" else b"else")
    signature = b"" if shown == "asked" else claim.subject.sign(said, claim.subject.sig_algorithms[0])
    allowed = claim.is_good(username, address) and claim.authority.blob in blobs
    changed = spoilt(blob, data) if data.ConsumeIntInRange(0, 3) == 0 else blob
    if admits(DOOR, porter, username, changed, signature):
        assert allowed, (claim, username, address)
        assert shown != "wrong", claim
        assert changed.startswith(claim.body), "what was signed is not what was shown"
    else:
        assert not (allowed and claim.plain and changed == blob and shown != "wrong"), (claim, username, address)
    noise(data, porter)


def noise(data: atheris.FuzzedDataProvider, porter: Porter) -> None:
    """What is no certificate and no line."""
    mere = bytes(data.ConsumeBytes(data.ConsumeIntInRange(0, 400)))
    assert not admits(DOOR, porter, "oak-valley", mere)
    assert not admits(DOOR, porter, "oak-valley", String(b"ssh-rsa" + V01) + mere, mere)
    half = data.ConsumeIntInRange(0, len(mere))
    assert not admits(DOOR, porter, "oak-valley", String(b"ssh-rsa") + String(mere[:half]) + String(mere[half:]))
    text = mere.decode("utf-8", "replace")
    for line in (text, LINES[0] + text, text + LINES[0]):
        found, kept = keyline.read(line), _authorities(line)
        assert found is None or keyline.read(found.bare) is not None
        assert kept is None or all(one and not one.weak for one in map(keyline.read, kept))


LOOP = asyncio.new_event_loop()
asyncio.set_event_loop(LOOP)


DOOR = LOOP.run_until_complete(a_door())
runner.run(target, long=True)
