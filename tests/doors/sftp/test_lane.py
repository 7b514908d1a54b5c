"""The fast lane is asyncssh, only faster: every cipher, new keys on the way, several channels, and what is refused."""

import asyncio
import hashlib
import inspect
import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from asyncssh import channel, connection, sftp
from asyncssh.constants import MSG_CHANNEL_DATA, MSG_IGNORE
from asyncssh.crypto import cipher
from asyncssh.packet import String, UInt32

from sftpingest.doors.sftp.folder.upload import Upload
from sftpingest.doors.sftp.ssh import lane, runs, sending
from sftpingest.doors.sftp.ssh.profiles import COMPATIBLE, Profile
from tests.doors.sftp.conftest import Knock

CONTENT = random.Random(5).randbytes(3_000_000)

CIPHERS = [
    ("aes128-gcm@openssh.com", "hmac-sha2-256"),
    ("aes256-gcm@openssh.com", "hmac-sha2-256"),
    ("aes128-ctr", "hmac-sha2-256"),
    ("aes256-ctr", "hmac-sha2-512"),
    ("aes128-ctr", "hmac-sha2-256-etm@openssh.com"),
    ("aes192-ctr", "hmac-sha2-512-etm@openssh.com"),
]

#: what we stand on in asyncssh. When one of these has changed: read it, mend lane.py, sending.py, ciphers.py and
#: overrides.py where they do the same, then put the new sum here
STOOD_ON: dict[str, tuple[str, list[Any]]] = {
    "connection": (
        "c13b13a5357491cb",
        [
            connection.SSHConnection.__init__,
            connection.SSHConnection._recv_data,
            connection.SSHConnection._recv_pkthdr,
            connection.SSHConnection._recv_packet,
            connection.SSHConnection._finish_recv_packet,
            connection.SSHConnection._reset_keepalive_timer,
            connection.SSHConnection.data_received,
            connection.SSHConnection.pause_writing,
            connection.SSHConnection.send_packet,
            connection.SSHConnection.send_newkeys,
            connection.SSHConnection._process_newkeys,
            connection.SSHConnection._force_close,
            connection.SSHConnection._cleanup,
        ],
    ),
    "channel": (
        "b445216508e4ee71",
        [
            channel.SSHChannel.__init__,
            channel.SSHChannel._process_data,
            channel.SSHChannel._accept_data,
            channel.SSHChannel._deliver_data,
            channel.SSHChannel._flush_recv_buf,
            channel.SSHChannel._flush_send_buf,
            channel.SSHChannel._pause_resume_writing,
            channel.SSHChannel._process_eof,
            channel.SSHChannel._process_close,
            channel.SSHChannel._cleanup,
            channel.SSHChannel.write,
            channel.SSHChannel.resume_reading,
            channel.SSHServerChannel.exit,
        ],
    ),
    "ciphers": ("34741d121be07e49", [cipher.BasicCipher, cipher.GCMCipher, asyncssh.encryption, asyncssh.mac._HMAC]),
    "sftp": (
        "0df2f59467523e5a",
        [
            sftp.SFTPHandler.__init__,
            sftp.SFTPServerHandler.__init__,
            sftp.SFTPServerHandler._process_packet,
            sftp.SFTPServerHandler._process_opendir,
            sftp.SFTPServerHandler._process_limits,
            sftp.SFTPServerHandler.run,
        ],
    ),
}


@pytest.mark.parametrize("part", STOOD_ON)
def test_asyncssh_is_what_the_lane_was_written_for(part: str) -> None:
    known, parts = STOOD_ON[part]
    assert hashlib.sha256("".join(map(inspect.getsource, parts)).encode()).hexdigest()[:16] == known


def ours(door: Knock) -> list[Any]:
    return list(door.door._house.connections)


async def upload(
    client: asyncssh.SFTPClient, name: str = "a.csv", size: int = 32_000, content: bytes = CONTENT
) -> None:
    async with client.open(name, "wb", encoding=None, block_size=size) as file:
        await file.write(content)


async def download(client: asyncssh.SFTPClient, name: str = "a.csv") -> bytes:
    async with client.open(name, "rb", encoding=None) as file:
        content: Any = await file.read()
        return bytes(content)


@pytest.mark.parametrize(("cipher", "mac"), CIPHERS)
def test_what_goes_up_comes_down_by_every_cipher(door: Knock, cipher: str, mac: str) -> None:
    async def both_ways() -> bool:
        async with (
            door.connection(encryption_algs=[cipher], mac_algs=[mac]) as connection,
            connection.start_sftp_client() as client,
        ):
            await upload(client)
            [one] = ours(door)
            taken = door.in_door(_fits(one))
            assert await download(client) == CONTENT
            return taken

    assert asyncio.run(both_ways())
    assert door.published() == {"a.csv": CONTENT}


async def _fits(one: Any) -> bool:
    return bool(one._fits()) and one._lean


@pytest.mark.parametrize("size", [100, 4096, 200_000])
@pytest.mark.parametrize(("cipher", "mac"), CIPHERS[1:5])
def test_new_keys_on_the_way_lose_nothing(door: Knock, cipher: str, mac: str, size: int) -> None:
    content = CONTENT[: size * 300]

    async def go() -> None:
        options: dict[str, Any] = {"encryption_algs": [cipher], "mac_algs": [mac], "rekey_bytes": len(content) // 5}
        async with door.connection(**options) as connection, connection.start_sftp_client() as client:
            before = connection._session_id, connection._send_encryption
            async with client.open("a.csv", "wb", encoding=None, block_size=size) as file:
                await file.write(content)
            assert connection._session_id == before[0]
            assert connection._send_encryption is not before[1]
            assert await download(client) == content

    asyncio.run(go())


def test_the_server_asks_for_new_keys_too(door: Knock) -> None:
    async def go() -> None:
        async with door.client() as client:
            await upload(client)
            [one] = ours(door)
            one._rekey_bytes = 500_000
            encryption = one._send_encryption
            assert await download(client) == CONTENT
            assert one._send_encryption is not encryption

    asyncio.run(go())


class TestRekeyed:
    @pytest.fixture
    def profile(self) -> Profile:
        return replace(COMPATIBLE, rekey_bytes=300_000)

    def test_openssh_gets_new_keys_in_the_middle_of_a_file(self, door: Knock, tmp_path: Path) -> None:
        """It ends the connection where anything but new keys comes while they are agreed."""
        (tmp_path / "up").write_bytes(CONTENT)
        ran = door.sftp(f"put {tmp_path}/up a.csv\nget a.csv {tmp_path}/down\n", "-B", "4096")
        assert ran.returncode == 0, ran.stderr
        assert (tmp_path / "down").read_bytes() == CONTENT


def test_another_asyncssh_goes_its_own_way(door: Knock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "KNOWN", False)
    monkeypatch.setattr(sending, "KNOWN", False)

    async def go() -> None:
        async with door.client() as client:
            await upload(client)
            [one] = ours(door)
            assert not door.in_door(_fits(one))
            assert await download(client) == CONTENT

    asyncio.run(go())


def test_channels_side_by_side_are_not_mixed(door: Knock) -> None:
    async def go() -> None:
        async with door.connection() as connection:
            clients = [await connection.start_sftp_client() for _ in range(4)]
            files = [await one.open(f"{n}.csv", "wb", encoding=None) for n, one in enumerate(clients)]
            door.loop.call_soon_threadsafe(time.sleep, 0.3)  # so that bytes of several channels come in one turn
            for at in range(0, 300_000, 1000):
                await asyncio.gather(*(file.write(own[n][at : at + 1000], at) for n, file in enumerate(files)))
            for file in files:
                await file.close()

    own = [random.Random(n).randbytes(300_000) for n in range(4)]
    asyncio.run(go())
    assert door.published() == {f"{n}.csv": own[n] for n in range(4)}


def test_small_parts_of_packets_are_put_together(door: Knock) -> None:
    """The network cuts where it likes."""

    async def go() -> None:
        async with door.client() as client:
            link: Any = client._handler._writer.channel.get_connection()  # type: ignore[union-attr]
            send, kept = link._send, bytearray()

            def drip(packet: bytes) -> None:
                kept.extend(packet)
                while len(kept) > 700:
                    send(bytes(kept[:700]))
                    del kept[:700]
                asyncio.get_running_loop().call_later(0.01, flush)

            def flush() -> None:
                send(bytes(kept))
                kept.clear()

            link._send = drip
            await upload(client, size=5000)

    asyncio.run(go())
    assert door.published() == {"a.csv": CONTENT}


# -- refused -----------------------------------------------------------------------------------------------------------


def _closed(door: Knock, spoil: Any, **options: Any) -> None:
    async def go() -> None:
        async with door.connection(**options) as connection:
            client = await connection.start_sftp_client()
            file = await client.open("a.csv", "wb", encoding=None)
            await file.write(b"half")
            spoil(connection, client._handler._writer.channel)  # type: ignore[union-attr]
            await asyncio.wait_for(connection.wait_closed(), 20)

    asyncio.run(go())
    door.eventually(lambda: door.uploads.writing("oak-valley") == 0)
    assert door.published() == {}
    assert [path.read_bytes() for path in door.staging.iterdir()] == [b"half"]


@pytest.mark.parametrize(("cipher", "mac"), [CIPHERS[0], CIPHERS[2], CIPHERS[4]])
def test_a_packet_that_was_changed_on_its_way_ends_the_connection(door: Knock, cipher: str, mac: str) -> None:
    def spoil(connection: Any, channel: Any) -> None:
        send = connection._send
        connection._send = lambda packet: send(packet[:-1] + bytes((packet[-1] ^ 1,)))
        channel.write(b"\0\0\0\5\x11\0\0\0\1")

    _closed(door, spoil, encryption_algs=[cipher], mac_algs=[mac])


def test_more_than_the_window_ends_the_connection(door: Knock) -> None:
    def spoil(connection: Any, channel: Any) -> None:
        door.in_door(_shrink(door))
        channel.write(bytes(1000))

    _closed(door, spoil)


async def _shrink(door: Knock) -> None:
    for one in ours(door):
        for its in one._channels.values():
            its._recv_window = 10


def test_bytes_after_the_bytes_of_a_packet_end_the_connection(door: Knock) -> None:
    def spoil(connection: Any, channel: Any) -> None:
        connection.send_packet(MSG_CHANNEL_DATA, UInt32(channel._send_chan), String(b"\0\0"), b"more")

    _closed(door, spoil)


def test_bytes_for_no_channel_end_the_connection(door: Knock) -> None:
    _closed(door, lambda link, _: link.send_packet(MSG_CHANNEL_DATA, UInt32(77), String(b"\0\0")))


def test_too_long_a_packet_ends_the_connection(door: Knock) -> None:
    _closed(door, lambda link, _: link.send_packet(MSG_IGNORE, String(bytes(400_000))))


@pytest.mark.parametrize(("cipher", "mac"), [CIPHERS[0], CIPHERS[2], CIPHERS[4]])
@pytest.mark.parametrize("kind", [MSG_IGNORE, MSG_CHANNEL_DATA])
def test_a_packet_without_padding_ends_the_connection(door: Knock, cipher: str, mac: str, kind: int) -> None:
    """As asyncssh ends it, which then finds no kind of packet in it."""

    def spoil(connection: Any, channel: Any) -> None:
        to = UInt32(channel._send_chan) if kind == MSG_CHANNEL_DATA else b""
        body = bytes((0, kind)) + to + String(b"\0\0\1" + bytes(20))
        seal = connection._send_encryption.encrypt_packet
        connection._send(b"".join(seal(connection._send_seq, UInt32(len(body)), body)))

    _closed(door, spoil, encryption_algs=[cipher], mac_algs=[mac])


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - it becomes so in another thread
            await asyncio.sleep(0.01)


# -- bounded -----------------------------------------------------------------------------------------------------------


def test_a_client_that_asks_and_never_reads_fills_no_memory(door: Knock) -> None:
    (door.home / "big.csv").write_bytes(bytes(2**20))

    async def ask() -> None:
        async with door.connection() as connection:
            reader: Any = await connection.start_sftp_client()
            handle = await reader._handler.open(b"big.csv", asyncssh.FXF_READ, asyncssh.SFTPAttrs())
            link: Any = connection
            link._transport.pause_reading()
            channel = reader._handler._writer.channel
            channel.send_packet(93, UInt32(2**31))  # as much as you like
            for number in range(2000):
                channel.write(b"\0\0\0\x19\5" + UInt32(number) + String(handle) + bytes(8) + UInt32(2**20))
            await asyncio.sleep(0)
            [one] = ours(door)
            await until(lambda: one.choked)
            await asyncio.sleep(0.2)
            assert one._transport.get_write_buffer_size() < 2**20
            connection.abort()

    asyncio.run(ask())


def test_what_comes_while_asyncssh_is_busy_with_a_packet_has_to_wait(door: Knock) -> None:
    """asyncssh works at some packets for longer, new keys for one, and would keep all that comes meanwhile."""

    async def stop() -> Any:
        [one] = ours(door)
        one._recv_handler = lambda: False
        return one

    async def go_on(one: Any) -> None:
        one._finish_recv_packet(0, one._recv_seq - 1, is_async=True)

    async def knock() -> None:
        async with door.connection() as connection, connection.start_sftp_client() as client:
            one = door.in_door(stop())
            for _ in range(100):
                connection.send_packet(MSG_IGNORE, String(bytes(100_000)))
            await until(lambda: len(one._inpbuf) > runs.BOX)
            await asyncio.sleep(0.3)
            assert len(one._inpbuf) <= 2 * runs.BOX
            door.in_door(go_on(one))
            assert await client.listdir("/") == [".", "..", "README.txt", "reports"]

    asyncio.run(knock())


def test_a_ninth_session_in_one_connection_is_refused_and_the_others_go_on(door: Knock) -> None:
    async def go() -> None:
        async with door.connection() as connection:
            clients = [await connection.start_sftp_client() for _ in range(8)]
            with pytest.raises(asyncssh.ChannelOpenError, match="Too many"):
                await connection.start_sftp_client()
            await upload(clients[7])
            clients[0].exit()
            await clients[0].wait_closed()
            async with connection.start_sftp_client() as another:
                assert await download(another) == CONTENT

    asyncio.run(go())


# -- a slow disk -------------------------------------------------------------------------------------------------------


def test_a_slow_disk_keeps_only_its_own_session_waiting(door: Knock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first slow write is suffered by all; from then on a thread writes."""
    stuck, go_on = threading.Event(), threading.Event()
    write = Upload.write

    def slowly(self: Upload, offset: int, pieces: Any) -> None:
        if self.name == "slow.csv":
            if offset:  # the first piece is past, the others come in a thread
                stuck.set()
                go_on.wait(20)
            else:
                time.sleep(0.1)
        write(self, offset, pieces)

    monkeypatch.setattr(Upload, "write", slowly)

    async def go() -> None:
        async with (
            door.client() as slow,
            door.client() as quick,
            slow.open("slow.csv", "wb", encoding=None) as file,
        ):
            await file.write(CONTENT[:1000])
            waiting = asyncio.create_task(file.write(CONTENT[1000:]))
            await until(stuck.is_set)
            await upload(quick, "quick.csv")
            assert not waiting.done()
            go_on.set()
            await waiting

    asyncio.run(go())
    assert door.published() == {"slow.csv": CONTENT, "quick.csv": CONTENT}
