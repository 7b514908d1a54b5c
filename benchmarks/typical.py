"""A typical district through the real door: from the close of its last file to the report in its folder.

The clock starts when the client asks for the last close and stops when it sees /reports/latest/result.json; the quiet
time that the server is set to wait is taken off. All files are opened before the first is closed, so that the server
cannot take a part of them for the whole.

In:  `sftpingest up` in a child process, an SFTP client.
Out: seconds, on standard output.
"""

import asyncio
import json
import signal
import socket
import statistics
import subprocess
import time
from argparse import ArgumentParser
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import asyncssh

from benchmarks.program import COMMAND, DISTRICT, ROOT, Program, ProgramFailed, fresh
from benchmarks.run import STORES, addresses, generated, say

_STUDENTS: Final = 10_000
_TO_REACH: Final = 2.0
_USER, _PASSWORD = "bench", "a-made-up-password"
_REPORT: Final = "reports/latest/result.json"
_PATIENCE: Final = 120
_STEP: Final = 0.01


def once(program: Program, upload: Path, quiet: float) -> float:
    """Seconds of one upload to a fresh installation, quiet time taken off."""
    program.run("login", "add", DISTRICT, _USER, "--password-stdin", answer=f"{_PASSWORD}\n")
    with _up(program, quiet) as port:
        texts = {path.name: path.read_bytes() for path in sorted(upload.glob("*.csv"))}
        return asyncio.run(_upload(port, texts)) - quiet


@contextmanager
def _up(program: Program, quiet: float) -> Iterator[int]:
    """The server, until the block is left; yields its port."""
    port = _free_port()
    environment = program.environment(
        SFTPINGEST_SFTP_HOST="127.0.0.1", SFTPINGEST_SFTP_PORT=str(port), SFTPINGEST_QUIET_SECONDS=str(quiet)
    )
    with (program.folder / "up.log").open("w") as log:
        server = subprocess.Popen([COMMAND, "up"], env=environment, cwd=ROOT, stdout=log, stderr=log)
    try:
        yield port
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def _upload(port: int, texts: Mapping[str, bytes]) -> float:
    async with _client(port) as client:
        files = {name: await client.open(name, "wb") for name in texts}
        for name, file in files.items():
            await file.write(texts[name])
        *earlier, last = files.values()
        for file in earlier:
            await file.close()
        start = time.monotonic()
        await last.close()
        await _appears(client)
        seconds = time.monotonic() - start
        result = json.loads(await _read(client))
    if result["outcome"] != "applied":
        message = f"The upload was not applied but {result['outcome']}: {result.get('reason')}"
        raise ProgramFailed(message)
    return seconds


@asynccontextmanager
async def _client(port: int) -> AsyncIterator[asyncssh.SFTPClient]:
    give_up = time.monotonic() + _PATIENCE
    options = {"username": _USER, "password": _PASSWORD, "known_hosts": None, "client_keys": None, "agent_path": None}
    while True:
        try:
            connection = await asyncssh.connect("127.0.0.1", port, config=[], **options)
            break
        except OSError:
            if time.monotonic() > give_up:
                raise
            await asyncio.sleep(0.1)
    async with connection, connection.start_sftp_client() as client:
        yield client


async def _appears(client: asyncssh.SFTPClient) -> None:
    give_up = time.monotonic() + _PATIENCE
    while not await client.exists(_REPORT):
        if time.monotonic() > give_up:
            message = f"No report in {_PATIENCE} s; the server's log is in benchmarks/.work."
            raise ProgramFailed(message)
        await asyncio.sleep(_STEP)


async def _read(client: asyncssh.SFTPClient) -> str:
    async with client.open(_REPORT, "r", encoding="utf-8") as file:
        return str(await file.read())


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure on each store, a few times; prints the medians."""
    parser = ArgumentParser(prog="python -m benchmarks typical", description=__doc__)
    parser.add_argument("--size", type=int, default=_STUDENTS, metavar="N", help="students (default %(default)s)")
    parser.add_argument("--store", action="append", choices=STORES, help="may be repeated")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--quiet", type=float, default=0.0, help="quiet time of the server, taken off the result")
    chosen = parser.parse_args(arguments)
    upload = generated(chosen.size, [])["first"]
    stores = chosen.store or STORES
    with addresses(stores) as urls:
        for store in stores:
            seconds = [once(fresh(store, urls[store]), upload, chosen.quiet) for _ in range(chosen.repeat)]
            say(f"{store}: {', '.join(f'{each:.2f}' for each in seconds)} s")
            print(f"typical {store}: {statistics.median(seconds):.2f} s, to reach ≤ {_TO_REACH} s")


if __name__ == "__main__":
    main()
