"""libssh, by ssh-python, at the verbs of tests/clients/libraries.py."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ssh
from ssh import options
from ssh.key import import_privkey_file
from ssh.session import Session

from tests.clients.programs.reach import HOST, KEY, KNOWN_HOSTS, PASSWORD, PORT, USER, called, tell

PIECE = 64 * 1024
MODE = 0o644


@contextmanager
def session() -> Iterator[Any]:
    with socket.create_connection((HOST, PORT), 20) as connection:
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as libssh does with sockets of its own
        link = Session()
        link.options_set(options.USER, USER)
        link.options_set(options.HOST, HOST)
        link.options_set_port(PORT)
        link.options_set(options.KNOWNHOSTS, KNOWN_HOSTS)
        link.set_socket(connection)
        link.connect()
        if PASSWORD:
            link.userauth_password(USER, PASSWORD)
        else:
            link.userauth_publickey(import_privkey_file(KEY))
        yield link.sftp_new_ready() if hasattr(link, "sftp_new_ready") else ready(link)
        link.disconnect()


def ready(link: Any) -> Any:
    sftp = link.sftp_new()
    sftp.init()
    return sftp


def send(local: str, name: str, flags: int, *, onward: bool) -> None:
    with session() as sftp, Path(local).open("rb") as source:
        there = sftp.stat(f"/{name}").size if onward else 0
        source.seek(there)
        target = sftp.open(f"/{name}", flags, MODE)
        target.seek64(there)
        while piece := source.read(PIECE):
            target.write(piece)
        if (status := target.close()) != 0:
            raise OSError(status, "the server refused to close the file")


def put(local: str, name: str) -> None:
    send(local, name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, onward=False)


def resume(local: str, name: str) -> None:
    send(local, name, os.O_WRONLY, onward=True)


def listed() -> None:
    with session() as sftp, sftp.opendir("/") as folder:
        tell(*(entry.name.decode() for entry in folder))


def get(remote: str, local: str) -> None:
    with session() as sftp, Path(local).open("wb") as target:
        source = sftp.open(remote, os.O_RDONLY, 0)
        target.writelines(piece for _, piece in source)


def rename(old: str, new: str) -> None:
    with session() as sftp:
        sftp.rename(f"/{old}", f"/{new}")


def delete(name: str) -> None:
    with session() as sftp:
        sftp.unlink(f"/{name}")


verbs: dict[str, Any] = {"put": put, "resume": resume, "list": listed, "get": get, "rename": rename, "delete": delete}
called(str(ssh.__version__), verbs)
