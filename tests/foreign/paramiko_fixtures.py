"""What paramiko's own suite runs on here: a connection to a real server, where its conftest has one of its own.

In: FOREIGN_* in the environment, said by with_paramiko.py. Out: the fixture `sftp`. Loaded with `-p`; the suite itself
lies in build/ and is left as it came.
"""

import importlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

paramiko: Any = importlib.import_module("paramiko")

_HIDDEN = frozenset(filter(None, os.environ["FOREIGN_BESIDES"].split(":")))


class Client(paramiko.SFTPClient):  # type: ignore[misc] # paramiko is no requirement of ours, so it has no types here
    """A client that does not list what stands beside the suite's files: its tests count names."""

    def listdir_attr(self, path: str = ".") -> list[Any]:
        return [found for found in super().listdir_attr(path) if found.filename not in _HIDDEN]

    def listdir_iter(self, path: str = ".", read_aheads: int = 50) -> Iterator[Any]:
        return (found for found in super().listdir_iter(path, read_aheads) if found.filename not in _HIDDEN)


@pytest.fixture
def sftp() -> Iterator[Any]:
    """A new connection, and nothing left of the test before."""
    _empty(Path(os.environ["FOREIGN_DISK"]))
    transport = paramiko.Transport(("127.0.0.1", int(os.environ["FOREIGN_PORT"])))
    key = paramiko.Ed25519Key.from_private_key_file(os.environ["FOREIGN_KEY"])
    transport.connect(username=os.environ["FOREIGN_USER"], pkey=key)
    client = Client.from_transport(transport)
    client.FOLDER = os.environ["FOREIGN_FOLDER"]
    yield client
    transport.close()


def pytest_configure(config: pytest.Config) -> None:
    """Name the suite's own mark, as its conftest would."""
    config.addinivalue_line("markers", "slow: a mark of the suite")


def _empty(folder: Path) -> None:
    for found in folder.iterdir():
        if found.is_dir() and not found.is_symlink():
            shutil.rmtree(found)
        else:
            found.unlink()
