"""A child process is kept running, whatever becomes of one start of it.

In: a program that is not there at first. Out: nothing.
"""

import asyncio
import gc
import os
import sys
from pathlib import Path

from sftpingest.app import family

#: a child that tells something and stays until it is asked to go
TELLS = f"""#!{sys.executable} -S
import os, sys, time
os.write(int(sys.argv[sys.argv.index("--news") + 1]), b"here")
time.sleep(60)
"""


def files_open() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_a_child_that_cannot_be_started_is_tried_again_and_leaves_nothing_open(tmp_path: Path) -> None:
    asyncio.run(_started_late(tmp_path / "program"))


async def _started_late(program: Path) -> None:
    told, stop = asyncio.Event(), asyncio.Event()

    async def hear(pipe: int) -> None:
        if await asyncio.to_thread(os.read, pipe, 100):
            told.set()
        os.close(pipe)

    gc.collect()  # what other tests have left behind
    before = files_open()
    keeping = asyncio.create_task(family.keep(family.Child("door", [str(program)], 5, hear=hear), stop))
    await asyncio.sleep(1.5 * family.PAUSE)  # it has failed once, perhaps twice
    program.with_name("half").write_text(TELLS)
    program.with_name("half").chmod(0o700)
    program.with_name("half").rename(program)
    await asyncio.wait_for(told.wait(), 30)
    stop.set()
    await asyncio.wait_for(keeping, 30)
    assert files_open() <= before
