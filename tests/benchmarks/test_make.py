"""`make bench` as the README names it.

In:  the Makefile of this checkout.
Out: nothing.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(shutil.which("make") is None, reason="no make on this machine")
def test_make_bench_runs_the_benchmarks_with_its_arguments() -> None:
    # `make -n` shows the command without making an environment; the command itself then runs as it stands there
    shown = ["make", "-n", "-o", ".venv/.ready", "bench", "ARGS=--help"]
    said = subprocess.run(shown, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    words = next(line.split() for line in said.splitlines() if "python -m" in line)
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "--quick" in ran.stdout, ran.stderr
