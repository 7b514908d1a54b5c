"""Parent of one server, and of every orphan the server leaves: what they used is then found with this process.

A server may start children whose parent is gone before they end (sshd does). The kernel gives an orphan to the nearest
ancestor that asked for it; whoever waits for it is charged its time. So nothing that a server does goes uncounted.

In:  `python keeper.py COMMAND...`
Out: the command's exit status, once nothing of it runs any more. SIGTERM is handed on.
"""

import ctypes
import os
import signal
import subprocess
import sys
from types import FrameType
from typing import Final

#: linux/prctl.h
_SET_PDEATHSIG: Final = 1
_SET_CHILD_SUBREAPER: Final = 36


def main(command: list[str]) -> int:
    """Run the command, and wait for it and everything that descends from it."""
    kernel = ctypes.CDLL(None, use_errno=True)
    if kernel.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0) or kernel.prctl(_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0):
        sys.exit("This system cannot give orphans to a process of ours; the benchmark needs Linux.")
    server = subprocess.Popen(command)

    def hand_on(number: int, _: FrameType | None) -> None:
        server.send_signal(number)

    signal.signal(signal.SIGTERM, hand_on)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return _wait_for_all(server.pid)


def _wait_for_all(server: int) -> int:
    status = 1
    while True:
        try:
            pid, ended = os.wait()
        except ChildProcessError:
            return status
        if pid == server:
            status = os.waitstatus_to_exitcode(ended)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
