"""libssh2, by ssh2-python, at the verbs of tests/clients/libraries.py."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ssh2
from ssh2.session import Session
from ssh2.sftp import LIBSSH2_FXF_CREAT, LIBSSH2_FXF_READ, LIBSSH2_FXF_TRUNC, LIBSSH2_FXF_WRITE
from ssh2.utils import version

from tests.clients.programs.reach import HOST, KEY, PASSWORD, PORT, USER, called, tell

PIECE = 256 * 1024
MODE = 0o644


@contextmanager
def session() -> Iterator[Any]:
    with socket.create_connection((HOST, PORT), 20) as connection:
        connection.settimeout(None)
        ssh = Session()
        ssh.handshake(connection)
        if PASSWORD:
            ssh.userauth_password(USER, PASSWORD)
        else:
            ssh.userauth_publickey_fromfile(USER, KEY)
        yield ssh.sftp_init()
        ssh.disconnect()


def send(local: str, name: str, flags: int, *, onward: bool) -> None:
    with session() as sftp, Path(local).open("rb") as source:
        there = sftp.stat(f"/{name}").filesize if onward else 0
        source.seek(there)
        with sftp.open(f"/{name}", flags, MODE) as target:
            target.seek64(there)
            while piece := source.read(PIECE):
                target.write(piece)
            if (status := target.close()) != 0:
                raise OSError(status, "the server refused to close the file")


def put(local: str, name: str) -> None:
    send(local, name, LIBSSH2_FXF_WRITE | LIBSSH2_FXF_CREAT | LIBSSH2_FXF_TRUNC, onward=False)


def resume(local: str, name: str) -> None:
    send(local, name, LIBSSH2_FXF_WRITE, onward=True)


def listed() -> None:
    with session() as sftp, sftp.opendir("/") as folder:
        tell(*(name.decode() for _, name, _ in folder.readdir()))


def get(remote: str, local: str) -> None:
    with session() as sftp, Path(local).open("wb") as target, sftp.open(remote, LIBSSH2_FXF_READ, 0) as source:
        target.writelines(piece for _, piece in source)


def rename(old: str, new: str) -> None:
    with session() as sftp:
        sftp.rename(f"/{old}", f"/{new}")


def delete(name: str) -> None:
    with session() as sftp:
        sftp.unlink(f"/{name}")


verbs: dict[str, Any] = {"put": put, "resume": resume, "list": listed, "get": get, "rename": rename, "delete": delete}
called(f"{ssh2.__version__}, libssh2 {version().decode()}", verbs)
