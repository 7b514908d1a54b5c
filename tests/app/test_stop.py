"""A stop is heard, and breaks nothing off.

In:  a process of its own, which reads a file of twenty million lines as a sync does.
Out: nothing.
"""

import subprocess
import sys

_READS_WHILE_TOLD_TO_STOP = """
import os, signal, threading
import pyarrow as pa
from pyarrow import csv
from sftpingest.app.worker import stopped_by_signals

stop = stopped_by_signals()
lines = pa.py_buffer(b"a,b\\n" + b"1,2\\n" * 20_000_000)
threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()
table = csv.read_csv(lines, csv.ReadOptions(use_threads=False))
print(table.num_rows, stop.wait(10))
"""


def test_a_worker_that_is_told_to_stop_reads_the_file_it_is_reading_to_its_end() -> None:
    words = [sys.executable, "-c", _READS_WHILE_TOLD_TO_STOP]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.stdout.split(), ended.stderr) == (["20000000", "True"], "")
