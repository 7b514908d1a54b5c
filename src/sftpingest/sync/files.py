"""The files of a snapshot, read when they are asked for.

In:  the folder of a snapshot.
Out: a mapping from names to bytes that holds nothing in memory, and a fingerprint of all of it.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath

from sftpingest.inbox import look


class Files(Mapping[str, bytes]):
    """The files of one folder that count as uploaded, by name. Every access reads the file anew: none is kept.

    A name that is no UTF-8 is given as `readable` does, and with a number where there is one of that name already.
    """

    def __init__(self, folder: Path) -> None:
        self._paths: dict[str, Path] = {}
        for seen in look(folder):
            self._paths[_another(readable(seen.name), self._paths)] = folder / seen.name

    def __getitem__(self, name: str) -> bytes:
        return self._paths[name].read_bytes()

    def __contains__(self, name: object) -> bool:
        return name in self._paths

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def fingerprint(self, *facts: str) -> str:
        """A SHA-256 of these facts and of every name and byte: alike means that the outcome would be alike."""
        whole = hashlib.sha256("\0".join(facts).encode())
        for name, path in self._paths.items():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256")
            whole.update(f"\0{name}\0{digest.hexdigest()}".encode())
        return whole.hexdigest()


def readable(name: str) -> str:
    """The name of a file or folder as text that can be written: the bytes that are no UTF-8 replaced by U+FFFD."""
    return os.fsencode(name).decode("utf-8", "replace")


def _another(name: str, taken: Mapping[str, object]) -> str:
    """The name, with a number where it is taken."""
    number, free, path = 1, name, PurePath(name)
    while free in taken:
        number += 1
        free = f"{path.stem} ({number}){path.suffix}"
    return free
