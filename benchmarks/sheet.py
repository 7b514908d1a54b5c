"""One CSV file, kept as columns of cells until it is written.

In:  cells as they are spelt in the file (already quoted where they need it).
Out: lines, and the file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class Sheet:
    """A file of a roster: its name and its columns in order."""

    name: str
    cells: dict[str, pa.Array]

    @property
    def rows(self) -> int:
        """Records in the file."""
        return len(next(iter(self.cells.values())))

    def lines(self) -> pa.Array:
        """The records as lines without their end; 64-bit offsets, as a file may pass 2 GiB."""
        return join_cells(list(self.cells.values()))

    def write(self, folder: Path, lines: pa.Array) -> None:
        """Write heading and lines, each ending in LF."""
        with (folder / self.name).open("wb") as file:
            file.write((",".join(self.cells) + "\n").encode())
            ended = pc.binary_join_element_wise(lines, _wide(""), _wide("\n"))
            # the text of all lines lies in one buffer, one after the other: that buffer is the file
            _, offsets, text = ended.buffers()
            end = int.from_bytes(memoryview(offsets)[8 * len(ended) : 8 * len(ended) + 8], "little")
            if text is not None:
                file.write(memoryview(text)[:end])


def join_cells(columns: Sequence[pa.Array]) -> pa.Array:
    """Columns of cells as comma-separated lines."""
    wide = [pc.cast(column, pa.large_string()) for column in columns]
    return pc.binary_join_element_wise(*wide, _wide(","))


def _wide(text: str) -> pa.Scalar:
    return pa.scalar(text, pa.large_string())
