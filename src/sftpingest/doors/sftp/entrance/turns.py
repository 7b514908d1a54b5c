"""Passwords are dear to look at: each address has one looked at at a time, so that nobody fills the line.

In: questions to the gate that take long, and where they come from. Out: their answers, in turn.

A hundred connections of five addresses would else make everybody else wait for a hundred passwords.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from weakref import WeakValueDictionary

T = TypeVar("T")

#: passwords that are looked at side by side: argon2 takes 64 MiB for each
_AT_ONCE = 2


class Turns:
    """The line of one process."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="sftp-passwords")
        #: of addresses that are in the line; who is not is forgotten
        self._lines: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def take(self, origin: str, question: Callable[[], T]) -> T:
        """Ask in a thread, once what came from this origin before was answered."""
        line = self._lines.setdefault(origin, asyncio.Lock())
        async with line:
            return await asyncio.get_running_loop().run_in_executor(self._threads, question)

    def close(self) -> None:
        """Ask no more."""
        self._threads.shutdown(wait=False, cancel_futures=True)
