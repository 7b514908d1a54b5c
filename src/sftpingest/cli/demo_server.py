"""The demo's server: the real `sftpingest up` as a child process, and a real SFTP client for it.

In:  an empty folder.
Out: a Server with a district, uploads into it, and the reports that come back.
"""

import asyncio
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncssh
from sqlalchemy import Engine

from sftpingest.app import family
from sftpingest.app.installation import HOST_KEY
from sftpingest.cli import terminal
from sftpingest.cli.proof import strong_password

#: How long the start, and the report, may take, in seconds.
PATIENCE = 60
REPORT = ("summary.txt", "rejections.csv", "result.json")


class Server:
    """`sftpingest up` in a child process, on a free port, with a quiet time of one second."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        #: address of the web door
        self.web = ""

    def __enter__(self) -> Self:
        self._lifeline, theirs = family.lifeline()
        with (self.folder / "up.log").open("wb") as log:
            self._child = subprocess.Popen(  # noqa: S603  (our own program)
                [sys.executable, "-m", "sftpingest", "up", "--lifeline", str(theirs)],
                env=self._environment(),
                pass_fds=(theirs,),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        os.close(theirs)
        try:
            self.port, self.web = self._places()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.terminate()
        try:
            self._child.wait(PATIENCE)
        finally:
            os.close(self._lifeline)  # the child dies of it, if it has not left yet
            self._child.wait()

    def wait(self) -> None:
        """Wait until the server ends, which it does not do by itself."""
        self._child.wait()
        raise self._stopped("The server ended by itself")

    def _environment(self) -> dict[str, str]:
        """Nothing of what this machine may have set for its own installation."""
        ours = {
            "SFTPINGEST_DATA": str(self.folder / "data"),
            "SFTPINGEST_SFTP_HOST": "127.0.0.1",
            "SFTPINGEST_SFTP_PORT": "0",
            "SFTPINGEST_WEB_PORT": "0",
            "SFTPINGEST_QUIET_SECONDS": "1",
            "SFTPINGEST_LOG": "json",
        }
        return {name: value for name, value in os.environ.items() if not name.startswith("SFTPINGEST_")} | ours

    def _places(self) -> tuple[int, str]:
        """Port and web address, from the lines that `up` prints once it listens. One that takes too long is ended."""
        assert self._child.stdout  # noqa: S101  (tells mypy of the pipe above)
        give_up, port = threading.Timer(PATIENCE, self._child.kill), 0
        give_up.start()
        try:
            for line in self._child.stdout:
                if found := re.search(r"sftp://\S+:(\d+)", line):
                    port = int(found[1])
                if found := re.search(r"http://\S+:\d+", line):
                    return port, found[0]
        finally:
            give_up.cancel()
        raise self._stopped("The server did not start")

    def _stopped(self, sentence: str) -> terminal.Stopped:
        said = (self.folder / "up.log").read_text("utf-8").strip().splitlines()
        return terminal.Stopped(f"{sentence}: {said[-1] if said else 'it said nothing'}", terminal.FAILED)

    def add_district(self, slug: str, name: str, username: str) -> str:
        """Add a district and a login; gives the password."""
        from sftpingest.store import accounts

        password = strong_password()
        with self._engine() as engine, engine.begin() as connection:
            accounts.add_district(connection, slug, name)
            accounts.add_login(connection, slug, username, password, [], [], None)
        return password

    def counts(self, slug: str) -> list[tuple[str, int]]:
        """How many records of each kind the store holds."""
        from sftpingest.store import accounts, rosters

        with self._engine() as engine, engine.connect() as connection:
            counted = rosters.counts(connection, accounts.district(connection, slug).id)
        return [(kind.value, count) for kind, count in counted.items()]

    def upload_and_wait(self, files: Mapping[str, bytes], username: str, password: str) -> dict[str, bytes]:
        """Upload through SFTP and fetch the report from where the district finds it."""
        return asyncio.run(self._upload_and_wait(files, username, password))

    async def _upload_and_wait(self, files: Mapping[str, bytes], username: str, password: str) -> dict[str, bytes]:
        proof = self._proof(username, password)
        connecting = asyncssh.connect("127.0.0.1", self.port, **proof)
        async with connecting as connection, connection.start_sftp_client() as client:
            for name, content in files.items():
                async with client.open(f"/{name}", "wb") as file:
                    await file.write(content)
            give_up = time.monotonic() + PATIENCE
            while not await client.exists("/reports/latest/result.json"):
                if time.monotonic() > give_up:
                    raise self._stopped("No report came")
                await asyncio.sleep(0.1)
            return {name: await _fetched(client, f"/reports/latest/{name}") for name in REPORT}

    def _proof(self, username: str, password: str) -> dict[str, object]:
        """How to connect as a district would, sure of the server by its host key; the user's own SSH set-up is left."""
        key = asyncssh.read_private_key(self.folder / "data" / "hostkeys" / HOST_KEY).convert_to_public()
        nothing_of_theirs = {"client_keys": None, "agent_path": None, "config": None}
        return {"username": username, "password": password, "known_hosts": ([key], [], []), **nothing_of_theirs}

    @contextmanager
    def _engine(self) -> Iterator[Engine]:
        from sftpingest.store.engine import open_store

        engine = open_store(f"sqlite:///{self.folder / 'data' / 'roster.db'}")
        try:
            yield engine
        finally:
            engine.dispose()


async def _fetched(client: asyncssh.SFTPClient, path: str) -> bytes:
    async with client.open(path, "rb") as file:
        content: bytes | str = await file.read()
    return content if isinstance(content, bytes) else content.encode()
