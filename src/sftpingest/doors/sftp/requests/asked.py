"""What a client may ask of one SFTP channel, as `Requests` hands it on.

In: requests, cut out of the bytes of the channel. Out: answers, ready to be sent.
"""

from collections.abc import Coroutine, Sequence
from typing import Any, Protocol


class Work(Protocol):
    """What is done with the requests of one channel."""

    @property
    def slow(self) -> bool:
        """Whether writing would keep other sessions waiting, so that it has to be done aside."""

    @property
    def choked(self) -> bool:
        """Whether the client does not take its answers."""

    def put(self, handle: bytes, offset: int, pieces: Sequence[memoryview]) -> None:
        """Write `pieces` one after the other from `offset`."""

    async def put_aside(self, handle: bytes, offset: int, content: bytes) -> None:
        """Write in a thread."""

    def take(self, handle: bytes, offset: int, size: int) -> bytes:
        """Read up to `size` bytes."""

    def refusal(self, mark: bytes, fault: Exception) -> bytes:
        """The packet that answers the request with id `mark` with what went wrong."""

    async def answer(self, packet: bytes) -> bytes:
        """Do what another request asks for; the packet that answers it. `packet` without its length. Never raises."""

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Run this, and have no bytes of the channel delivered meanwhile."""

    async def unchoked(self) -> None:
        """Wait until the client takes answers."""

    def go_on(self) -> None:
        """Have bytes delivered again."""

    def send(self, answers: bytes) -> None:
        """Send answers to the client."""
