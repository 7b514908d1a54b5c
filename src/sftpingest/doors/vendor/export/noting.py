"""What a file discloses, told to the disclosure log before its first byte leaves.

In:  the request, what the vendor is about to get.
Out: a Read; Refused with 503 where it cannot be kept.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from sftpingest.doors.vendor.disclosing import kept, template
from sftpingest.doors.vendor.export.found import Disclosed
from sftpingest.doors.vendor.grounds import grounds
from sftpingest.roster.disclosed import Door, Read
from sftpingest.roster.kinds import Kind
from sftpingest.store.related import ROLE
from sftpingest.store.tables import now


async def note(request: Request, told: Disclosed) -> None:
    """Keep it. Raises Refused."""
    read = Read(
        at=now(),
        vendor=told.vendor,
        district=told.district,
        door=Door.SQL if told.shape == "db" else Door.EXPORT,
        request=template(request),
        kinds=_kinds(told),
        fields=told.fields,
        people=told.people,
        records=told.rows,
        sequence=told.sequence,
        whole=True,  # changes and parts too: it is said too much rather than too little
    )
    await run_in_threadpool(kept, grounds(request), read)


def _kinds(told: Disclosed) -> tuple[Kind, ...]:
    """Its kinds; and the people whom enrollments name."""
    of = {*map(Kind, told.kinds)}
    return tuple(kind for kind in Kind if kind in of or (Kind.ENROLLMENT in of and kind in ROLE))
