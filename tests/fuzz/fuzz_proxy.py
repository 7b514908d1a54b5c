"""Headers of the PROXY protocol: an address or NoHeader, nothing else."""

from ipaddress import ip_address

import atheris  # type: ignore[import-untyped]

from tests.fuzz import runner

with atheris.instrument_imports(include=["sftpingest.doors.sftp.guarding.proxy"]):
    from sftpingest.doors.sftp.guarding import proxy


def target(content: bytes) -> None:
    """Read `content` as a line of version 1, and as version 2 with and without its signature."""
    lines = [begin + content + b"\r\n" for begin in (b"PROXY ", b"PROXY TCP4 ", b"PROXY TCP6 ", b"PROXY TCP4 1.2.3.4 ")]
    fixed = proxy.SIGNATURE + content[:2] + len(content[2:]).to_bytes(2, "big") + content[2:]
    for header in (content, proxy.SIGNATURE + content, fixed, *lines):
        try:
            if header.startswith(proxy.SIGNATURE):
                address = proxy.read_rest(proxy.read_head(header[:16]), header[16:])
            else:
                address = proxy.read_line(header)
        except proxy.NoHeader:
            continue
        if address is not None:
            assert str(ip_address(address)) == address


runner.run(target)
