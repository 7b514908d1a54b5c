"""`make test-clever`: a real door on this machine, read by a client of Clever's API that others made.

In:  build/clever, where the client is.
Out: what it read; exit status 0 where all of it was right.
"""

import subprocess
import sys
from pathlib import Path

from sqlalchemy import Engine

from tests.doors.vendor.clever.conftest import FILES, Door, new_door
from tests.doors.vendor.standing import standing_door

READER = Path("build/clever/bin/python")


def new(engine: Engine, there: Path) -> Door:
    """Everything there is to see, a student who got another name, and one of the staff who left."""
    door = new_door(engine, there / "keys")
    renamed = FILES["students.csv"].replace("Sam,Sage", "Sam,Sagan")
    fewer = FILES["staff.csv"].replace("s1,sf1,sal@s.example,Sal,Scribe,Sclerk\n", "")
    door.upload(FILES | {"students.csv": renamed, "staff.csv": fewer})
    return door


def main() -> int:
    """Whether the client could read all of it."""
    script = Path(__file__).with_name("reads_3_0.py")
    with standing_door(new) as (address, door):
        told = [str(READER), str(script), f"{address}/v3.0", door.token("everything", door.slug)]
        return subprocess.run(told, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
