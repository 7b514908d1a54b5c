"""The PROXY protocol: the client's address is told by our own balancers, and by nobody else."""

import asyncio
import contextlib
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sftpingest.doors.sftp import Rules
from sftpingest.doors.sftp.guarding.proxy import (
    LONGEST_LINE,
    LONGEST_REST,
    SIGNATURE,
    NoHeader,
    read_head,
    read_line,
    read_rest,
    receive,
)
from tests.doors.sftp.conftest import USER, Knock

PORTS = st.integers(0, 65535)
BALANCER = Rules(balancers=(ip_network("127.0.0.1/32"),), proxy_seconds=1, longest_delay_seconds=0)


def version_1(client: str, port: int = 40000) -> bytes:
    family = f"TCP{ip_address(client).version}"
    return f"PROXY {family} {client} {client} {port} 2222\r\n".encode()


def version_2(client: str | None, port: int = 40000, more: bytes = b"", command: int = 0x21) -> bytes:
    address = ip_address(client).packed if client else b""
    family = {0: 0x00, 4: 0x11, 16: 0x21}[len(address)]
    rest = (address + address + struct.pack("!HH", port, 2222) if client else b"") + more
    return SIGNATURE + struct.pack("!BBH", command, family, len(rest)) + rest


def read_2(header: bytes) -> str | None:
    return read_rest(read_head(header[:16]), header[16:])


@given(st.ip_addresses(), PORTS)
def test_version_1_is_read_as_it_was_written(client: object, port: int) -> None:
    assert read_line(version_1(str(client), port)) == str(client)


@given(st.ip_addresses(), PORTS, st.binary(max_size=200))
def test_version_2_is_read_as_it_was_written_whatever_follows_the_addresses(
    client: object, port: int, more: bytes
) -> None:
    assert read_2(version_2(str(client), port, more)) == str(client)


def _harmless(read: object, header: bytes) -> None:
    with contextlib.suppress(NoHeader):
        found = read(header)  # type: ignore[operator]
        assert found is None or ip_address(found).version in {4, 6}


@given(st.binary(max_size=200) | st.binary(max_size=90).map(lambda more: b"PROXY TCP4 " + more + b"\r\n"))
def test_no_line_makes_version_1_fail_otherwise(line: bytes) -> None:
    _harmless(read_line, line)


@given(st.binary(max_size=80) | st.binary(min_size=4, max_size=80).map(lambda more: SIGNATURE + more))
def test_no_bytes_make_version_2_fail_otherwise(header: bytes) -> None:
    _harmless(read_2, header)


@pytest.mark.parametrize(
    "line",
    [
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 +2\r\n",
        b"PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
        b"PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
        b"PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n",
        b"PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
        b"proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        b"PROXY UNKNOWN " + b"x" * 100 + b"\r\n",
    ],
)
def test_a_line_that_is_not_quite_version_1_is_refused(line: bytes) -> None:
    with pytest.raises(NoHeader):
        read_line(line)


@pytest.mark.parametrize(
    "header",
    [
        SIGNATURE + struct.pack("!BBH", 0x11, 0x11, 12) + bytes(12),  # another version
        SIGNATURE + struct.pack("!BBH", 0x22, 0x11, 12) + bytes(12),  # another command
        SIGNATURE + struct.pack("!BBH", 0x21, 0x12, 12) + bytes(12),  # UDP
        SIGNATURE + struct.pack("!BBH", 0x21, 0x31, 216) + bytes(216),  # a UNIX socket
        SIGNATURE + struct.pack("!BBH", 0x21, 0x21, 12) + bytes(12),  # too short for IPv6
        SIGNATURE + struct.pack("!BBH", 0x21, 0x11, LONGEST_REST + 1) + bytes(LONGEST_REST + 1),
    ],
)
def test_a_header_that_is_not_quite_version_2_is_refused(header: bytes) -> None:
    with pytest.raises(NoHeader):
        read_2(header)


@pytest.mark.parametrize(
    "header",
    [
        b"PROXY UNKNOWN\r\n",
        b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n",
        version_2(None),
        version_2("192.0.2.9", command=0x20),
    ],
)
def test_a_balancer_may_speak_for_itself(header: bytes) -> None:
    assert asyncio.run(_received(header + b"SSH-2.0-x")) == (None, b"SSH-2.0-x")


@pytest.mark.parametrize("client", ["192.0.2.1", "2001:db8::17", "0.0.0.0", "ffff:f:f:f:f:f:f:ffff"])  # noqa: S104
@pytest.mark.parametrize("write", [version_1, version_2, lambda client: version_2(client, more=bytes(4000))])
def test_not_one_byte_behind_the_header_is_read(write: object, client: str) -> None:
    header = write(client)  # type: ignore[operator]
    address, rest = asyncio.run(_received(header + b"SSH-2.0-x"))
    assert (ip_address(address or "::"), rest) == (ip_address(client), b"SSH-2.0-x")


def test_a_line_without_end_is_not_read_for_ever() -> None:
    with pytest.raises(NoHeader):
        asyncio.run(_received(b"PROXY TCP4 " + b"1" * 2 * LONGEST_LINE))


async def _received(sent: bytes) -> tuple[str | None, bytes]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        theirs.sendall(sent)
        found = await receive(ours)
        return found, ours.recv(65536)


def spoken(door: Knock, first: bytes, source: str = "127.0.0.1") -> bytes:
    """What the door says to these first bytes, until it falls silent or closes."""
    with socket.create_connection(("127.0.0.1", door.port), 10, (source, 0)) as client:
        client.sendall(first)
        client.settimeout(3)
        said = b""
        with contextlib.suppress(OSError):
            while more := client.recv(65536):
                said += more
                if said.startswith(b"SSH-2.0-") and len(said) > 200:
                    break
        return said


@pytest.mark.parametrize("rules", [BALANCER])
@pytest.mark.parametrize("header", [version_1("192.0.2.1"), version_2("2001:db8::1"), b"PROXY UNKNOWN\r\n"])
def test_a_balancer_that_sends_a_header_is_served(door: Knock, header: bytes) -> None:
    assert spoken(door, header).startswith(b"SSH-2.0-sftpingest\r\n")


@pytest.mark.parametrize("rules", [BALANCER])
@pytest.mark.parametrize("first", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"PROXY", version_2("192.0.2.1")[:20], bytes(300)])
def test_a_balancer_that_sends_none_is_sent_away(door: Knock, first: bytes) -> None:
    assert spoken(door, first) == b""


@pytest.mark.parametrize("rules", [BALANCER])
@pytest.mark.parametrize("header", [version_1("192.0.2.1"), version_2("192.0.2.1")])
def test_nobody_else_is_believed_a_header(door: Knock, header: bytes) -> None:
    answered = spoken(door, header + b"SSH-2.0-OpenSSH_9.2\r\n", source="127.0.0.2")
    assert answered.count(b"SSH-2.0-") == 1
    assert b"curve25519" not in answered.partition(b"\r\n")[2]  # our key exchange never began, or we hung up in it
    assert door.gate.asked == []


@pytest.fixture
def haproxy(tmp_path: Path, door: Knock, version: str) -> Iterator[int]:
    """A real balancer in front of the door; gives its port."""
    program = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
    if program is None:
        pytest.skip("no haproxy on this machine (apt-get install haproxy)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    config = tmp_path / "haproxy.cfg"
    config.write_text(
        f"defaults\n mode tcp\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n"
        f"listen sftp\n bind 127.0.0.1:{port}\n server door 127.0.0.1:{door.port} {version} check\n"
    )
    running = subprocess.Popen([program, "-db", "-f", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        door.eventually(lambda: _answers(port), 20)
        yield port
    finally:
        running.terminate()
        running.communicate(timeout=20)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as client:
            return client.recv(8) == b"SSH-2.0-"
    except OSError:
        return False


@pytest.mark.parametrize("rules", [BALANCER])
@pytest.mark.parametrize("version", ["send-proxy", "send-proxy-v2"])
def test_a_real_balancer_tells_of_its_client(door: Knock, haproxy: int, version: str) -> None:
    command = ["sftp", "-P", str(haproxy), "-i", str(door.key), *door.options, "-b", "-"]
    command += ["-o", "BindAddress=127.0.0.3", f"{USER}@127.0.0.1"]
    ran = subprocess.run(command, input="pwd\n", capture_output=True, text=True, timeout=30, check=False)
    assert ran.returncode == 0, ran.stderr
    assert {address for _, address in door.gate.asked} == {"127.0.0.3"}
