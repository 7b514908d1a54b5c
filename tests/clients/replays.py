"""Clients that cannot run here: what they send is sent by programs of ours, request by request.

In: `Reach`. Out: runs of those programs.
"""

from typing import ClassVar

from tests.clients.libraries import FromPyPI
from tests.clients.operations import Operation


class WinSCP(FromPyPI):
    """It runs on Windows only."""

    title = "WinSCP (replay)"
    program = "as_winscp"
    differs: ClassVar = {
        Operation.SMALL: "to NAME.filepart, then renamed",
        Operation.LONGER: "to NAME.filepart; the older NAME is removed, then it is renamed",
        Operation.RESUME: "goes on with NAME.filepart",
    }


class SmallWriter(FromPyPI):
    """An exporter of a SIS."""

    title = "4 KiB writes, one at a time (replay)"
    program = "as_small_writer"


class OldGo(FromPyPI):
    """Programs in Go of before 2023."""

    title = "Go pkg/sftp (replay)"
    program = "as_old_go"
