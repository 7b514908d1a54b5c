"""How far a check is, told while it works.

In:  the files of an upload, and whoever wants to know.
Out: the same files; what is being done, and how much of the reading is done.
"""

from collections.abc import Callable, Iterator, Mapping

#: Is told what is being done, and the share of it that is done; None where nobody can say. Called from any thread.
Progress = Callable[[str, float | None], None]


def silent(_doing: str, _share: float | None) -> None:
    """Nobody wants to know."""


class Told(Mapping[str, bytes]):
    """The same files. Each is told of when it is read."""

    def __init__(self, files: Mapping[str, bytes], progress: Progress) -> None:
        self._files, self._progress = files, progress
        self._read: set[str] = set()

    def __getitem__(self, name: str) -> bytes:
        self._progress(f"Reading {name}", len(self._read) / len(self._files))
        self._read.add(name)
        return self._files[name]

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)
