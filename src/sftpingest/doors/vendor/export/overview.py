"""What there is to fetch: districts, kinds, columns, and as of what.

In:  who reads.
Out: plain values for JSON.
"""

from typing import Any

from sqlalchemy import Engine

from sftpingest.doors.vendor.export.found import granted
from sftpingest.doors.vendor.export.written import SHAPES
from sftpingest.doors.vendor.seen import seen
from sftpingest.roster.exported import exported
from sftpingest.roster.kinds import Kind
from sftpingest.store.editions import last_sequence
from sftpingest.store.reading import count, reading
from sftpingest.store.tokens import Reader


def overview(engine: Engine, who: Reader) -> dict[str, Any]:
    """All of it."""
    with reading(engine) as c:
        found = seen(c, who)
        return {
            "formats": list(SHAPES),
            "sequence": last_sequence(c, who.vendor_id),
            "districts": [
                {
                    "id": view.id,
                    "slug": view.district.slug,
                    "name": view.district.name,
                    "sync": view.edition.sync_id,
                    "kinds": {
                        kind.value: {
                            "records": None if kind is Kind.ENROLLMENT else count(c, [view], [kind]),
                            "columns": [one.name for one in exported(kind, view.sharing.groups)],
                        }
                        for kind in granted(view)
                    },
                }
                for view in found
            ],
        }
