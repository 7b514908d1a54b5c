"""What was measured, beside what is to be reached.

In:  measurements.
Out: medians, and a table for people.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final

#: largest share of the bare limit; of OneRoster: of our own first load of the same district in Clever's format
TARGETS: Final = {"first": 2.0, "changed": 1.2, "unchanged": 0.1, "spoilt": 2.5, "oneroster": 1.3}
PEAK_MB: Final = 1000
TIMES_FASTER: Final = 5.0

_HEADINGS: Final = (
    "case",
    "store",
    "rows",
    "seconds",
    "rows/s",
    "limit s",
    "ratio",
    "to reach",
    "peak MB",
    "to reach",
    "baseline s",
    "× faster",
    "to reach",
)


@dataclass(frozen=True)
class Measured:
    """One run of our program, beside a limit measured just before."""

    case: str
    store: str
    seconds: float
    limit_seconds: float
    command_seconds: float
    cpu_seconds: float
    peak_mb: float
    #: seconds by stage, as the program's own log says
    stages: Mapping[str, float]


@dataclass(frozen=True)
class Row:
    """The median of several runs; of the memory the largest."""

    case: str
    store: str
    rows: int
    seconds: float
    limit_seconds: float
    ratio: float
    baseline_seconds: float | None
    peak_mb: float
    command_seconds: float
    cpu_seconds: float
    repetitions: int
    stages: Mapping[str, float]
    stage_seconds: float

    def as_json(self) -> dict[str, Any]:
        """Rounded to milliseconds and tenths of megabytes."""
        return {name: _rounded(value) for name, value in asdict(self).items()}


def _rounded(value: Any) -> Any:  # noqa: ANN401  (JSON)
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return round(value, 3) if isinstance(value, float) else value


def median_of(runs: Sequence[Measured], rows: int, baseline: float | None) -> Row:
    """The median of at least one run of the same case on the same store."""
    seconds = median(run.seconds for run in runs)
    limit = median(run.limit_seconds for run in runs)
    stages = {stage: median(run.stages.get(stage, 0.0) for run in runs) for stage in runs[0].stages}
    return Row(
        case=str(runs[0].case),
        store=runs[0].store,
        rows=rows,
        seconds=seconds,
        limit_seconds=limit,
        ratio=seconds / limit,
        baseline_seconds=baseline,
        peak_mb=max(run.peak_mb for run in runs),
        command_seconds=median(run.command_seconds for run in runs),
        cpu_seconds=median(run.cpu_seconds for run in runs),
        repetitions=len(runs),
        stages=stages,
        stage_seconds=sum(stages.values()),
    )


def drawn(found: Sequence[Row]) -> str:
    """A table of all rows, then one of the stages, in Markdown."""
    return "\n".join([*_aligned([_HEADINGS, *map(_cells, found)]), "", *_aligned(_stages(found))])


def _cells(row: Row) -> tuple[str, ...]:
    faster = row.baseline_seconds / row.seconds if row.baseline_seconds and row.case == "first" else None
    return (
        row.case,
        row.store,
        f"{row.rows:,}",
        f"{row.seconds:.2f}",
        f"{row.rows / row.seconds:,.0f}",
        f"{row.limit_seconds:.2f}",
        f"{row.ratio:.2f}",
        f"≤ {TARGETS[row.case]}{_verdict(kept=row.ratio <= TARGETS[row.case])}",
        f"{row.peak_mb:,.0f}",
        f"≤ {PEAK_MB:,}{_verdict(kept=row.peak_mb <= PEAK_MB)}",
        f"{row.baseline_seconds:.1f}" if row.baseline_seconds else "",
        f"{faster:.1f}" if faster else "",
        f"≥ {TIMES_FASTER}{_verdict(kept=faster >= TIMES_FASTER)}" if faster else "",
    )


def _verdict(*, kept: bool) -> str:
    return "" if kept else " missed"


def _stages(found: Sequence[Row]) -> list[tuple[str, ...]]:
    """Seconds of each stage; what the command does beside them is its start and the counting of its files."""
    names = list(dict.fromkeys(stage for row in found for stage in row.stages))
    lines = [
        (
            row.case,
            row.store,
            *(f"{row.stages.get(name, 0):.2f}" for name in names),
            f"{row.stage_seconds:.2f}",
            f"{row.command_seconds:.2f}",
        )
        for row in found
    ]
    return [("case", "store", *names, "sum", "command"), *lines]


def _aligned(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for place, line in enumerate(lines):
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        if place == 0:
            yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"
