"""The files of a snapshot, read when they are asked for.

In:  the folder of a snapshot.
Out: a mapping from names to bytes that holds nothing in memory, and a fingerprint of all of it.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

_CHUNK = 1 << 20


class Files(Mapping[str, bytes]):
    """The regular files of one folder by name. Every access reads the file anew: a large one is not kept."""

    def __init__(self, folder: Path) -> None:
        self._paths = {path.name: path for path in sorted(folder.iterdir()) if path.is_file()}

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
