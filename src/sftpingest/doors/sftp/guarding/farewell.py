"""A clear no before a word of SSH is understood.

In: a socket and a sentence. Out: the sentence on the client's screen, and the socket closed.

RFC 4253 4.2 allows lines of text before the version. None of OpenSSH, PuTTY, lftp, curl and asyncssh shows them. A
version and a disconnect message in clear text (11.1: at any time) are shown by OpenSSH, PuTTY and asyncssh. Neither
needs anything that the client has said.
"""

import asyncio
import contextlib
import os
import socket
import struct

#: RFC 4253 11.1
NOT_ALLOWED, TOO_MANY, BY_APPLICATION = 1, 12, 11

_DISCONNECT = 1
_BLOCK, _LEAST_PADDING = 8, 4
#: what a client has sent before it read our no is read and dropped, so that the no is not lost with it
_DROPPED_BYTES, _DROPPED_SECONDS = 65536, 2.0
#: so many clients at once get that much attention; the rest are closed at once: they may be a flood
_MOST_ATTENDED = 32

_attended = 0


def said(version: bytes, code: int, sentence: str) -> bytes:
    """Our version and a disconnect message."""
    text = sentence.encode()
    message = struct.pack("!BII", _DISCONNECT, code, len(text)) + text + struct.pack("!I", 0)
    padding = _BLOCK - (len(message) + 5) % _BLOCK
    padding += _BLOCK if padding < _LEAST_PADDING else 0
    packet = struct.pack("!IB", 1 + len(message) + padding, padding) + message + os.urandom(padding)
    return b"SSH-2.0-" + version + b"\r\n" + packet


async def turn_away(client: socket.socket, version: bytes, code: int, sentence: str) -> None:
    """Say no and close. Never raises."""
    global _attended  # noqa: PLW0603 - one count a process: it bounds what a flood may hold open
    _attended += 1
    try:
        with contextlib.suppress(OSError, TimeoutError):
            client.send(said(version, code, sentence))
            client.shutdown(socket.SHUT_WR)
            if _attended <= _MOST_ATTENDED:
                await asyncio.wait_for(_drop(client), _DROPPED_SECONDS)
    finally:
        _attended -= 1
        client.close()


async def _drop(client: socket.socket) -> None:
    loop, left = asyncio.get_running_loop(), _DROPPED_BYTES
    while left > 0:
        got = await loop.sock_recv(client, 4096)
        if not got:
            return
        left -= len(got)
