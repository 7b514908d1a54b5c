"""What a vendor's program does, and how long it waits.

In:  the port of a web door.
Out: Client, Figure.
"""

import http.client
import re
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One measured thing."""

    what: str
    seconds: float
    #: what it is beside, and its seconds; '' for nothing
    beside: str = ""
    beside_seconds: float = 0.0
    to_reach: str = ""

    def line(self) -> str:
        """A row of the table in README.md."""
        ratio = f"{self.seconds / self.beside_seconds:.2f} × {self.beside}" if self.beside_seconds else ""
        shown = f"{1000 * self.seconds:.1f} ms" if self.seconds < 1 else f"{self.seconds:.1f} s"
        return f"| {self.what} | {shown} | {ratio} | {self.to_reach} |"


class Client:
    """One connection that is kept open, as a vendor's nightly program has it."""

    def __init__(self, port: int, token: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str) -> bytes:
        """The body of an answer, which must be 200."""
        return self._answer("GET", path)

    def post(self, path: str, question: bytes) -> bytes:
        """The body of the answer to a question in JSON."""
        return self._answer("POST", path, question, {"Content-Type": "application/json"})

    def _answer(
        self, method: str, path: str, question: bytes | None = None, more: dict[str, str] | None = None
    ) -> bytes:
        ask = partial(self._asked, method, path, question, self._headers | (more or {}))
        try:
            answer = ask()
        except ConnectionError:  # closed meanwhile, for nothing was asked while another server was looked at
            self._connection.close()
            answer = ask()
        body = answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"{path}: {answer.status} {body[:200]!r}")
        return body

    def _asked(self, *request: Any) -> http.client.HTTPResponse:  # noqa: ANN401  (as http.client takes it)
        self._connection.request(*request)
        return self._connection.getresponse()

    def seconds(self, path: str, times: int) -> float:
        """The median of some requests."""
        return statistics.median(timed(lambda: self.get(path)) for _ in range(times))

    def pages(self, path: str) -> Iterator[bytes]:
        """All pages of a list."""
        here = f"{path}?limit=10000"
        while here:
            body = self.get(here)
            yield body
            following = re.search(rb'"rel":"next","uri":"([^"]+)"', body[-2_000:])
            here = following[1].decode() if following else ""


def timed(do: Callable[[], object]) -> float:
    """Seconds that it takes."""
    start = time.monotonic()
    do()
    return time.monotonic() - start


def in_turn(do: Callable[[], object], other: Callable[[], object], times: int) -> tuple[float, float]:
    """The medians of two things done in turn, so that what else the machine does disturbs both."""
    both = [(timed(do), timed(other)) for _ in range(times)]
    return statistics.median(one for one, _ in both), statistics.median(two for _, two in both)
