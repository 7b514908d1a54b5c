"""How time and memory grow with the district: a first load at several sizes, drawn as a chart.

In:  sizes as shares of the district of 600,000 students.
Out: benchmarks/scale.svg, and the figures on standard output.
"""

import shutil
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.program import ROOT, fresh, rows
from benchmarks.run import STORES, Bench, Case, addresses, generated, say

_DISTRICT: Final = 600_000
_CHART: Final = Path(__file__).parent / "scale.svg"
_COLOURS: Final = {"postgresql": "#1f5fa8", "sqlite": "#c2571a"}
#: one panel of the chart: its width and height, and the margin around its axes
_WIDTH, _HEIGHT, _MARGIN = 360, 260, 60


@dataclass(frozen=True)
class Point:
    """A first load at one size."""

    store: str
    rows: int
    seconds: float
    peak_mb: float


def points(sizes: Sequence[float], stores: Sequence[str]) -> Iterator[Point]:
    """Measure every size on every store once."""
    with addresses(stores) as urls:
        for size in sorted(sizes):
            uploads = generated(round(size * _DISTRICT), [])
            for store in stores:
                yield _point(Bench(store, urls[store], uploads))


def _point(bench: Bench) -> Point:
    program = fresh(bench.store, bench.postgres)
    measured = bench.ingest(program, Case.FIRST, bench.limit("first"))
    shutil.rmtree(program.folder, ignore_errors=True)
    return Point(bench.store, sum(rows(bench.uploads["first"])), measured.seconds, measured.peak_mb)


def chart(found: Sequence[Point]) -> str:
    """Two panels, seconds and memory over rows; dashed is what growth in a straight line through the largest gives."""
    panels = [
        _panel(found, "seconds", lambda point: point.seconds, 0),
        _panel(found, "peak MB", lambda point: point.peak_mb, _WIDTH),
    ]
    size = f'width="{2 * _WIDTH}" height="{_HEIGHT}" viewBox="0 0 {2 * _WIDTH} {_HEIGHT}"'
    style = 'font-family="sans-serif" font-size="11" fill="#222"'
    white = '<rect width="100%" height="100%" fill="white"/>'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>', white, *panels, "</svg>", ""])


def _panel(found: Sequence[Point], title: str, value: Callable[[Point], float], left: int) -> str:
    most_rows, most = max(point.rows for point in found), max(value(point) for point in found)

    def place(point_rows: float, height: float) -> str:
        x = left + _MARGIN + point_rows / most_rows * (_WIDTH - 2 * _MARGIN)
        return f"{x:.1f},{_HEIGHT - _MARGIN - height / most * (_HEIGHT - 2 * _MARGIN):.1f}"

    parts = [_axes(left, title, most_rows, most)]
    for turn, store in enumerate(dict.fromkeys(point.store for point in found)):
        mine = [point for point in found if point.store == store]
        colour = _COLOURS[store]
        line = " ".join(place(point.rows, value(point)) for point in mine)
        straight = f"{place(0, 0)} {place(mine[-1].rows, value(mine[-1]))}"
        parts.append(
            f'<polyline points="{straight}" fill="none" stroke="{colour}" stroke-dasharray="3 3" opacity=".5"/>'
        )
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [_dot(place(point.rows, value(point)), colour) for point in mine]
        parts.append(f'<text x="{left + _MARGIN + 8}" y="{_MARGIN + 14 * turn}" fill="{colour}">{store}</text>')
    return "\n".join(parts)


def _axes(left: int, title: str, most_rows: int, most: float) -> str:
    x, y, right = left + _MARGIN, _HEIGHT - _MARGIN, left + _WIDTH - _MARGIN
    return "\n".join(
        [
            f'<path d="M{x} {_MARGIN}V{y}H{right}" fill="none" stroke="#888"/>',
            f'<text x="{x}" y="{_MARGIN - 20}" font-weight="bold">First load: {title}</text>',
            f'<text x="{x - 6}" y="{_MARGIN + 4}" text-anchor="end">{most:,.0f}</text>',
            f'<text x="{x - 6}" y="{y + 4}" text-anchor="end">0</text>',
            f'<text x="{right}" y="{y + 18}" text-anchor="end">{most_rows:,} rows</text>',
        ]
    )


def _dot(place: str, colour: str) -> str:
    x, y = place.split(",")
    return f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>'


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, draw and print."""
    parser = ArgumentParser(prog="python -m benchmarks scale", description=__doc__)
    sizes = (0.1, 0.3, 1.0)
    parser.add_argument(
        "sizes", nargs="*", type=float, default=sizes, help="shares of the district (default 0.1 0.3 1)"
    )
    parser.add_argument("--store", action="append", choices=STORES, help="may be repeated")
    chosen = parser.parse_args(arguments)
    found = list(points(chosen.sizes, chosen.store or STORES))
    _CHART.write_text(chart(found))
    for point in found:
        print(f"{point.store:<11}{point.rows:>11,} rows {point.seconds:>8.2f} s {point.peak_mb:>7,.0f} MB")
    say(f"drawn in {_CHART.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
