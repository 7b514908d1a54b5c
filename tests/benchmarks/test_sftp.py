"""The benchmark of the SFTP door: it counts all that a server uses, its clients do what they say, its tables add up.

In:  processes that burn a known time, small files, our own server.
Out: nothing.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.program import ROOT, ProgramFailed
from benchmarks.sftp import keeper
from benchmarks.sftp.cases import Ground, Size, cases
from benchmarks.sftp.chart import chart
from benchmarks.sftp.clients import SMALL, Wish, at_once, command, small_packets
from benchmarks.sftp.crowd import crowd
from benchmarks.sftp.figures import Figure, idle, measured
from benchmarks.sftp.run import scratch
from benchmarks.sftp.servers import Server, servers
from benchmarks.sftp.table import drawn, ratio
from benchmarks.sftp.tree import Tree

#: a family: who stays burns 0.2 s; a child that is waited for burns 0.3 s; an orphan, whose parent is gone, burns 0.5 s
FAMILY = """
import subprocess, sys, time
burn = "import time\\nwhile time.process_time() < {}: pass"
leave = "import subprocess, sys; subprocess.Popen([sys.executable, '-S', '-c', sys.argv[1]])"
subprocess.run([sys.executable, "-S", "-c", leave, burn.format(0.5)])
subprocess.run([sys.executable, "-S", "-c", burn.format(0.3)])
exec(burn.format(0.2))
time.sleep(600)
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("bench")
    with scratch(place) as folder, servers(folder, ("sftpingest",)) as [server]:
        yield server


@pytest.fixture
def door(running: Server) -> Server:
    running.clear()
    return running


def test_what_a_server_uses_is_counted_whole_whoever_of_it_is_gone() -> None:
    family = subprocess.Popen([sys.executable, keeper.__file__, sys.executable, "-S", "-c", FAMILY])
    try:
        tree, give_up = Tree(family.pid), time.monotonic() + 60
        while tree.cpu() < 1 and time.monotonic() < give_up:
            time.sleep(0.05)
        time.sleep(0.5)
        assert len(tree.pids()) == 1
        # starting four Pythons comes on top, about 0.02 s each
        assert 1.0 <= tree.cpu() < 1.5
    finally:
        family.terminate()
        family.wait(60)


def test_a_client_told_to_write_4_kib_writes_4_kib(door: Server, tmp_path: Path) -> None:
    path = Ground(tmp_path).file(64 << 10)
    words = command(door, Wish(block=SMALL), "-vvv")
    said = subprocess.run(words, input=f"put {path} a.csv\n", capture_output=True, text=True, check=True).stderr
    sizes = [
        line.rpartition("S:")[2].strip() for line in said.splitlines() if "SSH2_FXP_WRITE" in line and "S:" in line
    ]
    assert sizes == ["4096"] * 16


def test_every_case_arrives_at_our_door_and_is_counted(door: Server, tmp_path: Path) -> None:
    tiny = Size(big=256 << 10, small=64 << 10, files=3, logins=2)
    all_cases = list(cases(Ground(tmp_path), tiny))
    figures = list(measured([door], all_cases, 1, idle([door], 0.1), lambda _: None))
    assert [figure.case for figure in figures] == [case.name for case in all_cases]
    assert all(figure.cpu_seconds > 0 and figure.wall_seconds > 0 for figure in figures)


def test_uploads_at_once_and_small_packets_arrive_whole(door: Server, tmp_path: Path) -> None:
    path = Ground(tmp_path).file(100 << 10)
    at_once(door, [f"put {path} up-{number}.csv\n" for number in range(3)], Wish())
    small_packets(door, path, Wish(block=SMALL))
    arrived = {found.name: found.read_bytes() == path.read_bytes() for found in door.home.iterdir()}
    assert arrived == dict.fromkeys(("up-0.csv", "up-1.csv", "up-2.csv", "small.csv"), True)


def test_a_crowd_is_seen_in_memory_and_stays_alive(door: Server) -> None:
    empty, idle_ones, uploading = crowd(door, [5], 5, 10_000)
    assert empty.memory.processes == door.resting
    assert (idle_ones.sessions, idle_ones.alive, uploading.alive) == (5, 5, 5)
    assert len(list(door.home.iterdir())) == 5


def test_tables_and_chart_set_ours_beside_the_others() -> None:
    figures = [
        Figure("put, pinned cipher", name, 64 << 20, "bytes", 1.0, cpu, ())
        for name, cpu in (("sftpingest", 0.5), ("openssh", 0.25), ("proftpd", 1.0))
    ]
    assert ratio(figures, "put, pinned cipher", "per_cpu_second") == 0.5
    assert "| put, pinned cipher | 128 MB     | 256 MB  | 64 MB   | 0.50           | ≥ 0.6    |" in drawn(figures, [])
    assert "128 (0.50 ×)" in chart(figures)


def test_a_client_that_fails_stops_the_run_with_its_own_words(door: Server, tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match="status 1"):
        at_once(door, ["get no-such-file.csv\n"], Wish())


def test_make_bench_sftp_hands_its_arguments_on() -> None:
    shown = ["make", "-n", "-o", ".venv/.ready", "bench-sftp", "ARGS=--help"]
    said = subprocess.run(shown, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    words = next(line.split() for line in said.splitlines() if "python -m" in line)
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "--rounds" in ran.stdout, ran.stderr
