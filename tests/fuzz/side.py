"""One connection without a network: its keys, what its sessions hear, and what it sends.

In: bytes of SSH, as they come from a socket. Out: what was told, what was sent, and why it ended.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import asyncssh
from asyncssh.constants import MSG_CHANNEL_WINDOW_ADJUST, MSG_DISCONNECT, MSG_IGNORE, MSG_KEXINIT
from asyncssh.encryption import Encryption, get_encryption, get_encryption_params

#: the last two are not for the lane: asyncssh opens their packets
ALGORITHMS = [
    (b"aes128-gcm@openssh.com", b""),
    (b"aes256-gcm@openssh.com", b""),
    (b"aes128-ctr", b"hmac-sha2-256"),
    (b"aes256-ctr", b"hmac-sha2-512"),
    (b"aes128-ctr", b"hmac-sha2-256-etm@openssh.com"),
    (b"aes256-ctr", b"hmac-sha2-512-etm@openssh.com"),
    (b"aes128-cbc", b"hmac-sha2-256"),
    (b"chacha20-poly1305@openssh.com", b""),
]
#: a session pauses when it hears this, until the loop turns
PAUSE = b"P"
#: what asyncssh says of too long a packet, and we of one that is too long or too short
LENGTH = ("Max packet size exceeded", "A packet has no such length")

#: of what is sent so many bytes are the same on both sides: the code of a disconnect, nothing of random numbers
SAME = {MSG_DISCONNECT: 5, MSG_KEXINIT: 1}


class Keys:
    """One direction's keys, as made from the number of an algorithm and of the exchange."""

    def __init__(self, algorithm: int, turn: int) -> None:
        names = ALGORITHMS[algorithm]
        key, iv, block, proof_key, self.proof, self.outside = get_encryption_params(*names)
        parts = [bytes([turn + 1]) * size for size in (key, iv, proof_key)]
        self.block = max(8, block)
        self.encryption: Encryption = get_encryption(names[0], parts[0], parts[1], names[1], parts[2], etm=self.outside)


class _Open:
    """Sends what is to be sent as it is."""

    def encrypt_packet(self, seq: int, header: bytes, packet: bytes) -> tuple[bytes, bytes]:
        return header + packet, b""


class _Pipe:
    """A transport that goes nowhere."""

    def __init__(self) -> None:
        self.sent = bytearray()

    def write(self, sent: bytes) -> None:
        self.sent += sent

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def is_closing(self) -> bool:
        return False

    def nothing(self) -> None:
        pass

    abort = close = pause_reading = resume_reading = nothing


class Heard(asyncssh.SSHServerSession[bytes]):
    """A session that keeps what it is told; bytes that follow each other are one."""

    def __init__(self, runs: bool) -> None:
        self.takes_runs = runs
        self.told: list[Any] = []
        self.got = self.pauses = 0
        self._channel: Any = None

    def connection_made(self, chan: Any) -> None:
        self._channel = chan

    def subsystem_requested(self, subsystem: str) -> bool:
        return subsystem == "sftp"

    def session_started(self) -> None:
        self.told.append("started")

    def data_received(self, data: Any, datatype: int | None) -> None:
        piece = bytes(data)
        assert piece, "nothing was told"
        self.got += len(piece)
        if self.told and isinstance(self.told[-1], bytearray):
            self.told[-1] += piece
        else:
            self.told.append(bytearray(piece))
        if PAUSE in piece:
            self.pauses += 1
            self._channel.pause_reading()
            asyncio.get_running_loop().call_soon(self._channel.resume_reading)

    def eof_received(self) -> bool:
        self.told.append("eof")
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.told.append(f"lost {type(exc).__name__}")


class _Owner(asyncssh.SSHServer):
    """Every third session is of another kind, which takes no runs."""

    def __init__(self) -> None:
        self.sessions: list[Heard] = []
        self.end: Exception | str | None = None

    def session_requested(self) -> Heard:
        self.sessions.append(Heard(len(self.sessions) % 3 != 2))
        return self.sessions[-1]

    def connection_lost(self, exc: Exception | None) -> None:
        self.end = exc or "closed"


class Side:
    """One of the two, with somebody in already."""

    def __init__(self, connection: Any, keys: Keys, seq: int, window: int, strict: bool) -> None:
        self.it, self.pipe, self.owner = connection, _Pipe(), _Owner()
        it = connection
        it._transport, it._owner, it._send_encryption = self.pipe, self.owner, _Open()
        it._recv_handler, it._rekey_seconds, it._window = it._recv_pkthdr, 0, window
        it._auth_complete = it._kex_complete = True
        it._strict_kex, it._recv_seq = strict, seq
        it._recv_encryption, it._recv_blocksize, it._recv_macsize = keys.encryption, keys.block, keys.proof
        self.sent: list[bytes] = []
        self.granted: dict[int, int] = {}

    def agree(self, keys: Keys) -> None:
        """New keys, from the next NEWKEYS on."""
        self.it._next_recv_encryption = keys.encryption
        self.it._next_recv_blocksize, self.it._next_recv_macsize = keys.block, keys.proof

    @property
    def over(self) -> bool:
        return self.it._transport is None

    @property
    def reason(self) -> str:
        """Why it ended, as far as both say it in the same words."""
        end = self.owner.end
        return type(end).__name__ if str(end) in LENGTH else repr(end)

    @property
    def waits(self) -> int:
        """Bytes that have come and are no whole packet yet."""
        return len(self.it._inpbuf) + len(self.it._packet)

    @property
    def paused(self) -> bool:
        return any(channel._recv_paused is True for channel in self.it._channels.values())

    def look(self) -> None:
        """Sort what was sent: windows apart, for the lane opens those in larger steps."""
        sent, self.pipe.sent = self.pipe.sent, bytearray()
        for payload in _payloads(bytes(sent)):
            if payload[0] == MSG_CHANNEL_WINDOW_ADJUST:
                number = int.from_bytes(payload[1:5], "big")
                self.granted[number] = self.granted.get(number, 0) + int.from_bytes(payload[5:9], "big")
            elif payload[0] != MSG_IGNORE:
                self.sent.append(payload[: SAME.get(payload[0])])

    def check_windows(self) -> None:
        """What a channel may still be sent is what was granted, less what came."""
        for number, channel in self.it._channels.items():
            waiting = sum(len(piece) for piece, _ in channel._recv_buf)
            session = channel._session
            if session is not None and channel._send_state == "open":
                granted = channel._init_recv_window + self.granted.get(number, 0)
                assert channel._recv_window == granted - session.got - waiting, "the window is not what was told"


def _payloads(sent: bytes) -> Iterator[bytes]:
    while sent:
        length, padding = int.from_bytes(sent[:4], "big"), sent[4]
        yield sent[5 : 4 + length - padding]
        sent = sent[4 + length :]
