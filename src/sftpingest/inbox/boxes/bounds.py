"""How far packed files may grow, all those of one upload together.

In:  bounds, and every chunk as it is unpacked.
Out: nothing while there is room; or Unpackable.
"""

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

CHUNK = 1 << 20
#: What Python's readers of packed bytes raise where these are not what they should be.
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    ValueError,
    LookupError,
    OverflowError,
)

_UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


class Unpackable(Exception):
    """It cannot be unpacked: why, as the middle of a sentence; and what helps, as a sentence of its own."""

    def __init__(self, why: str, remedy: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.remedy = remedy


@dataclass(frozen=True)
class Bounds:
    """What packed files may grow to. Rosters shrink to a tenth or twentieth; a bomb to a thousandth."""

    members: int = 1000  #: of one zip
    bytes: int = 20 * 10**9  #: of all boxes of an upload
    file_bytes: int | None = None  #: of one file in them; None: no bound of its own
    ratio: int = 200  #: unpacked to packed
    ratio_from: int = 100 * 10**6  #: bytes from which the ratio counts


#: Where nothing else is said.
USUAL = Bounds()


@dataclass
class Room:
    """How much all boxes of an upload have unpacked to. Counted: what a box says of itself need not be true."""

    bounds: Bounds
    unpacked: int = 0

    def box(self, packed: int) -> "Box":
        """Another box, of so many bytes."""
        return Box(self, packed)


@dataclass
class Box:
    """How much one box has been unpacked to, and the file in it that is being unpacked."""

    room: Room
    packed: int
    unpacked: int = 0
    of_file: int = 0

    def next_file(self) -> None:
        """What comes now is another file."""
        self.of_file = 0

    def grow(self, more: int) -> None:
        """So many bytes more. Raises Unpackable."""
        self.room.unpacked += more
        self.unpacked += more
        self.of_file += more
        bounds = self.room.bounds
        if self.unpacked > max(bounds.ratio_from, self.packed * bounds.ratio):
            raise Unpackable("it unpacks to far more than a roster", "Unpack it and give the folder.")
        if self.room.unpacked > bounds.bytes:
            most = _spelt(bounds.bytes)
            raise Unpackable(
                f"it unpacks to more than {most}, far more than a roster", "Unpack it and give the folder."
            )
        if bounds.file_bytes is not None and self.of_file > bounds.file_bytes:
            raise Unpackable(f"a file in it has more than {_spelt(bounds.file_bytes)}", "Give smaller files.")

    @property
    def left(self) -> int:
        """How many bytes may still come."""
        bounds = self.room.bounds
        dense = max(bounds.ratio_from, self.packed * bounds.ratio) - self.unpacked
        return max(min(dense, bounds.bytes - self.room.unpacked), 0)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def chunks(packed: _Readable) -> Iterator[bytes]:
    """The bytes, piece by piece."""
    while chunk := packed.read(CHUNK):
        yield chunk


def _spelt(size: int) -> str:
    return next((f"{size / unit:.4g} {word}" for unit, word in _UNITS if size >= unit), f"{size} bytes")
