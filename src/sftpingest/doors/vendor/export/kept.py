"""The folder of files that were made, so that a second request and a range need no second making.

In:  a name that stands for what is in a file, and who writes it.
Out: its path. The folder and its files are for our own user alone; what is old, too much or no longer shared goes.
"""

import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

#: Together they may be so large, and unused for so long, in bytes and seconds.
MOST, LONGEST = 4 * 2**30, 24 * 3600
_SIDE = ".json"


@dataclass(frozen=True)
class Made:
    """A file that is there."""

    path: Path
    facts: dict[str, Any]  #: what was counted while it was written


@dataclass
class Kept:
    """The folder."""

    folder: Path
    most: int = MOST
    longest: float = LONGEST
    clock: Callable[[], float] = time.time
    swept: float = field(default=0.0, init=False)

    def empty(self) -> None:
        """Take all away, at the start of the door: nobody knows what has changed since."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def find(self, name: str) -> Made | None:
        """The file of that name, which is now in use."""
        path = self.folder / name
        try:
            facts = json.loads(_side(path).read_text("utf-8"))
            os.utime(path)
        except FileNotFoundError:
            return None
        return Made(path, facts)

    def make(self, name: str, write: Callable[[IO[bytes]], dict[str, Any]]) -> Made:
        """Make it: it appears under its name when it is whole."""
        if found := self.find(name):
            return found
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path, new = self.folder / name, self.folder / f".{uuid.uuid4().hex}"
        try:
            with _new(new) as out:
                facts = write(out)
            with _new(_side(new)) as out:
                out.write(json.dumps(facts).encode())
            _side(new).replace(_side(path))
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
            _side(new).unlink(missing_ok=True)
        self._shrink(path)
        return Made(path, facts)

    def sweep(self, good: Collection[str]) -> None:
        """Take away what nobody may read any more. `good`: beginnings of names of what may be kept."""
        for path in self._files():
            if path.name.split("~")[0] not in good or _when(path) < self.clock() - self.longest:
                _remove(path)

    def _shrink(self, last: Path) -> None:
        """The longest unused go first."""
        there = sorted(((_when(path), path) for path in self._files()), reverse=True)
        size = 0
        for _, path in there:  # one that is being sent stays open, and its bytes stay until it is sent
            size += _size(path)
            if size > self.most and path != last:
                _remove(path)

    def _files(self) -> list[Path]:
        """Whole ones; beside each lies what was counted."""
        if not self.folder.is_dir():
            return []
        return [path for path in self.folder.iterdir() if path.suffix != _SIDE and not path.name.startswith(".")]


def _side(path: Path) -> Path:
    return path.with_name(path.name + _SIDE)


def _when(path: Path) -> float:
    """When it was last asked for; another request may have taken it away meanwhile."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    _side(path).unlink(missing_ok=True)


def _new(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")
