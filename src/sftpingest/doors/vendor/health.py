"""`/healthz` and `/readyz`, for who looks after the program.

In:  nothing.
Out: 200, or 503 and one sentence that says what is wrong.
"""

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sftpingest.doors.vendor.grounds import as_json, grounds
from sftpingest.doors.vendor.refused import Refused
from sftpingest.store.engine import revision, revisions


def routes() -> list[Route]:
    """Both of them."""
    return [Route("/healthz", _healthz), Route("/readyz", _readyz)]


async def _healthz(_: Request) -> Response:
    return as_json({"status": "ok"})


async def _readyz(request: Request) -> Response:
    """Ready is: the store answers, and has the tables of this version."""
    try:
        at = await run_in_threadpool(revision, grounds(request).engine)
    except SQLAlchemyError:
        raise Refused(503, "The store does not answer.") from None
    if at != revisions()[-1]:
        raise Refused(503, "The store is of another version than this program.")
    return as_json({"status": "ok"})
