"""A client for test_a_hundred_uploads: uploads files again and again over several connections until it is killed.

In:  a port, how many files, where to write down what happens; the password in the environment.
Out: lines `begun NAME VERSION` and `acknowledged NAME VERSION`, each written before the next thing is done.
"""

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

import asyncssh

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.flow.test_a_hundred_uploads import content


def note(diary: int, what: str, name: str, version: int) -> None:
    os.write(diary, f"{what} {name} {version}\n".encode())


def next_version(path: Path, name: str) -> int:
    """A version that was never begun before."""
    lines = path.read_text().splitlines() if path.exists() else []
    return 1 + max((int(line.split()[2]) for line in lines if line.startswith(f"begun {name} ")), default=0)


async def again_and_again(port: int, name: str, path: Path, diary: int) -> None:
    version = next_version(path, name)
    while True:  # a connection that breaks is made anew
        with suppress(OSError, asyncssh.Error):
            proof = {"username": "sis", "password": os.environ["PASSWORD"], "client_keys": None, "config": None}
            async with (
                asyncssh.connect("127.0.0.1", port, known_hosts=None, **proof) as link,
                link.start_sftp_client() as sftp,
            ):
                while True:
                    version += 1
                    note(diary, "begun", name, version)
                    async with sftp.open(name, "wb") as file:
                        await file.write(content(name, version))
                    note(diary, "acknowledged", name, version)
        await asyncio.sleep(0.1)


async def main(port: int, files: int, path: Path) -> None:
    diary = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    async with asyncio.TaskGroup() as group:
        for number in range(files):
            group.create_task(again_and_again(port, f"file-{number}.csv", path, diary))


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
