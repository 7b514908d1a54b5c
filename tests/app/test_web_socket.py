"""Where the web door listens."""

import socket

import pytest

from sftpingest.app.web_socket import web_socket
from sftpingest.settings import read


def test_small_answers_do_not_wait_for_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFTPINGEST_WEB_PORT", "0")
    with web_socket(read()) as there, socket.create_connection(there.getsockname()):
        taken, _ = there.accept()
        with taken:
            assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
