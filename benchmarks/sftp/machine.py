"""On what it was measured.

In:  nothing.
Out: machine, kernel, versions of the servers and clients, and the date.
"""

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path


def machine() -> dict[str, str]:
    """Facts for the heading of a table."""
    processor = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": f"{os.cpu_count()} cores of {processor[1] if processor else platform.machine()}",
        "memory": f"{gib:.0f} GiB",
        "kernel": platform.release(),
        "load": f"{os.getloadavg()[0]:.1f} at the start",
        "sftpingest": f"{version('sftpingest')}, asyncssh {version('asyncssh')}, Python {platform.python_version()}",
        "openssh": _said("ssh", "-V").split(",")[0] + " (server and client)",
        "proftpd": _said("proftpd", "-v"),
    }


def _said(*words: str) -> str:
    """What a program says of its own version; some do it on standard error."""
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    return (ran.stdout + ran.stderr).strip()
