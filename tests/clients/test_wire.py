"""The wire between client and server does what it says: it carries, it counts, it breaks."""

import socket
import threading

import pytest

from tests.clients.wire import Wire


def echo(listening: socket.socket) -> None:
    connection, _ = listening.accept()
    with connection:
        while piece := connection.recv(1000):
            connection.sendall(piece)


@pytest.fixture
def port() -> int:
    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=echo, args=(listening,), daemon=True).start()
    return int(listening.getsockname()[1])


def test_it_carries_and_counts(port: int) -> None:
    with Wire(port) as wire, socket.create_connection(("127.0.0.1", wire.port)) as client:
        client.sendall(b"12345")
        assert client.recv(5, socket.MSG_WAITALL) == b"12345"
    assert wire.sent == 5


def test_it_breaks_after_so_many_bytes(port: int) -> None:
    with Wire(port, cut_after=4) as wire, socket.create_connection(("127.0.0.1", wire.port)) as client:
        client.settimeout(20)
        client.sendall(b"12345")
        try:
            assert client.recv(1) == b""
        except ConnectionResetError:
            assert wire.broken
