"""Why a request is not answered: an exception with a status, and each part of the door gives it its own shape.

In:  whatever was raised while a request was answered.
Out: Refused, with a sentence for the vendor's programmer. What other people's code says stays here.
"""

from collections.abc import Mapping

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.exceptions import HTTPException

#: What HTTP itself refuses.
_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address does not know this method.",
    413: "This is too much at once.",
}
#: When to come again, in seconds, while the store is busy.
_AGAIN = 10


class Refused(Exception):
    """A request that is not answered as it was asked.

    `code` is for shapes that have words of their own, such as invalid_scope; most go by the status alone.
    """

    def __init__(self, status: int, why: str, code: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(why)
        self.status, self.why, self.code, self.headers = status, why, code, dict(headers or {})


def refusal_of(error: Exception) -> Refused:
    """What the client is told of an exception."""
    match error:
        case Refused():
            return error
        case HTTPException():
            why = _SENTENCES.get(error.status_code, "This request cannot be answered.")
            return Refused(error.status_code, why, headers=error.headers)
        case OperationalError() | NoConnection():
            why = "The store is busy or does not answer. Try again in a few seconds."
            return Refused(503, why, headers={"Retry-After": str(_AGAIN)})
    return Refused(500, "Something went wrong here. It is in our log; try again later.")
