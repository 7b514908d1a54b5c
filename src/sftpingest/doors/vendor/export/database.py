"""All that a vendor sees of all districts, as one file of SQLite.

In:  a Connection on which nothing moves, who reads.
Out: All; the file. Only where an operator has switched it on.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import sqlalchemy as sa

from sftpingest.doors.vendor.export.found import Disclosed, beginning, granted, names
from sftpingest.doors.vendor.refused import Refused
from sftpingest.doors.vendor.seen import seen
from sftpingest.store import sql_file
from sftpingest.store.editions import EDITION, last_sequence
from sftpingest.store.reading import View
from sftpingest.store.tokens import Reader


@dataclass(frozen=True)
class All:
    """What a vendor sees, whole."""

    reader: Reader
    views: Sequence[View]
    sequence: int
    newest: int  #: the vendor's last edition, also of a district that is not seen any more

    @property
    def of(self) -> str:
        """How the names of its files begin: any new edition of the vendor is a reason to take them away."""
        return beginning(self.reader.vendor_id, 0, self.newest)

    @property
    def tag(self) -> str:
        """Stands for the bytes of the file."""
        return sql_file.tag(self.views)

    @property
    def headers(self) -> dict[str, str]:
        """What every answer says."""
        return {"X-Sequence": str(self.sequence)}

    def told(self, facts: Mapping[str, int], *, part: bool) -> Iterator[Disclosed]:
        """What the vendor is about to get, of each district; the counts are of all together."""
        for view in self.views:
            kinds = granted(view)
            yield Disclosed(
                self.reader.vendor_id,
                self.reader.vendor,
                view.slug,
                tuple(kind.value for kind in kinds),
                names(kinds, view),
                facts["rows"],
                facts["people"],
                view.edition.sync_id or 0,
                view.edition.last_event,
                "db",
                part=part,
            )


def every(c: sa.Connection, reader: Reader, *, switched_on: bool) -> All:
    """What a reader sees. Raises Refused."""
    found = seen(c, reader)
    if not switched_on:
        raise Refused(404, "There is nothing at this address.")
    newest = c.scalar(sa.select(sa.func.max(EDITION.c.id)).where(EDITION.c.vendor_id == reader.vendor_id))
    return All(reader, found, last_sequence(c, reader.vendor_id), int(newest or 0))


def filled(c: sa.Connection, views: Sequence[View], out: IO[bytes]) -> dict[str, int]:
    """Write the file."""
    with tempfile.TemporaryDirectory(dir=Path(str(out.name)).parent, prefix=".") as room:
        path = Path(room) / "roster.db"
        counted = sql_file.fill(c, views, path)
        with path.open("rb") as made:
            shutil.copyfileobj(made, out, 1 << 20)
    return counted
