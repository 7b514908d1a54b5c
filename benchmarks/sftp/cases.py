"""What is measured: each case is one thing that a district does, done in the same way at each server.

In:  a server, files to upload.
Out: bytes moved or things done, seconds on the wall, and seconds of the server's CPU.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.sftp.clients import SMALL, Wish, at_once, one_by_one, small_packets
from benchmarks.sftp.servers import Server

MB: Final = 1 << 20
KB: Final = 1 << 10
_FAIR: Final = Wish()
_AS_IT_COMES: Final = Wish(cipher=None)
_FAIR_SMALL: Final = Wish(block=SMALL)
_SMALL_AS_IT_COMES: Final = Wish(cipher=None, block=SMALL)
_REPORT: Final = 200 * KB
_REPORTS: Final = 50
_ONCE: Final = 64 * MB


@dataclass(frozen=True)
class Size:
    """How much is done."""

    #: bytes of the one big upload; of many at once together
    big: int
    #: bytes that are written 4 KiB at a time
    small: int
    #: files of 4 KiB
    files: int
    logins: int

    @classmethod
    def full(cls) -> "Size":
        """What the figures in the README are made of."""
        return cls(big=256 * MB, small=64 * MB, files=500, logins=40)

    @classmethod
    def quick(cls) -> "Size":
        """An eighth; the kernel counts what has ended in hundredths of a second, so this is rough."""
        return cls(big=32 * MB, small=8 * MB, files=50, logins=6)


@dataclass(frozen=True)
class Case:
    """One thing to do. `do` gives the wall seconds; `prepare` is not measured."""

    name: str
    #: how much it does: bytes, or files, or logins
    amount: int
    unit: str
    do: Callable[[Server], float]
    prepare: Callable[[Server], None] = lambda _: None


@dataclass(frozen=True)
class Ground:
    """Files to upload, all in one folder, made once."""

    folder: Path

    def file(self, size: int) -> Path:
        """A file of so many bytes that cannot be packed."""
        path = self.folder / f"{size}.csv"
        if not path.exists():
            with path.open("wb") as file:
                for _ in range(0, size, MB):
                    file.write(os.urandom(min(size, MB)))
        return path


def cases(ground: Ground, size: Size) -> Iterator[Case]:
    """Every case."""
    yield _put("put, pinned cipher", ground, size.big, 1, _FAIR)
    yield _put("put, default cipher", ground, size.big, 1, _AS_IT_COMES)
    yield _put("put -B 4096, pinned", ground, size.small, 1, _FAIR_SMALL)
    yield _put("put -B 4096, default", ground, size.small, 1, _SMALL_AS_IT_COMES)
    yield _packets(ground, size.small)
    yield _put("4 puts at once", ground, size.big, 4, _FAIR)
    yield _put("16 puts at once", ground, size.big * 2, 16, _FAIR)
    yield _put("4 puts at once, -B 4096", ground, size.small, 4, _FAIR_SMALL)
    yield _get("get 64 MB", min(_ONCE, size.big), 1)
    yield _get("get report, 200 KB", _REPORT, _REPORTS)
    yield _files(ground, size.files)
    yield Case("log in by key", size.logins, "logins", lambda server: one_by_one(server, size.logins, _FAIR))


def cases_on_disk(ground: Ground, size: Size) -> Iterator[Case]:
    """What a disk adds: we put every file on it before its close is answered, the others only if the client asks."""
    yield _put("put to disk", ground, size.big, 1, _FAIR)
    yield _put("put -f to disk", ground, size.big, 1, Wish(fsync=True))


def _put(name: str, ground: Ground, amount: int, clients: int, wish: Wish) -> Case:
    path = ground.file(amount // clients)
    batches = [f"put {path} up-{number}.csv\n" for number in range(clients)]
    return Case(name, amount, "bytes", lambda server: at_once(server, batches, wish))


def _packets(ground: Ground, amount: int) -> Case:
    path, wish = ground.file(amount), _FAIR_SMALL
    return Case("4 KiB an SSH packet", amount, "bytes", lambda server: small_packets(server, path, wish))


def _files(ground: Ground, files: int) -> Case:
    path = ground.file(SMALL)
    batch = "".join(f"put {path} small-{number}.csv\n" for number in range(files))
    return Case("put files of 4 KiB", files, "files", lambda server: at_once(server, [batch], _FAIR))


def _get(name: str, size: int, times: int) -> Case:
    """Downloads of a file that lies where uploads land; reports are read by the same code."""

    def prepare(server: Server) -> None:
        (server.home / "down.csv").write_bytes(os.urandom(size))
        (server.home / "down.csv").chmod(0o644)

    batch = f"get down.csv {os.devnull}\n" * times
    return Case(name, size * times, "bytes", lambda server: at_once(server, [batch], _FAIR), prepare)
