"""A wire between client and server that counts what goes through it, and breaks after so many bytes.

In: the server's port. Out: a port of its own, and `sent`.
"""

import contextlib
import socket
import struct
import threading
from types import TracebackType
from typing import Self

_PIECE = 32 * 1024
#: SO_LINGER with no time: what is still on its way is thrown away
_RESET = struct.pack("ii", 1, 0)


class Wire:
    """A TCP proxy on 127.0.0.1. `cut_after`: bytes from clients after which all connections end."""

    def __init__(self, server_port: int, cut_after: int | None = None) -> None:
        self._server_port = server_port
        self._cut_after = cut_after
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._lock = threading.Lock()
        #: bytes that came from clients so far
        self.sent = 0
        #: whether it has broken
        self.broken = False

    @property
    def port(self) -> int:
        """Where clients find it."""
        return int(self._listening.getsockname()[1])

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._break()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if self.broken:
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self._server_port))
            for end in (client, server):  # small packets go on at once, as on a wire
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._ends += [client, server]
            for source, target, counts in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._carry, args=(source, target, counts), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(_PIECE):
                if counts and self._enough(len(piece)):
                    self._break()
                    return
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)

    def _enough(self, more: int) -> bool:
        with self._lock:
            self.sent += more
            return self._cut_after is not None and self.sent > self._cut_after

    def _break(self) -> None:
        self.broken = True
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                end.shutdown(socket.SHUT_RDWR)
            end.close()
