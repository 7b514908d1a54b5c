"""A vendor door at an address of this machine, for programs of others to read.

In:  what makes a door on a new store.
Out: `standing_door`: its address, until the block is left.
"""

import logging
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import structlog
import uvicorn
from sqlalchemy import Engine

from sftpingest.doors.vendor import application
from sftpingest.store.engine import migrate, open_store
from tests.doors.vendor.conftest import Web

Made = TypeVar("Made", bound=Web)


@contextmanager
def standing_door(new: Callable[[Engine, Path], Made]) -> Iterator[tuple[str, Made]]:
    """A door in this process on a port of this machine; of its log only what went wrong is seen."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    there = Path(tempfile.mkdtemp(prefix="sftpingest-"))
    engine = open_store(f"sqlite:///{there / 'roster.db'}")
    migrate(engine)
    door = new(engine, there)
    try:
        with _served(door) as port:
            yield f"http://127.0.0.1:{port}", door
    finally:
        engine.dispose()
        shutil.rmtree(there)


@contextmanager
def _served(door: Web) -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(application(door.grounds, door.parts), log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()
