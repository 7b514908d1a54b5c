"""What nobody's client sends: packets that cost us more than whoever sends them."""

import asyncio
import contextlib
import errno
import os
from collections.abc import Awaitable, Callable
from typing import Any, cast

import asyncssh
import pytest
from asyncssh.constants import (
    MSG_CHANNEL_DATA,
    MSG_CHANNEL_REQUEST,
    MSG_CHANNEL_WINDOW_ADJUST,
    MSG_GLOBAL_REQUEST,
    MSG_IGNORE,
    MSG_KEXINIT,
    MSG_REQUEST_FAILURE,
    MSG_REQUEST_SUCCESS,
    MSG_USERAUTH_FAILURE,
    MSG_USERAUTH_REQUEST,
)
from asyncssh.packet import Boolean, String, UInt32

from sftpingest.doors.sftp import Rules
from sftpingest.doors.sftp.ssh.profiles import LEGACY
from tests.doors.sftp.conftest import Knock
from tests.doors.sftp.raw import CREAT, EOF, FOR_READ, FOR_WRITE, OK, OPEN, READ, STAT, WRITE, Raw, string, u32, u64
from tests.doors.sftp.test_guard import come, until
from tests.doors.sftp.test_packets import Bench, packet

GREAT = 255 * 1024
#: what a client that goes on sending may see instead of our last sentence
OUTRUN = *(str(OSError(one, os.strerror(one))) for one in (errno.ECONNRESET, errno.EPIPE)), "Connection lost"


def ours(door: Knock) -> Any:
    (connection,) = door.door._house.connections
    return connection


def read_all(number: int, handle: bytes) -> bytes:
    return string(bytes([READ]) + u32(number) + string(handle) + u64(0) + u32(GREAT))


def sent(raw: Raw, content: bytes) -> tuple[int, bytes, bytes]:
    """Arguments by which a client sends bytes of a channel whatever asyncssh thinks of that."""
    channel = cast("Any", raw.writer.channel)
    return MSG_CHANNEL_DATA, UInt32(channel._send_chan), String(content)


async def opened(raw: Raw, name: bytes) -> bytes:
    return (await raw.ask(OPEN, string(name), u32(FOR_READ), u32(0))).text


@contextlib.asynccontextmanager
async def deaf(connection: Any, *kinds: int) -> Any:
    """The client does as if these packets had not come."""
    connection._packet_handlers = connection._packet_handlers | dict.fromkeys(kinds, lambda *_: True)
    yield connection
    connection.abort()


# -- inside --------------------------------------------------------------------------------------------------------


def test_a_client_that_takes_one_byte_a_packet_gets_no_channel(door: Knock) -> None:
    async def scene() -> None:
        async with door.connection() as connection:
            with pytest.raises(asyncssh.ChannelOpenError, match="no packets as short"):
                await connection.open_session(subsystem="sftp", max_pktsize=1)
            await Raw.on(connection)

    asyncio.run(scene())


def test_answers_do_not_pile_up_for_a_client_that_never_agrees_on_new_keys(door: Knock) -> None:
    (door.home / "a.csv").write_bytes(bytes(GREAT))

    async def scene() -> None:
        async with door.connection() as connection, deaf(connection, MSG_KEXINIT):
            raw = await Raw.on(connection)
            handle, it = await opened(raw, b"a.csv"), ours(door)
            channel = cast("Any", raw.writer.channel)
            door.loop.call_soon_threadsafe(begin_new_keys, it)
            await until(lambda: not it._kex_complete)
            for number in range(100):
                connection.send_packet(*sent(raw, read_all(number, handle)))
                connection.send_packet(MSG_CHANNEL_WINDOW_ADJUST, UInt32(channel._send_chan), UInt32(GREAT))
            connection.send_packet(MSG_GLOBAL_REQUEST, String("last"), Boolean(True))
            await until(lambda: any(kind == MSG_REQUEST_FAILURE for kind, _ in it._deferred_packets))
            waiting = sum(len(part) for _, parts in it._deferred_packets for part in parts)
            assert waiting < 4 * GREAT

    asyncio.run(scene())


def begin_new_keys(connection: Any) -> None:
    connection._send_kexinit()
    connection._kexinit_sent = True


def test_a_client_that_asks_on_and_never_agrees_on_new_keys_is_sent_away(door: Knock) -> None:
    async def scene() -> None:
        async with door.connection() as connection, deaf(connection, MSG_KEXINIT):
            it = ours(door)
            door.loop.call_soon_threadsafe(begin_new_keys, it)
            await until(lambda: not it._kex_complete)
            with contextlib.suppress(OSError):
                for _ in range(20_000):
                    connection.send_packet(MSG_GLOBAL_REQUEST, String("x"), Boolean(True))
            await until(lambda: not door.door._house.connections)

    asyncio.run(scene())


def test_new_keys_in_the_midst_of_reading_lose_no_answer(door: Knock) -> None:
    (door.home / "a.csv").write_bytes(bytes(GREAT))

    async def scene() -> None:
        async with door.connection() as connection:
            raw = await Raw.on(connection)
            handle, it = await opened(raw, b"a.csv"), ours(door)
            it._rekey_bytes, first = 1_000_000, it._send_encryption
            numbers = [raw.request(READ, string(handle), u64(0), u32(GREAT)) for _ in range(40)]
            for number in numbers:
                assert len((await raw.answer(number)).text) == GREAT
            assert it._send_encryption is not first

    asyncio.run(scene())


def test_a_client_that_takes_no_answers_is_not_heard_either(door: Knock) -> None:
    """Each packet of its may bring one more, without end. What fills the socket really is some megabytes."""

    async def scene() -> None:
        async with door.connection() as connection:
            raw, it = await Raw.on(connection), ours(door)
            door.loop.call_soon_threadsafe(it.pause_writing)
            asked = [raw.request(STAT, string(b"/"))]
            await until(lambda: not it._transport.is_reading())
            before = it.received
            asked.append(raw.request(STAT, string(b"/")))
            await asyncio.sleep(0.3)
            assert it.received == before
            door.loop.call_soon_threadsafe(it.resume_writing)
            for one in asked:
                assert (await raw.answer(one)).size >= 0

    asyncio.run(scene())


def test_an_environment_is_not_kept(door: Knock) -> None:
    async def scene() -> None:
        async with door.connection() as connection:
            raw = await Raw.on(connection)
            channel = UInt32(cast("Any", raw.writer.channel)._send_chan)
            for number in range(100):
                variable = String(f"name{number}"), String(bytes(30_000))
                connection.send_packet(MSG_CHANNEL_REQUEST, channel, String("env"), Boolean(False), *variable)
            await opened(raw, b"README.txt")
            assert [len(one._env) for one in ours(door)._channels.values()] == [0]

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("cipher", "mac"),
    [("aes128-ctr", "hmac-sha2-256"), ("aes128-ctr", "hmac-sha2-256-etm@openssh.com"), ("aes128-gcm@openssh.com", "")],
)
@pytest.mark.parametrize("length", [0, 1, 5, 8, 11, 2**31, 2**32 - 1])
def test_a_packet_of_an_impossible_length_ends_the_connection_with_a_sentence(
    door: Knock, cipher: str, mac: str, length: int
) -> None:
    async def scene() -> None:
        ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        class Client(asyncssh.SSHClient):
            def connection_lost(self, exc: Exception | None) -> None:
                ended.set_result(str(exc))

        algorithms = {"encryption_algs": [cipher]} | ({"mac_algs": [mac]} if mac else {})
        async with door.connection(client_factory=Client, **algorithms) as connection:
            await Raw.on(connection)
            its = cast("Any", connection)
            packet, code = its._send_encryption.encrypt_packet(its._send_seq, UInt32(length), bytes(min(length, 64)))
            its._send(packet + code + bytes(64))
            assert await asyncio.wait_for(ended, 20) == "A packet has no such length"

    asyncio.run(scene())


@pytest.mark.parametrize("rules", [Rules(idle_seconds=1)])
@pytest.mark.parametrize("what", ["half a request", "variables"])
def test_bytes_that_are_no_request_keep_no_session_open(door: Knock, what: str) -> None:
    async def scene() -> None:
        async with door.connection() as connection:
            raw = await Raw.on(connection)
            if what == "half a request":
                raw.writer.write(u32(GREAT) + bytes([STAT]))
            channel = UInt32(cast("Any", raw.writer.channel)._send_chan)
            async with asyncio.timeout(20):
                while not connection.is_closed():
                    if what == "variables":
                        connection.send_packet(
                            MSG_CHANNEL_REQUEST, channel, String("env"), Boolean(True), String("a"), String("b")
                        )
                    else:
                        connection.send_packet(MSG_CHANNEL_DATA, channel, String(b"junk"))
                    await asyncio.sleep(0.1)

    with contextlib.suppress(asyncssh.Error, ConnectionError):
        asyncio.run(scene())


def test_requests_that_wait_are_not_copied_for_each_one_that_is_answered() -> None:
    """Else a hundred thousand small ones in one window cost us seconds in which nobody else is served."""

    async def scene() -> None:
        bench, held = Bench(), []
        bench.requests.feed(memoryview(b"".join(packet(STAT, number, string(b"/")) for number in range(1000))))
        while bench.tasks:
            held += [piece.obj for piece in bench.requests._waiting]
            await asyncio.sleep(0)
        assert len(bench.answers()) == 1000
        assert len(set(map(id, held))) == 1

    asyncio.run(scene())


@pytest.mark.parametrize("offset", [2**63 - 1, 2**63, 2**64 - 1])
def test_nothing_is_read_beyond_where_any_file_can_end(
    door: Knock, offset: int, capfd: pytest.CaptureFixture[str]
) -> None:
    (door.home / "a.csv").write_bytes(b"a row\n")

    async def scene() -> None:
        async with door.connection() as connection:
            raw = await Raw.on(connection)
            handle = await opened(raw, b"a.csv")
            assert (await raw.ask(READ, string(handle), u64(offset), u32(2**32 - 1))).status == EOF

    asyncio.run(scene())
    assert "door.failed" not in capfd.readouterr().out


def spoilt(encryption: Any, number: int, what: str) -> bytes:
    """A packet that cannot be what the client meant."""
    length, content = {"too long": (2**31, bytes(28)), "too short": (1, bytes(12))}.get(what, (28, bytes(28)))
    packet, code = encryption.encrypt_packet(number, UInt32(length), content)
    return bytes(packet + (bytes(len(code)) if what == "changed" else code) + bytes(64))


@pytest.mark.parametrize("profile", [LEGACY])
@pytest.mark.parametrize("cipher", ["aes128-cbc", "aes256-cbc"])
@pytest.mark.parametrize("what", ["too long", "too short", "changed"])
def test_a_spoilt_packet_of_an_old_client_ends_its_connection_and_publishes_nothing(
    door: Knock, cipher: str, what: str
) -> None:
    async def scene() -> None:
        algorithms = {"encryption_algs": [cipher], "mac_algs": ["hmac-sha1"], "server_host_key_algs": ["rsa-sha2-256"]}
        async with door.connection(**algorithms) as connection:
            raw, its = await Raw.on(connection), cast("Any", connection)
            handle = (await raw.ask(OPEN, string(b"a.csv"), u32(FOR_WRITE | CREAT), u32(0))).text
            for at in range(0, 90_000, 30_000):
                assert (await raw.ask(WRITE, string(handle), u64(at), string(bytes(30_000)))).status == OK
            its._send(spoilt(its._send_encryption, its._send_seq, what))
            await until(connection.is_closed)

    with contextlib.suppress(asyncssh.Error, ConnectionError):
        asyncio.run(scene())
    door.eventually(lambda: not door.door._house.sessions)
    assert door.published() == {}


@pytest.mark.parametrize(("times", "answer"), [(1, MSG_REQUEST_SUCCESS), (3, MSG_REQUEST_FAILURE)])
def test_a_host_key_is_proven_once_a_request(door: Knock, times: int, answer: int) -> None:
    """A packet has room for thousands of names, and each proof is a signature."""

    async def scene() -> None:
        heard: list[int] = []

        def hear(_: object, kind: int, *__: object) -> bool:
            heard.append(kind)
            return True

        async with door.connection() as connection:
            its, key = cast("Any", connection), next(iter(ours(door)._all_server_host_keys))
            its._packet_handlers = its._packet_handlers | dict.fromkeys(
                (MSG_REQUEST_SUCCESS, MSG_REQUEST_FAILURE), hear
            )
            its.send_packet(
                MSG_GLOBAL_REQUEST, String("hostkeys-prove-00@openssh.com"), Boolean(True), *[String(key)] * times
            )
            await until(lambda: bool(heard))
            assert heard == [answer]
            connection.abort()

    asyncio.run(scene())


# -- before login --------------------------------------------------------------------------------------------------


async def before_login(door: Knock, attack: Callable[[Any], Awaitable[None]]) -> str:
    """Do this instead of sending a password; gives how the connection ended."""
    ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    tasks: list[Any] = []

    class Client(asyncssh.SSHClient):
        def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
            self.conn = conn

        def connection_lost(self, exc: Exception | None) -> None:
            ended.set_result(str(exc))

        def password_auth_requested(self) -> Any:
            tasks.append(asyncio.ensure_future(attack(self.conn)))
            return asyncio.get_running_loop().create_future()

        kbdint_auth_requested = password_auth_requested

    coming = asyncio.ensure_future(come(door, client_factory=Client, password=None).__aenter__())
    try:
        return await asyncio.wait_for(ended, 30)
    finally:
        with contextlib.suppress(asyncssh.Error, OSError, asyncio.CancelledError):
            coming.cancel()
            await coming


def test_methods_that_prove_nothing_may_be_asked_for_only_so_often(door: Knock) -> None:
    answers: list[int] = []

    def answered(*_: object) -> bool:
        answers.append(1)
        return True

    async def ask(connection: Any) -> None:
        connection._packet_handlers = connection._packet_handlers | {MSG_USERAUTH_FAILURE: answered}
        with contextlib.suppress(OSError):
            for number in range(1000):
                asked = String(f"name{number}"), String("ssh-connection"), String("none")
                connection.send_packet(MSG_USERAUTH_REQUEST, *asked)
                await asyncio.sleep(0)

    assert asyncio.run(before_login(door, ask)) in {"Too many attempts to log in.", *OUTRUN}
    assert len(answers) < 100


def test_new_keys_are_not_agreed_on_before_login(door: Knock) -> None:
    first, keys = [], set()

    async def again(connection: Any) -> None:
        first.append(connection._send_encryption)
        begin_new_keys(connection)
        while connection._transport is not None:
            keys.add(connection._send_encryption)
            await asyncio.sleep(0)

    assert asyncio.run(before_login(door, again)) in {"New keys before login", *OUTRUN}
    assert keys == set(first)


def test_who_is_not_in_may_send_only_so_much(door: Knock) -> None:
    async def flood(connection: Any) -> None:
        while connection._transport is not None:
            connection.send_packet(MSG_IGNORE, String(bytes(30_000)))
            await asyncio.sleep(0)

    assert asyncio.run(before_login(door, flood)) in {"So much is not needed to log in.", *OUTRUN}
