"""What a file discloses, told to the disclosure log before its first byte leaves.

In:  the request, what the vendor is about to get.
Out: a Read for each district; Refused with 503 where it cannot be kept.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from sftpingest.doors.vendor.disclosing import kept, template
from sftpingest.doors.vendor.export.found import Disclosed
from sftpingest.doors.vendor.grounds import grounds
from sftpingest.roster.disclosed import Door, Read
from sftpingest.roster.kinds import Kind
from sftpingest.store.tables import now


async def note(request: Request, told: Disclosed) -> None:
    """Keep it. Of several districts in one file each line has the counts of all. Raises Refused."""
    for district in told.districts:
        read = Read(
            at=now(),
            vendor=told.vendor,
            district=district,
            door=Door.SQL if told.shape == "db" else Door.EXPORT,
            request=template(request),
            kinds=tuple(map(Kind, told.kinds)),
            fields=told.fields,
            people=told.people,
            records=told.rows,
            sequence=told.sequence,
            whole=True,
        )
        await run_in_threadpool(kept, grounds(request), read)
