"""paramiko at the verbs of tests/clients/libraries.py."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paramiko

from tests.clients.programs.reach import HOST, KEY, KNOWN_HOSTS, PASSWORD, PORT, USER, called, tell

PIECE = 256 * 1024


@contextmanager
def session() -> Iterator[paramiko.SFTPClient]:
    with paramiko.SSHClient() as ssh:
        ssh.load_host_keys(KNOWN_HOSTS)
        proof = {"password": PASSWORD} if PASSWORD else {"key_filename": KEY}
        ssh.connect(HOST, PORT, USER, allow_agent=False, look_for_keys=False, timeout=20, **proof)
        with ssh.open_sftp() as sftp:
            yield sftp


def put(local: str, name: str) -> None:
    with session() as sftp:
        sftp.put(local, f"/{name}")


def resume(local: str, name: str) -> None:
    with session() as sftp, Path(local).open("rb") as source:
        there = sftp.stat(f"/{name}").st_size or 0
        source.seek(there)
        with sftp.open(f"/{name}", "r+") as target:
            target.set_pipelined(pipelined=True)
            target.seek(there)
            while piece := source.read(PIECE):
                target.write(piece)


def listed() -> None:
    with session() as sftp:
        tell(*sftp.listdir("/"))


def get(remote: str, local: str) -> None:
    with session() as sftp:
        sftp.get(remote, local)


def rename(old: str, new: str) -> None:
    with session() as sftp:
        sftp.rename(f"/{old}", f"/{new}")


def delete(name: str) -> None:
    with session() as sftp:
        sftp.remove(f"/{name}")


verbs: dict[str, Any] = {"put": put, "resume": resume, "list": listed, "get": get, "rename": rename, "delete": delete}
called(paramiko.__version__, verbs)
