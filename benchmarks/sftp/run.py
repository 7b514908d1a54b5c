"""`make bench-sftp`: our door beside OpenSSH's internal-sftp and ProFTPD's mod_sftp.

In:  sizes and rounds.
Out: tables on standard output, benchmarks/sftp/latest.json, benchmarks/sftp/latest.svg.
"""

import json
import os
import shutil
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

from benchmarks.program import WORK, ProgramFailed
from benchmarks.sftp import table
from benchmarks.sftp.cases import MB, Case, Ground, Size, cases, cases_on_disk
from benchmarks.sftp.chart import chart
from benchmarks.sftp.crowd import Point, crowd
from benchmarks.sftp.figures import Figure, idle, measured
from benchmarks.sftp.machine import machine
from benchmarks.sftp.servers import NAMES, servers, settings

_HERE: Final = Path(__file__).parent
_README: Final = _HERE.parent / "README.md"
_FROM, _TO = "<!-- bench-sftp -->", "<!-- /bench-sftp -->"
_IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - no file of ours is taken from there
#: what all files of a full run need, three servers together
_ROOM: Final = 4096 * MB


def say(sentence: str) -> None:
    """Progress, on standard error."""
    print(sentence, file=sys.stderr, flush=True)


@contextmanager
def scratch(place: Path) -> Iterator[Path]:
    """A folder that goes when the block is left; others may pass through it, since peers log in as nobody."""
    place.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="sftp-bench.", dir=place))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def in_memory() -> Path:
    """A place whose speed does not change from one minute to the next: memory, where there is room."""
    enough = _IN_MEMORY.is_dir() and shutil.disk_usage(_IN_MEMORY).free > _ROOM
    return _IN_MEMORY if enough else WORK


def speeds(chosen: Namespace) -> Iterator[Figure]:
    """Every case with files in memory, then what a disk adds."""
    size = Size.quick() if chosen.quick else Size.full()
    for place, make in ((in_memory(), cases), (WORK, cases_on_disk)):
        with scratch(place) as folder:
            wanted = [case for case in make(Ground(folder), size) if not chosen.case or case.name in chosen.case]
            if wanted:
                yield from _side_by_side(folder, wanted, chosen)


def _side_by_side(folder: Path, wanted: Sequence[Case], chosen: Namespace) -> Iterator[Figure]:
    rounds = _rounds(chosen)
    with servers(folder, tuple(chosen.server or NAMES)) as running:
        resting = idle(running, 2 if chosen.quick else 10)
        for name, share in resting.items():
            say(f"{name} uses {share * 1000:.1f} ms of CPU a second while idle, which is taken off")
        yield from measured(running, wanted, rounds, resting, say)


def memory(chosen: Namespace) -> Iterator[Point]:
    """Memory of each server by itself: a thousand sessions at ours, a hundred at the peers."""
    for name in chosen.server or NAMES:
        steps = [20] if chosen.quick else [100, 1000] if name == table.OURS else [100]
        with scratch(in_memory()) as folder, servers(folder, (name,)) as [server]:
            points = crowd(server, steps, steps[0], 2 * MB)
            yield from points
            for point in points:
                say(
                    f"{name}, {point.sessions} sessions, {point.uploads} uploading: {point.memory}, {point.alive} alive"
                )


def _rounds(chosen: Namespace) -> int:
    return int(chosen.rounds or (1 if chosen.quick else 3))


def _chosen(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks sftp", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="an eighth, once, in about a minute; latest.json stays")
    parser.add_argument("--rounds", type=int, help="of which the median counts (default 3; quick 1)")
    parser.add_argument("--server", action="append", choices=NAMES, help="may be repeated")
    parser.add_argument("--case", action="append", metavar="NAME", help="as in the table; may be repeated")
    parser.add_argument("--no-memory", action="store_true", help="leave out the memory of sessions")
    parser.add_argument("--keep", action="store_true", help="write latest.json and latest.svg from a quick run too")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and keep."""
    chosen = _chosen(arguments)
    if os.geteuid() != 0 and set(chosen.server or NAMES) != {table.OURS}:
        sys.exit("sshd and ProFTPD can only be measured by root. For our own door alone: --server sftpingest")
    facts: dict[str, object] = {"machine": machine(), "quick": chosen.quick, "settings": settings()}
    rounds = _rounds(chosen)
    facts["rounds"] = f"{rounds}, of an eighth of the amounts: rough" if chosen.quick else str(rounds)
    facts["files"] = "in memory (/dev/shm)" if in_memory() == _IN_MEMORY else "on the disk"
    try:
        figures = list(speeds(chosen))
        points = [] if chosen.no_memory or chosen.case else list(memory(chosen))
    except ProgramFailed as failed:
        sys.exit(str(failed))
    _report(chosen, facts, figures, points)


def _report(chosen: Namespace, facts: dict[str, object], figures: list[Figure], points: list[Point]) -> None:
    resting = {figure.server: f"{figure.server} {figure.idle_share * 1000:.1f} ms" for figure in reversed(figures)}
    facts["idle"] = f"CPU a second, taken off: {', '.join(reversed(resting.values()))}"
    tables = f"{_heading(facts)}\n\n{table.drawn(figures, points)}"
    print(tables)
    if chosen.keep or not (chosen.quick or chosen.case or chosen.server or chosen.no_memory):
        (_HERE / "latest.json").write_text(json.dumps(table.as_json(figures, points, facts), indent=1) + "\n")
        (_HERE / "latest.svg").write_text(chart(figures))
        _README.write_text(with_tables(_README.read_text("utf-8"), tables), "utf-8")
        say("kept in benchmarks/sftp/latest.json and latest.svg, and in benchmarks/README.md")


def with_tables(text: str, tables: str) -> str:
    """The README with these tables between its two marks."""
    before, rest = text.split(_FROM)
    return f"{before}{_FROM}\n{tables.strip()}\n{_TO}{rest.split(_TO)[1]}"


def _heading(facts: dict[str, object]) -> str:
    about = cast("dict[str, str]", facts["machine"])
    return "\n".join(
        f"- {name}: {fact}"
        for name, fact in (about | {name: str(facts[name]) for name in ("rounds", "files", "idle")}).items()
    )


if __name__ == "__main__":
    main()
