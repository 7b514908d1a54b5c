"""SIGTERM and SIGINT as a wish to stop.

In:  nothing.
Out: an event that is set when one of them comes.
"""

import asyncio
import os
import signal


def stop_at_signals() -> asyncio.Event:
    """An event that is set at the first SIGTERM or SIGINT; the second one ends the process at once."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def asked(number: int) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked, number)
    return stop
