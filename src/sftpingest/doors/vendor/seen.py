"""The districts that a token shows: less than the vendor sees, where the token's scopes say so.

In:  a Connection on which nothing moves, who reads.
Out: views; Refused with 403 where the scope lacks.

A token of one district has no scopes: it reads all that the district shares. OneRoster has rules of its own
(oneroster/): there a scope opens addresses.
"""

from dataclasses import replace

import sqlalchemy as sa

from sftpingest.doors.vendor.refused import Refused
from sftpingest.doors.vendor.scopes import DEMOGRAPHICS, PREFIX_1_1, PREFIX_1_2, ROSTER
from sftpingest.roster.sharing import Group
from sftpingest.store.reading import View, views
from sftpingest.store.tables import now
from sftpingest.store.tokens import Reader

#: An access token needs one of these to read whole rosters, and one of the others to read birth dates and the like.
NEEDS = frozenset(prefix + ROSTER for prefix in (PREFIX_1_2, PREFIX_1_1))
_MORE = frozenset(prefix + DEMOGRAPHICS for prefix in (PREFIX_1_2, PREFIX_1_1))


def seen(c: sa.Connection, reader: Reader) -> list[View]:
    """The districts that a reader sees, without what its token may not read. Raises Refused."""
    if reader.district_id is None and not reader.scopes & NEEDS:
        raise Refused(403, "The token has not the scope for this. Ask for one with roster.readonly.")
    less = reader.district_id is None and not reader.scopes & _MORE
    found = views(c, reader.vendor_id, now().date(), reader.district_id)
    return [_without_demographics(view) for view in found] if less else found


def _without_demographics(view: View) -> View:
    return replace(view, sharing=replace(view.sharing, groups=view.sharing.groups - {Group.DEMOGRAPHICS}))
