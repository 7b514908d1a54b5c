"""The figures as tables for people, and as JSON for machines.

In:  figures, points of memory, facts of the machine.
Out: Markdown, and what latest.json holds.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Final

from benchmarks.sftp.crowd import Point
from benchmarks.sftp.figures import Figure

OURS: Final = "sftpingest"
OPENSSH: Final = "openssh"
MB: Final = 1 << 20
#: the least that is to be reached of OpenSSH's amount per CPU second
TO_REACH: Final = {
    "put, pinned cipher": 0.6,
    "put, default cipher": 0.6,
    "put -B 4096, pinned": 0.4,
    "put -B 4096, default": 0.4,
    "4 KiB an SSH packet": 0.4,
}
#: the same for the amount per second on the wall
TO_REACH_WALL: Final = {"4 puts at once": 1.0, "16 puts at once": 1.0}


def drawn(figures: Sequence[Figure], points: Sequence[Point]) -> str:
    """All tables."""
    parts = [
        ("Done per second of the server's CPU", _speeds(figures, "per_cpu_second", TO_REACH)),
        ("Done per second on the wall", _speeds(figures, "per_second", TO_REACH_WALL)),
        ("Memory", _memory(points)),
    ]
    return "\n".join(f"**{title}**\n\n" + "\n".join(_aligned(lines)) + "\n" for title, lines in parts if len(lines) > 1)


def as_json(figures: Sequence[Figure], points: Sequence[Point], facts: Mapping[str, object]) -> dict[str, object]:
    """What is kept."""
    rates = [
        asdict(figure) | {"per_cpu_second": figure.per_cpu_second, "per_second": figure.per_second}
        for figure in figures
    ]
    return {**facts, "figures": rates, "memory": [asdict(point) for point in points]}


def ratio(figures: Iterable[Figure], case: str, what: str) -> float | None:
    """Ours beside OpenSSH's; None where one of them was not measured."""
    found = {figure.server: float(getattr(figure, what)) for figure in figures if figure.case == case}
    return found[OURS] / found[OPENSSH] if OURS in found and OPENSSH in found else None


def _speeds(figures: Sequence[Figure], what: str, goals: Mapping[str, float]) -> list[tuple[str, ...]]:
    names = list(dict.fromkeys(figure.server for figure in figures))
    lines: list[tuple[str, ...]] = [("case", *names, "ours / OpenSSH", "to reach")]
    for case in dict.fromkeys(figure.case for figure in figures):
        mine = {figure.server: figure for figure in figures if figure.case == case}
        beside, goal = ratio(figures, case, what), goals.get(case)
        rates = [_rate(mine[name], what) for name in names]
        lines.append((case, *rates, f"{beside:.2f}" if beside else "", f"≥ {goal}" if goal else ""))
    return lines


def _rate(figure: Figure, what: str) -> str:
    rate = float(getattr(figure, what))
    return f"{rate / MB:.0f} MB" if figure.unit == "bytes" else f"{rate:.0f} {figure.unit}"


def _memory(points: Sequence[Point]) -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = [
        ("server", "sessions", "of them uploading", "processes", "resident MB", "shared once MB", "KB a session")
    ]
    for place, point in enumerate(points):
        before = next((one for one in reversed(points[:place]) if one.server == point.server), None)
        lines.append(
            (
                point.server,
                str(point.sessions),
                str(point.uploads),
                str(point.memory.processes),
                f"{point.memory.resident / MB:.0f}",
                f"{point.memory.proportional / MB:.0f}",
                _each(point, before),
            )
        )
    return lines


def _each(point: Point, before: Point | None) -> str:
    """What one more session needs, or one more upload."""
    more = 0 if before is None else point.sessions - before.sessions or point.uploads - before.uploads
    if before is None or not more:
        return ""
    return f"{(point.memory.proportional - before.memory.proportional) / more / 1024:.0f}"


def _aligned(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for place, line in enumerate(lines):
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        if place == 0:
            yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"
