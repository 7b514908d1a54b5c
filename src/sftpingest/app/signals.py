"""SIGTERM and SIGINT as a wish to stop.

In:  nothing.
Out: an event that is set when one of them comes.
"""

import asyncio
import os
import signal


def stop_at_signals(*, twice: bool = True) -> asyncio.Event:
    """An event that is set at the first SIGTERM or SIGINT; with `twice` the second one ends the process at once.

    Not for children: Ctrl-C goes to all of a process group, and then their parent asks them to stop once more.
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def asked(number: int) -> None:
        if stop.is_set() and twice:
            os._exit(128 + number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked, number)
    return stop
