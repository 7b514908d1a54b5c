"""`make bench`: our program beside the bare limit of each store and the plain baseline, in one run.

In:  a size, cases and stores.
Out: a table on standard output, benchmarks/latest.json.
"""

import json
import shutil
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from benchmarks import table
from benchmarks.cluster import private_postgres
from benchmarks.limit import postgres_limit, sqlite_limit
from benchmarks.program import DISTRICT, ROOT, WORK, Program, ProgramFailed, empty, fresh, measure, rows
from benchmarks.table import Measured, Row

STORES: Final = ("postgresql", "sqlite")
_FULL, _QUICK = 600_000, 60_000
_CHANGED, _SPOILT = "0.01", "0.05"
_LATEST: Final = Path(__file__).parent / "latest.json"


class Case(StrEnum):
    """What is uploaded."""

    #: a district that the store does not hold yet
    FIRST = "first"
    #: the next night: 1 % of the rows changed
    CHANGED = "changed"
    #: the same files again
    UNCHANGED = "unchanged"
    #: a first load with 5 % bad rows of every kind
    SPOILT = "spoilt"
    #: a first load of the same district as a bulk set of OneRoster; its limit is our own first load of Clever's files
    ONEROSTER = "oneroster"


@dataclass(frozen=True)
class Bench:
    """One store, and the folders that are uploaded to it."""

    store: str
    #: address of a private PostgreSQL, None for SQLite
    postgres: str | None
    uploads: Mapping[str, Path]

    def limit(self, upload: str) -> float:
        """Seconds of the bare limit."""
        folder = self.uploads[upload]
        limit = postgres_limit(folder, self.postgres) if self.postgres else sqlite_limit(folder)
        say(f"{self.store}: bare limit of the {upload} district {limit.seconds:.2f} s")
        return limit.seconds

    def ingest(self, program: Program, case: Case, limit: float) -> Measured:
        """Seconds of the sync, as its own log says: from taking the upload from the queue to its report written.

        A server is up already when an upload comes; what the command does besides (starting Python, copying the
        files) is in `command_seconds`.
        """
        upload = Case.FIRST if case is Case.UNCHANGED else case
        run = program.run("ingest", DISTRICT, str(self.uploads[upload]), "--json", allowed=(0, 1))
        result = json.loads(run.output)
        if result["outcome"] != "applied":
            message = f"{case} on {self.store} was not applied but {result['outcome']}: {result.get('reason')}"
            raise ProgramFailed(message)
        finished = run.event("sync.finished")
        seconds = float(finished["seconds"])
        say(f"{self.store}: {case} {seconds:.2f} s, {seconds / limit:.2f} of the limit, {run.peak_mb:.0f} MB")
        stages = dict(finished["stages"])
        return Measured(case, self.store, seconds, limit, run.seconds, run.cpu_seconds, run.peak_mb, stages)

    def round(self, cases: Sequence[Case]) -> Iterator[Measured]:
        """Every case once, each beside a limit measured just before it."""
        if {Case.FIRST, Case.CHANGED, Case.UNCHANGED, Case.ONEROSTER} & set(cases):
            limit = self.limit("first")
            program = fresh(self.store, self.postgres)
            yield (first := self.ingest(program, Case.FIRST, limit))
            if Case.UNCHANGED in cases:
                yield self.ingest(program, Case.UNCHANGED, limit)
            if Case.CHANGED in cases:
                yield self.ingest(program, Case.CHANGED, self.limit("changed"))
        if Case.SPOILT in cases:
            # the bare loaders stop at ragged rows and repeated ids: the limit is that of the clean district
            limit = self.limit("first")
            yield self.ingest(fresh(self.store, self.postgres), Case.SPOILT, limit)
        if Case.ONEROSTER in cases:
            yield self.ingest(fresh(self.store, self.postgres), Case.ONEROSTER, first.seconds)

    def baseline(self) -> float:
        """Seconds of the plain baseline, from the start of its process to its end."""
        path = WORK / "baseline.db"
        path.unlink(missing_ok=True)
        if self.postgres:
            empty(self.postgres)
        words = ["-m", "benchmarks.baseline", str(self.uploads["first"]), self.postgres or f"sqlite:///{path}"]
        run = python(*words)
        path.unlink(missing_ok=True)
        say(f"{self.store}: plain baseline {run:.2f} s")
        return run


def say(sentence: str) -> None:
    """Progress, on standard error."""
    print(sentence, file=sys.stderr, flush=True)


def python(*words: str) -> float:
    """Run Python on a module of ours in a process of its own, so that this one stays small; its seconds."""
    run = measure([sys.executable, *words], {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)})
    if run.status:
        raise ProgramFailed(run.log)
    return run.seconds


def generated(students: int, cases: Sequence[Case]) -> dict[str, Path]:
    """The districts, made anew."""
    options = {"first": (), "changed": ("--changed", _CHANGED), "spoilt": ("--mistakes", _SPOILT)}
    options |= {"oneroster": ("--format", "oneroster")}
    uploads = {}
    for name in ["first", *(case for case in cases if case not in (Case.FIRST, Case.UNCHANGED))]:
        uploads[str(name)] = WORK / str(students) / name / "upload"
        size = ("--students", str(students), "--out", str(uploads[str(name)]))
        seconds = python("-m", "benchmarks.generate", *size, *options[str(name)])
        say(f"generated the {name} district of {students:,} students in {seconds:.1f} s")
    return uploads


@contextmanager
def addresses(stores: Sequence[str]) -> Iterator[dict[str, str | None]]:
    """The address of each store; PostgreSQL runs only while it is needed."""
    if "postgresql" not in stores:
        yield dict.fromkeys(stores)
        return
    with private_postgres() as url:
        yield {store: url if store == "postgresql" else None for store in stores}


def run(
    students: int, cases: Sequence[Case], stores: Sequence[str], repeat: int, *, with_baseline: bool = True
) -> list[Row]:
    """Measure everything; the median of each case on each store."""
    uploads = generated(students, cases)
    counts = {name: sum(rows(folder)) for name, folder in uploads.items()}
    found: list[Row] = []
    with addresses(stores) as urls:
        for store in stores:
            bench = Bench(store, urls[store], uploads)
            # a new cluster makes its log files during the first load, which would flatter us: this one does not count
            bench.limit("first")
            measured = [one for _ in range(repeat) for one in bench.round(cases)]
            baseline = bench.baseline() if with_baseline else None
            for case in cases:
                here = [one for one in measured if one.case == case]
                found.append(table.median_of(here, counts.get(case, counts["first"]), baseline))
            shutil.rmtree(WORK / f"installation-{store}", ignore_errors=True)
    return found


def _chosen(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the district, one repetition")
    parser.add_argument("--size", type=int, metavar="N", help=f"students (default {_FULL:,}; quick {_QUICK:,})")
    parser.add_argument("--case", action="append", type=Case, choices=list(Case), help="may be repeated")
    parser.add_argument("--store", action="append", choices=STORES, help="may be repeated")
    parser.add_argument("--repeat", type=int, help="repetitions, of which the median counts (default 3; quick 1)")
    parser.add_argument("--no-baseline", action="store_true", help="leave out the plain baseline")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and keep."""
    chosen = _chosen(arguments)
    students = chosen.size or (_QUICK if chosen.quick else _FULL)
    repeat = chosen.repeat or (1 if chosen.quick else 3)
    cases, stores = chosen.case or list(Case), chosen.store or STORES
    found = _or_stop(lambda: run(students, cases, stores, repeat, with_baseline=not chosen.no_baseline))
    _LATEST.write_text(json.dumps([row.as_json() for row in found], indent=2) + "\n")
    print(table.drawn(found))
    say(f"kept in {_LATEST.relative_to(ROOT)}")


def _or_stop(measuring: Callable[[], list[Row]]) -> list[Row]:
    try:
        return measuring()
    except ProgramFailed as failed:
        sys.exit(str(failed))


if __name__ == "__main__":
    main()
