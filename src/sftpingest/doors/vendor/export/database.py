"""All that a vendor sees of all districts, as one file of SQLite.

In:  a Connection on which nothing moves, who reads.
Out: All; the file. Only where an operator has switched it on.
"""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import sqlalchemy as sa

from sftpingest.doors.vendor.export.found import Disclosed, beginning, granted, names, seen
from sftpingest.doors.vendor.refused import Refused
from sftpingest.roster.kinds import Kind
from sftpingest.store import sql_file
from sftpingest.store.editions import last_sequence
from sftpingest.store.reading import View
from sftpingest.store.tokens import Reader


@dataclass(frozen=True)
class All:
    """What a vendor sees, whole."""

    reader: Reader
    views: Sequence[View]
    sequence: int

    @property
    def of(self) -> str:
        """How the names of its files begin: any new edition of the vendor is a reason to take them away."""
        return beginning(self.reader.vendor_id, 0, max((view.edition.id for view in self.views), default=0))

    @property
    def tag(self) -> str:
        """Stands for the bytes of the file."""
        return sql_file.tag(self.views)

    @property
    def headers(self) -> dict[str, str]:
        """What every answer says."""
        return {"X-Sequence": str(self.sequence)}

    def told(self, facts: Mapping[str, int], *, part: bool) -> Disclosed:
        """What the vendor is about to get."""
        kinds = [kind for kind in Kind if any(kind in granted(view) for view in self.views)]
        fields = tuple(dict.fromkeys(name for view in self.views for name in names(granted(view), view)))
        return Disclosed(
            self.reader.vendor_id,
            self.reader.vendor,
            tuple(view.slug for view in self.views),
            tuple(kind.value for kind in kinds),
            fields,
            facts["rows"],
            facts["people"],
            max((view.edition.sync_id or 0 for view in self.views), default=0),
            self.sequence,
            "db",
            part=part,
        )


def every(c: sa.Connection, reader: Reader, *, switched_on: bool) -> All:
    """What a reader sees. Raises Refused."""
    found = seen(c, reader)
    if not switched_on:
        raise Refused(404, "There is nothing at this address.")
    return All(reader, found, last_sequence(c, reader.vendor_id))


def filled(c: sa.Connection, views: Sequence[View], out: IO[bytes]) -> dict[str, int]:
    """Write the file."""
    with tempfile.TemporaryDirectory(dir=Path(str(out.name)).parent, prefix=".") as room:
        path = Path(room) / "roster.db"
        counted = sql_file.fill(c, views, path)
        with path.open("rb") as made:
            shutil.copyfileobj(made, out, 1 << 20)
    return counted
