"""The web door as a process: alone, and as a child of `up`."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.cli.conftest import COMMAND, Program, running


@contextmanager
def web_of(program: Program) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """`serve web` on a free port, and its address."""
    with subprocess.Popen(
        [*COMMAND, "serve", "web"],
        env=program.variables | {"SFTPINGEST_WEB_PORT": "0", "SFTPINGEST_LOG": "json"},
        cwd=program.data.parent,
        stdout=subprocess.PIPE,
        stderr=(program.data.parent / "web.log").open("a"),
        text=True,
    ) as process:
        try:
            assert process.stdout
            said = process.stdout.readline()
            found = re.match(r"Web door open at (http://127\.0\.0\.1:\d+); Ctrl-C stops it\.\n", said)
            assert found, (program.data.parent / "web.log").read_text()
            yield process, found[1]
        finally:
            process.kill()


def test_it_serves_alone_and_stops_in_order(quick: Program) -> None:
    quick.ok("district", "add", "springfield", "--name", "Springfield Public Schools")
    vendor = quick.json("vendor", "add", "quiz-whiz")
    with web_of(quick) as (process, address), httpx.Client(base_url=address) as client:
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json(), "server" in answer.headers) == (200, {"status": "ok"}, False)
        head = client.head("/readyz")
        assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "15")
        form = {"grant_type": "client_credentials"}
        got = client.post("/token", data=form, auth=(vendor["client_id"], vendor["client_secret"]))
        assert got.status_code == 200
        quick.settings |= {"SFTPINGEST_WEB_PORT": address.rpartition(":")[2]}
        assert "Set SFTPINGEST_WEB_PORT to a free one, or SFTPINGEST_WEB to off" in quick.refused("serve", "web")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    lines = [json.loads(line) for line in (quick.data.parent / "web.log").read_text().splitlines()]
    assert [one["event"] for one in lines] == ["door.opened", "request.done"]
    assert (lines[1]["route"], lines[1]["vendor"]) == ("/token", "quiz-whiz")


def test_up_opens_it_after_the_sftp_door_and_opens_it_again_when_it_dies(quick: Program) -> None:
    quick.settings |= {"SFTPINGEST_WEB": "on", "SFTPINGEST_WEB_PORT": "0"}
    with running(quick) as server:
        assert server.process.stdout
        found = re.fullmatch(r"Web door open at (http://127\.0\.0\.1:\d+)\n", server.process.stdout.readline())
        assert found
        assert httpx.get(f"{found[1]}/readyz").status_code == 200
        (first,) = server.children("web")
        os.kill(first, signal.SIGKILL)
        assert httpx.get(f"{found[1]}/healthz", timeout=30).status_code == 200  # it waits in the parent's socket
        assert server.children("web") != [first]
        assert server.stop() == 0


@pytest.mark.parametrize(
    ("setting", "value"),
    [("WEB", "yes"), ("WEB_URL", "roster.example.org"), ("WEB_URL", "https://x/?a"), ("WEB_REQUESTS_PER_MINUTE", "0")],
)
def test_a_wrong_setting_of_it_is_one_sentence(quick: Program, setting: str, value: str) -> None:
    quick.settings[f"SFTPINGEST_{setting}"] = value
    assert f"SFTPINGEST_{setting}" in quick.refused("district", "list")


def test_its_process_loads_nothing_of_the_rosters_and_of_ssh() -> None:
    code = "import sys, sftpingest.app.web; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"alembic", "asyncssh", "pandas", "pyarrow", "numpy"} & set(done.stdout.split())
