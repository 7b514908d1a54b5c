"""The bare limit: the same files into untyped tables by the stores' own loaders, no reading into our words, no checks.

In:  a folder with the six files, without ragged rows or repeated ids.
Out: seconds to load, and seconds for a unique index on the enrollments and the students.
"""

import json
import subprocess
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from benchmarks.cluster import private_postgres

FILES: Final = ("schools", "staff", "teachers", "sections", "students", "enrollments")

_INDEXES: Final = (
    'create unique index one_enrollment on enrollments ("Section_id", "Student_id");\n'
    'create unique index one_student on students ("Student_id");\n'
)
_WORK: Final = Path(__file__).parent / ".work"


@dataclass(frozen=True)
class Limit:
    """Seconds of one measurement."""

    load: float
    index: float

    @property
    def seconds(self) -> float:
        """The whole: what our own times are compared with."""
        return self.load + self.index


def postgres_limit(folder: Path, url: str) -> Limit:
    r"""The `\copy` of psql and two indexes, in a schema that is dropped before and after."""
    psql = ["psql", url, "-X", "-q", "-v", "ON_ERROR_STOP=1"]
    empty = "set client_min_messages = warning; drop schema if exists bare cascade; create schema bare;\n"
    _run(psql, empty + "checkpoint;\n")
    here = "set search_path = bare;\n"
    copies = "".join(f"\\copy {file} from '{folder / file}.csv' with (format csv, header)\n" for file in FILES)
    load = _run(psql, here + "".join(_tables(folder)) + copies)
    limit = Limit(load, _run(psql, here + _INDEXES))
    _run(psql, "set client_min_messages = warning; drop schema bare cascade;\n")
    return limit


def sqlite_limit(folder: Path) -> Limit:
    """The `.import` of sqlite3 and two indexes, in a file of its own with SQLite's defaults."""
    _WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_WORK) as place:
        sqlite = ["sqlite3", "-bail", f"{place}/bare.db"]
        imports = "".join(f".import --csv --skip 1 '{folder / file}.csv' {file}\n" for file in FILES)
        load = _run(sqlite, "".join(_tables(folder)) + imports)
        return Limit(load, _run(sqlite, _INDEXES))


def _tables(folder: Path) -> Iterator[str]:
    for file in FILES:
        with (folder / f"{file}.csv").open(encoding="utf-8") as lines:
            columns = ", ".join(f'"{heading}" text' for heading in lines.readline().strip().split(","))
        yield f"create table {file} ({columns});\n"


def _run(words: list[str], script: str) -> float:
    """Feed a script to a client; seconds from its start to its end."""
    start = time.monotonic()
    subprocess.run(words, input=script, text=True, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def main() -> None:
    """Measure a folder once on each store; prints one JSON line a store."""
    parser = ArgumentParser(prog="python -m benchmarks.limit", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--store", action="append", choices=["postgresql", "sqlite"])
    chosen = parser.parse_args()
    folder = chosen.folder.resolve()
    for store in chosen.store or ("postgresql", "sqlite"):
        with private_postgres() if store == "postgresql" else nullcontext() as url:
            limit = postgres_limit(folder, url) if url else sqlite_limit(folder)
        print(json.dumps({"store": store, **asdict(limit), "seconds": limit.seconds}))


if __name__ == "__main__":
    main()
