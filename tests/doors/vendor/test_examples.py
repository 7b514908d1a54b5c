"""The examples of docs/vendors/ run as they stand there, against a server that listens."""

import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from sftpingest.doors.vendor import application
from sftpingest.store import vendors
from tests.doors.vendor.clever.conftest import Door, new_door
from tests.doors.vendor.conftest import Web

DOCS = Path(__file__).parents[3] / "docs" / "vendors"
EXAMPLE = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def examples(page: str) -> list[str]:
    return EXAMPLE.findall((DOCS / page).read_text())


@pytest.fixture
def served(light: Web) -> Iterator[tuple[Door, str]]:
    """A door that listens, and its address."""
    door = new_door(light.engine, light.keys)
    there = socket.create_server(("127.0.0.1", 0))
    how = uvicorn.Config(application(door.grounds, door.parts), log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(how)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [there]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield door, f"http://127.0.0.1:{there.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_the_examples_of_the_clever_shaped_api_are_answered(served: tuple[Door, str]) -> None:
    door, address = served
    token = door.token("everything", "springfield")
    client, secret = door.in_store(lambda c: vendors.rotate(c, "everything"))
    given = {"ROSTER": address, "TOKEN": token, "CLIENT_ID": client.client_id, "CLIENT_SECRET": secret}
    found = examples("clever.md")
    assert len(found) == 4
    for example in found:
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", example],
            env=os.environ | given,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert ran.returncode == 0, ran.stderr
        assert '"id":' in ran.stdout, example
